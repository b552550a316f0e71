//! `POST /auth/password/forgot`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{LetterSent, letter_sent};
use crate::Shared;
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::reply::{ErrorBody, Problem};

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.com"}))]
pub(crate) struct ForgotBody {
    email: String,
}

/// Ask for a letter with a link for a new password.
#[utoipa::path(
    post, path = "/auth/password/forgot", operation_id = "forgot_password", tag = "account", request_body = ForgotBody,
    responses(
        (status = 202, description = "Always the same, whether or not there is such an account", body = LetterSent),
        (status = 400, description = "That is no address", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn forgot(
    State(app): Shared,
    From(caller): From,
    Json(body): Json<ForgotBody>,
) -> Result<Response, Problem> {
    app.rotunda.forgot_password(&body.email, &caller).await?;
    Ok(letter_sent())
}
