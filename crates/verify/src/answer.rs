//! What a refusal is on the wire (RFC 6750 §3 and §3.1).
//!
//! | refused | status | `error` |
//! |---|---|---|
//! | missing | 401 | `invalid_token` in the body; none in `WWW-Authenticate`, for nothing was sent |
//! | malformed | 400 | `invalid_request` |
//! | expired, invalid, revoked, outdated | 401 | `invalid_token` |
//! | insufficient scope or role | 403 | `insufficient_scope` |
//! | unavailable | 503 | `temporarily_unavailable`, with `Retry-After` |
//!
//! The body has the form of the server's own errors: `error`, `error_description` and, where a client acts upon it,
//! `reason`.

use std::borrow::Cow;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::refused::{Refused, RevokedBy};

/// When to come back after an outage: keys are asked for again after one second, the feed within ten.
const RETRY_AFTER_SECONDS: u16 = 2;

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl Refused {
    /// The status that says it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Missing | Self::Expired | Self::Invalid(_) | Self::Revoked(_) | Self::Outdated => {
                StatusCode::UNAUTHORIZED
            }
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::InsufficientScope { .. } | Self::InsufficientRole { .. } => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The `error` code of OAuth.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing | Self::Expired | Self::Invalid(_) | Self::Revoked(_) | Self::Outdated => {
                "invalid_token"
            }
            Self::Malformed(_) => "invalid_request",
            Self::InsufficientScope { .. } | Self::InsufficientRole { .. } => "insufficient_scope",
            Self::Unavailable(_) => "temporarily_unavailable",
        }
    }

    /// The server's `reason`, where a client acts upon it.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("token_missing"),
            Self::Expired => Some("token_expired"),
            Self::Outdated => Some("token_outdated"),
            Self::Revoked(RevokedBy::Session) => Some("session_ended"),
            Self::Invalid(_) | Self::Revoked(_) => Some("token_unknown"),
            _ => None,
        }
    }

    /// `WWW-Authenticate`; none for an outage.
    #[must_use]
    pub fn challenge(&self) -> Option<HeaderValue> {
        let error: Cow<'static, str> = match self {
            Self::Unavailable(_) => return None,
            Self::Missing => "".into(),
            Self::Malformed(_) => r#", error="invalid_request", error_description="The Authorization header is not good""#.into(),
            Self::Expired => r#", error="invalid_token", error_description="The access token has expired""#.into(),
            Self::Outdated => r#", error="invalid_token", error_description="The roles of the user have changed""#.into(),
            Self::Revoked(RevokedBy::Session) => r#", error="invalid_token", error_description="The session has ended""#.into(),
            Self::Revoked(_) => r#", error="invalid_token", error_description="The access token was revoked""#.into(),
            Self::Invalid(_) => r#", error="invalid_token", error_description="The access token is not good""#.into(),
            Self::InsufficientScope { scope } if scope.bytes().all(is_scope_byte) => {
                format!(r#", error="insufficient_scope", error_description="The access token lacks a scope", scope="{scope}""#).into()
            }
            Self::InsufficientScope { .. } => r#", error="insufficient_scope", error_description="The access token lacks a scope""#.into(),
            Self::InsufficientRole { .. } => r#", error="insufficient_scope", error_description="The user lacks a role""#.into(),
        };
        HeaderValue::from_str(&format!(r#"Bearer realm="rotunda"{error}"#)).ok()
    }

    /// The whole answer, with a body of the kind that the caller's framework uses.
    #[must_use]
    pub fn response<B: From<String>>(&self) -> Response<B> {
        let body =
            ErrorBody { error: self.code(), error_description: self.to_string(), reason: self.reason() };
        // Three strings; there is no way for this to fail.
        let json = serde_json::to_string(&body).unwrap_or_default();
        let mut response = Response::new(B::from(json));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if matches!(self, Self::Unavailable(_)) {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}

/// What scopes may consist of (RFC 6749 §3.3), and the space between them.
fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}
