//! Which mail server, and how it is spoken to.
//!
//! | URL | TLS | port |
//! |---|---|---|
//! | `smtps://USER:PASSWORD@HOST` | from the first byte | 465 |
//! | `smtp://USER:PASSWORD@HOST` | STARTTLS; without it, nothing is sent | 587 |
//! | `smtp://localhost?tls=none` | none; only to this machine | 25 |
//!
//! User name and password are percent-encoded where URLs want that. Certificates must be trusted by this machine (its
//! own store of authorities, which operators know and keep up to date), or come from `ca_file`.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lettre::transport::smtp::client::{Certificate, TlsParameters};
use percent_encoding::percent_decode_str;
use rotunda_core::model::SecretText;
use url::{Host, Url};

/// A mail server.
#[derive(Clone)]
pub struct SmtpServer {
    host: String,
    port: u16,
    security: Security,
    login: Option<Login>,
}

/// When a conversation becomes secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Security {
    /// From the first byte (RFC 8314 §3.3).
    Implicit,
    /// After STARTTLS (RFC 3207), and not without it.
    StartTls,
    /// Never: it does not leave this machine.
    None,
}

/// How we sign in.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: SecretText,
}

impl SmtpServer {
    /// Reads the URL of a mail server; the table above has its forms.
    ///
    /// # Errors
    /// A sentence about what is wrong, without any part of the URL: there is a password in it.
    pub fn parse(url: &str) -> Result<Self, String> {
        let form = "such as smtps://USER:PASSWORD@mail.example.com";
        let url = Url::parse(url).map_err(|error| format!("is not a URL, {form}: {error}"))?;
        let security = match (url.scheme(), url.query()) {
            ("smtps", None) => Security::Implicit,
            ("smtp", None) => Security::StartTls,
            ("smtp", Some("tls=none")) => Security::None,
            ("smtp" | "smtps", Some(_)) => {
                return Err(
                    "has something after \"?\" that is not known; there is only \"smtp://…?tls=none\""
                        .to_owned(),
                );
            }
            _ => return Err(format!("must begin with smtps: or smtp:, {form}")),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("has a path; a mail server has none".to_owned());
        }
        let host = url.host_str().filter(|host| !host.is_empty()).and_then(|host| Host::parse(host).ok());
        let host = host.ok_or_else(|| format!("has no host, {form}"))?;
        if security == Security::None && !is_loopback(&host) {
            return Err(
                "has tls=none, which is for this machine only, such as localhost: on a network, everybody \
                        on the way reads the password and the links"
                    .to_owned(),
            );
        }
        let default_port = match security {
            Security::Implicit => 465,
            Security::StartTls => 587,
            Security::None => 25,
        };
        let port = url.port().unwrap_or(default_port);
        if port == 0 {
            return Err("has port 0".to_owned());
        }
        // Without the brackets of a URL.
        let host = match host {
            Host::Domain(name) => name,
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        Ok(Self { host, port, security, login: login(&url)? })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn security(&self) -> Security {
        self.security
    }

    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }
}

/// Host and port: what may be said of it.
impl fmt::Display for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Without user name and password.
impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SmtpServer");
        shown.field("host", &self.host).field("port", &self.port).field("security", &self.security);
        shown.field("signs_in", &self.login.is_some()).finish()
    }
}

fn login(url: &Url) -> Result<Option<Login>, String> {
    let plain = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        let decoded = decoded.map_err(|_| "has a user name or password that is not UTF-8".to_owned())?;
        match decoded.contains('\0') {
            true => Err("has a user name or password with a NUL in it".to_owned()),
            false => Ok(decoded.into_owned()),
        }
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err("has a password, but no user name".to_owned()),
        (_, None) => Err("has a user name, but no password".to_owned()),
        (user, Some(password)) => {
            Ok(Some(Login { user: plain(user)?, password: SecretText::new(plain(password)?) }))
        }
    }
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

/// A mail server and how much is asked of it.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The server.
    pub server: SmtpServer,
    /// A PEM file with authorities whose certificates are trusted too.
    pub ca_file: Option<PathBuf>,
    /// How many letters are handed over at once, 1 to [`SmtpSettings::MOST_POOL`].
    pub pool: usize,
}

impl SmtpSettings {
    /// The most letters that are handed over at once.
    pub const MOST_POOL: usize = 16;

    /// What certificates are judged with; `None` without TLS.
    pub(super) fn tls(&self) -> Result<Option<TlsParameters>, SmtpError> {
        if self.server.security == Security::None {
            return Ok(None);
        }
        let mut tls = TlsParameters::builder(self.server.host.clone());
        if let Some(path) = &self.ca_file {
            tls = tls.add_root_certificate(authorities(path)?);
        }
        tls.build().map(Some).map_err(|error| SmtpError::Tls(error.to_string()))
    }
}

fn authorities(path: &Path) -> Result<Certificate, SmtpError> {
    let pem = fs::read(path).map_err(|source| SmtpError::Read { path: path.into(), source })?;
    let begins = b"-----BEGIN CERTIFICATE-----";
    // Without one of these lettre would find nothing wrong, and trust nobody.
    if !pem.windows(begins.len()).any(|window| window == begins) {
        return Err(SmtpError::NoCertificate { path: path.into() });
    }
    Certificate::from_pem(&pem).map_err(|_| SmtpError::NoCertificate { path: path.into() })
}

/// Why no mail can be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The file with authorities cannot be read.
    #[error("the file with certificates, {}, cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no certificate in it.
    #[error("{} has no certificate in it; it must be a PEM file, with \"-----BEGIN CERTIFICATE-----\"", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// This machine trusts no authority, or one of the file is none.
    #[error(
        "certificates cannot be judged: {0}; is a package with authorities installed, such as ca-certificates?"
    )]
    Tls(String),
}
