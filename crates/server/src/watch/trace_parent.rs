//! The trace that a request belongs to already (W3C Trace Context, `traceparent`), where a trusted proxy says so.

use axum::extract::Request;
use http::HeaderName;

use super::request_id::comes_from_a_proxy;
use crate::Web;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Where in which trace a request stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TraceParent {
    pub(super) trace_id: [u8; 16],
    /// The span that it belongs to.
    pub(super) span_id: [u8; 8],
    /// Whether the trace is kept.
    pub(super) is_sampled: bool,
}

impl TraceParent {
    /// That of a request. From a stranger, twice, or in another form it is passed over.
    pub(super) fn of(web: &Web, request: &Request) -> Option<Self> {
        let mut given = request.headers().get_all(TRACEPARENT).iter();
        let (Some(only), None) = (given.next(), given.next()) else { return None };
        if comes_from_a_proxy(web, request) { Self::parse(only.as_bytes()) } else { None }
    }

    /// `version-trace-parent-flags` in hexadecimal, lower case (§3.2). Versions to come may have more behind that.
    fn parse(text: &[u8]) -> Option<Self> {
        let mut parts = text.split(|byte| *byte == b'-');
        let [version] = hex(parts.next()?)?;
        let trace_id = hex(parts.next()?).filter(|id| *id != [0; 16])?;
        let span_id = hex(parts.next()?).filter(|id| *id != [0; 8])?;
        let [flags] = hex(parts.next()?)?;
        let has_more = parts.next().is_some();
        let is_known = version != 0xff && (version > 0 || !has_more);
        is_known.then_some(Self { trace_id, span_id, is_sampled: flags & 1 == 1 })
    }
}

/// So many bytes in hexadecimal, lower case.
pub(super) fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = *pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn read(text: &str) -> Option<TraceParent> {
        TraceParent::parse(text.as_bytes())
    }

    #[test]
    fn a_trace_is_read_as_the_standard_writes_it() {
        let read = read(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert_eq!((read.trace_id[0], read.trace_id[15], read.span_id[7]), (0x4b, 0x36, 0xb7));
        assert!(read.is_sampled);
        let with = |version: &str, flags: &str| {
            super::TraceParent::parse(format!("{version}-{TRACE}-{SPAN}-{flags}").as_bytes())
        };
        for (flags, is_sampled) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
            assert_eq!(with("00", flags), Some(TraceParent { is_sampled, ..read }), "{flags}");
        }
        assert_eq!(with("cc", "01-what-is-to-come"), Some(read));
    }

    #[test]
    fn what_is_none_is_passed_over() {
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{SPAN}-{TRACE}-01"),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!(" 00-{TRACE}-{SPAN}-01"),
        ] {
            assert_eq!(read(&text), None, "{text:?}");
        }
    }
}
