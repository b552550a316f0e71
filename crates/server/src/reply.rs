//! Every answer: which status, which code, which headers. One table for refusals, one shape for errors.
//!
//! ```json
//! {"error": "<code>", "error_description": "<for people>", "reason": "<closed list>", "ended": "<closed list>"}
//! ```

mod challenge;
pub(crate) mod log;

use std::sync::atomic::AtomicU64;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, StatusCode};
use rotunda_core::denied::Denied;
use rotunda_core::failure::{Error, Failure};
use serde::Serialize;
use utoipa::ToSchema;

use crate::watch::refusals;

/// Why a request is not answered with what it asked for.
#[derive(Debug)]
pub enum Problem {
    /// Refused by the rules.
    Denied(Denied),
    /// Refused for its bearer token: carries `WWW-Authenticate` (RFC 6750 §3).
    Bearer(Denied),
    /// Refused at one of the standard endpoints, or for what a client showed of itself (RFC 6749 §5.2).
    Client {
        /// Why.
        denied: Denied,
        /// Whether the client tried HTTP Basic: then it is challenged to that.
        by_basic: bool,
    },
    /// No such way to a token (RFC 6749 §5.2 `unsupported_grant_type`).
    GrantType,
    /// Ours: an outage, an overload or a bug. Never a 401.
    Failure(Failure),
    /// The request cannot be read; says where and how.
    Malformed(String),
    /// The body is not `application/json`.
    NotJson,
    /// The body is not JSON Lines.
    NotJsonLines,
    /// The body is not `application/x-www-form-urlencoded`.
    NotForm,
    /// The body is larger than any honest one, which has at most so many KiB.
    BodyTooLarge(usize),
    /// The body took too long to arrive.
    BodyTooSlow,
    /// A page of another origin wanted to use our cookies.
    Origin {
        /// The origin that may.
        ours: String,
        /// What came and what to do, for a developer: only where `public_url` is on loopback.
        hint: Option<String>,
    },
    /// The request is for another address than the one that this server, on loopback, takes itself for.
    Misdirected {
        /// That one.
        ours: String,
        /// What shows it, and what to do.
        hint: String,
    },
    /// What is to be changed may have been changed by somebody else, and the request does not say what it believes it to be
    /// (RFC 6585 §3).
    ConditionMissing,
    /// There is no such route.
    NoRoute,
    /// The route knows other methods.
    NoMethod,
    /// The answer took too long.
    TimedOut,
    /// It goes on for a moment only: whoever chooses among servers is to choose another.
    Stopping,
    /// A handler panicked. Cannot happen; if it does, only this request sees it.
    Panicked,
}

impl Problem {
    /// A request that cannot be read.
    pub(crate) fn malformed(description: impl Into<String>) -> Self {
        Self::Malformed(description.into())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => Self::Denied(denied),
            Error::Failure(failure) => Self::Failure(failure),
        }
    }
}

impl Problem {
    /// What went wrong with a request that showed a bearer token: a refusal is that token's, except that to have asked too
    /// often says nothing about a token, and neither does a client that did not show its secret. Whoever acts for somebody
    /// else has a good one, which does not open everything.
    pub(crate) fn of_bearer(error: Error) -> Self {
        match error {
            Error::Denied(
                denied @ (Denied::RateLimited(_) | Denied::ClientRefused | Denied::ActingForAnother),
            ) => Self::Denied(denied),
            Error::Denied(denied) => Self::Bearer(denied),
            Error::Failure(failure) => Self::Failure(failure),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The body of every error.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// A code for programs, the RFCs' own where they have one.
    #[schema(example = "invalid_grant")]
    pub error: &'static str,
    /// What was wrong and what to do, for people.
    #[schema(example = "This session has ended (logged_out). Sign in again.")]
    pub error_description: String,
    /// Why the caller was refused: a closed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "session_ended")]
    pub reason: Option<&'static str>,
    /// Why the session ended, with `session_ended` and `token_reused`: a closed list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "logged_out")]
    pub ended: Option<&'static str>,
    /// The generation of the refresh token, with `generation_mismatch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
}

/// The table: what each refusal is on the wire.
fn refusal(denied: &Denied) -> (StatusCode, &'static str) {
    match denied {
        Denied::CredentialsInvalid
        | Denied::TokenMissing
        | Denied::TokenUnknown
        | Denied::TokenAhead
        | Denied::TokenExpired
        | Denied::TokenStale
        | Denied::TokenReused
        | Denied::ProofMissing
        | Denied::GenerationMismatch(_)
        | Denied::ClientMismatch
        | Denied::AddressMismatch
        | Denied::SessionEnded(_) => (StatusCode::UNAUTHORIZED, "invalid_grant"),
        Denied::UserDisabled => (StatusCode::FORBIDDEN, "access_denied"),
        Denied::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        Denied::RegistrationOff => (StatusCode::FORBIDDEN, "registration_off"),
        Denied::ClientUnknown => (StatusCode::BAD_REQUEST, "invalid_client"),
        Denied::ClientRefused => (StatusCode::UNAUTHORIZED, "invalid_client"),
        Denied::ClientMayNot => (StatusCode::BAD_REQUEST, "unauthorized_client"),
        Denied::ScopeInvalid => (StatusCode::BAD_REQUEST, "invalid_scope"),
        Denied::ScopeMissing(_) => (StatusCode::FORBIDDEN, "insufficient_scope"),
        Denied::PermissionMissing(_) => (StatusCode::FORBIDDEN, "insufficient_scope"),
        Denied::ActingForAnother | Denied::AboveCaller(_) | Denied::NotToYourself => {
            (StatusCode::FORBIDDEN, "access_denied")
        }
        Denied::ChangedMeanwhile => (StatusCode::PRECONDITION_FAILED, "precondition_failed"),
        Denied::Unfit(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
        Denied::InTheWay(_) => (StatusCode::CONFLICT, "conflict"),
        Denied::ReauthenticationNeeded(_) => (StatusCode::UNAUTHORIZED, "insufficient_user_authentication"),
        Denied::TooManySessions => (StatusCode::FORBIDDEN, "access_denied"),
        Denied::LinkInvalid => (StatusCode::BAD_REQUEST, "link_invalid"),
        Denied::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Denied::EmailTaken => (StatusCode::CONFLICT, "email_taken"),
        Denied::UsernameTaken => (StatusCode::CONFLICT, "username_taken"),
        Denied::EmailInvalid | Denied::UsernameInvalid | Denied::NameInvalid => {
            (StatusCode::BAD_REQUEST, "invalid_request")
        }
        Denied::PasswordTooShort { .. }
        | Denied::PasswordTooLong
        | Denied::PasswordCommon
        | Denied::PasswordBreached
        | Denied::PasswordPredictable(_) => (StatusCode::BAD_REQUEST, "password_unacceptable"),
    }
}

/// A problem, told: what the answer for programs and the page for people are both made of.
pub(crate) struct Told {
    pub status: StatusCode,
    pub body: ErrorBody,
    /// When to come back, with 429 and 503.
    pub retry_after: Option<HeaderValue>,
    challenge: Option<HeaderValue>,
}

impl Problem {
    /// Tells of it, to the log as well where that is worth a line.
    pub(crate) fn told(self) -> Told {
        match self {
            Self::Denied(denied) => {
                let (status, code) = refusal(&denied);
                let challenge = match denied {
                    Denied::ReauthenticationNeeded(within) => challenge::step_up(within),
                    // Asked of what the request says, when its route was open already.
                    Denied::PermissionMissing(_) => Some(challenge::bearer(&denied)),
                    _ => None,
                };
                Told { challenge, ..denial(status, code, &denied) }
            }
            Self::Bearer(denied) => {
                let (status, code) = match denied {
                    Denied::ScopeMissing(_) | Denied::PermissionMissing(_) => refusal(&denied),
                    _ => (StatusCode::UNAUTHORIZED, "invalid_token"),
                };
                Told { challenge: Some(challenge::bearer(&denied)), ..denial(status, code, &denied) }
            }
            Self::Client { denied, by_basic } => {
                let (status, code) = match refusal(&denied) {
                    (_, "invalid_grant") => (StatusCode::BAD_REQUEST, "invalid_grant"),
                    (_, "invalid_client") => (StatusCode::UNAUTHORIZED, "invalid_client"),
                    other => other,
                };
                let is_challenged = by_basic && status == StatusCode::UNAUTHORIZED;
                Told { challenge: is_challenged.then(challenge::basic), ..denial(status, code, &denied) }
            }
            Self::Failure(failure) => failed(&failure),
            other => {
                let told = error(other.plain());
                let is_away = told.status == StatusCode::SERVICE_UNAVAILABLE;
                Told { retry_after: is_away.then(|| HeaderValue::from_static("1")), ..told }
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let told = self.told();
        let mut response = json(told.status, &told.body);
        let headers = [(WWW_AUTHENTICATE, told.challenge), (RETRY_AFTER, told.retry_after)];
        for (name, value) in headers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl Problem {
    fn plain(self) -> (StatusCode, &'static str, String) {
        let (status, code, text) = match self {
            Self::Malformed(description) => return (StatusCode::BAD_REQUEST, "invalid_request", description),
            Self::Origin { ours, hint } => {
                let hint = hint.map(|hint| format!(" {hint}")).unwrap_or_default();
                let text = format!(
                    "This request came from a page of another origin. Pages of {ours} may make it, and those of \
                     `app_origins` in the configuration.{hint}"
                );
                return (StatusCode::FORBIDDEN, "origin_refused", text);
            }
            Self::Misdirected { ours, hint } => {
                let text = format!(
                    "This server takes itself for {ours} (`public_url` in section [server]), and this request is for \
                     another address. {hint}"
                );
                return (StatusCode::MISDIRECTED_REQUEST, "misdirected_request", text);
            }
            Self::NotJson => return wanted("the body as JSON, with `Content-Type: application/json`"),
            Self::NotJsonLines => return wanted(JSON_LINES),
            Self::NotForm => return wanted(FORM),
            Self::GrantType => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "`grant_type` is `refresh_token` or `client_credentials`.",
            ),
            Self::BodyTooLarge(most) => return too_large(most),
            Self::ConditionMissing => (
                StatusCode::PRECONDITION_REQUIRED,
                "precondition_required",
                "Say which version this is about: the `ETag` of the last answer as `If-Match`, or `*` for whichever it is.",
            ),
            Self::BodyTooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "The body took more than 10 seconds to arrive.",
            ),
            Self::NoRoute => (StatusCode::NOT_FOUND, "not_found", NO_ROUTE),
            Self::NoMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "The route does not know this method; the Allow header names those that it knows.",
            ),
            Self::TimedOut => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "This took too long. Nothing is lost: try again.",
            ),
            Self::Stopping => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "This server was told to stop. It answers for a few seconds more; send what is new to another.",
            ),
            _ => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "Something broke here. It is not your fault.",
            ),
        };
        (status, code, text.to_owned())
    }
}

const NO_ROUTE: &str = "There is no such route; /openapi.json has them all.";
const JSON_LINES: &str = "a JSON object a line, with `Content-Type: application/jsonl`";
const FORM: &str = "the form as browsers do, with `Content-Type: application/x-www-form-urlencoded`";

fn wanted(what: &str) -> (StatusCode, &'static str, String) {
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", format!("Send {what}."))
}

fn too_large(most: usize) -> (StatusCode, &'static str, String) {
    let text = format!("The body has more than {most} KiB.");
    (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", text)
}

fn denial(status: StatusCode, code: &'static str, denied: &Denied) -> Told {
    let reason = denied.reason();
    refusals::count(reason.unwrap_or(code));
    static AHEAD: AtomicU64 = AtomicU64::new(0);
    match denied {
        Denied::TokenAhead if log::worth_a_line(&AHEAD).is_some() => tracing::error!(
            "a refresh token is newer than the database. If the database was restored or failed over and has lost its \
             last writes, `rotunda store accept-ahead --for 24h` keeps its users signed in"
        ),
        Denied::TokenReused => tracing::warn!("a used refresh token came back: its session was ended"),
        _ => {}
    }
    let ended = denied.ending().map(rotunda_core::model::Ending::as_str);
    let generation = denied.generation();
    let body = ErrorBody { error: code, error_description: denied.to_string(), reason, ended, generation };
    let retry_after = denied.retry_after_seconds().map(HeaderValue::from);
    Told { status, body, retry_after, challenge: None }
}

/// An outage or an overload is 503 with `Retry-After`, a bug 500. The cause goes to the log, not on the wire.
fn failed(failure: &Failure) -> Told {
    log::failure(failure);
    if !failure.is_temporary() {
        return error(Problem::Panicked.plain());
    }
    let text = "This is not available just now. You are still signed in: try again in a moment.";
    let wait = if failure.is_overload() { "2" } else { "5" };
    Told {
        retry_after: Some(HeaderValue::from_static(wait)),
        ..error((StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", text.to_owned()))
    }
}

fn error((status, error, error_description): (StatusCode, &'static str, String)) -> Told {
    let body = ErrorBody { error, error_description, reason: None, ended: None, generation: None };
    Told { status, body, retry_after: None, challenge: None }
}

/// A JSON answer that nobody keeps.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An empty answer that nobody keeps.
pub(crate) fn no_content() -> Response {
    (StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response()
}

/// Adds cookies to an answer. They are ours and ASCII; one that is not would be a bug and is left out.
pub(crate) fn with_cookies(mut response: Response, cookies: impl IntoIterator<Item = String>) -> Response {
    const SET_COOKIE: HeaderName = http::header::SET_COOKIE;
    for cookie in cookies {
        if let Ok(mut value) = HeaderValue::from_str(&cookie) {
            value.set_sensitive(true);
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::*;

    /// With or without a bearer token, to have asked too often is 429 and says when to ask again.
    #[tokio::test]
    async fn whoever_asks_too_often_is_told_to_wait_and_not_to_sign_in() {
        for (wait, seconds, told) in [(1, "1", "1 second"), (60_001, "61", "61 seconds")] {
            let limited = || Error::from(Denied::RateLimited(Duration::from_millis(wait)));
            for problem in [Problem::from(limited()), Problem::of_bearer(limited())] {
                let response = problem.into_response();
                assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
                assert_eq!(response.headers()[RETRY_AFTER], seconds);
                assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
                assert_eq!(response.headers().get(WWW_AUTHENTICATE), None);
                let body = response.into_body().collect().await.unwrap().to_bytes();
                let expected = json!({
                    "error": "rate_limited",
                    "error_description": format!("Too many attempts. Try again in {told}."),
                    "reason": "rate_limited",
                });
                assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
            }
        }
    }

    #[test]
    fn no_other_refusal_says_when_to_ask_again() {
        for problem in [Problem::Denied(Denied::CredentialsInvalid), Problem::Bearer(Denied::TokenExpired)] {
            assert_eq!(problem.into_response().headers().get(RETRY_AFTER), None);
        }
    }
}
