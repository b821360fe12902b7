//! `[traces]` of the configuration file: requests as spans of OpenTelemetry, sent by OTLP over gRPC.

use serde::{Deserialize, Serialize};

/// Where spans are sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TracesConfig {
    /// The collector: `http://host:4317`.
    pub endpoint: String,
    /// Which part of the traces that begin here is kept, from 0 to 1. Those that a caller has begun are kept
    /// if it says so.
    #[serde(default = "all")]
    pub ratio: f64,
}

impl Eq for TracesConfig {}

fn all() -> f64 {
    1.0
}

impl TracesConfig {
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        if !self.endpoint.starts_with("http://") {
            return Err(format!(
                "traces.endpoint is '{}': give a collector's http:// address, best one on this machine",
                self.endpoint
            ));
        }
        if !(0.0..=1.0).contains(&self.ratio) {
            return Err(format!("traces.ratio is {}, it must be from 0 to 1", self.ratio));
        }
        Ok(())
    }

    /// With a value for every key.
    pub fn with_everything() -> TracesConfig {
        TracesConfig { endpoint: "http://127.0.0.1:4317".into(), ratio: 1.0 }
    }
}
