//! A tenant as it is written down: `[[tenants]]` of the configuration file and of others.

use crate::units::{Bytes, Span};
use ampoule_model::LimitTable;
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
    pub(crate) limits: LimitSettings,
    /// The most they can ask for.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) caps: CapSettings,
}

/// Limits as a configuration file has them; what is absent is the server's.
pub type LimitSettings = LimitTable<Option<Span>, Option<Bytes>, Option<u64>, Option<Bytes>>;

/// Caps as a configuration file has them.
pub type CapSettings = LimitTable<Option<Span>, Option<Bytes>, Option<u64>>;

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
            limits: LimitSettings {
                wall_time: span,
                cpu_time: span,
                memory_bytes: bytes,
                fuel: number,
                output_bytes: bytes,
                result_bytes: bytes,
                file_bytes: bytes,
            },
            caps: CapSettings {
                wall_time: span,
                cpu_time: span,
                memory_bytes: bytes,
                fuel: number,
                output_bytes: bytes,
                result_bytes: bytes,
                file_bytes: (),
            },
            ..TenantEntry::default()
        }
    }

    /// What it is granted by `service`. Where a cap is below a default that the file does not set, the cap is
    /// the default.
    pub fn granted(&self, service: &ServiceConfig) -> ampoule_service::TenantConfig {
        let mut granted = service.tenant(&self.name);
        granted.caps = self.caps.zip(granted.caps).map(
            |(said, cap)| said.map_or(cap, |span| span.0),
            |(said, cap)| said.map_or(cap, |bytes| bytes.0),
            |(said, cap)| said.unwrap_or(cap),
            |((), ())| (),
        );
        granted.defaults = self.limits.zip(granted.defaults).zip(granted.caps).map(
            |((said, default), cap)| said.map_or(default.min(cap), |span| span.0),
            |((said, default), cap)| said.map_or(default.min(cap), |bytes| bytes.0),
            |((said, default), cap)| said.unwrap_or(default.min(cap)),
            |((said, default), ())| said.map_or(default, |bytes| bytes.0),
        );
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
