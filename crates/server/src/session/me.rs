//! `GET /auth/me`

use axum::response::Response;
use http::StatusCode;

use super::answer::UserBody;
use crate::edge::bearer::SignedIn;
use crate::reply::{ErrorBody, json};

/// Who am I?
#[utoipa::path(
    get, path = "/auth/me", operation_id = "who_am_i", tag = "session", security(("bearer" = [])),
    responses(
        (status = 200, description = "The user", body = UserBody),
        (status = 401, description = "The bearer token is missing or not good", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn me(SignedIn(bearer): SignedIn) -> Response {
    json(StatusCode::OK, &UserBody::from(&bearer.facts.user))
}
