//! `GET /auth/events`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::export::{EventBody, event};
use crate::Shared;
use crate::edge::bearer::SignedIn;
use crate::reply::{ErrorBody, Problem, json};

/// What happened to a user.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventsBody {
    /// The newest first.
    events: Vec<EventBody>,
}

/// What happened to my account lately.
#[utoipa::path(
    get, path = "/auth/events", operation_id = "list_events", tag = "account", security(("bearer" = [])),
    responses(
        (status = 200, description = "The last events, at most 100", body = EventsBody),
        (status = 401, description = "The bearer token is missing or not good", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn events(State(app): Shared, SignedIn(bearer): SignedIn) -> Result<Response, Problem> {
    let events = app.rotunda.my_events(&bearer).await?;
    Ok(json(StatusCode::OK, &EventsBody { events: events.iter().map(event).collect() }))
}
