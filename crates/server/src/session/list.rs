//! `GET /auth/sessions`, `DELETE /auth/sessions/{id}` and `DELETE /auth/sessions`

use std::str::FromStr;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::denied::Denied;
use rotunda_core::model::{ClientKind, Device, Session, SessionId, device_label};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::rfc3339;
use super::of_session;
use crate::Shared;
use crate::edge::bearer::SignedIn;
use crate::edge::caller::From;
use crate::edge::origin;
use crate::reply::{ErrorBody, Problem, json, no_content};

/// The user's live sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionsBody {
    /// The latest used first.
    sessions: Vec<ListedSession>,
}

/// A session in the list of devices.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedSession {
    id: String,
    #[schema(example = "web")]
    client_id: String,
    /// The device, across several sign-ins.
    device_id: String,
    /// What a person calls it.
    #[schema(example = "Firefox on Linux")]
    label: String,
    /// The address of the last refresh.
    #[schema(example = "203.0.113.7")]
    address: Option<String>,
    /// When the user first signed in on this device.
    #[schema(format = DateTime)]
    device_first_seen_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_used_at: String,
    /// When it ends unless it is refreshed.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

pub(crate) fn listed(session: &Session, devices: &[Device], current: Option<SessionId>) -> ListedSession {
    let device = devices.iter().find(|device| device.id == session.device_id);
    ListedSession {
        id: session.id.to_string(),
        client_id: session.client_id.to_string(),
        device_id: session.device_id.to_string(),
        label: device_label(session.last_user_agent.as_deref()),
        address: session.last_address.map(|address| address.to_string()),
        device_first_seen_at: device.map(|device| rfc3339(device.first_seen_at)),
        created_at: rfc3339(session.created_at),
        last_used_at: rfc3339(session.last_used_at()),
        expires_at: rfc3339(session.expires_at()),
        current: Some(session.id) == current,
    }
}

/// My devices.
#[utoipa::path(
    get, path = "/auth/sessions", operation_id = "list_sessions", tag = "session", security(("bearer" = [])),
    responses(
        (status = 200, description = "The live sessions, at most 200", body = SessionsBody),
        (status = 401, description = "The bearer token is missing or not good", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn list(State(app): Shared, SignedIn(bearer): SignedIn) -> Result<Response, Problem> {
    let current = Some(bearer.facts.session.id);
    let sessions = app.rotunda.sessions(&bearer).await?;
    let devices = app.rotunda.devices(&bearer).await?;
    let sessions = sessions.iter().map(|session| listed(session, &devices, current)).collect();
    Ok(json(StatusCode::OK, &SessionsBody { sessions }))
}

/// End one of my sessions.
#[utoipa::path(
    delete, path = "/auth/sessions/{id}", operation_id = "end_session", tag = "session", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 204, description = "It is over"),
        (status = 401, description = "The bearer token is missing or not good", body = ErrorBody),
        (status = 403, description = "The token acts for somebody else", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
        (status = 404, description = "There is no such session of this user", body = ErrorBody),
    )
)]
pub(crate) async fn end(
    State(app): Shared,
    From(caller): From,
    SignedIn(bearer): SignedIn,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let id = path.ok().and_then(|Path(id)| SessionId::from_str(&id).ok());
    let id = id.ok_or(Problem::Denied(Denied::NotFound))?;
    app.rotunda.end_session(&bearer, id, &caller).await?;
    Ok(no_content())
}

/// End all of my sessions but this one.
///
/// At one moment: a session that begins after it stays. This one goes on with the tokens that it has.
#[utoipa::path(
    delete, path = "/auth/sessions", operation_id = "end_other_sessions", tag = "session", security(("bearer" = [])),
    responses(
        (status = 204, description = "All others are over"),
        (status = 401, description = "The bearer token is missing or not good; then no other session has ended", body = ErrorBody),
        (status = 403, description = "The page is of another origin, or the token acts for somebody else", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn end_others(
    State(app): Shared,
    From(caller): From,
    SignedIn(bearer): SignedIn,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if bearer.kind == ClientKind::Web {
        origin::check(&app.web, &headers)?;
    }
    app.rotunda.end_other_sessions(&bearer, &caller).await.map_err(of_session)?;
    Ok(no_content())
}
