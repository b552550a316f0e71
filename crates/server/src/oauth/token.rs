//! `POST /oauth/token`: the next tokens for a refresh token (RFC 6749 §6), or a service's own token (§4.4).
//!
//! A refresh here is the one of `POST /auth/refresh`: the same rules, the same answer. Only clients whose tokens travel in
//! bodies may use it; a browser's never do.

use axum::extract::State;
use axum::response::Response;
use http::header::{HeaderValue, PRAGMA};
use http::{HeaderMap, StatusCode};
use rotunda_core::client_credentials::ServiceGrant;
use rotunda_core::denied::Denied;
use rotunda_core::model::{Caller, Carrier, SecretText};
use rotunda_core::refresh::Attempt;
use serde::Serialize;
use utoipa::ToSchema;

use super::client_auth::{Asking, InBody};
use crate::edge::caller::From;
use crate::edge::cookies;
use crate::edge::form::Form;
use crate::reply::{ErrorBody, Problem, json};
use crate::session::answer::{SessionAnswer, answer};
use crate::session::refresh::retry_keys;
use crate::watch::spans;
use crate::{App, Shared};

#[derive(ToSchema)]
#[schema(example = json!({"grant_type": "refresh_token", "refresh_token": "rt1_…", "client_id": "native"}))]
pub(crate) struct TokenForm {
    /// `refresh_token` or `client_credentials`.
    grant_type: Option<String>,
    /// The refresh token.
    #[schema(value_type = Option<String>)]
    refresh_token: Option<SecretText>,
    /// The device secret that came with it.
    #[schema(value_type = Option<String>)]
    device_secret: Option<SecretText>,
    /// The retry keys of the last generations, oldest first, separated by spaces: 1 to 4, each 22 to 64 characters.
    retry_keys: Option<String>,
    /// Scopes, separated by spaces. A service gets all of its own unless it asks for fewer; with a refresh token there are
    /// none to ask for.
    scope: Option<String>,
    /// The client; not needed beside HTTP Basic.
    client_id: Option<String>,
    /// Its secret, where it has one and does not send HTTP Basic.
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretText>,
}

impl std::convert::From<&Form> for TokenForm {
    fn from(form: &Form) -> Self {
        Self {
            grant_type: form.value("grant_type"),
            refresh_token: form.secret("refresh_token"),
            device_secret: form.secret("device_secret"),
            retry_keys: form.value("retry_keys"),
            scope: form.value("scope"),
            client_id: form.value("client_id"),
            client_secret: form.secret("client_secret"),
        }
    }
}

/// A service's own token.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceAnswer<'a> {
    /// The signed access token (RFC 9068).
    access_token: &'a str,
    /// Always `Bearer` (RFC 6750).
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds from now it is good. There is no refresh token: ask again.
    #[schema(example = 900)]
    expires_in: u64,
    /// What it may do, separated by spaces; absent where that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "revocations.read")]
    scope: Option<&'a str>,
}

/// With a refresh token the session answer, with client credentials the service's.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the document needs the two as one")]
pub(crate) enum TokenAnswer<'a> {
    /// The next tokens of a session.
    Session(Box<SessionAnswer<'a>>),
    /// A service's own token.
    Service(ServiceAnswer<'a>),
}

/// Trade a refresh token for the next one, or get a service's own access token.
#[utoipa::path(
    post, path = "/oauth/token", tag = "oauth",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    security((), ("client" = [])),
    responses(
        (status = 200, description = "The tokens", body = TokenAnswer),
        (status = 400, description = "Refused; `invalid_grant` with a `reason`, of which only `session_ended` and `token_reused` mean that the session is over", body = ErrorBody),
        (status = 401, description = "`invalid_client`: the client did not show its secret", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Not available just now; the session lives on; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn token(
    State(app): Shared,
    From(caller): From,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let mut form = TokenForm::from(&form);
    let grant_type = form.grant_type.take();
    let grant_type = grant_type.ok_or_else(|| Problem::malformed("There is no `grant_type`."))?;
    if !matches!(grant_type.as_str(), "refresh_token" | "client_credentials") {
        return Err(Problem::GrantType);
    }
    let body = InBody { client_id: form.client_id.take(), client_secret: form.client_secret.take() };
    let asking = Asking::of(&app, &headers, body, &caller).await?;
    let mut response = match grant_type.as_str() {
        "refresh_token" => refresh(&app, &asking, form, caller).await?,
        _ => {
            let proof = asking.must_prove()?;
            let granted = app.rotunda.client_credentials(proof, form.scope.as_deref()).await;
            service_answer(&granted.map_err(|error| asking.refused(error))?)
        }
    };
    // RFC 6749 §5.1 asks for it beside `Cache-Control: no-store`, for caches of another age.
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

async fn refresh(app: &App, asking: &Asking, form: TokenForm, caller: Caller) -> Result<Response, Problem> {
    let token = form.refresh_token.ok_or_else(|| Problem::malformed("There is no `refresh_token`."))?;
    // A session has no scopes yet, so that whichever is asked for would be one more (RFC 6749 §6).
    if form.scope.is_some() {
        return Err(asking.refused(Denied::ScopeInvalid.into()));
    }
    let texts: Vec<_> = form.retry_keys.iter().flat_map(|keys| keys.split(' ')).collect();
    let retry_keys = if texts.is_empty() { Ok(Default::default()) } else { retry_keys(&texts) }?;
    let attempt = Attempt {
        pages: None,
        token,
        carrier: Carrier::Body,
        client_id: Some(asking.id.clone()),
        proof: asking.proof.clone(),
        device: form.device_secret.as_ref().and_then(cookies::shown),
        retry_keys,
        generation: None,
        caller,
    };
    let granted = spans::told(app.rotunda.refresh_explained(&attempt).await);
    let grant = granted.map_err(|error| asking.refused(error))?;
    Ok(answer(StatusCode::OK, &app.web, &grant))
}

fn service_answer(grant: &ServiceGrant) -> Response {
    let body = ServiceAnswer {
        access_token: grant.access_token.expose(),
        token_type: "Bearer",
        expires_in: grant.expires_in.as_secs(),
        scope: grant.scope.as_deref(),
    };
    json(StatusCode::OK, &body)
}
