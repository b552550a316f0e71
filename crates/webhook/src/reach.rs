//! Whom messages may be taken to.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use crate::public::is_public;

/// Whom messages may be taken to: everybody on the public internet, and the networks that the operator of the server has named.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    private_networks: Vec<IpNet>,
}

/// An address to take a message to, that has been looked at.
pub(crate) struct Looked {
    pub url: Url,
    /// Whether it is `http`, and so only for networks that were named.
    pub is_plain: bool,
}

impl Reach {
    /// With these networks besides the public internet.
    #[must_use]
    pub fn new(private_networks: Vec<IpNet>) -> Self {
        Self { private_networks }
    }

    /// What can be told of an address without asking anybody.
    ///
    /// # Errors
    /// What is wrong with it and what to do.
    pub fn check(&self, text: &str) -> Result<(), String> {
        self.look(text).map(drop)
    }

    pub(crate) fn look(&self, text: &str) -> Result<Looked, String> {
        let url = Url::parse(text)
            .map_err(|_| "That is no address; one looks like https://example.com/hooks.".to_owned())?;
        let is_plain = match url.scheme() {
            "https" => false,
            "http" if !self.private_networks.is_empty() => true,
            "http" => {
                return Err("Messages go over https. `http` is only for the networks of \
                            `private_networks` in section [webhooks] of the configuration."
                    .to_owned());
            }
            _ => return Err("The address has to begin with https://.".to_owned()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "The address must not have a user name or a password in it: it is shown to whoever may \
                        see webhooks. Messages are signed; check that."
                    .to_owned(),
            );
        }
        if url.fragment().is_some() {
            return Err("The part of the address behind `#` is never sent: leave it out.".to_owned());
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err("The address names no host.".to_owned()),
        };
        match address {
            Some(address) if !self.reaches(address, is_plain) => Err(refused(&address.to_string(), is_plain)),
            _ => Ok(Looked { url, is_plain }),
        }
    }

    /// Whether somebody at this address may be connected to.
    pub(crate) fn reaches(&self, address: IpAddr, is_plain: bool) -> bool {
        let address = address.to_canonical();
        let is_named = self.private_networks.iter().any(|network| network.contains(&address));
        is_named || (!is_plain && is_public(address))
    }
}

/// Why nobody there is connected to.
pub(crate) fn refused(who: &str, is_plain: bool) -> String {
    let why =
        if is_plain { "`http` is only for networks that are named" } else { "that is no public address" };
    format!(
        "{who}: {why}. `private_networks` in section [webhooks] of the configuration names networks that may be \
         connected to as well."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_looked_at_before_it_is_kept() {
        let open = Reach::default();
        for good in ["https://example.com/hooks?a=b", "https://8.8.8.8:8443/", "https://[2606:4700::1111]/"] {
            assert_eq!(open.check(good), Ok(()), "{good}");
        }
        for bad in [
            "example.com",
            "ftp://example.com",
            "http://example.com",
            "https://",
            "https://ada:pw@example.com/",
            "https://ada@example.com/",
            "https://example.com/#x",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.1.2.3/",
            "javascript:alert(1)",
            "",
        ] {
            assert!(open.check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_network_that_is_named_may_be_reached_and_without_tls() {
        let reach = Reach::new(vec!["127.0.0.0/8".parse().unwrap()]);
        for good in [
            "http://127.0.0.1:9000/",
            "https://127.1.2.3/",
            "https://[::ffff:127.0.0.1]/",
            "https://example.com/",
        ] {
            assert_eq!(reach.check(good), Ok(()), "{good}");
        }
        for bad in ["http://10.0.0.1/", "https://10.0.0.1/", "http://8.8.8.8/", "https://[::1]/"] {
            assert!(reach.check(bad).is_err(), "{bad}");
        }
        // What a name resolves to is looked at when it is connected to.
        assert_eq!(reach.check("http://example.com/"), Ok(()));
        assert!(!reach.reaches("8.8.8.8".parse().unwrap(), true));
    }
}
