//! What follows from `public_url` and `app_origins`: who may call from a browser, and how cookies are named and scoped.

mod former;

use cookie::{Cookie, SameSite};
use ipnet::IpNet;
use rotunda_core::model::{DeviceSecret, PageKey, SecretText};
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

use crate::pages::brand::Brand;
use crate::pages::language::Language;
use crate::pages::returns::Returns;

/// How long a browser keeps the device cookie: the longest that browsers allow, renewed with each refresh.
const DEVICE_COOKIE_LIFE: Duration = Duration::from_secs(400 * 24 * 3600);

/// A cookie of ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// The refresh token.
    Refresh,
    /// The device secret.
    Device,
    /// The page key.
    Page,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Refresh, Self::Device, Self::Page];

    /// The kind that has a cookie of this name under some scheme and scope, and that name.
    pub(crate) fn named(name: &str) -> Option<(Self, &'static str)> {
        let known =
            |kind: &Self| kind.names().iter().find(|known| **known == name).map(|known| (*kind, *known));
        Self::ALL.iter().find_map(known)
    }

    /// Every name that it may have, by scheme and scope.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Refresh => &["__Secure-rotunda_refresh", "rotunda_refresh"],
            Self::Device => &["__Secure-rotunda_device", "rotunda_device"],
            Self::Page => &["__Host-rotunda_page", "__Secure-rotunda_page", "rotunda_page"],
        }
    }
}

/// Why a web policy cannot be.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Not an address of ours.
    #[error("{0:?} is not an http or https URL without a path, such as https://auth.example.com")]
    PublicUrl(String),
    /// Not an origin.
    #[error("{0:?} is not an origin, such as https://app.example.com")]
    Origin(String),
}

/// What browsers are told and held to.
#[derive(Clone, Debug)]
pub struct Web {
    origin: String,
    https: bool,
    loopback: bool,
    app_origins: Vec<String>,
    domain: Option<String>,
    refresh_path: String,
    trusted_proxies: Vec<IpNet>,
    brand: Arc<Brand>,
    language: Option<Language>,
    returns: Returns,
}

impl Web {
    /// From the server's public URL and the origins of the applications that it serves.
    ///
    /// # Errors
    /// [`WebError`] names what is not a URL or an origin.
    pub fn new(public_url: &str, app_origins: &[impl AsRef<str>]) -> Result<Self, WebError> {
        let url = Url::parse(public_url).map_err(|_| WebError::PublicUrl(public_url.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") || !matches!(url.path(), "" | "/") {
            return Err(WebError::PublicUrl(public_url.to_owned()));
        }
        let app_origins = app_origins
            .iter()
            .map(|text| origin_of(text.as_ref()).ok_or_else(|| WebError::Origin(text.as_ref().to_owned())))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            https: url.scheme() == "https",
            loopback: is_loopback(&url),
            app_origins,
            domain: None,
            refresh_path: "/auth/refresh".to_owned(),
            trusted_proxies: Vec::new(),
            brand: Arc::default(),
            language: None,
            returns: Returns::default(),
        })
    }

    /// Widens the cookies: to a domain, and the refresh cookie to another path.
    #[must_use]
    pub fn with_cookies(mut self, domain: Option<String>, refresh_path: Option<String>) -> Self {
        self.domain = domain;
        self.refresh_path = refresh_path.unwrap_or(self.refresh_path);
        self
    }

    /// Believes `X-Forwarded-For` from these networks.
    #[must_use]
    pub fn with_trusted_proxies(mut self, networks: Vec<IpNet>) -> Self {
        self.trusted_proxies = networks;
        self
    }

    /// Makes the pages an operator's own, in one language where one is given; otherwise each browser is asked for its own.
    #[must_use]
    pub fn with_pages(mut self, brand: Brand, language: Option<Language>) -> Self {
        self.brand = Arc::new(brand);
        self.language = language;
        self
    }

    /// Lets browsers be sent to these addresses after a sign-in on our pages.
    #[must_use]
    pub fn with_returns(mut self, returns: Returns) -> Self {
        self.returns = returns;
        self
    }

    /// How the pages look, and what they are called.
    #[must_use]
    pub fn brand(&self) -> &Arc<Brand> {
        &self.brand
    }

    /// The one language of the pages; `None` where each browser is asked for its own.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        self.language
    }

    /// Where browsers may be sent after a sign-in.
    #[must_use]
    pub fn returns(&self) -> &Returns {
        &self.returns
    }

    /// Whether browsers reach this server over https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The networks whose `X-Forwarded-For` is believed.
    #[must_use]
    pub fn trusted_proxies(&self) -> &[IpNet] {
        &self.trusted_proxies
    }

    /// Whether pages of this origin may use our cookies. `null` never may.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        origin == self.origin
            || self.app_origins.iter().any(|allowed| allowed == origin)
            || (self.loopback
                && Url::parse(origin).is_ok_and(|url| is_loopback(&url) && origin_of(origin).is_some()))
    }

    /// The origins of the applications that may use our cookies as well.
    #[must_use]
    pub fn app_origins(&self) -> &[String] {
        &self.app_origins
    }

    /// Whether `public_url` is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The origin that `public_url` stands for.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The name of the refresh cookie.
    #[must_use]
    pub fn refresh_cookie(&self) -> &'static str {
        // `__Host-` asks for `Path=/`, which this cookie does not have on purpose.
        if self.https { "__Secure-rotunda_refresh" } else { "rotunda_refresh" }
    }

    /// The name of the device cookie.
    #[must_use]
    pub fn device_cookie(&self) -> &'static str {
        if self.https { "__Secure-rotunda_device" } else { "rotunda_device" }
    }

    /// The name of the page cookie.
    #[must_use]
    pub fn page_cookie(&self) -> &'static str {
        match (self.https, &self.domain) {
            (true, None) => "__Host-rotunda_page",
            (true, Some(_)) => "__Secure-rotunda_page",
            (false, _) => "rotunda_page",
        }
    }

    /// The name of a cookie.
    pub(crate) fn cookie_name(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Refresh => self.refresh_cookie(),
            Kind::Device => self.device_cookie(),
            Kind::Page => self.page_cookie(),
        }
    }

    /// Sets the refresh cookie; without a life it goes when the browser is closed.
    pub(crate) fn set_refresh(&self, token: &SecretText, life: Option<Duration>) -> String {
        let path = self.refresh_path.clone();
        self.cookie(self.refresh_cookie(), token.expose(), (path, SameSite::Strict), life)
    }

    /// Sets the device cookie, which outlives the session.
    pub(crate) fn set_device(&self, secret: &DeviceSecret) -> String {
        let (text, path) = (secret.expose_text(), "/auth".to_owned());
        self.cookie(self.device_cookie(), &text, (path, SameSite::Strict), Some(DEVICE_COOKIE_LIFE))
    }

    /// Sets the page cookie.
    pub(crate) fn set_page(&self, key: &PageKey, life: Option<Duration>) -> String {
        self.cookie(self.page_cookie(), &key.expose_text(), ("/".to_owned(), SameSite::Lax), life)
    }

    /// Expires the cookies of a session. The device cookie stays: it recognises the device at the next login.
    pub(crate) fn expire_session(&self) -> [String; 2] {
        let gone = Some(Duration::ZERO);
        [
            self.cookie(self.refresh_cookie(), "", (self.refresh_path.clone(), SameSite::Strict), gone),
            self.cookie(self.page_cookie(), "", ("/".to_owned(), SameSite::Lax), gone),
        ]
    }

    fn cookie(
        &self,
        name: &'static str,
        value: &str,
        (path, same_site): (String, SameSite),
        life: Option<Duration>,
    ) -> String {
        let mut cookie = Cookie::build((name, value.to_owned()))
            .http_only(true)
            .secure(self.https)
            .same_site(same_site)
            .path(path)
            .build();
        if let Some(domain) = &self.domain {
            cookie.set_domain(domain.clone());
        }
        if let Some(seconds) = life.map(|life| i64::try_from(life.as_secs()).unwrap_or(i64::MAX)) {
            cookie.set_max_age(cookie::time::Duration::seconds(seconds));
        }
        cookie.to_string()
    }
}

/// The origin that a text stands for, if it is exactly one: `https://app.example.com`, nothing before or after.
fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let origin = url.origin().ascii_serialization();
    (origin == text.trim_end_matches('/')).then_some(origin)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_and_registered_origins_are_allowed() {
        let web = Web::new("https://auth.example.com", &["https://app.example.com"]).unwrap();
        for good in ["https://auth.example.com", "https://app.example.com"] {
            assert!(web.allows(good), "{good}");
        }
        for bad in [
            "null",
            "",
            "http://auth.example.com",
            "https://auth.example.com:8443",
            "https://auth.example.com.evil.example",
            "https://evil.example",
            "http://localhost:3000",
        ] {
            assert!(!web.allows(bad), "{bad}");
        }
    }

    #[test]
    fn on_loopback_every_loopback_port_is_allowed_and_nothing_else() {
        let web = Web::new("http://localhost:8080", &[""; 0]).unwrap();
        for good in
            ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:80", "http://app.localhost:1"]
        {
            let normal = Url::parse(good).unwrap().origin().ascii_serialization();
            assert!(web.allows(&normal), "{good}");
        }
        for bad in [
            "null",
            "http://localhost.evil.example",
            "http://10.0.0.1:3000",
            "file:///etc",
            "http://localhost:1/x",
        ] {
            assert!(!web.allows(bad), "{bad}");
        }
    }

    #[test]
    fn cookies_carry_the_strictest_prefix_that_their_scope_allows() {
        let names = |web: &Web| [web.refresh_cookie(), web.device_cookie(), web.page_cookie()];
        let https = Web::new("https://auth.example.com", &[""; 0]).unwrap();
        assert_eq!(
            names(&https),
            ["__Secure-rotunda_refresh", "__Secure-rotunda_device", "__Host-rotunda_page"]
        );
        let wide = https.clone().with_cookies(Some("example.com".to_owned()), None);
        assert_eq!(wide.page_cookie(), "__Secure-rotunda_page");
        let http = Web::new("http://localhost:8080", &[""; 0]).unwrap();
        assert_eq!(names(&http), ["rotunda_refresh", "rotunda_device", "rotunda_page"]);
        assert_eq!(
            https.set_refresh(&SecretText::new("x".to_owned()), Some(Duration::from_secs(60))),
            "__Secure-rotunda_refresh=x; HttpOnly; SameSite=Strict; Secure; Path=/auth/refresh; Max-Age=60"
        );
    }
}
