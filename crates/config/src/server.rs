//! The server's configuration: a TOML file over defaults that are right for a laptop.
//!
//! All of it is read, checked and shown before a port is bound; tenants are read again when they change
//! (`ampoule_tenants`). A key that does not exist is an error: a misspelt limit must not silently be the
//! default.

use crate::admin::AdminConfig;
use crate::connections::ConnectionsConfig;
use crate::dify::DifyConfig;
use crate::environment;
use crate::functions::FunctionsConfig;
use crate::jwt::JwtConfig;
use crate::tls::TlsConfig;
use crate::traces::TracesConfig;
use ampoule_auth::AuthConfig;
use ampoule_connection::Tls;
use ampoule_engine::EngineConfig;
use ampoule_model::{Caps, Limits};
use ampoule_service::{MOST_FOR_IDLE_GUESTS, ServiceConfig, Sizes, default_images_folder};
use ampoule_tenants::units::{Bytes, Span};
use ampoule_tenants::{CapSettings, LimitSettings, MainTenants, Opened, Rules, Sources, TenantEntry};
use serde::{Deserialize, Deserializer, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `ampoule serve --config FILE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port of the gRPC server.
    pub listen: SocketAddr,
    /// Address and port of the same API as JSON over HTTP; without it there is none.
    pub http: Option<SocketAddr>,
    /// Address and port for monitoring: `/metrics`, `/healthz`, `/readyz`; without it there is none. No key
    /// is asked for.
    pub metrics: Option<SocketAddr>,
    /// Names and addresses, beside those of this machine, by which the server may be called where it asks
    /// nobody for a key.
    pub allowed_hosts: Vec<String>,
    /// How many connections there may be.
    pub connections: ConnectionsConfig,
    /// How long the server still serves after it was told to end, saying that it is not ready, before it
    /// refuses.
    pub drain_delay: Span,
    /// The folder with the images.
    pub images: PathBuf,
    /// Executions that run at the same time.
    pub slots: u32,
    /// Requests that may wait for a slot, of all tenants together.
    pub queue: usize,
    /// How long a request waits for a slot at most.
    pub queue_timeout: Span,
    /// The old name of `queue_timeout`, taken for as long as this version is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<Span>,
    /// How long an execution waits for a processor at most, in all.
    pub processor_timeout: Span,
    /// How long an answer may lie unread, beyond what reading it slowly takes.
    pub unread: Span,
    /// How long answers to requests with an idempotency key are kept.
    pub idempotency_window: Span,
    /// What executions may take of the machine's memory together, each counted with all that its limits
    /// allow.
    pub memory: Bytes,
    /// Compiled programs kept in memory.
    pub program_cache: Bytes,
    /// What a request gets for limits it leaves open.
    #[serde(deserialize_with = "limits_over_defaults")]
    pub limits: LimitSettings,
    /// The most a request can ask for.
    #[serde(deserialize_with = "caps_over_defaults")]
    pub caps: CapSettings,
    /// The largest requests taken.
    pub sizes: SizesConfig,
    /// The log.
    pub log: LogConfig,
    /// Who may send requests. None, here and elsewhere: everybody on this machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<TenantEntry>,
    /// A file with more of them, or a folder of such files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenants_from: Option<PathBuf>,
    /// The file that keeps what tenants have used today; empty: it is forgotten at a restart.
    pub usage_file: PathBuf,
    /// The admin API.
    pub admin: AdminConfig,
    /// The contract of Dify's sandbox.
    pub dify: DifyConfig,
    /// Functions that tenants keep here.
    pub functions: FunctionsConfig,
    /// TLS of all listeners but that for monitoring; without it they speak in plain.
    pub tls: Option<TlsConfig>,
    /// Whose tokens name tenants, beside API keys.
    pub jwt: Option<JwtConfig>,
    /// Where requests are sent as spans of OpenTelemetry; without it nowhere.
    pub traces: Option<TracesConfig>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SizesConfig {
    input: Bytes,
    source: Bytes,
    files: Bytes,
    stdin: Bytes,
}

/// `[log]`: the server's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Of the lines on stderr.
    pub format: LogFormat,
    /// As `RUST_LOG` has it: `info`, `ampoule::request=off,info` …
    pub filter: String,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        let service = ServiceConfig::default();
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 50051)),
            http: None,
            metrics: None,
            allowed_hosts: Vec::new(),
            connections: ConnectionsConfig::default(),
            drain_delay: Span(Duration::ZERO),
            images: default_images_folder(),
            slots: service.engine.slots,
            queue: service.queue,
            queue_timeout: Span(service.queue_timeout),
            patience: None,
            processor_timeout: Span(service.engine.processor_timeout),
            unread: Span(service.unread),
            idempotency_window: Span(service.idempotency_window),
            memory: Bytes(service.memory_bytes),
            program_cache: Bytes(service.program_cache_bytes),
            limits: default_limits(),
            caps: default_caps(),
            sizes: SizesConfig::default(),
            log: LogConfig::default(),
            tenants: Vec::new(),
            tenants_from: None,
            usage_file: crate::data::folder("usage.json").unwrap_or_default(),
            admin: AdminConfig::default(),
            dify: DifyConfig::default(),
            functions: FunctionsConfig::default(),
            tls: None,
            jwt: None,
            traces: None,
        }
    }
}

/// What requests get; none for the processor time: as the cap.
fn default_limits() -> LimitSettings {
    let limits = Limits::default();
    let settings =
        limits.map(|time| Some(Span(time)), |bytes| Some(Bytes(bytes)), Some, |bytes| Some(Bytes(bytes)));
    LimitSettings { cpu_time: None, ..settings }
}

/// What they can ask for; none for the processor time: as that of the wall time.
fn default_caps() -> CapSettings {
    let caps = ampoule_service::default_caps();
    let settings = caps.map(|time| Some(Span(time)), |bytes| Some(Bytes(bytes)), Some, |()| ());
    CapSettings { cpu_time: None, ..settings }
}

fn limits_over_defaults<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LimitSettings, D::Error> {
    let (said, defaults) = (LimitSettings::deserialize(deserializer)?, default_limits());
    Ok(LimitSettings { file_bytes: said.file_bytes.or(defaults.file_bytes), ..said.or(defaults) })
}

fn caps_over_defaults<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CapSettings, D::Error> {
    Ok(CapSettings::deserialize(deserializer)?.or(default_caps()))
}

impl Default for SizesConfig {
    fn default() -> Self {
        let sizes = Sizes::default();
        SizesConfig {
            input: Bytes(sizes.input_bytes as u64),
            source: Bytes(sizes.source_bytes as u64),
            files: Bytes(sizes.file_bytes as u64),
            stdin: Bytes(sizes.stdin_bytes as u64),
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig { format: LogFormat::Text, filter: "info".into() }
    }
}

impl Config {
    /// Reads a file, if there is one, and the environment, which goes before it; what both leave out is the
    /// default.
    pub fn read(path: Option<&Path>) -> Result<Config, String> {
        // A value that is no text cannot be a setting's.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let Some(path) = path else { return environment::over("", variables) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        environment::over(&text, variables).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// With a value for every key but tenants, so that there is a list of them, and of their types.
    pub fn with_everything() -> Config {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        Config {
            http: Some(address),
            metrics: Some(address),
            patience: Some(Config::default().queue_timeout),
            tenants_from: Some("x".into()),
            admin: AdminConfig::with_everything(),
            connections: ConnectionsConfig::with_everything(),
            dify: DifyConfig { listen: Some(address), ..DifyConfig::default() },
            tls: Some(TlsConfig::with_everything()),
            jwt: Some(JwtConfig::with_everything()),
            traces: Some(TracesConfig::with_everything()),
            ..Config::default()
        }
    }

    /// A file's text, not checked yet; an error names the line.
    pub fn parse(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
    }

    /// The configuration, if a server could start with it.
    pub fn checked(self) -> Result<Config, String> {
        self.tenants_now()?;
        self.checked_but_tenants()
    }

    /// The same for a server that reads its tenants next.
    pub fn checked_but_tenants(self) -> Result<Config, String> {
        if self.patience.is_some() && self.queue_timeout != Config::default().queue_timeout {
            return Err(
                "patience is the old name of queue_timeout, and both are there: remove patience".into()
            );
        }
        self.service()?;
        self.access()?;
        self.admin.keys()?;
        self.connections.check()?;
        self.check_address("listen", self.listen)?;
        if let Some(http) = self.http {
            self.check_address("http", http)?;
        }
        self.tls()?;
        self.traces.as_ref().map_or(Ok(()), TracesConfig::check)?;
        if self.is_open() {
            // With tenants it is their keys that open.
            self.dify.check()?;
        }
        Ok(self)
    }

    /// Whether nobody is asked who calls: there are no tenants, and none can come.
    pub fn is_open(&self) -> bool {
        self.tenants.is_empty()
            && self.tenants_from.is_none()
            && self.admin.folder().is_none()
            && !self.jwt.as_ref().is_some_and(JwtConfig::takes_unlisted)
    }

    /// Where tenants are written down: in this configuration, which was read from `path` and is read again
    /// from there, and beside it.
    pub fn sources(&self, path: Option<PathBuf>) -> Result<Sources, String> {
        let rules = Rules {
            service: self.service()?,
            asks_clients: self.tls.as_ref().is_some_and(TlsConfig::asks_clients),
        };
        let running = self.without_tenants();
        let first = std::sync::Mutex::new(Some(self.main_tenants(self)?));
        let file = path.clone();
        let read = move || {
            // What was read already when the server starts; the file may have changed since, and then it is
            // read again.
            let first = first.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            first.map_or_else(|| Config::read(file.as_deref())?.main_tenants(&running), Ok)
        };
        let sources = Sources::new(path, read, rules).with_files(self.tenants_from.clone());
        Ok(sources.with_kept(self.admin.folder(), self.admin.tenants))
    }

    /// What it says of tenants, and which other settings are not those that a server runs with.
    fn main_tenants(&self, running: &Config) -> Result<MainTenants, String> {
        let tokens = self.jwt.as_ref().map_or(Ok(None), JwtConfig::token_tenants)?;
        let other_settings = self.without_tenants().differs_from(&running.without_tenants())?;
        Ok(MainTenants { tenants: self.tenants.clone(), tokens, other_settings })
    }

    fn without_tenants(&self) -> Config {
        let jwt = self.jwt.as_ref().map(JwtConfig::without_tenants);
        Config { tenants: Vec::new(), jwt, ..self.clone() }
    }

    /// The settings that are not the same, by their names.
    fn differs_from(&self, other: &Config) -> Result<Vec<String>, String> {
        let table = |config: &Config| toml::Table::try_from(config).map_err(|error| error.to_string());
        let (one, other) = (table(self)?, table(other)?);
        let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
        names.sort();
        names.dedup();
        Ok(names.into_iter().filter(|name| one.get(*name) != other.get(*name)).cloned().collect())
    }

    /// Where tenants are, as they are now.
    pub fn tenants_now(&self) -> Result<Opened, String> {
        self.sources(None)?.open()
    }

    /// The service's part, checked; without tenants.
    pub fn service(&self) -> Result<ServiceConfig, String> {
        let caps = self.caps.zip(ampoule_service::default_caps()).map(
            |(said, default)| said.map_or(default, |span| span.0),
            |(said, default)| said.map_or(default, |bytes| bytes.0),
            |(said, default)| said.unwrap_or(default),
            |((), ())| (),
        );
        let caps = Caps { cpu_time: self.caps.cpu_time.map_or(caps.wall_time, |span| span.0), ..caps };
        let limits = self.limits.zip(Limits::default()).map(
            |(said, default)| said.map_or(default, |span| span.0),
            |(said, default)| said.map_or(default, |bytes| bytes.0),
            |(said, default)| said.unwrap_or(default),
            |(said, default)| said.map_or(default, |bytes| bytes.0),
        );
        let limits = Limits { cpu_time: self.limits.cpu_time.map_or(caps.cpu_time, |span| span.0), ..limits };
        let service = ServiceConfig {
            // The program's to say.
            build: Vec::new(),
            engine: EngineConfig {
                slots: self.slots,
                processor_timeout: self.processor_timeout.0,
                max_memory_bytes: caps.memory_bytes,
                ..EngineConfig::default()
            }
            .keeping_within(self.memory.0 / MOST_FOR_IDLE_GUESTS),
            defaults: limits,
            caps,
            sizes: Sizes {
                input_bytes: self.sizes.input.0 as usize,
                source_bytes: self.sizes.source.0 as usize,
                file_bytes: self.sizes.files.0 as usize,
                stdin_bytes: self.sizes.stdin.0 as usize,
                ..Sizes::default()
            },
            queue: self.queue,
            queue_timeout: self.patience.unwrap_or(self.queue_timeout).0,
            unread: self.unread.0,
            idempotency_window: self.idempotency_window.0,
            memory_bytes: self.memory.0,
            tenants: Vec::new(),
            unlisted: None,
            closed: !self.is_open(),
            program_cache_bytes: self.program_cache.0,
            functions: self.functions.granted(),
        };
        service.check()?;
        Ok(service)
    }

    /// What it says of those who call beside tenants' keys, checked.
    pub fn access(&self) -> Result<AuthConfig, String> {
        let jwt = self.jwt.as_ref().map(JwtConfig::access).transpose()?;
        if jwt.is_some() && self.is_open() {
            return Err("jwt is there, but no tenants that its tokens could be for: list them, or set jwt.default_tenant".into());
        }
        let access = AuthConfig { jwt, allowed_hosts: self.allowed_hosts.clone(), ..AuthConfig::default() };
        access.check_hosts()?;
        Ok(access)
    }

    /// The listeners' TLS, its files read.
    pub fn tls(&self) -> Result<Option<Tls>, String> {
        self.tls.as_ref().map(TlsConfig::load).transpose()
    }

    /// Where it may listen: beyond this machine only when it knows who calls.
    fn check_address(&self, name: &str, address: SocketAddr) -> Result<(), String> {
        if address.ip().is_loopback() || !self.is_open() {
            return Ok(());
        }
        Err(format!(
            "{name} is {address}, which others than this machine can reach, and there are no tenants: list them with their \
             keys (`ampoule key` makes one), or use 127.0.0.1:{}",
            address.port()
        ))
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
