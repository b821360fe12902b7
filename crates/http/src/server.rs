//! One listener: connections, their limits, draining.

use crate::admin;
use crate::api::status::Refusal;
use crate::endpoints::{Endpoints, Timeouts, router};
use crate::operator;
use ampoule_auth::{AdminKeys, Authenticator, Hosts, Stranger};
use ampoule_connection::{Accepted, Busy, Connection, Held, Listener};
use ampoule_service::{Service, Shutdown};
use ampoule_tenants::Admin;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use socket2::{SockRef, TcpKeepalive};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tower::ServiceExt;

/// Finds clients that vanished without a word (a cable, a machine), whose executions would otherwise run to
/// their end.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// What is read ahead on a connection, so also the largest head: a token of the largest size, four times
/// over. Without a bound of ours it would be 400 KiB, held by each connection that sends half a head.
const READ_AHEAD: usize = 64 << 10;

/// What all connections of a listener have in common.
#[derive(Clone)]
struct Answers {
    router: Router,
    /// None: the listener is gone.
    hosts: Option<Hosts>,
    timeouts: Timeouts,
}

/// Serves `endpoints` on `listener` until `shutdown` says that it drains; then takes no more connections and
/// requests, and returns when what it has accepted is answered. Telling the service to drain is the caller's
/// business.
pub async fn serve(
    service: Service,
    access: Authenticator,
    endpoints: Endpoints,
    listener: Listener,
    shutdown: Shutdown,
) {
    let hosts = listener.address().map(|address| access.hosts(address.ip()));
    let timeouts = endpoints.timeouts;
    accept(
        Answers { router: router(&service, &access, endpoints), hosts, timeouts },
        listener,
        shutdown.draining(),
    )
    .await;
}

/// Serves operators' monitoring on `listener` until the process ends, through the drain: [`crate::operator`].
/// It tells of all connections that are counted beside those of `listener`.
pub async fn serve_operator(service: Service, access: Authenticator, listener: Listener, shutdown: Shutdown) {
    let hosts = listener.address().map(|address| access.hosts_for_monitoring(address.ip()));
    let router = operator::router(service, listener.connections().clone(), shutdown);
    accept(Answers { router, hosts, timeouts: Timeouts::default() }, listener, std::future::pending()).await;
}

/// Serves those who administer tenants on `listener`, to whoever has one of the keys, until `shutdown` says
/// that it drains.
pub async fn serve_admin(admin: Admin, keys: AdminKeys, listener: Listener, shutdown: Shutdown) {
    // It asks for keys, so whoever calls it may call it by any name.
    let hosts = Some(Hosts::any());
    let timeouts = Timeouts::default();
    accept(Answers { router: admin::router(admin, keys), hosts, timeouts }, listener, shutdown.draining())
        .await;
}

async fn accept(answers: Answers, mut listener: Listener, drain: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let mut drain = std::pin::pin!(drain);
    loop {
        let connection = tokio::select! {
            () = &mut drain => break,
            connection = listener.accept() => connection,
        };
        let turn = connection.turn();
        tokio::spawn(turn.connection(serve_connection(connection, answers.clone(), connections.watcher())));
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve_connection(connection: Connection, answers: Answers, watcher: Watcher) {
    let timeout = answers.timeouts;
    // A client that is gone already shows itself on the first read.
    let _ = tune(connection.socket(), timeout);
    let (accepted, turn) = (connection.accepted(), connection.turn());
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout.head)
        .max_buf_size(READ_AHEAD)
        .serve_connection(
            TokioIo::new(connection),
            service_fn(move |request| {
                // The head is complete. As long as the answer is not written the connection is not ended to
                // make room.
                let busy = accepted.activity.begin();
                let (answers, accepted, turn) = (answers.clone(), accepted.clone(), turn.clone());
                async move {
                    turn.before_request().await;
                    answer(answers, accepted, busy, request).await
                }
            }),
        );
    // Ends in an error when the client breaks off, which is its right; whoever ran for it is stopped.
    let _ = watcher.watch(connection).await;
}

async fn answer(
    answers: Answers,
    accepted: Accepted,
    busy: Option<Busy>,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let Some(busy) = busy else {
        // It was told to end at this very moment: nothing is done that nobody would hear of.
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    };
    let checked = match &answers.hosts {
        Some(hosts) => hosts.check(request.version(), request.uri(), request.headers()),
        None => Err(Stranger::NoHost),
    };
    if let Err(stranger) = checked {
        tracing::debug!(%stranger, "a request was refused");
        return Ok(Refusal::stranger(&stranger).into_response());
    }
    request.extensions_mut().insert(accepted);
    let response = answers.router.oneshot(request).await?;
    Ok(response.map(|body| Body::new(Held::new(body, busy))))
}

fn tune(stream: &TcpStream, timeouts: Timeouts) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))?;
    socket.set_tcp_user_timeout(Some(timeouts.answer))
}
