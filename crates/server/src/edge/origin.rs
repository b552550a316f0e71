//! Where a browser's request was made: the defence against cross-site request forgery (ASVS 5.0, 3.5).
//!
//! 1. `Origin` is one of ours, or it is not. `null` is not.
//! 2. Without it, `Sec-Fetch-Site` is `same-origin`, or it is not.
//! 3. With neither, the caller is not a browser of this decade: it has no ambient cookies to abuse and may pass.

use http::HeaderMap;
use http::header::{HeaderName, ORIGIN};

use crate::reply::Problem;
use crate::web::Web;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a browser of this decade sent it: one says with each `POST` where its page is from.
pub(crate) fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE)
}

/// Asked before any cookie is set, read or cleared to change something, forms and login included.
pub(crate) fn check(web: &Web, headers: &HeaderMap) -> Result<(), Problem> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let fits = match (origins.next(), origins.next()) {
        (Some(origin), None) => origin.to_str().is_ok_and(|origin| web.allows(origin)),
        (Some(_), Some(_)) => false,
        (None, _) => headers.get(SEC_FETCH_SITE).is_none_or(|site| site == "same-origin"),
    };
    if fits { Ok(()) } else { Err(Problem::Origin(web.origin().to_owned())) }
}
