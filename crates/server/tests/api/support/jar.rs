//! A cookie jar, as far as RFC 6265 matters here: name, domain, path, `Max-Age`, `Secure`, and the prefixes.
//!
//! `SameSite` is not in it: the jar hands its cookies to every page, as the oldest browsers do, so that what refuses a
//! foreign page is the server.

use std::collections::BTreeMap;
use std::time::Duration;

use cookie::Cookie;
use rotunda_core::model::UnixMillis;
use url::Url;

/// A browser's cookies. The clone of a jar is what a thief has who copied it.
#[derive(Clone, Default)]
pub(crate) struct Jar {
    kept: BTreeMap<Key, Kept>,
}

/// What tells one cookie from another (RFC 6265 §5.3 step 11).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    name: String,
    domain: String,
    path: String,
}

#[derive(Clone)]
struct Kept {
    value: String,
    host_only: bool,
    secure: bool,
    until: Option<UnixMillis>,
}

impl Jar {
    /// Takes a `Set-Cookie` header that came from this address, or fails the test where a browser would drop it.
    pub(crate) fn take(&mut self, from: &Url, header: &str, now: UnixMillis) {
        let cookie = Cookie::parse(header.to_owned()).unwrap();
        let host = from.host_str().unwrap();
        let secure = cookie.secure() == Some(true);
        assert!(!secure || from.scheme() == "https", "a browser drops a Secure cookie over http: {header}");
        let domain = cookie.domain().unwrap_or(host).trim_start_matches('.').to_owned();
        assert!(within(host, &domain), "a browser drops a cookie for another domain: {header}");
        let path = cookie.path().unwrap().to_owned();
        prefix_holds(&cookie, secure, &path);
        let key = Key { name: cookie.name().to_owned(), domain, path };
        let life = cookie.max_age().map(|age| u64::try_from(age.whole_seconds()).unwrap());
        if life == Some(0) {
            self.kept.remove(&key);
            return;
        }
        let until = life.map(|seconds| now.plus(Duration::from_secs(seconds)));
        let value = cookie.value().to_owned();
        self.kept.insert(key, Kept { value, host_only: cookie.domain().is_none(), secure, until });
    }

    /// The `Cookie` header for a request to this address, where there is anything to send.
    pub(crate) fn header(&self, to: &Url, now: UnixMillis) -> Option<String> {
        let host = to.host_str().unwrap();
        let goes = |(key, kept): &(&Key, &Kept)| {
            (key.domain == host || (!kept.host_only && within(host, &key.domain)))
                && path_matches(to.path(), &key.path)
                && (!kept.secure || to.scheme() == "https")
                && kept.until.is_none_or(|until| now < until)
        };
        let mut fit: Vec<_> = self.kept.iter().filter(goes).collect();
        fit.sort_by_key(|(key, _)| std::cmp::Reverse(key.path.len()));
        let pairs: Vec<_> = fit.iter().map(|(key, kept)| format!("{}={}", key.name, kept.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The browser is closed: what has no `Max-Age` is forgotten.
    pub(crate) fn close(&mut self) {
        self.kept.retain(|_, kept| kept.until.is_some());
    }

    /// The names of the cookies that it holds.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.kept.keys().map(|key| key.name.as_str()).collect()
    }

    /// The value of the cookie whose name ends so.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.kept.iter().find(|(key, _)| key.name.ends_with(name)).map(|(_, kept)| kept.value.as_str())
    }

    /// Puts something else into a cookie that is there.
    pub(crate) fn replace(&mut self, name: &str, value: &str) {
        let (_, kept) = self.kept.iter_mut().find(|(key, _)| key.name.ends_with(name)).unwrap();
        value.clone_into(&mut kept.value);
    }

    /// Loses a cookie.
    pub(crate) fn lose(&mut self, name: &str) {
        self.kept.retain(|key, _| !key.name.ends_with(name));
    }
}

fn within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// RFC 6265 §5.1.4.
fn path_matches(request: &str, cookie: &str) -> bool {
    request
        .strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

/// RFC 6265bis §4.1.3.
fn prefix_holds(cookie: &Cookie<'_>, secure: bool, path: &str) {
    let name = cookie.name();
    assert!(!name.starts_with("__Secure-") || secure, "{cookie}");
    assert!(!name.starts_with("__Host-") || (secure && path == "/" && cookie.domain().is_none()), "{cookie}");
}
