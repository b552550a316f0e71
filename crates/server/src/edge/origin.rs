//! Where a browser's request was made: the defence against cross-site request forgery (ASVS 5.0, 3.5).
//!
//! 1. `Origin` is one of ours, or it is not. `null` is not.
//! 2. Without it, `Sec-Fetch-Site` is `same-origin`, or it is not.
//! 3. With neither, the caller is not a browser of this decade: it has no ambient cookies to abuse and may pass.
//!
//! Whoever is refused is told who may. Where `public_url` is on loopback, a developer is told what came as well, and what to
//! do ([`hint`]).

use std::borrow::Cow;
use std::sync::atomic::AtomicU64;

use http::HeaderMap;
use http::header::{HeaderName, ORIGIN};
use url::Url;

use crate::reply::Problem;
use crate::reply::log::worth_a_line;
use crate::web::Web;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The most characters of a header that an answer repeats.
const MOST_SHOWN: usize = 100;

/// What a request says about the page that made it.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Page<'a> {
    /// This `Origin`.
    Of(Cow<'a, str>),
    /// Several of them.
    OfMany,
    /// No `Origin`, and this `Sec-Fetch-Site`.
    Beside(Cow<'a, str>),
    /// Neither.
    Untold,
}

impl<'a> Page<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next(), headers.get(SEC_FETCH_SITE)) {
            (Some(origin), None, _) => Self::Of(String::from_utf8_lossy(origin.as_bytes())),
            (Some(_), Some(_), _) => Self::OfMany,
            (None, _, Some(site)) => Self::Beside(String::from_utf8_lossy(site.as_bytes())),
            (None, _, None) => Self::Untold,
        }
    }

    fn fits(&self, web: &Web) -> bool {
        match self {
            Self::Of(origin) => web.allows(origin),
            Self::OfMany => false,
            Self::Beside(site) => site == "same-origin",
            Self::Untold => true,
        }
    }
}

/// Whether a browser of this decade sent it: one says with each `POST` where its page is from.
pub(crate) fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE)
}

/// Asked before any cookie is set, read or cleared to change something, forms and login included.
pub(crate) fn check(web: &Web, headers: &HeaderMap) -> Result<(), Problem> {
    let page = Page::of(headers);
    if page.fits(web) {
        return Ok(());
    }
    if let Page::Of(origin) = &page {
        warn_of_http(web, origin);
    }
    let hint = web.is_loopback().then(|| hint(web, &page));
    Err(Problem::Origin { ours: web.origin().to_owned(), hint })
}

/// As [`check`], for what operators do: no application of the site has anything to send there. On loopback, where a developer has
/// several names for the same page, it is [`check`].
pub(crate) fn check_own(web: &Web, headers: &HeaderMap) -> Result<(), Problem> {
    match Page::of(headers) {
        Page::Of(origin) if !web.is_loopback() && origin != web.origin() => {
            Err(Problem::Origin { ours: web.origin().to_owned(), hint: None })
        }
        _ => check(web, headers),
    }
}

/// What a developer is told beside the refusal: what came, who may, what to do.
fn hint(web: &Web, page: &Page<'_>) -> String {
    let ours = web.origin();
    match page {
        Page::Of(origin) if origin == "null" => {
            "It came with `Origin: null`, as from a file, a sandboxed frame, a page with `Referrer-Policy: no-referrer`, or \
             after a redirect from one origin to another. Open the page from a server on this machine; no setting lets \
             `null` in."
                .to_owned()
        }
        Page::Of(origin) => {
            let others = match web.app_origins() {
                [] => String::new(),
                apps => format!(", and {}", apps.join(", ")),
            };
            let port = Url::parse(origin).ok().and_then(|url| url.port()).unwrap_or(3000);
            format!(
                "It came from {}. Here {ours} may, pages of this machine on any port{others}. Browsers send cookies to no page \
                 of another site: open yours by a name of this machine, such as http://localhost:{port}. To reach this \
                 server from other machines, set `public_url` to its https address, and `app_origins` to pages of the same \
                 site, both in section [server].",
                shown(origin)
            )
        }
        Page::OfMany => "It came with more than one `Origin`: let the proxy before this server pass on the browser's own, \
                         and add none."
            .to_owned(),
        Page::Beside(site) => format!(
            "It came without `Origin`, and with `Sec-Fetch-Site: {}`. If a proxy stands before this server, let it pass on \
             `Origin`; if not, ask from a page of {ours}.",
            shown(site)
        ),
        Page::Untold => String::new(),
    }
}

/// Tells the operator, where a page of our own host came by http although we are reached by https.
fn warn_of_http(web: &Web, origin: &str) {
    static CAME: AtomicU64 = AtomicU64::new(0);
    let host = |text: &str| Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    let is_ours = web.is_https() && origin.starts_with("http://") && host(origin) == host(web.origin());
    if is_ours && let Some(so_far) = worth_a_line(&CAME) {
        tracing::warn!(
            public_url = web.origin(),
            so_far,
            "a browser came to this host by http and keeps no cookie from there: have the proxy send http on to https"
        );
    }
}

/// What somebody sent, quoted and cut, so that an answer can repeat it.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(MOST_SHOWN).collect();
    let end = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut:?}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_quoted_and_cut() {
        assert_eq!(shown("http://x"), "\"http://x\"");
        assert_eq!(shown("a\r\n\"b\u{1b}"), "\"a\\r\\n\\\"b\\u{1b}\"");
        assert_eq!(shown(&"ä".repeat(101)), format!("\"{}\"…", "ä".repeat(100)));
    }
}
