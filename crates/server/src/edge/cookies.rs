//! The `Cookie` header, as far as it concerns us.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::COOKIE;
use http::request::Parts;
use rotunda_core::denied::Denied;
use rotunda_core::model::{DeviceSecret, PageKey, SecretText};

use crate::App;
use crate::reply::Problem;

/// The cookies of a request. HTTP/2 may spread them over several headers (RFC 9113 §8.2.3).
pub(crate) struct Cookies {
    refresh: Vec<SecretText>,
    device: Vec<SecretText>,
    page: Vec<SecretText>,
}

impl FromRequestParts<Arc<App>> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        // A neighbour of the same host may set a cookie that is not ASCII; that must not hide ours, which are.
        let headers: Vec<_> = parts
            .headers
            .get_all(COOKIE)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        // Space and tab are the white space around a cookie (RFC 6265 §5.2). Whoever trims more takes a cookie whose name
        // begins with a no-break space for one with `__Host-`, which any neighbour may set and a browser never protects.
        let around = [' ', '\t'];
        let named = |name: &str| -> Vec<SecretText> {
            headers
                .iter()
                .flat_map(|header| header.split(';'))
                .filter_map(|pair| pair.trim_matches(around).split_once('='))
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| SecretText::new(value.trim_matches('"').to_owned()))
                .collect()
        };
        let web = &app.web;
        let (refresh, device) = (named(web.refresh_cookie()), named(web.device_cookie()));
        Ok(Self { refresh, device, page: named(web.page_cookie()) })
    }
}

impl Cookies {
    /// The refresh cookie. Two of them cannot both be ours: one was put there from elsewhere, and guessing which
    /// would be wrong half of the time.
    pub(crate) fn refresh(&mut self) -> Result<Option<SecretText>, Problem> {
        if self.refresh.len() > 1 {
            return Err(Problem::malformed(
                "The refresh cookie was sent twice, so one of them is not ours. Clear this site's cookies; \
                 if it happens again, another site of this domain sets a cookie of the same name.",
            ));
        }
        Ok(self.refresh.pop())
    }

    /// Whether none of ours came.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.refresh, &self.device, &self.page].iter().all(|found| found.is_empty())
    }

    /// The device secret that the browser shows to go on with a session.
    pub(crate) fn device(&self) -> Result<Option<DeviceSecret>, Problem> {
        if self.device.len() > 1 {
            return Err(Problem::malformed(
                "The device cookie was sent twice, so one of them is not ours. Clear this site's cookies.",
            ));
        }
        Ok(self.device.first().and_then(shown))
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

    /// The key of the page cookie, for whoever goes by it: two of them prove nothing, nor does one that cannot be ours.
    pub(crate) fn proving_page(&self) -> Result<PageKey, Denied> {
        match self.page.as_slice() {
            [] => Err(Denied::TokenMissing),
            [one] => PageKey::parse(one.expose()).ok_or(Denied::TokenUnknown),
            _ => Err(Denied::TokenUnknown),
        }
    }

    /// Every page key that came: a logout ends whatever is named.
    pub(crate) fn pages(&self) -> impl Iterator<Item = PageKey> + '_ {
        self.page.iter().filter_map(|text| PageKey::parse(text.expose()))
    }
}

/// A device secret that was shown; an empty text shows none. One that cannot be ours is a different one, not an absent
/// one: the token has moved into a jar whose device cookie somebody made up.
pub(crate) fn shown(text: &SecretText) -> Option<DeviceSecret> {
    let nobodys = || DeviceSecret::from_bytes([0; 32]);
    (!text.expose().is_empty()).then(|| DeviceSecret::parse(text.expose()).unwrap_or_else(nobodys))
}
