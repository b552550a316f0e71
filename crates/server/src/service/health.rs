//! `GET /healthz` and `GET /readyz`

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Shared;
use crate::reply::{ErrorBody, Problem, json};
use crate::serve::Closing;

/// How it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Is the process alive? Asks nothing of the store, so that an outage there does not have it restarted.
#[utoipa::path(
    get, path = "/healthz", tag = "service",
    responses((status = 200, description = "It is", body = Health))
)]
pub(crate) async fn healthz() -> Response {
    json(StatusCode::OK, &Health { status: "ok" })
}

/// Can it serve? Asks the store.
///
/// Told to stop, it says no while it still answers, so that who chooses among servers chooses another.
#[utoipa::path(
    get, path = "/readyz", tag = "service",
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "Not just now", body = ErrorBody),
    )
)]
pub(crate) async fn readyz(
    State(app): Shared,
    closing: Option<Extension<Closing>>,
) -> Result<Response, Problem> {
    if closing.is_some_and(|Extension(closing)| closing.leaves_it_to_others()) {
        return Err(Problem::Stopping);
    }
    app.rotunda.ready().await?;
    Ok(json(StatusCode::OK, &Health { status: "ok" }))
}
