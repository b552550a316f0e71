//! The session answer: the same after a login, a registration, a refresh and a change of password.

use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use rotunda_core::Grant;
use rotunda_core::model::{Carrier, UnixMillis, User};
use serde::Serialize;
use utoipa::ToSchema;

use crate::reply::{json, with_cookies};
use crate::web::Web;

/// What a client may have now.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionAnswer<'a> {
    /// The signed access token (RFC 9068). Keep it in memory only.
    access_token: &'a str,
    /// Always `Bearer` (RFC 6750).
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds from now the access token is good. Count with a monotonic clock, not with the time of day.
    #[schema(example = 900)]
    expires_in: u64,
    /// In how many seconds to refresh.
    #[schema(example = 655)]
    refresh_after: u64,
    /// The refresh token; for clients that are no browsers. A browser has it in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    /// The device secret, to be shown with each refresh; for clients that are no browsers. Absent where it was not at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_secret: Option<String>,
    /// In how many seconds the session ends unless it is refreshed.
    #[schema(example = 604_800)]
    refresh_expires_in: u64,
    session: SessionBody,
    user: UserBody,
}

/// The session as its client sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionBody {
    /// The session's id; `sid` in access tokens.
    #[schema(example = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21")]
    id: String,
    /// Which refresh token of the family is current. When it moves, make a new retry key.
    generation: u32,
    /// When the user signed in.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the session ends whatever happens.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When the session ends unless it is refreshed.
    #[schema(format = DateTime)]
    idle_expires_at: String,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserBody {
    /// The user's id; `sub` in access tokens.
    #[schema(example = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c20")]
    id: String,
    #[schema(example = "ada@example.com")]
    email: String,
    /// Whether the address was shown to be theirs.
    email_verified: bool,
    username: Option<String>,
    name: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&User> for UserBody {
    fn from(user: &User) -> Self {
        Self {
            id: user.sub(),
            email: user.email.to_string(),
            email_verified: user.email_verified,
            username: user.username.as_ref().map(|name| name.as_str().to_owned()),
            name: user.name.clone(),
            created_at: rfc3339(user.created_at),
        }
    }
}

/// A moment as RFC 3339 text in UTC, with milliseconds.
pub(crate) fn rfc3339(at: UnixMillis) -> String {
    let stamp =
        Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX });
    format!("{stamp:.3}")
}

/// The answer with its cookies: for a browser the tokens travel only there, for a native client only in the body.
pub(crate) fn answer(status: StatusCode, web: &Web, grant: &Grant) -> Response {
    let in_body = grant.kind.carrier() == Carrier::Body;
    let session = &grant.session;
    let body = SessionAnswer {
        access_token: grant.access_token.expose(),
        token_type: "Bearer",
        expires_in: grant.expires_in.as_secs(),
        // Never at once: in the last second of a session that would be a loop.
        refresh_after: grant.refresh_after.as_secs().max(1),
        refresh_token: in_body.then(|| grant.refresh_token.expose()),
        device_secret: grant.device_secret.as_ref().filter(|_| in_body).map(|secret| secret.expose_text()),
        refresh_expires_in: grant.refresh_expires_in.as_secs(),
        session: SessionBody {
            id: session.id.to_string(),
            generation: session.lineage.generation,
            created_at: rfc3339(session.created_at),
            expires_at: rfc3339(session.absolute_expires_at),
            idle_expires_at: rfc3339(session.idle_expires_at),
        },
        user: UserBody::from(&grant.user),
    };
    let response = json(status, &body);
    if in_body { response } else { with_session(response, web, grant) }
}

/// Gives a browser its session, whatever the answer says beside it.
pub(crate) fn with_session(response: Response, web: &Web, grant: &Grant) -> Response {
    with_cookies(response, cookies(web, grant))
}

/// Every answer that grants sets the refresh cookie, a repeated one too: the reply that set it before may be lost.
fn cookies(web: &Web, grant: &Grant) -> Vec<String> {
    let session = &grant.session;
    let kept = |life| session.remember.then_some(life);
    let refresh = web.set_refresh(&grant.refresh_token, kept(grant.refresh_expires_in));
    let device = grant.device_secret.as_ref().map(|secret| web.set_device(secret));
    let page_life = grant.now.until(session.absolute_expires_at);
    let page = grant.page_key.as_ref().map(|key| web.set_page(key, kept(page_life)));
    [Some(refresh), device, page].into_iter().flatten().collect()
}
