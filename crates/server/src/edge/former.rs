//! Cookies of before, which a browser keeps beside those of now.
//!
//! After a change of `[cookies]`, or from http to https, the cookies that a browser has are of another name, domain or path
//! than those that it is given. It sends both, and a logout that expires the ones leaves the others.
//!
//! 1. A request shows it: a cookie came twice, under a name that it does not have now, or where its path does not lead. The
//!    refresh cookie hardly goes anywhere but to a refresh; elsewhere the others speak for it. Two of a kind may also be the
//!    work of another site of the domain; that changes nothing.
//! 2. Where the answer to such a request sets a cookie, it first expires all others of its kind that may be there
//!    ([`Web::expire_former`]). First, since a browser that does not tell a domain from its host alone must end with what is set.
//! 3. An answer that sets no cookie, such as any refusal, expires none.

use std::collections::BTreeSet;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::header::{HeaderValue, SET_COOKIE};

use super::cookies::each;
use crate::web::{Kind, Web};

/// The one path that every refresh cookie is sent to, wherever else it goes.
const REFRESH: &str = "/auth/refresh";

/// What came of ours.
#[derive(Default)]
struct Came {
    /// Under these names.
    names: BTreeSet<(Kind, &'static str)>,
    /// Some of these kinds are of before.
    former: BTreeSet<Kind>,
}

/// Has the answer expire what the request shows to be of before.
pub(crate) async fn expire(web: &Web, request: Request, next: Next) -> Response {
    let came = Came::with(web, request.headers(), request.uri().path());
    let mut response = next.run(request).await;
    if !came.former.is_empty() {
        came.expire_first(web, response.headers_mut());
    }
    response
}

impl Came {
    fn with(web: &Web, headers: &HeaderMap, path: &str) -> Self {
        let mut came = Self::default();
        each(headers, |name, _| {
            let Some((kind, name)) = Kind::named(name) else { return };
            let is_second = !came.names.insert((kind, name));
            if is_second || name != web.cookie_name(kind) || !leads_to(web.path_of(kind), path) {
                came.former.insert(kind);
            }
        });
        if !came.former.is_empty() && path != REFRESH {
            came.former.insert(Kind::Refresh);
        }
        came
    }

    fn expire_first(&self, web: &Web, headers: &mut HeaderMap) {
        let set: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
        let is_set = |kind: &&Kind| {
            let start = format!("{}=", web.cookie_name(**kind));
            set.iter().any(|cookie| cookie.as_bytes().starts_with(start.as_bytes()))
        };
        let mut former = Vec::new();
        for kind in self.former.iter().filter(is_set) {
            let mut names: BTreeSet<_> =
                self.names.iter().filter(|(of, _)| of == kind).map(|(_, name)| *name).collect();
            names.insert(web.cookie_name(*kind));
            former.extend(names.into_iter().flat_map(|name| web.expire_former(*kind, name)));
        }
        headers.remove(SET_COOKIE);
        // Ours are ASCII.
        let former = former.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok());
        for cookie in former.chain(set) {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

/// Whether a browser sends a cookie of this path there (RFC 6265 §5.1.4).
fn leads_to(cookie: &str, path: &str) -> bool {
    let rest = path.strip_prefix(cookie);
    rest.is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}
