//! Quantities as people write them: `256MiB`, `10s`.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes: plain, or with KiB, MiB or GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no number of bytes: write it like 268435456, 256MiB or 1.5GiB");
        let number = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
        let unit: u64 = match text[number.len()..].to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kib" | "k" => 1 << 10,
            "mib" | "m" => 1 << 20,
            "gib" | "g" => 1 << 30,
            "kb" => 1000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            _ => return Err(wrong()),
        };
        if let Ok(number) = number.trim().parse::<u64>() {
            return number.checked_mul(unit).map(Bytes).ok_or_else(wrong);
        }
        // 1.5, 1e9: exact, as far as a float counts bytes one by one.
        let bytes = number.trim().parse::<f64>().map_err(|_| wrong())? * unit as f64;
        if (0.0..=(1u64 << 53) as f64).contains(&bytes) {
            Ok(Bytes(bytes.round() as u64))
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
        match units.iter().find(|(_, shift)| self.0 > 0 && self.0.trailing_zeros() >= *shift) {
            Some((unit, shift)) => write!(formatter, "{}{unit}", self.0 >> shift),
            None => write!(formatter, "{}", self.0),
        }
    }
}

/// A time span with its unit: `10s`, `250ms`, `1m 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// A limit on the command line: a span, or seconds.
pub fn limit_of_time(text: &str) -> Result<Span, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let span = match seconds {
        Some(seconds) => Span(seconds),
        None => text.parse::<Span>()?,
    };
    if span.0.is_zero() {
        return Err("a limit of no time lets nothing run: leave it out for the default".into());
    }
    if span.0 > LONGEST {
        return Err(format!("'{text}' is more than a year, the longest that is counted with"));
    }
    Ok(span)
}

/// A limit of bytes on the command line.
pub fn limit_of_bytes(text: &str) -> Result<Bytes, String> {
    let bytes: Bytes = text.parse()?;
    if bytes.0 == 0 {
        return Err("a limit of no bytes lets nothing run: leave it out for the default".into());
    }
    Ok(bytes)
}

/// A limit of units on the command line.
pub fn limit_of_number(text: &str) -> Result<u64, String> {
    match number(text)? {
        0 => Err("a limit of 0 lets nothing run: leave it out for the default".into()),
        number => Ok(number),
    }
}

/// A whole number on the command line, which may be written like 1e9 or 2_000_000.
pub fn number(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no whole number: write it like 1000000 or 1e9");
    let plain = text.replace('_', "");
    if let Ok(number) = plain.parse() {
        return Ok(number);
    }
    let number: f64 = plain.parse().map_err(|_| wrong())?;
    // Beyond that not every whole number has a float of its own.
    let is_whole = number.fract() == 0.0 && (0.0..=1e15).contains(&number);
    if is_whole { Ok(number as u64) } else { Err(wrong()) }
}

/// Sums of times must be times.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span = humantime::parse_duration(text)
            .map_err(|_| format!("'{text}' is no time span: write it like 10s, 250ms or 1m"))?;
        if span > LONGEST {
            return Err(format!("'{text}' is more than a year, the longest that is counted with"));
        }
        Ok(Span(span))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(formatter)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyBytes;
        impl Visitor<'_> for AnyBytes {
            type Value = Bytes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of bytes like 268435456 or \"256MiB\"")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Bytes, E> {
                u64::try_from(number).map(Bytes).map_err(|_| E::custom(format!("{number} is negative")))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Bytes, E> {
                Ok(Bytes(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(AnyBytes)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_and_told() {
        for (text, bytes, told) in [
            ("0", 0, "0"),
            ("1000", 1000, "1000"),
            ("256MiB", 256 << 20, "256MiB"),
            ("2048KiB", 2 << 20, "2MiB"),
            ("1 GiB", 1 << 30, "1GiB"),
            ("32MB", 32_000_000, "31250KiB"),
            ("64kb", 64_000, "64000"),
            ("32m", 32 << 20, "32MiB"),
            ("1.5GiB", 3 << 29, "1536MiB"),
            ("1e9", 1_000_000_000, "1000000000"),
        ] {
            let parsed: Bytes = text.parse().unwrap();
            assert_eq!((parsed.0, parsed.to_string().as_str()), (bytes, told));
        }
        for bad in ["", "MiB", "-1", "1TB", "nan", "inf", "1e99", "99999999999GiB"] {
            assert!(bad.parse::<Bytes>().is_err(), "{bad}");
        }
    }

    #[test]
    fn on_the_command_line_times_may_be_seconds_and_numbers_have_powers() {
        assert_eq!(limit_of_time("2").unwrap().0, Duration::from_secs(2));
        assert_eq!(limit_of_time("0.25").unwrap().0, Duration::from_millis(250));
        assert_eq!(limit_of_time("1m").unwrap().0, Duration::from_secs(60));
        for bad in ["0", "0s", "-1", "soon", "1e12", "600years"] {
            assert!(limit_of_time(bad).is_err(), "{bad}");
        }
        for (text, value) in [("1000", 1000), ("1e9", 1_000_000_000), ("2_000", 2000), ("2.5e3", 2500)] {
            assert_eq!(number(text), Ok(value));
        }
        for bad in ["", "1.5", "-1", "1e99", "many"] {
            assert!(number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn spans_need_a_unit() {
        assert_eq!("1m 30s".parse::<Span>().unwrap().to_string(), "1m 30s");
        assert_eq!("250ms".parse::<Span>().unwrap().0, Duration::from_millis(250));
        assert!("10".parse::<Span>().is_err());
    }
}
