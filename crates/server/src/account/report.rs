//! `POST /auth/report`

use axum::extract::State;
use axum::response::Response;

use super::email::LinkBody;
use crate::Shared;
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::reply::{ErrorBody, Problem, no_content};

/// "This was not me", with the link from a letter that told of something: every session ends, the password is void, and a
/// letter with a link for a new one is on its way.
#[utoipa::path(
    post, path = "/auth/report", operation_id = "report", tag = "account", request_body = LinkBody,
    responses(
        (status = 204, description = "Taken; a letter with a link for a new password is on its way"),
        (status = 400, description = "`link_invalid`", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn report(
    State(app): Shared,
    From(caller): From,
    Json(body): Json<LinkBody>,
) -> Result<Response, Problem> {
    app.rotunda.report(&body.token, &caller).await?;
    Ok(no_content())
}
