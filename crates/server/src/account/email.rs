//! `POST /auth/email/change` and `POST /auth/email/confirm`

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use rotunda_core::model::{ClientKind, Password, SecretText};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{LetterSent, letter_sent};
use crate::Shared;
use crate::edge::bearer::SignedIn;
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::edge::origin;
use crate::reply::{ErrorBody, Problem, no_content};
use crate::session::{password, required_secret};

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@elsewhere.example"}))]
pub(crate) struct ChangeEmailBody {
    /// The new address.
    email: String,
}

/// Ask for another address. Both get a letter; the link in the one to the new address, with the password, makes the change.
#[utoipa::path(
    post, path = "/auth/email/change", operation_id = "change_email", tag = "account", request_body = ChangeEmailBody,
    security(("bearer" = [])),
    responses(
        (status = 202, description = "Always the same, whether or not somebody else has the address", body = LetterSent),
        (status = 400, description = "That is no address", body = ErrorBody),
        (status = 401, description = "`reauthentication_needed`, or the bearer token is not good", body = ErrorBody),
        (status = 403, description = "The page is of another origin, or the token acts for somebody else", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn change(
    State(app): Shared,
    From(caller): From,
    SignedIn(bearer): SignedIn,
    headers: HeaderMap,
    Json(body): Json<ChangeEmailBody>,
) -> Result<Response, Problem> {
    if bearer.kind == ClientKind::Web {
        origin::check(&app.web, &headers)?;
    }
    app.rotunda.ask_for_email(&bearer, &body.email, &caller).await?;
    Ok(letter_sent())
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"token": "rl1_…"}))]
pub(crate) struct LinkBody {
    /// The token of the link in the letter.
    #[serde(deserialize_with = "required_secret")]
    #[schema(value_type = String)]
    pub(super) token: SecretText,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"token": "rl1_…", "password": "correct horse battery"}))]
pub(crate) struct ConfirmEmailBody {
    /// The token of the link in the letter.
    #[serde(deserialize_with = "required_secret")]
    #[schema(value_type = String)]
    token: SecretText,
    /// The password of the account: it shows that whoever reads the mail is who asked for the change.
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String, format = Password)]
    password: Password,
}

/// Make the new address the one, with the link from its letter and the account's password.
#[utoipa::path(
    post, path = "/auth/email/confirm", operation_id = "confirm_email", tag = "account",
    request_body = ConfirmEmailBody,
    responses(
        (status = 204, description = "The new address is the one"),
        (status = 400, description = "`link_invalid`, or a body that does not fit", body = ErrorBody),
        (status = 401, description = "`credentials_invalid`: not the password of the account", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Too busy just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn confirm(
    State(app): Shared,
    From(caller): From,
    Json(body): Json<ConfirmEmailBody>,
) -> Result<Response, Problem> {
    app.rotunda.confirm_email(&body.token, &body.password, &caller).await?;
    Ok(no_content())
}
