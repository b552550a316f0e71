//! Who is calling: the address of the socket, or the one that a trusted proxy tells.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::{HeaderName, HeaderValue, USER_AGENT};
use http::request::Parts;
use ipnet::IpNet;
use rotunda_core::model::Caller;

use crate::App;

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of the connection; the accept loop puts it beside each request. An application that nests the router
/// may do the same; without it callers have no address.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Where a request came from.
pub(crate) struct From(pub Caller);

impl FromRequestParts<Arc<App>> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let hops = parts.headers.get_all(X_FORWARDED_FOR).iter().map(HeaderValue::as_bytes);
        let address = peer.map(|peer| client_address(peer, hops, app.web.trusted_proxies()));
        let user_agent = parts.headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Ok(Self(Caller::new(address, user_agent.as_deref())))
    }
}

/// Walks back from the socket: as long as the last hop is a trusted proxy, the hop that it names is believed.
///
/// A hop that is no text ends the walk as well: were the line passed over, one before it would be believed that the client wrote.
fn client_address<'a>(peer: IpAddr, headers: impl Iterator<Item = &'a [u8]>, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let hops: Vec<&[u8]> = headers.flat_map(|header| header.split(|byte| *byte == b',')).collect();
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !is_trusted(&client) {
            break;
        }
        // A hop that is no address was not written by a proxy that we trust: go no further.
        let Some(address) = std::str::from_utf8(hop).ok().and_then(|hop| parse_hop(hop.trim())) else {
            break;
        };
        client = address;
    }
    client
}

/// An address, with or without a port: `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let address = hop.parse::<IpAddr>().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.or_else(|_| hop.trim_matches(['[', ']']).parse()).ok().map(|a: IpAddr| a.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|n| n.parse().unwrap()).collect();
        let headers = headers.iter().map(|header| header.as_bytes());
        client_address(peer.parse().unwrap(), headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(client("203.0.113.7", &["198.51.100.1"], &[]), "203.0.113.7");
        assert_eq!(client("203.0.113.7", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.7");
    }

    #[test]
    fn the_first_hop_that_is_not_a_trusted_proxy_is_the_client() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(client("10.0.0.1", &["198.51.100.1"], &trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"], &trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "198.51.100.1"], &trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, rubbish"], &trusted), "10.0.0.1");
        assert_eq!(client("fd00::1", &["[2001:db8::9]:443"], &trusted), "2001:db8::9");
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"], &trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &[], &trusted), "10.0.0.1");
    }

    #[test]
    fn a_hop_that_is_no_text_is_no_reason_to_believe_the_one_before() {
        let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().unwrap()];
        let client = |headers: &[&[u8]]| {
            client_address("10.0.0.1".parse().unwrap(), headers.iter().copied(), &trusted).to_string()
        };
        assert_eq!(client(&[&b"6.6.6.6"[..], b"\xff, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client(&[&b"6.6.6.6"[..], b"198.51.100.1\xff"]), "10.0.0.1");
        assert_eq!(client(&[&b"6.6.6.6, \xff"[..]]), "10.0.0.1");
    }
}
