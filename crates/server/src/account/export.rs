//! `GET /auth/me/export`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use rotunda_core::export::UserData;
use rotunda_core::model::{Device, RecordedEvent, SessionId, device_label};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Shared;
use crate::edge::bearer::SignedIn;
use crate::edge::caller::From;
use crate::reply::{ErrorBody, Problem, json};
use crate::session::answer::{UserBody, rfc3339};
use crate::session::list::{ListedSession, listed};

/// Everything that is kept about a user and is theirs.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportBody {
    user: UserBody,
    /// The live sessions.
    sessions: Vec<ListedSession>,
    /// The devices that the user was seen on.
    devices: Vec<DeviceBody>,
    /// What happened, oldest first; at most the last 10,000.
    events: Vec<EventBody>,
}

/// A device.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceBody {
    id: String,
    #[schema(example = "Firefox on Linux")]
    label: String,
    /// The address of the last sign-in.
    address: Option<String>,
    #[schema(format = DateTime)]
    first_seen_at: String,
    #[schema(format = DateTime)]
    last_seen_at: String,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventBody {
    #[schema(example = "user.signed_in")]
    kind: &'static str,
    /// Why a session ended, where that is what happened.
    ended: Option<&'static str>,
    #[schema(format = DateTime)]
    at: String,
    session_id: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
}

/// Take my data along.
#[utoipa::path(
    get, path = "/auth/me/export", operation_id = "export_me", tag = "account", security(("bearer" = [])),
    responses(
        (status = 200, description = "Everything that is kept about the user", body = ExportBody),
        (status = 401, description = "`reauthentication_needed`, or the bearer token is not good", body = ErrorBody),
        (status = 403, description = "The token acts for somebody else", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn export(
    State(app): Shared,
    From(caller): From,
    SignedIn(bearer): SignedIn,
) -> Result<Response, Problem> {
    let data = app.rotunda.export_me(&bearer, &caller).await?;
    Ok(download(&data, bearer.facts.session.id))
}

/// The data as a file that a browser saves.
pub(crate) fn download(data: &UserData, current: SessionId) -> Response {
    let mut response = json(StatusCode::OK, &export_body(data, Some(current)));
    let name = HeaderValue::from_static("attachment; filename=\"my-data.json\"");
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    response
}

/// The whole of it, with the session that asks marked as the current one.
fn export_body(data: &UserData, current: Option<SessionId>) -> ExportBody {
    let UserData { user, sessions, devices, events } = data;
    ExportBody {
        user: UserBody::from(user),
        sessions: sessions.iter().map(|session| listed(session, devices, current)).collect(),
        devices: devices.iter().map(device).collect(),
        events: events.iter().map(event).collect(),
    }
}

/// A user's data in the form of `GET /auth/me/export`, for whoever gives it to them by another way.
#[must_use]
pub fn exported(data: &UserData) -> impl Serialize {
    export_body(data, None)
}

fn device(device: &Device) -> DeviceBody {
    DeviceBody {
        id: device.id.to_string(),
        label: device_label(device.caller.user_agent.as_deref()),
        address: device.caller.address.map(|address| address.to_string()),
        first_seen_at: rfc3339(device.first_seen_at),
        last_seen_at: rfc3339(device.last_seen_at),
    }
}

pub(crate) fn event(recorded: &RecordedEvent) -> EventBody {
    let event = &recorded.event;
    EventBody {
        kind: event.kind.as_str(),
        ended: event.kind.ending().map(rotunda_core::model::Ending::as_str),
        at: rfc3339(event.at),
        session_id: event.session_id.map(|id| id.to_string()),
        address: event.caller.address.map(|address| address.to_string()),
        user_agent: event.caller.user_agent.clone(),
    }
}
