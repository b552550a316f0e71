//! `GET /auth/verify`: what a gateway asks before it lets a request through (nginx `auth_request`, Caddy
//! `forward_auth`, and the like; `docs/guide/gateways.md`).
//!
//! 1. With a bearer token in the `Authorization` header it is that which counts, without one the page cookie. A token that is
//!    not good, or cannot be read, is not rescued by a cookie that is. Another scheme is somebody else's, such as that of a
//!    proxy in front of a staging site.
//! 2. A cookie travels whoever made the request. So with a cookie the origin must be one of ours
//!    ([`crate::edge::origin`]), unless the gateway tells that the method changes nothing and no script's `Origin` came
//!    with it. What nobody tells is taken for a method that changes something.
//! 3. 200 with headers for the service behind, 401 for whoever should sign in, 403 for a foreign page, 503 when we do not
//!    know. A request that cannot be read is 401 as well: gateways take any other answer for an outage.
//!
//! No page has business here, so that no origin may read it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::request::Parts;
use http::{Method, StatusCode};
use rotunda_core::denied::Denied;
use rotunda_core::failure::Failure;
use rotunda_core::gateway::{Passed, Shown};

use crate::edge::cookies::Cookies;
use crate::edge::{bearer, origin};
use crate::reply::{ErrorBody, Problem};
use crate::{App, Shared};

/// Where gateways tell the method of the request that they ask about.
const METHODS: [HeaderName; 2] =
    [HeaderName::from_static("x-forwarded-method"), HeaderName::from_static("x-original-method")];

/// The most bytes of one header: all of them together fit into the 4 KiB that nginx has for an answer.
const MOST_BYTES: usize = 1024;

/// May this request pass, and whose is it?
///
/// For gateways: by bearer token or, where there is none in the `Authorization` header, by page cookie.
#[utoipa::path(
    get, path = "/auth/verify", tag = "service",
    security((), ("bearer" = []), ("page_cookie" = [])),
    params(
        ("X-Forwarded-Method" = Option<String>, Header, description = "The method of the request in question; `X-Original-Method` is read too. Without it a page cookie counts only for pages of ours"),
    ),
    responses(
        (status = 200, description = "It may. The body is empty", headers(
            ("X-Auth-User" = String, description = "The user, `sub` of access tokens"),
            ("X-Auth-Session" = String, description = "The session, `sid` of access tokens"),
            ("X-Auth-Client" = String, description = "The client that holds the session"),
            ("X-Auth-Roles" = String, description = "The user's roles, separated by spaces; may be empty"),
            ("X-Auth-Scope" = String, description = "Scopes, separated by spaces; may be empty"),
            ("X-Auth-Actor" = String, description = "The operator who acts for the user; empty where they act themselves"),
        )),
        (status = 401, description = "The bearer token or the page cookie is missing or not good", body = ErrorBody),
        (status = 403, description = "The page is of another origin", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn verify(State(app): Shared, jar: Cookies, parts: Parts) -> Result<Response, Problem> {
    let shown = shown(&app, &jar, &parts).await?;
    let passed = app.rotunda.passes(&shown).await.map_err(Problem::of_bearer)?;
    let headers = headers(&passed).map_err(Problem::Failure)?;
    Ok((StatusCode::OK, headers).into_response())
}

async fn shown(app: &App, jar: &Cookies, parts: &Parts) -> Result<Shown, Problem> {
    if let Some(token) = bearer::token(parts).map_err(|_| Problem::Bearer(Denied::TokenUnknown))? {
        return Ok(Shown::Bearer(token));
    }
    if parts.headers.get(AUTHORIZATION).is_some_and(is_meant_as_bearer) {
        return Err(Problem::Bearer(Denied::TokenMissing));
    }
    let page = jar.proving_page(&app.rotunda).await.map_err(Problem::of_bearer)?;
    if parts.headers.contains_key(ORIGIN) || !only_looks(&parts.headers) {
        origin::check(&app.web, &parts.headers)?;
    }
    Ok(Shown::Page(page))
}

/// Whether somebody wanted to show a bearer token, however badly they wrote it.
fn is_meant_as_bearer(header: &HeaderValue) -> bool {
    header.as_bytes().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
}

/// Whether the method was told and changes nothing (RFC 9110 §9.2.1). Told twice, it must be so both times: one of the
/// two may be the client's own.
fn only_looks(headers: &HeaderMap) -> bool {
    let mut told = METHODS.into_iter().flat_map(|name| headers.get_all(name)).peekable();
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS];
    told.peek().is_some() && told.all(|method| safe.iter().any(|safe| method == safe.as_str()))
}

/// All six, empty where there is nothing to tell: a gateway that finds none might leave the client's own, or write the name
/// of its variable.
fn headers(passed: &Passed) -> Result<HeaderMap, Failure> {
    let [user, session, actor] =
        [&passed.user, &passed.session, &passed.actor].map(|id| Vec::from_iter(id.as_deref()));
    let roles: Vec<&str> = passed.roles.iter().map(String::as_str).collect();
    let scopes: Vec<&str> = passed.scope.split(' ').filter(|scope| !scope.is_empty()).collect();
    let told = [
        ("x-auth-user", user.as_slice()),
        ("x-auth-session", &session),
        ("x-auth-client", &[passed.client.as_str()]),
        ("x-auth-roles", &roles),
        ("x-auth-scope", &scopes),
        ("x-auth-actor", &actor),
    ];
    let mut headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
    for (name, words) in told {
        let value = value(words).ok_or_else(|| Failure::broken("telling a gateway who is asking", name))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// Words as a header that everybody reads alike: visible ASCII, one space between two. What cannot be written so is not
/// mended, since it would be somebody else's name.
fn value(words: &[&str]) -> Option<HeaderValue> {
    let plain = words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic()));
    let text = words.join(" ");
    HeaderValue::from_str(&text).ok().filter(|_| plain && text.len() <= MOST_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_read_in_two_ways_is_not_told_at_all() {
        let text = |words: &[&str]| value(words).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(text(&["ada"]).as_deref(), Some("ada"));
        assert_eq!(
            text(&["reader", "https://x.example/a,b"]).as_deref(),
            Some("reader https://x.example/a,b")
        );
        assert_eq!(text(&[]).as_deref(), Some(""));
        assert_eq!(text(&[&"a".repeat(MOST_BYTES)]).map(|text| text.len()), Some(MOST_BYTES));
        let long = "a".repeat(MOST_BYTES + 1);
        for bad in ["", " ", "a b", "a\r\nX-Auth-Roles: admin", "a\n", "\u{e4}da", "a\t", "a\u{7f}", &long] {
            assert_eq!(text(&[bad]), None, "{bad:?}");
            assert_eq!(text(&["reader", bad]), None, "{bad:?}");
        }
    }

    #[test]
    fn a_method_that_changes_something_or_is_not_told_does_not_only_look() {
        let looks = |told: &[(&'static str, &'static str)]| {
            let pairs = told
                .iter()
                .map(|(name, method)| (HeaderName::from_static(name), HeaderValue::from_static(method)));
            let mut headers = HeaderMap::new();
            pairs.for_each(|(name, method)| {
                headers.append(name, method);
            });
            only_looks(&headers)
        };
        let [forwarded, original] = ["x-forwarded-method", "x-original-method"];
        assert!(looks(&[(forwarded, "GET")]) && looks(&[(original, "HEAD")]));
        assert!(looks(&[(forwarded, "GET"), (original, "OPTIONS")]));
        assert!(!looks(&[]));
        for bad in ["POST", "DELETE", "get", "", "GET, POST", "WHATEVER"] {
            assert!(!looks(&[(forwarded, bad)]), "{bad}");
            assert!(!looks(&[(forwarded, "GET"), (original, bad)]), "{bad}");
            assert!(!looks(&[(forwarded, "GET"), (forwarded, bad)]), "{bad}");
        }
    }
}
