//! `POST /auth/refresh`: from bytes to [`Attempt`], and back. What happens in between stands in core's `refresh`.
//!
//! A refusal never clears a cookie: another tab's success may have set it since.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::denied::Denied;
use rotunda_core::model::{Carrier, RetryKeys, SecretText};
use rotunda_core::refresh::Attempt;
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{SessionAnswer, answer};
use super::secret_text;
use crate::Shared;
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::edge::cookies::{self, Cookies, Shown};
use crate::edge::origin;
use crate::oauth::client_auth::{InBody, signing_in};
use crate::reply::{ErrorBody, Problem};
use crate::watch::spans;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "refresh_token": "rt1_…", "device_secret": "rd1_…", "retry_keys": ["Zk3v0aYJqf4m2pQ8sT1xWg"], "generation": 7
}))]
pub(crate) struct RefreshBody {
    /// The refresh token; native clients only. A browser sends its cookie.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    refresh_token: Option<SecretText>,
    /// The device secret; native clients only. A browser sends its cookie.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    device_secret: Option<SecretText>,
    /// The retry keys of the last generations, oldest first: 1 to 4, each 22 to 64 characters.
    retry_keys: Option<Vec<String>>,
    /// The `session.generation` that the caller believes to be in. With another one than its token's nothing changes, and
    /// the refusal (`generation_mismatch`) says which it is. For browsers, whose pages cannot read their cookie.
    generation: Option<u32>,
    /// The client, where the caller wants to be sure that the token is its own.
    client_id: Option<String>,
    /// The client's secret, where it has one and does not send HTTP Basic.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretText>,
}

/// Trade the refresh token for the next one.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "session", request_body(content = RefreshBody, description = "May be absent altogether"),
    security((), ("refresh_cookie" = [])),
    responses(
        (status = 200, description = "The next tokens", body = SessionAnswer),
        (status = 400, description = "The request cannot be read", body = ErrorBody),
        (status = 401, description = "Refused; `reason` says why, and only `session_ended` and `token_reused` mean that the session is over. Or `invalid_client`: the client has a secret and did not show it", body = ErrorBody),
        (status = 403, description = "The page is of another origin", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Not available just now; the session lives on; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn refresh(
    State(app): Shared,
    From(caller): From,
    jar: Cookies,
    headers: HeaderMap,
    Json(body): Json<RefreshBody>,
) -> Result<Response, Problem> {
    let retry_keys = body.retry_keys.as_deref().map(retry_keys).transpose()?.unwrap_or_default();
    let (carrier, Shown { token, device, pages }) = match body.refresh_token {
        Some(token) => {
            let device = body.device_secret.as_ref().and_then(cookies::shown);
            (Carrier::Body, Shown { token, device, pages: None })
        }
        None => {
            origin::check(&app.web, &headers)?;
            let shown = jar.session(&app.rotunda, &app.web).await?;
            (Carrier::Cookie, shown.ok_or(Problem::Denied(Denied::TokenMissing))?)
        }
    };
    let shown = InBody { client_id: body.client_id, client_secret: body.client_secret };
    let (client_id, proof) = signing_in(&app, &headers, shown, &caller).await?;
    let generation = body.generation;
    let attempt = Attempt { token, carrier, client_id, proof, device, pages, retry_keys, generation, caller };
    let grant = spans::told(app.rotunda.refresh_explained(&attempt).await)?;
    Ok(answer(StatusCode::OK, &app.web, &grant))
}

pub(crate) fn retry_keys<T: AsRef<str>>(texts: &[T]) -> Result<RetryKeys, Problem> {
    RetryKeys::parse(texts).ok_or_else(|| {
        Problem::malformed("`retry_keys` takes 1 to 4 keys, each of 22 to 64 visible ASCII characters.")
    })
}
