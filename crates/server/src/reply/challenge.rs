//! `WWW-Authenticate`: what a refusal asks for.

use std::time::Duration;

use http::header::HeaderValue;
use rotunda_core::denied::Denied;

/// RFC 7617, for a client that has tried it.
pub(super) fn basic() -> HeaderValue {
    HeaderValue::from_static(r#"Basic realm="rotunda", charset="UTF-8""#)
}

/// RFC 6750 §3: no error code when no token was sent at all.
pub(super) fn bearer(denied: &Denied) -> HeaderValue {
    match denied {
        Denied::TokenMissing => HeaderValue::from_static(r#"Bearer realm="rotunda""#),
        Denied::TokenExpired => HeaderValue::from_static(
            r#"Bearer realm="rotunda", error="invalid_token", error_description="The access token has expired""#,
        ),
        Denied::ScopeMissing(scope) => insufficient(scope),
        Denied::PermissionMissing(permission) => insufficient(permission.as_str()),
        Denied::SessionEnded(_) => HeaderValue::from_static(
            r#"Bearer realm="rotunda", error="invalid_token", error_description="The session has ended""#,
        ),
        _ => HeaderValue::from_static(
            r#"Bearer realm="rotunda", error="invalid_token", error_description="The access token is not good""#,
        ),
    }
}

/// RFC 6750 §3.1: which scope it takes.
fn insufficient(scope: &str) -> HeaderValue {
    let text = format!(r#"Bearer realm="rotunda", error="insufficient_scope", scope="{scope}""#);
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// RFC 9470 §3: how long ago the password may have been entered.
pub(super) fn step_up(within: Duration) -> Option<HeaderValue> {
    let seconds = within.as_secs();
    let text = format!(
        r#"Bearer realm="rotunda", error="insufficient_user_authentication", error_description="Enter the password again", max_age={seconds}"#
    );
    HeaderValue::from_str(&text).ok()
}
