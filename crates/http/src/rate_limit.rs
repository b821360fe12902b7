//! What is left of a tenant's quotas, in the headers of every answer to it.
//!
//! ```text
//! RateLimit-Policy: "requests-per-minute";q=600;w=60, "cpu-per-day";q=7200000;w=86400;qu="cpu-milliseconds"
//! RateLimit: "requests-per-minute";r=598;t=1, "cpu-per-day";r=7199110;t=52341
//! ```
//!
//! As in draft-ietf-httpapi-ratelimit-headers-10, since a tenant can have five quotas at once, in three
//! units; the older `RateLimit-Limit`, `-Remaining` and `-Reset` know one, of requests. `q` is the most there
//! is within `w` seconds, `r` what is left, `t` the seconds until all of it is back.

use ampoule_service::{QuotaKind, QuotaUsage, Tenant};
use axum::http::HeaderValue;
use axum::response::Response;
use std::fmt::Write;

const POLICY: &str = "ratelimit-policy";
const LEFT: &str = "ratelimit";

/// The largest number in a structured header (RFC 9651, 3.3.1).
const LARGEST: u64 = 999_999_999_999_999;

const NANOS_PER_MILLISECOND: u64 = 1_000_000;

/// The answer, with what is left of the tenant's quotas if it has any.
pub(crate) fn put(mut response: Response, tenant: &Tenant) -> Response {
    let quotas = tenant.quotas();
    if quotas.is_empty() {
        return response;
    }
    let (policy, left) = texts(&quotas);
    for (name, text) in [(POLICY, policy), (LEFT, left)] {
        // All of it is ours.
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The same where the tenant may not be known.
pub(crate) fn put_known(response: Response, tenant: Option<&Tenant>) -> Response {
    match tenant {
        Some(tenant) => put(response, tenant),
        None => response,
    }
}

fn texts(quotas: &[QuotaUsage]) -> (String, String) {
    let (mut policy, mut left) = (String::new(), String::new());
    for quota in quotas {
        let (name, unit) = match quota.kind {
            QuotaKind::RequestsPerMinute => ("requests-per-minute", ""),
            QuotaKind::FuelPerSecond => ("fuel-per-second", ";qu=\"fuel\""),
            QuotaKind::FuelPerDay => ("fuel-per-day", ";qu=\"fuel\""),
            QuotaKind::CpuPerSecond => ("cpu-per-second", ";qu=\"cpu-milliseconds\""),
            QuotaKind::CpuPerDay => ("cpu-per-day", ";qu=\"cpu-milliseconds\""),
        };
        let is_time = matches!(quota.kind, QuotaKind::CpuPerSecond | QuotaKind::CpuPerDay);
        let amount =
            |amount: u64| (if is_time { amount / NANOS_PER_MILLISECOND } else { amount }).min(LARGEST);
        let separator = if policy.is_empty() { "" } else { ", " };
        let (most, window) = (amount(quota.limit), quota.window.as_secs());
        // Writing to a string does not fail.
        let _ = write!(policy, "{separator}\"{name}\";q={most};w={window}{unit}");
        let (now, back) = (amount(quota.left), quota.reset_after.as_secs_f64().ceil() as u64);
        let _ = write!(left, "{separator}\"{name}\";r={now};t={back}");
    }
    (policy, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_quota_is_told_in_its_unit() {
        let quota = |kind, limit, left, window, reset| QuotaUsage {
            kind,
            limit,
            left,
            window: Duration::from_secs(window),
            reset_after: Duration::from_millis(reset),
        };
        let (policy, left) = texts(&[
            quota(QuotaKind::RequestsPerMinute, 600, 598, 60, 200),
            quota(QuotaKind::CpuPerSecond, 5_000_000_000, 1_999_999, 10, 9_001),
            quota(QuotaKind::FuelPerDay, u64::MAX, 0, 86400, 0),
        ]);
        let expected = "\"requests-per-minute\";q=600;w=60, \"cpu-per-second\";q=5000;w=10;qu=\"cpu-milliseconds\", \
                        \"fuel-per-day\";q=999999999999999;w=86400;qu=\"fuel\"";
        assert_eq!(policy, expected);
        let expected =
            "\"requests-per-minute\";r=598;t=1, \"cpu-per-second\";r=1;t=10, \"fuel-per-day\";r=0;t=0";
        assert_eq!(left, expected);
    }
}
