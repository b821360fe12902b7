//! Times on the command line, as people write them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970 of a UTC time, a time with its offset, or a date.
pub(super) fn unix_nanos(text: &str) -> Result<i64, String> {
    let wrong = || {
        "write a time like 2025-01-01T00:00:00Z, 2025-01-01T02:00+02:00 or 2025-01-01 (UTC where nothing else is said), from 1970 to 2262".to_owned()
    };
    let (local, offset) = zone_of(text).ok_or_else(wrong)?;
    let whole = match local.len() {
        10 => format!("{local}T00:00:00Z"),
        16 => format!("{local}:00Z"),
        _ => format!("{local}Z"),
    };
    let time: SystemTime = humantime::parse_rfc3339_weak(&whole).map_err(|_| wrong())?;
    let since = time.duration_since(UNIX_EPOCH).map_err(|_| wrong())?;
    let nanos = i64::try_from(since.as_nanos()).map_err(|_| wrong())?;
    nanos.checked_sub(offset * 60_000_000_000).filter(|nanos| *nanos >= 0).ok_or_else(wrong)
}

/// A time without its zone, and that zone's minutes east of Greenwich.
fn zone_of(text: &str) -> Option<(&str, i64)> {
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return Some((local, 0));
    }
    // A date has hyphens, too.
    let Some(sign) = text.rfind(['+', '-']).filter(|at| *at > 10) else { return Some((text, 0)) };
    let digits = text[sign + 1..].replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (digits[..2].parse::<i64>().ok()?, digits[2..].parse::<i64>().ok()?);
    let minutes = (hours <= 23 && minutes <= 59).then_some(60 * hours + minutes)?;
    Some((&text[..sign], if text[sign..].starts_with('-') { -minutes } else { minutes }))
}

#[cfg(test)]
mod tests {
    use super::unix_nanos;

    #[test]
    fn times_are_taken_as_people_write_them() {
        let midnight = unix_nanos("2025-03-01").unwrap();
        for text in [
            "2025-03-01T00:00:00Z",
            "2025-03-01 00:00:00",
            "2025-03-01T00:00",
            "2025-03-01T02:00:00+02:00",
            "2025-02-28T19:00-0500",
            "2025-03-01T00:00:00.000Z",
        ] {
            assert_eq!(unix_nanos(text), Ok(midnight), "{text}");
        }
        for text in [
            "",
            "2025",
            "2025-03",
            "now",
            "2025-03-01T00:00+99:00",
            "1969-12-31",
            "1970-01-01T00:00+01:00",
            "2025-13-01",
        ] {
            assert!(unix_nanos(text).is_err(), "{text}");
        }
    }
}
