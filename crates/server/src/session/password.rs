//! `POST /auth/password/change`

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::model::{ClientKind, Password};
use rotunda_core::password::ChangePassword;
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{SessionAnswer, answer};
use super::{of_session, password};
use crate::Shared;
use crate::edge::bearer::SignedIn;
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::edge::origin;
use crate::reply::{ErrorBody, Problem};

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"current_password": "correct horse battery", "new_password": "staple of four words"}))]
pub(crate) struct ChangeBody {
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String, format = Password)]
    current_password: Password,
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String, format = Password)]
    new_password: Password,
}

/// Change the password. This session is renewed, all others end.
#[utoipa::path(
    post, path = "/auth/password/change", operation_id = "change_password", tag = "session", request_body = ChangeBody, security(("bearer" = [])),
    responses(
        (status = 200, description = "Changed; go on with these tokens", body = SessionAnswer),
        (status = 400, description = "The new password does not do; the description says how to do better", body = ErrorBody),
        (status = 401, description = "`credentials_invalid`, or the bearer token is not good", body = ErrorBody),
        (status = 403, description = "The page is of another origin, or the token acts for somebody else", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Too busy just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn change(
    State(app): Shared,
    From(caller): From,
    SignedIn(bearer): SignedIn,
    headers: HeaderMap,
    Json(body): Json<ChangeBody>,
) -> Result<Response, Problem> {
    if bearer.kind == ClientKind::Web {
        origin::check(&app.web, &headers)?;
    }
    let change = ChangePassword { current: body.current_password, new: body.new_password, caller };
    let grant = app.rotunda.change_password(&bearer, &change).await.map_err(of_session)?;
    Ok(answer(StatusCode::OK, &app.web, &grant))
}
