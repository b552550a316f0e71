//! `POST /auth/password/reset`

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::model::{Password, SecretText};
use serde::Deserialize;
use utoipa::ToSchema;

use super::arrival;
use crate::Shared;
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::oauth::client_auth::InBody;
use crate::reply::{ErrorBody, Problem};
use crate::session::answer::{SessionAnswer, answer};
use crate::session::{password, required_secret, secret_text};

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"token": "rl1_…", "new_password": "staple of four words", "client_id": "native"}))]
pub(crate) struct ResetBody {
    /// The token of the link in the letter.
    #[serde(deserialize_with = "required_secret")]
    #[schema(value_type = String)]
    token: SecretText,
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String, format = Password)]
    new_password: Password,
    /// `web` unless given; not needed beside HTTP Basic.
    client_id: Option<String>,
    /// The client's secret, where it has one and does not send HTTP Basic.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretText>,
    /// The device secret of an earlier session; native clients only.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    device_secret: Option<SecretText>,
}

/// Set a new password with a link from a letter. All sessions end, and a new one begins.
#[utoipa::path(
    post, path = "/auth/password/reset", operation_id = "reset_password", tag = "account", request_body = ResetBody,
    responses(
        (status = 200, description = "Done, and signed in", body = SessionAnswer),
        (status = 400, description = "`link_invalid`, or the new password does not do", body = ErrorBody),
        (status = 401, description = "`invalid_client`: the client has a secret and did not show it", body = ErrorBody),
        (status = 403, description = "The page is of another origin", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Too busy just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn reset(
    State(app): Shared,
    From(caller): From,
    cookies: Cookies,
    headers: HeaderMap,
    Json(body): Json<ResetBody>,
) -> Result<Response, Problem> {
    let shown = InBody { client_id: body.client_id, client_secret: body.client_secret };
    let carried = (body.token, shown, body.device_secret);
    let arrival = arrival(&app, (&headers, &cookies), carried, caller).await?;
    let grant = app.rotunda.reset_password(&arrival, &body.new_password).await?;
    Ok(answer(StatusCode::OK, &app.web, &grant))
}
