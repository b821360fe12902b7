//! The trace that a request belongs to, as its caller says (W3C Trace Context, `traceparent`).

/// The header that carries it.
pub const TRACE_HEADER: &str = "traceparent";

/// A header of the one version there is, read: `00-<trace>-<span>-<flags>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceParent(String);

impl TraceParent {
    /// None: it is none, and the request begins a trace of its own.
    pub(crate) fn parse(text: &str) -> Option<TraceParent> {
        let bytes = text.as_bytes();
        let lower_hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_id = |part: &[u8]| lower_hex(part) && part.iter().any(|byte| *byte != b'0');
        let dashes = bytes.len() == 55 && [2, 35, 52].iter().all(|at| bytes[*at] == b'-');
        let fits = dashes
            && &bytes[..2] == b"00"
            && is_id(&bytes[3..35])
            && is_id(&bytes[36..52])
            && lower_hex(&bytes[53..]);
        fits.then(|| TraceParent(text.to_owned()))
    }

    pub(crate) fn trace_id(&self) -> &str {
        &self.0[3..35]
    }

    pub(crate) fn span_id(&self) -> &str {
        &self.0[36..52]
    }

    /// Whether the caller keeps the trace.
    pub(crate) fn is_sampled(&self) -> bool {
        u8::from_str_radix(&self.0[53..], 16).is_ok_and(|flags| flags & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_well_formed_is_taken_over() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let parent = TraceParent::parse(good).unwrap();
        assert_eq!(parent.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!((parent.span_id(), parent.is_sampled()), ("b7ad6b7169203331", true));
        assert!(!TraceParent::parse(&good.replace("-01", "-00")).unwrap().is_sampled());
        for bad in [
            "",
            &good[..54],
            &good.to_uppercase(),
            &good.replace("00-0a", "01-0a"),
            &good.replace("b7ad6b7169203331", "0000000000000000"),
            &good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &good.replace('-', "_"),
            &format!("{}é", &good[..53]),
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
    }
}
