//! The cookies that another configuration would have set.
//!
//! A browser tells one cookie from another by name, domain and path (RFC 6265bis §5.7), and nothing in a request says which
//! domain and path it has. What `[cookies]` and `public_url` could ever have said is a short list, so all of it is expired.

use std::time::Duration;

use cookie::SameSite;
use url::{Host, Url};

use super::{Kind, Web};

/// Where the refresh cookie may be sent to, by `[cookies] refresh_path`; `/auth/` is `/auth` to a browser that sends it.
const REFRESH_PATHS: [&str; 4] = ["/auth/refresh", "/auth", "/auth/", "/"];
/// How many domains a host may be under. Proxies take no endless headers: with three, all that is expired is 2 KiB or so.
const MOST_DOMAINS: usize = 3;

impl Web {
    /// Expires a cookie of this name wherever it may have been set, except where it is set now.
    pub(crate) fn expire_former(&self, kind: Kind, name: &'static str) -> Vec<String> {
        // Over http nobody sets or expires a cookie with a prefix.
        if name.starts_with("__") && !self.https {
            return Vec::new();
        }
        let (paths, same_site): (&[&str], _) = match kind {
            Kind::Refresh => (&REFRESH_PATHS, SameSite::Strict),
            Kind::Device => (&["/auth"], SameSite::Strict),
            Kind::Page => (&["/"], SameSite::Lax),
        };
        let now = (self.cookie_name(kind), self.domain.as_deref(), self.path_of(kind));
        let host_only = name.starts_with("__Host-");
        let domains = self.domains().into_iter().filter(|_| !host_only).map(Some);
        let scopes = std::iter::once(None)
            .chain(domains)
            .flat_map(|domain| paths.iter().map(move |path| (domain.clone(), *path)));
        let former = scopes.filter(|(domain, path)| (name, domain.as_deref(), *path) != now);
        former
            .map(|(domain, path)| {
                let scope = Self { domain, ..self.clone() };
                scope.cookie(name, "", (path.to_owned(), same_site), Some(Duration::ZERO))
            })
            .collect()
    }

    /// The path of a cookie.
    pub(crate) fn path_of(&self, kind: Kind) -> &str {
        match kind {
            Kind::Refresh => &self.refresh_path,
            Kind::Device => "/auth",
            Kind::Page => "/",
        }
    }

    /// The domains that cookies of our host may have: the host's name and what it is under, as far as it has a dot. Of a public
    /// suffix among them, browsers take no cookie.
    fn domains(&self) -> Vec<String> {
        let host = match Url::parse(&self.origin).as_ref().map(Url::host) {
            Ok(Some(Host::Domain(host))) if !self.loopback => host.to_owned(),
            _ => return Vec::new(),
        };
        let parents =
            std::iter::successors(Some(host.as_str()), |name| name.split_once('.').map(|(_, parent)| parent));
        parents.filter(|name| name.contains('.')).take(MOST_DOMAINS).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Domain and path of everything that is expired.
    fn scopes(web: &Web, kind: Kind, name: &'static str) -> Vec<(String, String)> {
        let attribute = |cookie: &str, key: &str| {
            let found = cookie.split("; ").find_map(|part| part.strip_prefix(key)).unwrap_or_default();
            found.to_owned()
        };
        let all = web.expire_former(kind, name);
        assert!(
            all.iter().all(|cookie| cookie.starts_with(&format!("{name}=;")) && cookie.contains("Max-Age=0"))
        );
        all.iter().map(|cookie| (attribute(cookie, "Domain="), attribute(cookie, "Path="))).collect()
    }

    #[test]
    fn all_that_could_ever_have_been_is_expired_and_what_is_set_now_is_not() {
        let web = Web::new("https://auth.eu.example.com", &[""; 0]).unwrap();
        let wide = web.clone().with_cookies(Some("example.com".to_owned()), Some("/".to_owned()));
        let domains = ["", "auth.eu.example.com", "eu.example.com", "example.com"];
        for (web, now) in [(&web, ("", "/auth/refresh")), (&wide, ("example.com", "/"))] {
            let found = scopes(web, Kind::Refresh, web.refresh_cookie());
            let all = domains.iter().flat_map(|domain| REFRESH_PATHS.map(|path| (*domain, path)));
            let expected: Vec<_> = all.filter(|scope| *scope != now).collect();
            assert_eq!(
                found.iter().map(|(domain, path)| (domain.as_str(), path.as_str())).collect::<Vec<_>>(),
                expected
            );
        }
        let pages = |name| scopes(&wide, Kind::Page, name).len();
        // A name with __Host- has one scope, another name none that is in use, and the one in use has one less.
        assert_eq!(["__Host-rotunda_page", "rotunda_page", "__Secure-rotunda_page"].map(pages), [1, 4, 3]);
    }

    #[test]
    fn an_address_and_this_machine_have_no_domain() {
        for url in
            ["http://localhost:8080", "https://app.localhost", "https://192.0.2.7", "https://[2001:db8::7]"]
        {
            let web = Web::new(url, &[""; 0]).unwrap();
            assert_eq!(scopes(&web, Kind::Device, web.device_cookie()), [], "{url}");
            let secure = scopes(&web, Kind::Device, "__Secure-rotunda_device").len();
            assert_eq!(secure, 0, "{url}: nothing with a prefix over http, and nothing that is in use");
        }
    }
}
