//! A tenant's settings: as the admin API has them, and as they are written down.

use crate::changes::id;
use crate::entry::{CapSettings, KeyEntry, LimitSettings, TenantEntry, Time};
use crate::list::{Listed, Origin};
use crate::units::{Bytes, Span};
use ampoule_api::admin::v1::{Key, Tenant, TenantOrigin, TenantQuotas, TenantSettings};
use ampoule_api::v1::Limits;
use ampoule_api::{
    Duration as ProtoDuration, Timestamp, duration_from_proto, duration_to_proto, unix_nanos_to_proto,
};
use sha2::{Digest, Sha256};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What TOML can write.
const LARGEST: u64 = i64::MAX as u64;

/// Certificates of one tenant.
const MOST_CERTIFICATES: usize = 32;

/// Sums of times must be times.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A field and what is wrong with it.
pub(crate) type Wrong = (String, String);

/// The entry with these settings in place of its own.
pub(crate) fn with_settings(entry: TenantEntry, settings: TenantSettings) -> Result<TenantEntry, Wrong> {
    let TenantSettings { disabled, weight, slots, queue, quotas, limits, caps, file_bytes, certificates } =
        settings;
    if certificates.len() > MOST_CERTIFICATES {
        let reason = format!("has {} entries, at most {MOST_CERTIFICATES} are taken", certificates.len());
        return Err(("certificates".into(), reason));
    }
    let quotas = quotas.unwrap_or_default();
    let (limits, caps) = (limits.unwrap_or_default(), caps.unwrap_or_default());
    Ok(TenantEntry {
        name: entry.name,
        keys: entry.keys,
        certificates,
        disabled,
        weight,
        slots: slots.map(|slots| slots as usize),
        queue: queue.map(|queue| queue as usize),
        fuel_per_second: number("quotas.fuel_per_second", quotas.fuel_per_second)?,
        fuel_per_day: number("quotas.fuel_per_day", quotas.fuel_per_day)?,
        cpu_per_second: span("quotas.cpu_per_second", quotas.cpu_per_second.as_ref())?,
        cpu_per_day: span("quotas.cpu_per_day", quotas.cpu_per_day.as_ref())?,
        requests_per_minute: number("quotas.requests_per_minute", quotas.requests_per_minute)?,
        limits: LimitSettings {
            wall_time: limit("limits.wall_time", limits.wall_time.as_ref())?,
            cpu_time: limit("limits.cpu_time", limits.cpu_time.as_ref())?,
            memory_bytes: bytes("limits.memory_bytes", limits.memory_bytes)?,
            fuel: number("limits.fuel", above_zero(limits.fuel))?,
            output_bytes: bytes("limits.output_bytes", limits.output_bytes)?,
            result_bytes: bytes("limits.result_bytes", limits.result_bytes)?,
            file_bytes: number("file_bytes", file_bytes)?.map(Bytes),
        },
        caps: CapSettings {
            wall_time: limit("caps.wall_time", caps.wall_time.as_ref())?,
            cpu_time: limit("caps.cpu_time", caps.cpu_time.as_ref())?,
            memory_bytes: bytes("caps.memory_bytes", caps.memory_bytes)?,
            fuel: number("caps.fuel", above_zero(caps.fuel))?,
            output_bytes: bytes("caps.output_bytes", caps.output_bytes)?,
            result_bytes: bytes("caps.result_bytes", caps.result_bytes)?,
            file_bytes: (),
        },
    })
}

/// A tenant as the API tells of it.
pub(crate) fn to_proto(listed: &Listed) -> Tenant {
    let entry = &listed.entry;
    let origin = match listed.origin {
        Origin::Config | Origin::File(_) => TenantOrigin::File,
        Origin::Kept(_) => TenantOrigin::Api,
    };
    Tenant {
        name: entry.name.clone(),
        settings: Some(settings(entry)),
        keys: entry.keys.iter().map(key_to_proto).collect(),
        origin: origin.into(),
        revision: revision(entry),
    }
}

/// What is told of a key.
pub(crate) fn key_to_proto(key: &KeyEntry) -> Key {
    let time = |Time(time): Time| {
        let nanos = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        unix_nanos_to_proto(i64::try_from(nanos).unwrap_or(i64::MAX))
    };
    let (create_time, expire_time): (Option<Timestamp>, _) = (key.created.map(time), key.expires.map(time));
    Key { id: id(key), description: key.description.clone(), create_time, expire_time }
}

/// Of all that is written down, so that two are equal only if the tenants are.
pub(crate) fn revision(entry: &TenantEntry) -> String {
    // Every entry has a JSON form.
    let text = serde_json::to_vec(entry).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..8])
}

/// After so long from now; in whole seconds, as people read them.
pub(crate) fn after(duration: Duration) -> Option<Time> {
    let seconds = SystemTime::now().checked_add(duration)?.duration_since(UNIX_EPOCH).ok()?.as_secs();
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).map(Time)
}

/// A duration that a message has, if it has one.
pub(crate) fn duration(field: &str, given: Option<&ProtoDuration>) -> Result<Option<Duration>, Wrong> {
    let Some(given) = given else { return Ok(None) };
    let wrong = |reason: &str| (field.to_owned(), reason.to_owned());
    let duration = duration_from_proto(given).ok_or_else(|| wrong("is no duration: it is negative"))?;
    if duration > LONGEST {
        return Err(wrong("is more than a year, the longest that is counted with"));
    }
    Ok(Some(duration))
}

fn settings(entry: &TenantEntry) -> TenantSettings {
    let span = |span: Option<Span>| span.map(|span| duration_to_proto(span.0));
    let bytes = |bytes: Option<Bytes>| bytes.map_or(0, |bytes| bytes.0);
    let quotas = TenantQuotas {
        fuel_per_second: entry.fuel_per_second,
        fuel_per_day: entry.fuel_per_day,
        cpu_per_second: span(entry.cpu_per_second),
        cpu_per_day: span(entry.cpu_per_day),
        requests_per_minute: entry.requests_per_minute,
    };
    let (limits, caps) = (&entry.limits, &entry.caps);
    let limits = Limits {
        wall_time: span(limits.wall_time),
        cpu_time: span(limits.cpu_time),
        memory_bytes: bytes(limits.memory_bytes),
        fuel: limits.fuel.unwrap_or(0),
        output_bytes: bytes(limits.output_bytes),
        result_bytes: bytes(limits.result_bytes),
    };
    let caps = Limits {
        wall_time: span(caps.wall_time),
        cpu_time: span(caps.cpu_time),
        memory_bytes: bytes(caps.memory_bytes),
        fuel: caps.fuel.unwrap_or(0),
        output_bytes: bytes(caps.output_bytes),
        result_bytes: bytes(caps.result_bytes),
    };
    TenantSettings {
        disabled: entry.disabled,
        weight: entry.weight,
        slots: entry.slots.map(|slots| u32::try_from(slots).unwrap_or(u32::MAX)),
        queue: entry.queue.map(|queue| u32::try_from(queue).unwrap_or(u32::MAX)),
        quotas: (quotas != TenantQuotas::default()).then_some(quotas),
        limits: (limits != Limits::default()).then_some(limits),
        caps: (caps != Limits::default()).then_some(caps),
        file_bytes: entry.limits.file_bytes.map(|bytes| bytes.0),
        certificates: entry.certificates.clone(),
    }
}

fn number(field: &str, given: Option<u64>) -> Result<Option<u64>, Wrong> {
    match given {
        Some(number) if number > LARGEST => Err((
            field.to_owned(),
            format!("is {number}, at most {LARGEST} is taken: leave it out for no limit"),
        )),
        given => Ok(given),
    }
}

fn bytes(field: &str, given: u64) -> Result<Option<Bytes>, Wrong> {
    Ok(number(field, above_zero(given))?.map(Bytes))
}

fn span(field: &str, given: Option<&ProtoDuration>) -> Result<Option<Span>, Wrong> {
    Ok(duration(field, given)?.map(Span))
}

/// A limit of no time is none.
fn limit(field: &str, given: Option<&ProtoDuration>) -> Result<Option<Span>, Wrong> {
    Ok(span(field, given)?.filter(|span| !span.0.is_zero()))
}

fn above_zero(number: u64) -> Option<u64> {
    (number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_told_as_they_were_given_and_read_as_they_were_written() {
        let all = TenantEntry { disabled: true, ..TenantEntry::with_everything() };
        let told = settings(&all);
        assert_eq!(with_settings(TenantEntry::default(), told).unwrap(), all);
        let none = TenantEntry::default();
        assert_eq!(settings(&none), TenantSettings::default());
        assert_eq!(with_settings(all, TenantSettings::default()).unwrap(), none);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let negative = ProtoDuration { seconds: -1, nanos: 0 };
        let quotas = TenantQuotas { cpu_per_day: Some(negative), ..TenantQuotas::default() };
        let settings = TenantSettings { quotas: Some(quotas), ..TenantSettings::default() };
        let (field, reason) = with_settings(TenantEntry::default(), settings).unwrap_err();
        assert_eq!(
            (field.as_str(), reason.as_str()),
            ("quotas.cpu_per_day", "is no duration: it is negative")
        );
        let quotas = TenantQuotas { fuel_per_day: Some(u64::MAX), ..TenantQuotas::default() };
        let settings = TenantSettings { quotas: Some(quotas), ..TenantSettings::default() };
        assert_eq!(with_settings(TenantEntry::default(), settings).unwrap_err().0, "quotas.fuel_per_day");
    }

    #[test]
    fn a_revision_changes_with_every_change() {
        let mut entry = TenantEntry::with_everything();
        let first = revision(&entry);
        assert_eq!(revision(&entry.clone()), first);
        entry.weight = Some(2);
        let second = revision(&entry);
        entry.keys.push(KeyEntry::default());
        assert!(first != second && second != revision(&entry));
    }
}
