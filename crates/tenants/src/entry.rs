//! A tenant as it is written down: `[[tenants]]` of the configuration file and of others.

use crate::units::{Bytes, Span};
use ampoule_service::{QuotaConfig, ServiceConfig};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::time::SystemTime;

/// What it leaves out is as the service has it for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenantEntry {
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Hashes of its keys, as `ampoule key` prints them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyEntry>,
    /// Fingerprints of its certificates, as `openssl x509 -noout -fingerprint -sha256` prints them, after
    /// `sha256:`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<String>,
    /// Nothing of it runs, and its requests are refused.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) disabled: bool,
    /// Its share of processors and slots beside the others', 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<u32>,
    /// Executions that run at the same time, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slots: Option<usize>,
    /// Requests that may wait for a slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queue: Option<usize>,
    /// Units of fuel a second, on average over ten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fuel_per_second: Option<u64>,
    /// Units of fuel from midnight to midnight, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fuel_per_day: Option<u64>,
    /// Processor time a second, on average over ten: 500ms is half of a processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_per_second: Option<Span>,
    /// Processor time from midnight to midnight, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_per_day: Option<Span>,
    /// Requests a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) requests_per_minute: Option<u64>,
    /// What its requests get for limits they leave open.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) limits: TenantLimits,
    /// The most they can ask for.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) caps: TenantCaps,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TenantLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wall_time: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_time: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_bytes: Option<Bytes>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TenantCaps {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wall_time: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_time: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_bytes: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result_bytes: Option<Bytes>,
}

/// A key of a tenant, as the server knows it: its hash alone, as a text, or a table with what else is known
/// of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyEntry {
    /// `sha256:` and 64 hex digits.
    pub hash: String,
    /// For people.
    pub(crate) description: String,
    pub(crate) created: Option<Time>,
    /// None: it does not end.
    pub(crate) expires: Option<Time>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyTable {
    hash: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Time>,
}

impl Serialize for KeyEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let KeyEntry { hash, description, created, expires } = self.clone();
        if description.is_empty() && created.is_none() && expires.is_none() {
            return hash.serialize(serializer);
        }
        KeyTable { hash, description, created, expires }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KeyEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = KeyEntry;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the hash of a key, or a table with its hash")
            }

            fn visit_str<E: Error>(self, hash: &str) -> Result<KeyEntry, E> {
                Ok(KeyEntry { hash: hash.to_owned(), ..KeyEntry::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeyEntry, A::Error> {
                let KeyTable { hash, description, created, expires } =
                    KeyTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(KeyEntry { hash, description, created, expires })
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

/// A point in time, as RFC 3339 writes it: `2025-01-31T12:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) SystemTime);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339(self.0))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = humantime::parse_rfc3339(&text);
        time.map(Time).map_err(|_| {
            D::Error::custom(format!("'{text}' is no time: write it like \"2025-01-31T12:00:00Z\""))
        })
    }
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl TenantEntry {
    /// With a value for every key that a tenant can have which is not listed.
    pub fn with_everything() -> TenantEntry {
        let (span, bytes, number) = (Some(Span(std::time::Duration::from_secs(1))), Some(Bytes(1)), Some(1));
        TenantEntry {
            weight: Some(1),
            slots: Some(1),
            queue: Some(1),
            fuel_per_second: number,
            fuel_per_day: number,
            cpu_per_second: span,
            cpu_per_day: span,
            requests_per_minute: number,
            limits: TenantLimits {
                wall_time: span,
                cpu_time: span,
                memory_bytes: bytes,
                fuel: number,
                output_bytes: bytes,
                result_bytes: bytes,
                file_bytes: bytes,
            },
            caps: TenantCaps {
                wall_time: span,
                cpu_time: span,
                memory_bytes: bytes,
                fuel: number,
                output_bytes: bytes,
                result_bytes: bytes,
            },
            ..TenantEntry::default()
        }
    }

    /// What it is granted by `service`. Where a cap is below a default that the file does not set, the cap is
    /// the default.
    pub fn granted(&self, service: &ServiceConfig) -> ampoule_service::TenantConfig {
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
        set(&mut granted.weight, self.weight);
        granted.disabled = self.disabled;
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
