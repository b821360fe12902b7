//! A tenant in the configuration file.

use crate::units::{Bytes, Span};
use ampoule_service::{QuotaConfig, ServiceConfig};
use serde::{Deserialize, Serialize};

/// `[[tenants]]`; what it leaves out is as the service has it for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantConfig {
    pub(crate) name: String,
    /// Hashes of its keys, as `ampoule key` prints them.
    #[serde(default)]
    pub(crate) keys: Vec<String>,
    /// Fingerprints of its certificates, as `openssl x509 -noout -fingerprint -sha256` prints them, after `sha256:`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) certificates: Vec<String>,
    /// Its share of processors and slots beside the others', 1 to 1000.
    #[serde(default = "one")]
    weight: u32,
    /// Executions that run at the same time, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slots: Option<usize>,
    /// Requests that may wait for a slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<usize>,
    /// Units of fuel a second, on average over ten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fuel_per_second: Option<u64>,
    /// Units of fuel from midnight to midnight, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fuel_per_day: Option<u64>,
    /// Processor time a second, on average over ten: 500ms is half of a processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpu_per_second: Option<Span>,
    /// Processor time from midnight to midnight, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpu_per_day: Option<Span>,
    /// Requests a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests_per_minute: Option<u64>,
    /// What its requests get for limits they leave open.
    #[serde(default)]
    limits: TenantLimits,
    /// The most they can ask for.
    #[serde(default)]
    caps: TenantCaps,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TenantLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    wall_time: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_time: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_bytes: Option<Bytes>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TenantCaps {
    #[serde(skip_serializing_if = "Option::is_none")]
    wall_time: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_time: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_bytes: Option<Bytes>,
}

fn one() -> u32 {
    1
}

impl TenantConfig {
    /// What it is granted by `service`. Where a cap is below a default that the file does not set, the cap is the default.
    pub(crate) fn granted(&self, service: &ServiceConfig) -> ampoule_service::TenantConfig {
        let mut granted = service.tenant(&self.name);
        let caps = &mut granted.caps;
        set(&mut caps.wall_time, self.caps.wall_time.map(|span| span.0));
        set(&mut caps.cpu_time, self.caps.cpu_time.map(|span| span.0));
        set(&mut caps.memory_bytes, self.caps.memory_bytes.map(|bytes| bytes.0));
        set(&mut caps.fuel, self.caps.fuel);
        set(&mut caps.output_bytes, self.caps.output_bytes.map(|bytes| bytes.0));
        set(&mut caps.result_bytes, self.caps.result_bytes.map(|bytes| bytes.0));
        let (caps, defaults) = (granted.caps, &mut granted.defaults);
        defaults.wall_time =
            self.limits.wall_time.map_or(defaults.wall_time.min(caps.wall_time), |span| span.0);
        defaults.cpu_time = self.limits.cpu_time.map_or(defaults.cpu_time.min(caps.cpu_time), |span| span.0);
        let amount = |asked: Option<u64>, default: u64, cap: u64| asked.unwrap_or(default.min(cap));
        let bytes = |asked: Option<Bytes>| asked.map(|bytes| bytes.0);
        defaults.memory_bytes =
            amount(bytes(self.limits.memory_bytes), defaults.memory_bytes, caps.memory_bytes);
        defaults.fuel = amount(self.limits.fuel, defaults.fuel, caps.fuel);
        defaults.output_bytes =
            amount(bytes(self.limits.output_bytes), defaults.output_bytes, caps.output_bytes);
        defaults.result_bytes =
            amount(bytes(self.limits.result_bytes), defaults.result_bytes, caps.result_bytes);
        set(&mut defaults.file_bytes, bytes(self.limits.file_bytes));
        granted.weight = self.weight;
        set(&mut granted.slots, self.slots);
        set(&mut granted.queue, self.queue);
        granted.quota = QuotaConfig {
            fuel_per_second: self.fuel_per_second,
            fuel_per_day: self.fuel_per_day,
            cpu_per_second: self.cpu_per_second.map(|span| span.0),
            cpu_per_day: self.cpu_per_day.map(|span| span.0),
            requests_per_minute: self.requests_per_minute,
        };
        granted
    }
}

fn set<T>(value: &mut T, asked: Option<T>) {
    if let Some(asked) = asked {
        *value = asked;
    }
}
