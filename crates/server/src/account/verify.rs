//! `POST /auth/email/verify`

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::model::{Password, SecretText};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{LetterSent, arrival, letter_sent};
use crate::Shared;
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::oauth::client_auth::InBody;
use crate::reply::{ErrorBody, Problem};
use crate::session::answer::{SessionAnswer, answer};
use crate::session::{optional_password, secret_text};

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"token": "rl1_…", "password": "correct horse battery", "client_id": "native"}))]
pub(crate) struct VerifyBody {
    /// The address that another letter should go to; or `token` and `password`.
    email: Option<String>,
    /// The token of the link in the letter.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    token: Option<SecretText>,
    /// The password that was chosen at the registration: it shows that whoever reads the mail is who registered.
    #[serde(default, deserialize_with = "optional_password")]
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Password>,
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

/// Show that an address is one's own, and sign in; or ask for another letter.
#[utoipa::path(
    post, path = "/auth/email/verify", operation_id = "verify_email", tag = "account", request_body = VerifyBody,
    responses(
        (status = 200, description = "Verified, and signed in", body = SessionAnswer),
        (status = 202, description = "To `email`: always the same, whether or not there is such an account", body = LetterSent),
        (status = 400, description = "`link_invalid`, or a body that does not fit", body = ErrorBody),
        (status = 401, description = "`credentials_invalid`: not the password that was chosen; or `invalid_client`: the client has a secret and did not show it", body = ErrorBody),
        (status = 403, description = "The page is of another origin", body = ErrorBody),
        (status = 409, description = "The user name was taken meanwhile: register again with another one", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Too busy just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn verify(
    State(app): Shared,
    From(caller): From,
    cookies: Cookies,
    headers: HeaderMap,
    Json(body): Json<VerifyBody>,
) -> Result<Response, Problem> {
    match (body.email, body.token, body.password) {
        (Some(email), None, None) => {
            app.rotunda.ask_for_verification(&email, &caller).await?;
            Ok(letter_sent())
        }
        (None, Some(token), Some(password)) => {
            let shown = InBody { client_id: body.client_id, client_secret: body.client_secret };
            let carried = (token, shown, body.device_secret);
            let arrival = arrival(&app, (&headers, &cookies), carried, caller).await?;
            let grant = app.rotunda.verify_email(&arrival, &password).await?;
            Ok(answer(StatusCode::OK, &app.web, &grant))
        }
        _ => Err(Problem::malformed("Send either `email`, or `token` and `password`.")),
    }
}
