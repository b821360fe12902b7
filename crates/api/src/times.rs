//! Durations and points in time: the well-known types of proto and those of std.

use std::io::Write;
use std::time::Duration;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A duration as proto has it; saturates far beyond every limit.
pub fn duration_to_proto(duration: Duration) -> pbjson_types::Duration {
    pbjson_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: duration.subsec_nanos() as i32,
    }
}

/// As proto's JSON form has it, without its quotes: `0.000038s`.
pub(crate) fn duration_to_json(duration: Duration, out: &mut impl Write) {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    // Memory does not fail.
    let _ = match nanos {
        0 => write!(out, "{seconds}s"),
        _ if nanos % 1_000_000 == 0 => write!(out, "{seconds}.{:03}s", nanos / 1_000_000),
        _ if nanos % 1000 == 0 => write!(out, "{seconds}.{:06}s", nanos / 1000),
        _ => write!(out, "{seconds}.{nanos:09}s"),
    };
}

/// A duration in proto; `None` for negative ones and for nanoseconds that are none.
pub fn duration_from_proto(duration: &pbjson_types::Duration) -> Option<Duration> {
    let nanos = u32::try_from(duration.nanos).ok().filter(|nanos| i64::from(*nanos) < NANOS_PER_SECOND)?;
    Some(Duration::new(u64::try_from(duration.seconds).ok()?, nanos))
}

/// A point in time as proto has it.
pub fn unix_nanos_to_proto(unix_nanos: i64) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: unix_nanos.div_euclid(NANOS_PER_SECOND),
        nanos: unix_nanos.rem_euclid(NANOS_PER_SECOND) as i32,
    }
}

/// `None` for times before 1970 or after 2262, and for nanoseconds that are none.
pub(crate) fn unix_nanos_from_proto(time: &pbjson_types::Timestamp) -> Option<i64> {
    let nanos = i64::from(time.nanos);
    if time.seconds < 0 || !(0..NANOS_PER_SECOND).contains(&nanos) {
        return None;
    }
    time.seconds.checked_mul(NANOS_PER_SECOND)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_given() {
        for nanos in [0, 1, 999_999_999, 1_735_689_600_000_000_001, i64::MAX] {
            assert_eq!(unix_nanos_from_proto(&unix_nanos_to_proto(nanos)), Some(nanos));
        }
        let duration = Duration::new(59, 999_999_999);
        assert_eq!(duration_from_proto(&duration_to_proto(duration)), Some(duration));
    }

    #[test]
    fn durations_are_written_as_pbjson_writes_them() {
        for (seconds, nanos) in [
            (0, 0),
            (0, 1),
            (0, 1000),
            (0, 38_000),
            (0, 1_000_000),
            (1, 500_000_000),
            (59, 999_999_999),
            (60, 0),
        ] {
            let duration = Duration::new(seconds, nanos);
            let mut written = Vec::new();
            duration_to_json(duration, &mut written);
            let expected = serde_json::to_value(duration_to_proto(duration)).unwrap();
            assert_eq!(expected.as_str().unwrap().as_bytes(), written);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let time = |seconds, nanos| pbjson_types::Timestamp { seconds, nanos };
        for bad in [time(-1, 0), time(0, -1), time(0, 1_000_000_000), time(9_300_000_000, 0)] {
            assert_eq!(unix_nanos_from_proto(&bad), None, "{bad:?}");
        }
        let duration = |seconds, nanos| pbjson_types::Duration { seconds, nanos };
        for bad in [duration(-1, 0), duration(0, -5), duration(1, 1_000_000_000)] {
            assert_eq!(duration_from_proto(&bad), None, "{bad:?}");
        }
    }
}
