//! The listeners of `ampoule serve`: all bound before the first one answers, drained together at a signal.

use super::{CommandError, CommandResult, Exit};
use ampoule_auth::Authenticator;
use ampoule_config::Config;
use ampoule_config::connections::{for_admin, for_monitoring, raise_file_limit};
use ampoule_connection::{Connections, Listener, Protocol, Tls};
use ampoule_http::{DifyKey, Endpoints, Timeouts};
use ampoule_service::{Service, Shutdown};
use ampoule_tenants::{Admin, Directory};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

/// What executions may take beyond their wall time while the server drains: answers have to be sent too.
const GRACE_FOR_ANSWERS: Duration = Duration::from_secs(5);

/// While the server drains: how long answers may lie unread once nothing runs or waits any more, unless
/// `unread` is less. A reader who has stopped does not keep the process from ending.
const UNREAD_AT_THE_END: Duration = Duration::from_secs(30);

/// How often it is looked whether something runs.
const LOOK_AT_EXECUTIONS: Duration = Duration::from_millis(50);

/// How often certificates are looked at; a hangup has them looked at at once.
const LOOK_AT_FILES: Duration = Duration::from_secs(5);

/// The same for files of tenants: a key that is revoked must not open much longer.
const LOOK_AT_TENANTS: Duration = Duration::from_secs(1);

/// Serves until a signal has come and all that was accepted is answered.
pub(crate) async fn listen(
    config: &Config,
    tls: Option<Tls>,
    service: Service,
    access: Authenticator,
    directory: Directory,
) -> CommandResult {
    let mut signals = Signals::new()?;
    let mut hangup = on(SignalKind::hangup())?;
    let files = raise_file_limit();
    let memory = config.service().map_err(CommandError::usage)?.memory_bytes;
    let limits = config.connections.limits(files, memory).map_err(CommandError::usage)?;
    tracing::info!(files, all = limits.all, per_peer = limits.per_peer, "connections");
    let connections = Connections::new(limits);
    let (listener, address) = bind(config.listen).await?;
    let mut others = Vec::new();
    for (address, endpoints) in all_endpoints(config) {
        let (listener, address) = bind(address).await?;
        others.push((listener, address, endpoints));
    }
    let admin_keys = config.admin.keys().map_err(CommandError::usage)?;
    let bind_admin = async |address: Option<SocketAddr>| match address {
        Some(address) => bind(address).await.map(Some),
        None => Ok(None),
    };
    let admin_grpc = bind_admin(config.admin.listen).await?;
    let admin_http = bind_admin(config.admin.http).await?;
    let (shutdown_handle, shutdown) = Shutdown::new();
    if let Some(address) = config.metrics {
        let (listener, address) = bind(address).await?;
        tracing::info!(%address, "listening for monitoring");
        let within = connections.beside(for_monitoring());
        let (service, access, shutdown) = (service.clone(), access.clone(), shutdown.clone());
        on_a_thread_of_its_own("monitoring", listener, move |listener| {
            let listener = Listener::plain(listener, Protocol::Http1).within(&within, "monitoring");
            ampoule_http::serve_operator(service, access, listener, shutdown)
        })?;
    }
    if let Some(tls) = &tls {
        tracing::info!(certificate = %tls.certificate(), "TLS");
        tokio::spawn(tls.clone().watch(LOOK_AT_FILES));
    }
    tokio::spawn(directory.clone().watch(LOOK_AT_TENANTS));
    let (looks, looking) = (tls.clone(), directory.clone());
    // Taken also where there is nothing to look at: a hangup would end the process.
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            looks.iter().for_each(Tls::look);
            looking.look();
        }
    });
    tokio::spawn(access.clone().watch_token_keys());
    let mut admins = JoinSet::new();
    let of_admins = connections.beside(for_admin());
    if let Some((listener, address)) = admin_grpc {
        tracing::info!(%address, "listening for administration");
        warn_in_clear_text(address, tls.as_ref());
        let listener = Listener::new(listener, tls.as_ref(), Protocol::Http2).within(&of_admins, "admin");
        let (admin, keys) = (Admin::new(directory.clone()), admin_keys.clone());
        let served = ampoule_grpc::serve_admin(admin, keys, listener, shutdown.clone());
        admins.spawn(served);
    }
    if let Some((listener, address)) = admin_http {
        tracing::info!(%address, "listening for administration over HTTP");
        warn_in_clear_text(address, tls.as_ref());
        let listener =
            Listener::new(listener, tls.as_ref(), Protocol::Http1).within(&of_admins, "admin-http");
        admins.spawn(ampoule_http::serve_admin(
            Admin::new(directory.clone()),
            admin_keys,
            listener,
            shutdown.clone(),
        ));
    }
    let listener = Listener::new(listener, tls.as_ref(), Protocol::Http2).within(&connections, "grpc");
    let grpc = ampoule_grpc::serve(service.clone(), access.clone(), listener, shutdown.clone());
    tracing::info!(%address, "listening");
    let mut http = JoinSet::new();
    for (listener, address, endpoints) in others {
        tracing::info!(%address, api = endpoints.api, dify = endpoints.dify.is_some(), "listening for HTTP");
        // Dify's, where it has a listener of its own.
        let name = if endpoints.api { "http" } else { "dify" };
        let listener = Listener::new(listener, tls.as_ref(), Protocol::Http1).within(&connections, name);
        http.spawn(ampoule_http::serve(
            service.clone(),
            access.clone(),
            endpoints,
            listener,
            shutdown.clone(),
        ));
    }
    let http = async {
        while http.join_next().await.is_some() {}
        while admins.join_next().await.is_some() {}
    };
    let servers = async { tokio::join!(grpc, http) };
    let mut servers = std::pin::pin!(servers);
    let is_stuck = tokio::select! {
        _ = &mut servers => return Ok(Exit::Success),
        () = signals.next() => false,
        () = service.stuck() => true,
    };
    if is_stuck {
        // What runs gets its answers; then whoever started the server starts it again, with all of its
        // threads.
        service.drain();
        shutdown_handle.drain();
        let _ = tokio::time::timeout(GRACE_FOR_ANSWERS, &mut servers).await;
        return Err(cut_off(
            &service,
            "a guest is stuck and holds a thread for ever: start the server again",
        ));
    }
    if !config.drain_delay.0.is_zero() {
        // First it is so, then it is said.
        shutdown_handle.leave();
        tracing::info!(for_seconds = config.drain_delay.0.as_secs_f64(), "leaving: not ready, still serving");
        tokio::select! {
            _ = &mut servers => return Ok(Exit::Success),
            // A second signal is somebody who does not want to wait for balancers.
            () = signals.next() => {}
            () = tokio::time::sleep(config.drain_delay.0) => {}
        }
    }
    tracing::info!(running = service.running(), waiting = service.waiting(), "draining");
    service.drain();
    shutdown_handle.drain();
    let grace = service.longest() + GRACE_FOR_ANSWERS;
    tokio::select! {
        _ = &mut servers => {
            tracing::info!("drained");
            Ok(Exit::Success)
        }
        () = quiet(&service, config.unread.0.min(UNREAD_AT_THE_END)) => {
            tracing::info!("drained: answers that nobody read, and requests that did not arrive, were given up");
            Ok(Exit::Success)
        }
        () = signals.next() => Err(cut_off(&service, "a second signal came")),
        () = tokio::time::sleep(grace) => {
            tracing::warn!(running = service.running(), waiting = service.waiting(), "the grace is over: what is left is ended and answered");
            service.end();
            tokio::select! {
                _ = &mut servers => Ok(Exit::Success),
                () = quiet(&service, GRACE_FOR_ANSWERS) => Ok(Exit::Success),
                () = tokio::time::sleep(2 * GRACE_FOR_ANSWERS) => Err(cut_off(&service, "guests do not end")),
            }
        }
    }
}

/// Ready when nothing has run or waited for so long.
async fn quiet(service: &Service, long: Duration) {
    let mut since = Instant::now();
    while since.elapsed() < long {
        if service.running() + service.waiting() > 0 {
            since = Instant::now();
        }
        tokio::time::sleep(LOOK_AT_EXECUTIONS).await;
    }
}

/// What is answered over HTTP, and where; one listener for both parts if they have the same address.
fn all_endpoints(config: &Config) -> Vec<(SocketAddr, Endpoints)> {
    let key = || DifyKey::new(config.dify.key.clone());
    let endpoints = || Endpoints {
        timeouts: Timeouts { answer: config.unread.0, ..Timeouts::default() },
        ..Endpoints::default()
    };
    let mut all_endpoints: Vec<_> =
        config.http.map(|address| (address, Endpoints { api: true, ..endpoints() })).into_iter().collect();
    match (config.dify.listen, all_endpoints.first_mut()) {
        (Some(address), Some((same, endpoints))) if *same == address => endpoints.dify = Some(key()),
        (Some(address), _) => all_endpoints.push((address, Endpoints { dify: Some(key()), ..endpoints() })),
        (None, _) => {}
    }
    all_endpoints
}

/// Serves a listener on a thread that nothing else runs on, so that it answers whatever keeps the others.
/// Never waited for: it answers until the process ends.
fn on_a_thread_of_its_own<S: Future<Output = ()>>(
    name: &'static str,
    listener: TcpListener,
    serve: impl FnOnce(TcpListener) -> S + Send + 'static,
) -> CommandResult<()> {
    let failed =
        |error: std::io::Error| CommandError::infrastructure(format!("no thread for {name}: {error}"));
    let listener = listener.into_std().map_err(failed)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let serving = move || {
        runtime.block_on(async {
            match TcpListener::from_std(listener) {
                Ok(listener) => serve(listener).await,
                Err(error) => tracing::error!(%error, "{name} does not listen"),
            }
        });
    };
    thread::Builder::new().name(name.into()).spawn(serving).map(drop).map_err(failed)
}

/// A listener and the address it got.
async fn bind(address: SocketAddr) -> CommandResult<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| CommandError::infrastructure(format!("cannot listen on {address}: {error}")))?;
    let address = listener.local_addr().unwrap_or(address);
    Ok((listener, address))
}

/// Admin keys, and those of tenants that are made, go over these connections.
fn warn_in_clear_text(address: SocketAddr, tls: Option<&Tls>) {
    if tls.is_none() && !address.ip().is_loopback() {
        tracing::warn!(%address, "other machines can read the keys that are sent for administration: set tls, or use 127.0.0.1");
    }
}

fn cut_off(service: &Service, why: &str) -> CommandError {
    CommandError::infrastructure(format!("{why}: {} executions were cut off", service.running()))
}

fn on(kind: SignalKind) -> CommandResult<Signal> {
    signal(kind).map_err(|error| CommandError::infrastructure(format!("no signals: {error}")))
}

/// What ends a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> CommandResult<Self> {
        Ok(Signals { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
