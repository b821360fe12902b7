//! The server's configuration: a TOML file over defaults that are right for a laptop.
//!
//! All of it is read, checked and shown before a port is bound. A key that does not exist is an error:
//! a misspelt limit must not silently be the default.

use crate::connections::ConnectionsConfig;
use crate::dify::DifyConfig;
use crate::environment;
use crate::functions::FunctionsConfig;
use crate::jwt::JwtConfig;
use crate::tenants::TenantConfig;
use crate::tls::TlsConfig;
use crate::traces::TracesConfig;
use crate::units::{Bytes, Span};
use ampoule_access::{AccessConfig, KeyHash};
use ampoule_connection::{BadFingerprint, Fingerprint, Tls};
use ampoule_engine::EngineConfig;
use ampoule_service::{Caps, MOST_FOR_IDLE_GUESTS, ServiceConfig, Sizes, default_images_folder};
use ampoule_world::Limits;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `ampoule serve --config FILE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Address and port of the gRPC server.
    pub(crate) listen: SocketAddr,
    /// Address and port of the same API as JSON over HTTP; without it there is none.
    pub(crate) http: Option<SocketAddr>,
    /// Address and port for monitoring: `/metrics`, `/healthz`, `/readyz`; without it there is none. No key is asked for.
    pub(crate) metrics: Option<SocketAddr>,
    /// Names and addresses, beside those of this machine, by which the server may be called where it asks nobody for a key.
    pub(crate) allowed_hosts: Vec<String>,
    /// How many connections there may be.
    pub(crate) connections: ConnectionsConfig,
    /// How long the server still serves after it was told to end, saying that it is not ready, before it refuses.
    pub(crate) drain_delay: Span,
    /// The folder with the images.
    pub(crate) images: PathBuf,
    /// Executions that run at the same time.
    pub(crate) slots: u32,
    /// Requests that may wait for a slot, of all tenants together.
    pub(crate) queue: usize,
    /// How long a request waits for a slot at most.
    pub(crate) patience: Span,
    /// How long an execution waits for a processor at most, in all.
    pub(crate) processor_timeout: Span,
    /// How long an answer may lie unread, beyond what reading it slowly takes.
    pub(crate) unread: Span,
    /// How long answers to requests with an idempotency key are kept.
    pub(crate) idempotency_window: Span,
    /// What executions may take of the machine's memory together, each counted with all that its limits allow.
    pub(crate) memory: Bytes,
    /// Compiled programs kept in memory.
    pub(crate) program_cache: Bytes,
    /// What a request gets for limits it leaves open.
    pub(crate) limits: LimitsConfig,
    /// The most a request can ask for.
    pub(crate) caps: CapsConfig,
    /// The largest requests taken.
    pub(crate) sizes: SizesConfig,
    /// The log.
    pub(crate) log: LogConfig,
    /// Who may send requests. None: everybody on this machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tenants: Vec<TenantConfig>,
    /// The contract of Dify's sandbox.
    pub(crate) dify: DifyConfig,
    /// Functions that tenants keep here.
    pub(crate) functions: FunctionsConfig,
    /// TLS of all listeners but that for monitoring; without it they speak in plain.
    pub(crate) tls: Option<TlsConfig>,
    /// Whose tokens name tenants, beside API keys.
    pub(crate) jwt: Option<JwtConfig>,
    /// Where requests are sent as spans of OpenTelemetry; without it nowhere.
    pub(crate) traces: Option<TracesConfig>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsConfig {
    wall_time: Span,
    /// None: as the cap.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_time: Option<Span>,
    memory_bytes: Bytes,
    fuel: u64,
    output_bytes: Bytes,
    result_bytes: Bytes,
    /// Files that come back; not a request's to choose.
    file_bytes: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CapsConfig {
    wall_time: Span,
    /// None: as that of the wall time.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_time: Option<Span>,
    memory_bytes: Bytes,
    fuel: u64,
    output_bytes: Bytes,
    result_bytes: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SizesConfig {
    input: Bytes,
    source: Bytes,
    files: Bytes,
    stdin: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogConfig {
    /// Of the lines on stderr.
    pub(crate) format: LogFormat,
    /// As `RUST_LOG` has it: `info`, `ampoule::request=off,info` …
    pub(crate) filter: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
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
            patience: Span(service.patience),
            processor_timeout: Span(service.engine.processor_timeout),
            unread: Span(service.unread),
            idempotency_window: Span(service.idempotency_window),
            memory: Bytes(service.memory_bytes),
            program_cache: Bytes(service.program_cache_bytes),
            limits: LimitsConfig::default(),
            caps: CapsConfig::default(),
            sizes: SizesConfig::default(),
            log: LogConfig::default(),
            tenants: Vec::new(),
            dify: DifyConfig::default(),
            functions: FunctionsConfig::default(),
            tls: None,
            jwt: None,
            traces: None,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let limits = Limits::default();
        LimitsConfig {
            wall_time: Span(limits.wall_time),
            cpu_time: None,
            memory_bytes: Bytes(limits.memory_bytes),
            fuel: limits.fuel,
            output_bytes: Bytes(limits.output_bytes),
            result_bytes: Bytes(limits.result_bytes),
            file_bytes: Bytes(limits.file_bytes),
        }
    }
}

impl Default for CapsConfig {
    fn default() -> Self {
        let caps = Caps::default();
        CapsConfig {
            wall_time: Span(caps.wall_time),
            cpu_time: None,
            memory_bytes: Bytes(EngineConfig::default().max_memory_bytes),
            fuel: caps.fuel,
            output_bytes: Bytes(caps.output_bytes),
            result_bytes: Bytes(caps.result_bytes),
        }
    }
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
    /// Reads a file, if there is one, and the environment, which goes before it; what both leave out is the default.
    pub(crate) fn read(path: Option<&Path>) -> Result<Config, String> {
        // A value that is no text cannot be a setting's.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let Some(path) = path else { return environment::over("", variables) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        environment::over(&text, variables).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// With a value for every key but tenants, so that there is a list of them, and of their types.
    pub(crate) fn with_everything() -> Config {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        Config {
            http: Some(address),
            metrics: Some(address),
            connections: ConnectionsConfig::with_everything(),
            dify: DifyConfig { listen: Some(address), ..DifyConfig::default() },
            tls: Some(TlsConfig::with_everything()),
            jwt: Some(JwtConfig::with_everything()),
            traces: Some(TracesConfig::with_everything()),
            ..Config::default()
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
    }

    /// The configuration, if a server could start with it.
    pub(crate) fn checked(self) -> Result<Config, String> {
        self.service()?;
        self.access()?;
        self.connections.check()?;
        self.check_address("listen", self.listen)?;
        if let Some(http) = self.http {
            self.check_address("http", http)?;
        }
        self.tls()?;
        self.traces.as_ref().map_or(Ok(()), TracesConfig::check)?;
        if self.tenants.is_empty() {
            // With tenants it is their keys that open.
            self.dify.check()?;
        }
        Ok(self)
    }

    /// The service's part, checked.
    pub(crate) fn service(&self) -> Result<ServiceConfig, String> {
        let most_cpu_time = self.caps.cpu_time.unwrap_or(self.caps.wall_time).0;
        let mut service = ServiceConfig {
            build: crate::build_info::LABELS.to_vec(),
            engine: EngineConfig {
                slots: self.slots,
                processor_timeout: self.processor_timeout.0,
                max_memory_bytes: self.caps.memory_bytes.0,
                ..EngineConfig::default()
            }
            .keeping_within(self.memory.0 / MOST_FOR_IDLE_GUESTS),
            defaults: Limits {
                wall_time: self.limits.wall_time.0,
                cpu_time: self.limits.cpu_time.map_or(most_cpu_time, |span| span.0),
                memory_bytes: self.limits.memory_bytes.0,
                fuel: self.limits.fuel,
                output_bytes: self.limits.output_bytes.0,
                result_bytes: self.limits.result_bytes.0,
                file_bytes: self.limits.file_bytes.0,
            },
            caps: Caps {
                wall_time: self.caps.wall_time.0,
                cpu_time: most_cpu_time,
                memory_bytes: self.caps.memory_bytes.0,
                fuel: self.caps.fuel,
                output_bytes: self.caps.output_bytes.0,
                result_bytes: self.caps.result_bytes.0,
            },
            sizes: Sizes {
                input_bytes: self.sizes.input.0 as usize,
                source_bytes: self.sizes.source.0 as usize,
                file_bytes: self.sizes.files.0 as usize,
                stdin_bytes: self.sizes.stdin.0 as usize,
                ..Sizes::default()
            },
            queue: self.queue,
            patience: self.patience.0,
            unread: self.unread.0,
            idempotency_window: self.idempotency_window.0,
            memory_bytes: self.memory.0,
            tenants: Vec::new(),
            unlisted: None,
            closed: false,
            program_cache_bytes: self.program_cache.0,
            functions: self.functions.granted(),
        };
        service.tenants = self.tenants.iter().map(|tenant| tenant.granted(&service)).collect();
        service.check()?;
        Ok(service)
    }

    /// The tenants' keys, checked.
    pub(crate) fn access(&self) -> Result<AccessConfig, String> {
        let mut keys: Vec<(String, KeyHash)> = Vec::new();
        let mut known: HashMap<KeyHash, &str> = HashMap::new();
        for tenant in &self.tenants {
            for (index, text) in tenant.keys.iter().enumerate() {
                let hash: KeyHash = text
                    .parse()
                    .map_err(|error| format!("tenant '{}': keys[{index}] {error}", tenant.name))?;
                if let Some(other) = known.insert(hash, &tenant.name) {
                    return Err(format!("tenant '{}': keys[{index}] is a key of '{other}' too", tenant.name));
                }
                keys.push((tenant.name.clone(), hash));
            }
        }
        let mut certificates: Vec<(String, Fingerprint)> = Vec::new();
        let mut known: HashMap<Fingerprint, &str> = HashMap::new();
        for tenant in &self.tenants {
            for (index, text) in tenant.certificates.iter().enumerate() {
                let is = |reason: String| format!("tenant '{}': certificates[{index}] {reason}", tenant.name);
                let certificate: Fingerprint =
                    text.parse().map_err(|error: BadFingerprint| is(error.to_string()))?;
                if let Some(other) = known.insert(certificate, &tenant.name) {
                    return Err(is(format!("is a certificate of '{other}' too")));
                }
                if !self.tls.as_ref().is_some_and(TlsConfig::asks_clients) {
                    return Err(is("is never looked at: set tls.client_ca".into()));
                }
                certificates.push((tenant.name.clone(), certificate));
            }
        }
        let jwt = self.jwt.as_ref().map(JwtConfig::access).transpose()?;
        if jwt.is_some() && self.tenants.is_empty() {
            return Err("jwt is there, but no tenants that its tokens could be for: list them".into());
        }
        let access = AccessConfig { keys, certificates, jwt, allowed_hosts: self.allowed_hosts.clone() };
        access.check_hosts()?;
        Ok(access)
    }

    /// The listeners' TLS, its files read.
    pub(crate) fn tls(&self) -> Result<Option<Tls>, String> {
        self.tls.as_ref().map(TlsConfig::load).transpose()
    }

    /// Where it may listen: beyond this machine only when it knows who calls.
    fn check_address(&self, name: &str, address: SocketAddr) -> Result<(), String> {
        if address.ip().is_loopback() || !self.tenants.is_empty() {
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
#[path = "config_tests.rs"]
mod tests;
