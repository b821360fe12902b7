//! The deadline a client sends with its call.

use std::time::Duration;
use tonic::metadata::MetadataMap;

const HEADER: &str = "grpc-timeout";

/// Clients end a call at its deadline, too, and tonic's say CANCELLED then; ending it this much earlier lets
/// us say DEADLINE_EXCEEDED. Timers are exact to one millisecond.
const HEAD_START: Duration = Duration::from_millis(2);

/// Time the call may take from now; `None` when the client set no deadline, or none that can be read.
pub(crate) fn time_left(metadata: &MetadataMap) -> Option<Duration> {
    let timeout = parse(metadata.get(HEADER)?.to_str().ok()?)?;
    Some(timeout.saturating_sub(HEAD_START))
}

/// `1` to `8` digits and a unit, as the gRPC protocol has it.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_as_the_protocol_has_them() {
        assert_eq!(parse("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(parse("150m"), Some(Duration::from_millis(150)));
        assert_eq!(parse("1u"), Some(Duration::from_micros(1)));
        for bad in ["", "S", "1", "-1S", "123456789S", "1.5S", "1é"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
