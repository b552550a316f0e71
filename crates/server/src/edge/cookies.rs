//! The `Cookie` header, as far as it concerns us.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::COOKIE;
use http::request::Parts;
use rotunda_core::Rotunda;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::{DeviceSecret, PageHash, PageKey, SecretText};
use rotunda_core::refresh::{Picked, Twice};
use zeroize::Zeroizing;

use crate::App;
use crate::reply::Problem;
use crate::web::{Kind, Web};

/// The cookies of a request. HTTP/2 may spread them over several headers (RFC 9113 §8.2.3), and a browser sends what came
/// under another domain or path beside the rest ([`super::former`]). What came twice with one value counts once.
#[derive(Default)]
pub(crate) struct Cookies {
    refresh: Vec<SecretText>,
    device: Vec<SecretText>,
    page: Vec<SecretText>,
    /// Refresh tokens and page keys under names that they had before.
    former: [Vec<SecretText>; 2],
}

impl FromRequestParts<Arc<App>> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let mut found = Self::default();
        each(&parts.headers, |name, value| {
            if let Some(values) = Kind::named(name).and_then(|named| found.of(&app.web, named)) {
                let value = value.trim_matches('"');
                if !values.iter().any(|known| known.expose() == value) {
                    values.push(SecretText::new(value.to_owned()));
                }
            }
        });
        let Self { refresh, device, page, former: [refreshes, pages] } = &mut found;
        for values in [refresh, device, page, refreshes, pages] {
            // Where one has a value, an empty one beside it says nothing.
            if values.len() > 1 {
                values.retain(|value| !value.expose().is_empty());
            }
        }
        Ok(found)
    }
}

impl Cookies {
    /// Where the values of a cookie go that has this name; a device secret of before is of no use.
    fn of(&mut self, web: &Web, (kind, name): (Kind, &'static str)) -> Option<&mut Vec<SecretText>> {
        let [refreshes, pages] = &mut self.former;
        match (kind, name == web.cookie_name(kind)) {
            (Kind::Refresh, true) => Some(&mut self.refresh),
            (Kind::Device, true) => Some(&mut self.device),
            (Kind::Page, true) => Some(&mut self.page),
            (Kind::Refresh, false) => Some(refreshes),
            (Kind::Page, false) => Some(pages),
            (Kind::Device, false) => None,
        }
    }
}

/// Calls back for each cookie of a request.
pub(super) fn each(headers: &HeaderMap, mut cookie: impl FnMut(&str, &str)) {
    // Space and tab are the white space around a cookie (RFC 6265 §5.2). Whoever trims more takes a cookie whose name
    // begins with a no-break space for one with `__Host-`, which any neighbour may set and a browser never protects.
    let around = [' ', '\t'];
    for header in headers.get_all(COOKIE) {
        // A neighbour of the same host may set a cookie that is not ASCII; that must not hide ours, which are.
        let header = Zeroizing::new(String::from_utf8_lossy(header.as_bytes()).into_owned());
        for (name, value) in header.split(';').filter_map(|pair| pair.trim_matches(around).split_once('=')) {
            cookie(name, value);
        }
    }
}

/// What a browser shows to go on with a session.
pub(crate) struct Shown {
    pub token: SecretText,
    pub device: Option<DeviceSecret>,
    /// See [`rotunda_core::refresh::Attempt::pages`].
    pub pages: Option<Vec<PageHash>>,
}

impl Cookies {
    /// What a browser shows to go on with a session: the refresh token and the device secret. Where several came, those that
    /// are the session's; where there is no telling, the request is refused, because a guess would be wrong half of the time.
    pub(crate) async fn session(mut self, rotunda: &Rotunda, web: &Web) -> Result<Option<Shown>, Problem> {
        let pages = web.page_cookie().starts_with("__Host-").then(|| self.page_hashes());
        if self.refresh.len() <= 1 && self.device.len() <= 1 {
            let device = self.device.first().and_then(shown);
            return Ok(self.refresh.pop().map(|token| Shown { token, device, pages }));
        }
        if self.refresh.is_empty() {
            return Ok(None);
        }
        let devices = self.device.iter().filter_map(shown).collect();
        let twice = Twice { tokens: self.refresh, devices, pages: pages.clone() };
        match rotunda.pick(twice).await? {
            Some(Picked { token, device }) => Ok(Some(Shown { token, device, pages })),
            None => Err(Problem::malformed(
                "The cookies of a session were sent twice, and it cannot be told which are ours. Clear this site's cookies; \
                 if it happens again, another site of this domain sets cookies of the same names.",
            )),
        }
    }

    fn page_hashes(&self) -> Vec<PageHash> {
        let keys = self.page.iter().filter_map(|text| PageKey::parse(text.expose()));
        keys.take(Twice::MOST_PAGES).map(|key| key.hash()).collect()
    }

    /// Whether none of ours came.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.refresh, &self.device, &self.page].iter().all(|found| found.is_empty())
    }

    /// The device secret that the browser has from before, for a login: unclear is as good as none.
    pub(crate) fn known_device(&self) -> Option<DeviceSecret> {
        match self.device.as_slice() {
            [one] => DeviceSecret::parse(one.expose()),
            _ => None,
        }
    }

    /// The key of the page cookie, for a login: unclear is as good as none.
    pub(crate) fn page(&self) -> Option<PageKey> {
        match self.page.as_slice() {
            [one] => PageKey::parse(one.expose()),
            _ => None,
        }
    }

    /// The key of the page cookie, for whoever goes by it. Where several came, the one whose session lives.
    pub(crate) async fn proving_page(&self, rotunda: &Rotunda) -> Result<PageKey, Error> {
        if self.page.is_empty() {
            return Err(Denied::TokenMissing.into());
        }
        rotunda.pick_page(self.page.iter().filter_map(|text| PageKey::parse(text.expose())).collect()).await
    }

    /// Every refresh token that came, under any name that the cookie ever had: a logout ends whatever is named.
    pub(crate) fn refresh_tokens(&self) -> impl Iterator<Item = &SecretText> {
        let [former, _] = &self.former;
        self.refresh.iter().chain(former).take(Twice::MOST_PAGES)
    }

    /// Every page key that came, likewise.
    pub(crate) fn pages(&self) -> impl Iterator<Item = PageKey> + '_ {
        let [_, former] = &self.former;
        self.page
            .iter()
            .chain(former)
            .filter_map(|text| PageKey::parse(text.expose()))
            .take(Twice::MOST_PAGES)
    }
}

/// A device secret that was shown; an empty text shows none. One that cannot be ours is a different one, not an absent
/// one: the token has moved into a jar whose device cookie somebody made up.
pub(crate) fn shown(text: &SecretText) -> Option<DeviceSecret> {
    let nobodys = || DeviceSecret::from_bytes([0; 32]);
    (!text.expose().is_empty()).then(|| DeviceSecret::parse(text.expose()).unwrap_or_else(nobodys))
}
