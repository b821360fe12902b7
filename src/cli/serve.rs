//! `ampoule serve`: configuration, then the server, then its orderly end.

use super::{CommandError, CommandResult, Exit};
use crate::config::{Config, LogConfig, LogFormat};
use crate::{images, runtime};
use ampoule_access::Access;
use ampoule_engine::Engine;
use ampoule_service::{Images, Service, ServiceConfig};
use clap::Args;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

/// What executions may take beyond their wall time while the server drains: answers have to be sent too.
const GRACE_FOR_ANSWERS: Duration = Duration::from_secs(5);

/// Serve the gRPC API until SIGTERM or SIGINT
///
/// The first signal drains: no new requests are taken and those in flight are answered. A second one ends at once.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address and port [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Configuration file
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn serve(arguments: &ServeArguments) -> CommandResult {
    let mut config = match &arguments.config {
        Some(path) => Config::read(path).map_err(CommandError::usage)?,
        None => Config::default(),
    };
    config.listen = arguments.listen.unwrap_or(config.listen);
    let config = config.checked().map_err(CommandError::usage)?;
    let service_config = config.service().map_err(CommandError::usage)?;
    let access = config.access().map_err(CommandError::usage)?;
    start_log(&config.log)?;
    show(&config);
    let service = service(&config, service_config)?;
    let access = Access::new(&access, &service).map_err(CommandError::usage)?;
    let tokio = runtime::for_guests()
        .map_err(|error| CommandError::infrastructure(format!("no threads: {error}")))?;
    let exit = tokio.block_on(listen(&config, service, access));
    // What is still running after the grace is cut off here.
    tokio.shutdown_background();
    exit
}

fn start_log(config: &LogConfig) -> CommandResult<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| CommandError::usage(format!("log.filter '{}': {error}", config.filter)))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    // A panic's message may quote what it stumbled over, which may be a user's.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
    Ok(())
}

/// The configuration in force, in the words of the file.
fn show(config: &Config) {
    let shown = serde_json::to_string(config).unwrap_or_default();
    tracing::info!(config = shown, "configuration");
    if !ampoule_engine::swap_is_off() {
        tracing::warn!("swap is on: guests are reset the slow way; turn it off for speed");
    }
}

fn service(config: &Config, service_config: ServiceConfig) -> CommandResult<Service> {
    let names = images::offered(&config.images)?;
    images::ensure(&config.images, &names)?;
    let engine = Engine::new(service_config.engine.clone()).map_err(CommandError::infrastructure)?;
    let images = Images::load(&engine, &config.images, &names).map_err(CommandError::infrastructure)?;
    for image in images.iter() {
        let manifest = image.manifest();
        tracing::info!(name = manifest.name, version = manifest.version, digest = manifest.digest, "image");
    }
    Ok(Service::new(service_config, engine, images))
}

async fn listen(config: &Config, service: Service, access: Access) -> CommandResult {
    let mut signals = Signals::new()?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        CommandError::infrastructure(format!("cannot listen on {}: {error}", config.listen))
    })?;
    let address = listener.local_addr().unwrap_or(config.listen);
    let (drain, drained) = oneshot::channel::<()>();
    let server = ampoule_grpc::serve(service.clone(), access, listener, async {
        // A sender that is gone means the same as one that has sent.
        let _ = drained.await;
    });
    let mut server = std::pin::pin!(server);
    tracing::info!(%address, "listening");
    tokio::select! {
        ended = &mut server => return ended.map(|()| Exit::Success).map_err(CommandError::infrastructure),
        () = signals.next() => {}
    }
    tracing::info!(running = service.running(), waiting = service.waiting(), "draining");
    let _ = drain.send(());
    let grace = config.service().map_err(CommandError::usage)?.caps.wall_time + GRACE_FOR_ANSWERS;
    tokio::select! {
        ended = &mut server => {
            ended.map_err(CommandError::infrastructure)?;
            tracing::info!("drained");
            Ok(Exit::Success)
        }
        () = signals.next() => Err(cut_off(&service, "a second signal came")),
        () = tokio::time::sleep(grace) => Err(cut_off(&service, "the grace is over")),
    }
}

fn cut_off(service: &Service, why: &str) -> CommandError {
    CommandError::infrastructure(format!("{why}: {} executions were cut off", service.running()))
}

/// What ends a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> CommandResult<Self> {
        let on =
            |kind| signal(kind).map_err(|error| CommandError::infrastructure(format!("no signals: {error}")));
        Ok(Signals { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
