//! Whom a request believes to be talking to, and by what scheme it came there.
//!
//! A server whose `public_url` is on loopback serves this machine only: registration is open, every loopback port may use
//! its cookies. There, two things show that it is not so, and are refused with what to do (RFC 9110 §15.5.20):
//!
//! 1. A request for another host name: a reverse proxy stands before a server that was never told its name, or puts a name
//!    of its own there; or a page elsewhere had its name resolved to this machine (DNS rebinding).
//! 2. A browser that came by http where `public_url` is https: it would keep none of the cookies, and nobody would say why.
//!    It shows by `Origin`, where that is http and otherwise the same as `Host`, or by what a trusted proxy says.
//!
//! Anywhere else, what a proxy calls this server is the proxy's business.

use std::borrow::Cow;

use axum::extract::Request;
use http::HeaderMap;
use http::header::{FORWARDED, HOST, HeaderName, ORIGIN};
use url::Url;

use super::caller::Peer;
use super::origin::shown;
use crate::reply::Problem;
use crate::web::{Web, is_loopback};

pub(crate) const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Why a request is refused that was meant for another address, where `public_url` is on loopback.
pub(crate) fn refused(web: &Web, request: &Request) -> Option<Problem> {
    if request.headers().get_all(HOST).iter().nth(1).is_some() {
        return Some(Problem::malformed("There is more than one Host header."));
    }
    let hint = web.is_loopback().then(|| misdirected(web, request)).flatten()?;
    Some(Problem::Misdirected { ours: web.origin().to_owned(), hint })
}

/// What shows that a request was meant for another address, and what to do.
fn misdirected(web: &Web, request: &Request) -> Option<String> {
    let headers = request.headers();
    let host = headers.get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()));
    let host = host.or_else(|| request.uri().authority().map(|it| Cow::Owned(it.to_string())))?;
    if !names_this_machine(&host) {
        return Some(of_host(&host));
    }
    if !web.is_https() {
        return None;
    }
    let ours = web.origin();
    let came = if is_page_of_http(headers, &host) {
        format!("its page is {}", shown(&format!("http://{host}")))
    } else {
        let proxy = request.extensions().get::<Peer>()?.0.ip().to_canonical();
        let is_trusted = web.trusted_proxies().iter().any(|network| network.contains(&proxy));
        (is_trusted && is_told_http(headers)).then(|| format!("the proxy at {proxy} says so"))?
    };
    Some(format!(
        "It came by http: {came}. Browsers keep no cookie of https from there. Open {ours}; a proxy that takes the https \
         off passes on `X-Forwarded-Proto: https`. To do without https on this machine, set `public_url` to \"http://{host}\"."
    ))
}

fn of_host(host: &str) -> String {
    let named = match Url::parse(&format!("https://{host}/")) {
        Ok(url) if url.path() == "/" && url.username().is_empty() => url.origin().ascii_serialization(),
        _ => "https://auth.example.com".to_owned(),
    };
    format!(
        "It is for {}. If browsers call it that, set `public_url` to \"{named}\". If they do not, the proxy puts a name of its \
         own there: let it pass on theirs (nginx: `proxy_set_header Host $http_host;`, Apache: `ProxyPreserveHost On`).",
        shown(host)
    )
}

fn names_this_machine(host: &str) -> bool {
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url))
}

/// Whether the page is of this very host, by http.
fn is_page_of_http(headers: &HeaderMap, host: &str) -> bool {
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.and_then(|origin| origin.strip_prefix("http://")).is_some_and(|page| page == host)
}

/// Whether every hop that says by what scheme the browser came says http: `X-Forwarded-Proto`, or `Forwarded` (RFC 7239).
fn is_told_http(headers: &HeaderMap) -> bool {
    fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
        let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        texts.flat_map(|text| text.split(',')).map(str::trim)
    }
    let pairs =
        items(headers, FORWARDED).flat_map(|hop| hop.split(';')).filter_map(|pair| pair.split_once('='));
    let protos = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("proto"));
    let protos = protos.map(|(_, value)| value.trim().trim_matches('"'));
    let mut told = items(headers, X_FORWARDED_PROTO).chain(protos).peekable();
    told.peek().is_some() && told.all(|proto| proto.eq_ignore_ascii_case("http"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_name_this_machine() {
        for good in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "app.localhost"] {
            assert!(names_this_machine(good), "{good}");
        }
        for bad in [
            "auth.example.com",
            "localhost.example.com",
            "10.0.0.1:8080",
            "",
            "a b",
            "127.0.0.1@evil.example",
        ] {
            assert!(!names_this_machine(bad), "{bad}");
        }
    }

    #[test]
    fn http_is_believed_only_where_every_hop_says_so() {
        let told = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(HeaderName::from_static(name), http::HeaderValue::from_static(value));
            }
            is_told_http(&headers)
        };
        let [proto, forwarded] = ["x-forwarded-proto", "forwarded"];
        assert!(told(&[(proto, "http")]) && told(&[(proto, "HTTP, http")]));
        assert!(
            told(&[(forwarded, "for=192.0.2.1;Proto=\"http\"; by=x")])
                && told(&[(proto, "http"), (forwarded, "proto=http")])
        );
        for no in [
            &[][..],
            &[(proto, "https")],
            &[(proto, "https, http")],
            &[(proto, "")],
            &[(forwarded, "for=192.0.2.1")],
            &[(forwarded, "for=a;proto=https, for=b;proto=http")],
            &[(proto, "http"), (forwarded, "proto=https")],
        ] {
            assert!(!told(no), "{no:?}");
        }
    }

    #[test]
    fn a_name_that_could_be_ours_is_proposed_and_any_other_is_not() {
        assert!(
            of_host("auth.example.org:8443")
                .contains("set `public_url` to \"https://auth.example.org:8443\"")
        );
        for odd in ["", "a b", "evil.example/path", "user@evil.example"] {
            let hint = of_host(odd);
            assert!(hint.contains("\"https://auth.example.com\"") && hint.contains(&shown(odd)), "{hint}");
        }
    }
}
