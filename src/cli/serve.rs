//! `ampoule serve`: configuration, log, images; then [`listeners`] until the end.

use super::{CommandError, CommandResult, listeners};
use crate::build_info;
use crate::traces::{Traces, is_span};
use crate::{images, runtime};
use ampoule_auth::{AuthConfig, Authenticator};
use ampoule_config::{Config, LogConfig, LogFormat};
use ampoule_engine::{Engine, EngineConfig};
use ampoule_service::{DayBook, FunctionStore, Images, Service, ServiceConfig};
use ampoule_tenants::{Directory, UsageFile, keep_usage};
use clap::Args;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::runtime::Handle;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::FilterExt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// For the tiny executions by which a server knows that others get through.
const SLOTS_OF_OUR_OWN: u32 = 1;

/// Serve the gRPC API, and HTTP where that is asked for, until SIGTERM or SIGINT
///
/// The first signal drains: no new requests are taken and those in flight are answered. A second one ends at
/// once.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address and port [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Serve the same API as JSON over HTTP, on this machine's own address and port
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Answer /metrics, /healthz and /readyz on this address and port, to everybody who reaches it
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// Stand in for Dify's sandbox on this address and port; may be that of --http
    #[arg(long, value_name = "ADDRESS")]
    dify: Option<SocketAddr>,
    /// The key that Dify sends [default: Dify's own, for this machine only]
    #[arg(long, value_name = "KEY", env = "AMPOULE_DIFY_KEY", hide_env_values = true)]
    dify_key: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn serve(arguments: &ServeArguments) -> CommandResult {
    // Flags go before the environment, and that before the file.
    let mut config = Config::read(arguments.config.as_deref()).map_err(CommandError::usage)?;
    let sources = config.sources(arguments.config.clone()).map_err(CommandError::usage)?;
    config.listen = arguments.listen.unwrap_or(config.listen);
    config.http = arguments.http.or(config.http);
    config.metrics = arguments.metrics.or(config.metrics);
    config.dify.listen = arguments.dify.or(config.dify.listen);
    config.dify.key = arguments.dify_key.clone().unwrap_or(config.dify.key);
    let config = config.checked_but_tenants().map_err(CommandError::usage)?;
    let opened = sources.open().map_err(CommandError::usage)?;
    let tenants = opened.checked().clone();
    let service_config = ServiceConfig {
        tenants: tenants.tenants,
        unlisted: tenants.unlisted,
        build: build_info::LABELS.to_vec(),
        ..config.service().map_err(CommandError::usage)?
    };
    let access = config.access().map_err(CommandError::usage)?;
    let access = AuthConfig { jwt: access.jwt, allowed_hosts: access.allowed_hosts, ..tenants.access };
    let tls = config.tls().map_err(CommandError::usage)?;
    let tokio = runtime::for_servers()
        .map_err(|error| CommandError::infrastructure(format!("no threads: {error}")))?;
    let traces = {
        let _within = tokio.enter();
        config.traces.as_ref().map(Traces::start).transpose().map_err(CommandError::usage)?
    };
    start_log(&config.log, traces.as_ref())?;
    tracing::info!(version = build_info::VERSION, commit = build_info::COMMIT, "ampoule");
    show(&config, service_config.tenants.len());
    let usage_file = usage_file(&config)?;
    let store = config.functions.store().map_err(CommandError::usage)?;
    let service = service(&config, service_config, store, tokio.handle())?;
    let usage_file = usage_file.map(|(file, book)| {
        service.carry_used(book);
        file
    });
    let access = Authenticator::new(&access, &service).map_err(CommandError::usage)?;
    let directory = Directory::new(opened, service.clone(), access.clone()).map_err(CommandError::usage)?;
    let sweeping = service.clone();
    tokio.spawn(async move { sweeping.sweep_functions().await });
    let beating = service.clone();
    tokio.spawn(async move { beating.beat().await });
    tokio.spawn(keep_usage(service.clone(), usage_file.clone()));
    let exit = tokio.block_on(listeners::listen(&config, tls, service.clone(), access, directory));
    if let Some(usage_file) = usage_file {
        usage_file.write(&service);
    }
    if let Some(traces) = traces {
        traces.end();
    }
    // What is still running after the grace is cut off here.
    tokio.shutdown_background();
    exit
}

fn start_log(config: &LogConfig, traces: Option<&Traces>) -> CommandResult<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| CommandError::usage(format!("log.filter '{}': {error}", config.filter)))?;
    // A line that cannot be written is lost; to say so, on the same stderr, would panic.
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    let log = match config.format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    // What else asks for everything at its level would ask for spans, too.
    let lines = filter.and(is_span().not());
    tracing_subscriber::registry().with(log.with_filter(lines)).with(traces.map(Traces::layer)).init();
    // A panic's message may quote what it stumbled over, which may be a user's.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
    Ok(())
}

/// The configuration in force, in the words of the file.
fn show(config: &Config, tenants: usize) {
    // Tenants are counted: there may be thousands.
    let config = Config { dify: config.dify.without_key(), tenants: Vec::new(), ..config.clone() };
    let shown = serde_json::to_string(&config).unwrap_or_default();
    if config.patience.is_some() {
        tracing::warn!(
            "the setting patience is called queue_timeout now: rename it, the next version does not know it"
        );
    }
    tracing::info!(config = shown, tenants, "configuration");
    if !ampoule_engine::swap_is_off() {
        tracing::warn!("swap is on: guests are reset the slow way; turn it off for speed");
    }
}

/// Where what tenants use is kept, and what they have used today already. Where nobody is asked who calls
/// there are no quotas.
fn usage_file(config: &Config) -> CommandResult<Option<(UsageFile, DayBook)>> {
    if config.is_open() || config.usage_file.as_os_str().is_empty() {
        return Ok(None);
    }
    UsageFile::open(&config.usage_file).map(Some).map_err(CommandError::usage)
}

fn service(
    config: &Config,
    service_config: ServiceConfig,
    store: Option<FunctionStore>,
    runtime: &Handle,
) -> CommandResult<Service> {
    let names = images::offered(&config.images)?;
    images::ensure(&config.images, &names)?;
    let service_config = ServiceConfig {
        engine: EngineConfig { reserved_slots: SLOTS_OF_OUR_OWN, ..service_config.engine },
        ..service_config
    };
    let engine = Engine::new(service_config.engine.clone()).map_err(CommandError::infrastructure)?;
    engine.compute_on_own_threads(runtime.clone()).map_err(CommandError::infrastructure)?;
    let images = Images::load(&engine, &config.images, &names).map_err(CommandError::infrastructure)?;
    for image in images.iter() {
        let manifest = image.manifest();
        tracing::info!(name = manifest.name, version = manifest.version, digest = manifest.digest, "image");
    }
    Ok(Service::with_functions(service_config, engine, images, store))
}
