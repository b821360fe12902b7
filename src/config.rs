//! The server's configuration: a TOML file over defaults that are right for a laptop.
//!
//! All of it is read, checked and shown before a port is bound. A key that does not exist is an error:
//! a misspelt limit must not silently be the default.

use crate::dify::DifyConfig;
use crate::units::{Bytes, Span};
use ampoule_engine::EngineConfig;
use ampoule_service::{Caps, ServiceConfig, Sizes, default_images_folder};
use ampoule_world::Limits;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// `ampoule serve --config FILE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Address and port of the gRPC server.
    pub(crate) listen: SocketAddr,
    /// Address and port of the same API as JSON over HTTP; without it there is none.
    pub(crate) http: Option<SocketAddr>,
    /// The folder with the images.
    pub(crate) images: PathBuf,
    /// Executions that run at the same time.
    pub(crate) slots: u32,
    /// Requests that may wait for a slot.
    pub(crate) queue: usize,
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
    /// The contract of Dify's sandbox.
    pub(crate) dify: DifyConfig,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsConfig {
    wall_time: Span,
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
            images: default_images_folder(),
            slots: service.engine.slots,
            queue: service.queue,
            program_cache: Bytes(service.program_cache_bytes),
            limits: LimitsConfig::default(),
            caps: CapsConfig::default(),
            sizes: SizesConfig::default(),
            log: LogConfig::default(),
            dify: DifyConfig::default(),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let limits = Limits::default();
        LimitsConfig {
            wall_time: Span(limits.wall_time),
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
        }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig { format: LogFormat::Text, filter: "info".into() }
    }
}

impl Config {
    /// Reads a file; what it leaves out is the default.
    pub(crate) fn read(path: &Path) -> Result<Config, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Config::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn parse(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
    }

    /// What is wrong with the addresses, in words for the operator.
    pub(crate) fn check_doors(&self) -> Result<(), String> {
        if let Some(http) = self.http
            && !http.ip().is_loopback()
        {
            return Err(format!(
                "http is {http}, which others can reach, and asks nobody for a key: use an address of this machine only, like 127.0.0.1:{}",
                http.port()
            ));
        }
        self.dify.check()
    }

    /// The service's part, checked.
    pub(crate) fn service(&self) -> Result<ServiceConfig, String> {
        let service = ServiceConfig {
            engine: EngineConfig {
                slots: self.slots,
                max_memory_bytes: self.caps.memory_bytes.0,
                ..EngineConfig::default()
            },
            defaults: Limits {
                wall_time: self.limits.wall_time.0,
                memory_bytes: self.limits.memory_bytes.0,
                fuel: self.limits.fuel,
                output_bytes: self.limits.output_bytes.0,
                result_bytes: self.limits.result_bytes.0,
                file_bytes: self.limits.file_bytes.0,
            },
            caps: Caps {
                wall_time: self.caps.wall_time.0,
                fuel: self.caps.fuel,
                output_bytes: self.caps.output_bytes.0,
                result_bytes: self.caps.result_bytes.0,
            },
            sizes: Sizes {
                input_bytes: self.sizes.input.0 as usize,
                source_bytes: self.sizes.source.0 as usize,
                file_bytes: self.sizes.files.0 as usize,
                ..Sizes::default()
            },
            queue: self.queue,
            program_cache_bytes: self.program_cache.0,
        };
        service.check()?;
        Ok(service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default_and_the_default_is_consistent() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
        Config::default().service().unwrap();
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let shown = toml::to_string(&Config::default()).unwrap();
        assert_eq!(Config::parse(&shown).unwrap(), Config::default());
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("slot = 3", "unknown field `slot`"),
            ("[limits]\nwal_time = \"3s\"", "unknown field `wal_time`"),
            ("[limits]\nwall_time = \"3\"", "'3' is no time span"),
            ("[caps]\nmemory_bytes = \"1GB\"", "'1GB' is no number of bytes"),
            ("listen = \"localhost\"", "invalid socket address"),
            ("[log]\nformat = \"xml\"", "unknown variant `xml`"),
        ];
        for (text, expected) in cases {
            let error = Config::parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let open = Config::parse("http = \"0.0.0.0:8080\"").unwrap().check_doors().unwrap_err();
        assert!(open.starts_with("http is 0.0.0.0:8080, which others can reach"), "{open}");
        let above = Config::parse("[limits]\nwall_time = \"90s\"").unwrap().service().unwrap_err();
        assert_eq!(above, "the default of wall_time is 90 s, above its cap of 60 s");
    }
}
