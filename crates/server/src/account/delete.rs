//! `DELETE /auth/me`

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use rotunda_core::model::ClientKind;

use crate::Shared;
use crate::edge::bearer::SignedIn;
use crate::edge::caller::From;
use crate::edge::origin;
use crate::reply::{ErrorBody, Problem, no_content, with_cookies};
use crate::session::of_session;

/// Delete my account and everything that tells who I was.
#[utoipa::path(
    delete, path = "/auth/me", operation_id = "delete_me", tag = "account", security(("bearer" = [])),
    responses(
        (status = 204, description = "Gone; every session has ended"),
        (status = 401, description = "`reauthentication_needed`, or the bearer token is not good", body = ErrorBody),
        (status = 403, description = "The page is of another origin, or the token acts for somebody else", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(app): Shared,
    From(caller): From,
    SignedIn(bearer): SignedIn,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let is_web = bearer.kind == ClientKind::Web;
    if is_web {
        origin::check(&app.web, &headers)?;
    }
    app.rotunda.delete_me(&bearer, &caller).await.map_err(of_session)?;
    let cookies = is_web.then(|| app.web.expire_session()).into_iter().flatten();
    Ok(with_cookies(no_content(), cookies))
}
