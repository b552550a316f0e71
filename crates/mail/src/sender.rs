//! Who writes: the service, and the address that its letters come from.

use std::fmt;

use lettre::message::Mailbox;
use lettre::{Address, address::AddressError};
use url::Host;

use crate::plain;

/// What every letter says of the service that sends it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct House {
    site: String,
    public_url: String,
    host: String,
    from: Sender,
}

impl House {
    /// The most characters of a service's name.
    pub const SITE_CHARS: usize = 64;

    /// `site` is what users call the service; `public_url` how their browsers reach it, without a slash at the end;
    /// `host` its host, which names us to mail servers and stands in each `Message-ID`.
    ///
    /// # Errors
    /// A sentence: the name is empty, longer than [`House::SITE_CHARS`] or has control characters in it.
    pub fn new(site: &str, public_url: &str, host: &str, from: Sender) -> Result<Self, String> {
        let most = Self::SITE_CHARS;
        if site.trim().is_empty() || site.chars().count() > most || plain::line(site, most) != site {
            return Err(format!("{site:?} is not a name of 1 to {most} characters, in one line"));
        }
        Ok(Self { site: site.to_owned(), public_url: public_url.to_owned(), host: host.to_owned(), from })
    }

    pub(crate) fn site(&self) -> &str {
        &self.site
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.public_url
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn from(&self) -> &Mailbox {
        &self.from.0
    }
}

/// An address that letters come from, maybe with a name: `Acme <no-reply@acme.example>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads it. A domain beyond ASCII takes its ASCII form; before the `@` there is ASCII only.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address, such as \"Acme <no-reply@acme.example>\"");
        if text.chars().any(char::is_control) {
            return Err(wrong());
        }
        let mailbox: Mailbox = text.trim().parse().map_err(|_: AddressError| wrong())?;
        let email = address(mailbox.email.as_ref()).map_err(|why| format!("{text:?}: {why}"))?;
        match mailbox.name {
            Some(name) if name.chars().count() > House::SITE_CHARS => {
                Err(format!("{text:?} has a name of more than {} characters", House::SITE_CHARS))
            }
            name => Ok(Self(Mailbox::new(name, email))),
        }
    }

    /// `no-reply` at this host, or at `localhost` where no address can have that: for a folder, which nobody answers.
    #[must_use]
    pub fn no_reply(host: &str) -> Self {
        let email = address(&format!("no-reply@{host}"));
        let email = email.unwrap_or_else(|_| Address::new_dangerous("no-reply", "localhost"));
        Self(Mailbox::new(None, email))
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address as mail servers take it: its domain in ASCII (RFC 5891), the rest unchanged.
///
/// # Errors
/// Why no letter can go there.
pub(crate) fn address(text: &str) -> Result<Address, &'static str> {
    let (local, domain) = text.rsplit_once('@').ok_or("it has no \"@\"")?;
    if !local.is_ascii() {
        return Err(
            "before the \"@\" there are characters beyond ASCII, and few mail servers take those (RFC 6531)",
        );
    }
    let domain = match Host::parse(domain) {
        Ok(Host::Domain(domain)) => domain,
        Ok(_) => return Err("its domain is a network address"),
        Err(_) => return Err("its domain cannot be one"),
    };
    Address::new(local, domain).map_err(|_| "mail servers take no such address (RFC 5321)")
}
