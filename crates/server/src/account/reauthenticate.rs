//! `POST /auth/reauthenticate`

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::model::{ClientKind, Password};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Shared;
use crate::edge::bearer::SignedIn;
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::edge::origin;
use crate::reply::{ErrorBody, Problem};
use crate::session::answer::{SessionAnswer, answer};
use crate::session::{of_session, password};

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"password": "correct horse battery"}))]
pub(crate) struct ReauthenticateBody {
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String, format = Password)]
    password: Password,
}

/// Enter the password once more. This session is renewed, and may do for a few minutes what is sensitive.
#[utoipa::path(
    post, path = "/auth/reauthenticate", operation_id = "reauthenticate", tag = "account", request_body = ReauthenticateBody,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Go on with these tokens", body = SessionAnswer),
        (status = 401, description = "`credentials_invalid`, or the bearer token is not good", body = ErrorBody),
        (status = 403, description = "The page is of another origin, or the token acts for somebody else", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Too busy just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn reauthenticate(
    State(app): Shared,
    From(caller): From,
    SignedIn(bearer): SignedIn,
    headers: HeaderMap,
    Json(body): Json<ReauthenticateBody>,
) -> Result<Response, Problem> {
    if bearer.kind == ClientKind::Web {
        origin::check(&app.web, &headers)?;
    }
    let grant = app.rotunda.reauthenticate(&bearer, &body.password, &caller).await.map_err(of_session)?;
    Ok(answer(StatusCode::OK, &app.web, &grant))
}
