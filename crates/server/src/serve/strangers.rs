//! Clients that speak something else than the server does. It looks to them as if it was broken, and nothing else would say why.

use std::sync::atomic::AtomicU64;

use crate::reply::log::worth_a_line;

/// How a handshake of TLS begins (RFC 8446 §5.1).
const TLS: &[u8] = b"\x16\x03";
/// How PROXY headers begin, of either version.
const PROXY: [&[u8]; 2] = [b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"];
/// How HTTP begins.
const HTTP: [&[u8]; 6] = [b"GET ", b"HEAD ", b"POST ", b"OPTIONS ", b"DELETE ", b"PRI * HTTP/2"];

/// To be called with the first bytes of a connection that has to begin with TLS, after a PROXY header where there is one.
pub(super) fn tell_if_not_tls(first: &[u8], has_proxy_header: bool) {
    tell(instead_of_tls(first, has_proxy_header));
}

/// To be called with the first bytes of a connection that has to begin with HTTP, after a PROXY header where there is one.
pub(super) fn tell_if_not_http(first: &[u8], has_proxy_header: bool) {
    tell(instead_of_http(first, has_proxy_header));
}

fn instead_of_tls(first: &[u8], has_proxy_header: bool) -> Option<&'static str> {
    if begins(first, &HTTP) {
        Some("a client speaks http to this port, and there is a [tls]: it has to be asked by https")
    } else {
        instead(first, has_proxy_header)
    }
}

fn instead_of_http(first: &[u8], has_proxy_header: bool) -> Option<&'static str> {
    if first.starts_with(TLS) {
        Some("a client speaks TLS to this port, and there is no [tls]: a proxy has to pass on http")
    } else {
        instead(first, has_proxy_header)
    }
}

fn instead(first: &[u8], has_proxy_header: bool) -> Option<&'static str> {
    begins(first, &PROXY).then_some(match has_proxy_header {
        true => "a connection begins with two PROXY headers, one after the other: let one proxy only write one",
        false => {
            "a connection begins with a PROXY header that is not asked for: say [server] proxy_protocol = true, or \
             let the proxy write none"
        }
    })
}

fn begins(first: &[u8], with: &[&[u8]]) -> bool {
    with.iter().any(|beginning| first.starts_with(beginning))
}

/// Anybody may send such bytes all night, so there are fewer and fewer lines.
fn tell(what: Option<&'static str>) {
    static STRANGERS: AtomicU64 = AtomicU64::new(0);
    if let Some(what) = what
        && let Some(so_far) = worth_a_line(&STRANGERS)
    {
        tracing::warn!(so_far, "{what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken_instead_is_named_and_what_fits_is_not() {
        let (hello, get): (&[u8], &[u8]) = (b"\x16\x03\x01\x02\0\x01", b"GET / HTTP/1.1\r\n");
        assert_eq!([instead_of_tls(hello, false), instead_of_http(get, false)], [None; 2]);
        assert_eq!([instead_of_tls(b"rubbish", false), instead_of_http(b"rubbish", false)], [None; 2]);
        assert!(instead_of_tls(get, false).is_some_and(|what| what.contains("https")));
        assert!(instead_of_http(hello, false).is_some_and(|what| what.contains("no [tls]")));
        for header in [&b"PROXY TCP4 203.0.113.7"[..], b"\r\n\r\n\0\r\nQUIT\n\x21\x11"] {
            for told in [instead_of_tls, instead_of_http] {
                let words = |has_one| told(header, has_one).unwrap_or_default();
                assert!(words(false).contains("proxy_protocol = true"), "{header:?}");
                assert!(words(true).contains("two PROXY headers"), "{header:?}: it is true already");
            }
        }
    }
}
