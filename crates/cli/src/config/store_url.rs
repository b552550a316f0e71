//! URLs of databases. There is a password in most of them, so that no finding, log line or `Debug` shows more than where the
//! database is.
//!
//! They are taken apart here and not by a URL library: several hosts with ports between commas are no URL to those.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use zeroize::Zeroizing;

/// The longest URL: a dozen hosts with room to spare.
const MOST_CHARS: usize = 4 * 1024;

/// The URL of a database that other machines may share: `SCHEME://[USER:PASSWORD@]HOST[,HOST]/[DATABASE][?OPTIONS]`. Shown
/// without user, password and options.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoreUrl {
    text: Zeroizing<String>,
    /// The same as may be shown.
    shown: String,
}

/// What stands where in a URL.
pub(super) struct Parts<'t> {
    /// `HOST` or `HOST:PORT`, at least one.
    pub(super) hosts: Vec<&'t str>,
    /// After the `/` that follows the hosts.
    pub(super) path: &'t str,
    /// After the `?`; empty where there is none.
    pub(super) options: &'t str,
}

impl Parts<'_> {
    /// Whether all hosts are this machine.
    pub(super) fn are_here(&self) -> bool {
        let is_here = |host: &&str| {
            let name = host.strip_prefix('[').and_then(|rest| rest.split(']').next());
            let name = name.unwrap_or_else(|| host.split(':').next().unwrap_or(host));
            let address = name.parse::<IpAddr>();
            name == "localhost" || name.starts_with("%2F") || address.is_ok_and(|it| it.is_loopback())
        };
        self.hosts.iter().all(is_here)
    }

    /// The value of an option.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options
            .split('&')
            .filter_map(|option| option.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

impl StoreUrl {
    /// Takes a URL apart and asks `good` about the parts. No refusal of this function shows any of it: where a password has a
    /// letter in it that must be escaped, any part may be one of the password.
    pub(super) fn parse(
        text: &str,
        good: impl FnOnce(&Parts<'_>) -> Result<(), String>,
    ) -> Result<Self, String> {
        if text.len() > MOST_CHARS || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("is far too long, or has spaces in it".to_owned());
        }
        let (scheme, rest) = text.split_once("://").ok_or("has no \"://\"")?;
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
        let parts = Parts {
            hosts: hosts.split(',').collect(),
            path: path.strip_prefix('/').unwrap_or(path),
            options,
        };
        if user.contains('@') || rest.contains(['@', '#']) || !parts.hosts.iter().all(|host| is_host(host)) {
            return Err("has no good host where one belongs. In a user name or password write \"@\" as %40, \"/\" as %2F, \
                        \":\" as %3A, \"?\" as %3F, \"#\" as %23, \"%\" as %25"
                .to_owned());
        }
        good(&parts)?;
        let path = if parts.path.is_empty() { String::new() } else { format!("/{}", parts.path) };
        Ok(Self { text: Zeroizing::new(text.to_owned()), shown: format!("{scheme}://{hosts}{path}") })
    }

    /// All of it, with the password: for whoever connects.
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({})", self.shown)
    }
}

/// A name, an IPv4 address, an IPv6 address in brackets or the escaped path of a socket; with a port or without.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':').filter(|_| !text.ends_with(']')) {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_good = match inside {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_%".contains(&b)),
    };
    is_good && port.is_none_or(is_port)
}
