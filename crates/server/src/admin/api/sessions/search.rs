//! `GET /admin/api/sessions`, `GET /admin/api/sessions/{id}` and `GET /admin/api/users/{id}/sessions`

use axum::response::Response;
use http::StatusCode;
use rotunda_core::model::{ClientId, Ending, Facts, UnixMillis, UserId, device_label};
use rotunda_core::operate::{End, Story};
use rotunda_core::store::SessionSearch;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::admin::api::audit::AuditEvent;
use crate::admin::api::operator::Asked;
use crate::admin::api::page::{self, Filters, Page};
use crate::admin::api::path::Named;
use crate::reply::{ErrorBody, Problem, json};
use crate::session::answer::rfc3339;

/// A session, as operators see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdminSession {
    #[schema(example = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21")]
    id: String,
    user_id: String,
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
    /// Which refresh token of the family is current.
    generation: u32,
    /// The user who acts for the session's user in it.
    acting: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_used_at: String,
    /// When it ends unless it is refreshed; when it would have, where it has ended.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Why it ended; `null` while it lives.
    ended: Option<&'static str>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

fn session(facts: &Facts, now: UnixMillis) -> AdminSession {
    let (session, end) = (&facts.session, facts.ending_at(now));
    AdminSession {
        id: session.id.to_string(),
        user_id: session.user_id.to_string(),
        client_id: session.client_id.to_string(),
        device_id: session.device_id.to_string(),
        label: device_label(session.last_user_agent.as_deref()),
        address: session.last_address.map(|address| address.to_string()),
        generation: session.lineage.generation,
        acting: session.acting.map(|id| id.to_string()),
        created_at: rfc3339(session.created_at),
        last_used_at: rfc3339(session.last_used_at()),
        expires_at: rfc3339(session.expires_at()),
        ended: end.map(|(ending, _)| ending.as_str()),
        ended_at: end.map(|(_, at)| rfc3339(at)),
    }
}

/// Which sessions; all that is given has to fit.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionsAsked {
    /// Whose: the id of a user.
    user: Option<String>,
    /// On which device: its id.
    device: Option<String>,
    /// An address that the session was begun at, or moved to.
    #[param(example = "203.0.113.7")]
    address: Option<String>,
    /// Of which client.
    client: Option<String>,
    /// Whether they live.
    live: Option<bool>,
    /// Begun then or later (RFC 3339).
    from: Option<String>,
    /// Begun before then (RFC 3339).
    until: Option<String>,
    /// `next` of the last answer.
    after: Option<String>,
    /// How many: 1 to 200, 50 where it is not said.
    limit: Option<u32>,
}

impl SessionsAsked {
    fn search(&self) -> Result<SessionSearch, Problem> {
        let client = self.client.as_deref();
        Ok(SessionSearch {
            user: page::id("user", self.user.as_deref())?,
            device: page::id("device", self.device.as_deref())?,
            client: page::filter("client", client, ClientId::parse, "the name of a client")?,
            address: page::address("address", self.address.as_deref())?,
            live: self.live,
            from: page::moment("from", self.from.as_deref())?,
            until: page::moment("until", self.until.as_deref())?,
        })
    }
}

/// Search sessions.
#[utoipa::path(
    get, path = "/admin/api/sessions", operation_id = "admin_search_sessions", tag = "admin", params(SessionsAsked),
    responses(
        (status = 200, description = "Sessions, the newest first", body = Page<AdminSession>),
        (status = 400, description = "A filter does not fit", body = ErrorBody),
    )
)]
pub(crate) async fn search(asked: Asked, Filters(by): Filters<SessionsAsked>) -> Result<Response, Problem> {
    found(&asked, by.search()?, by.after.as_deref(), by.limit).await
}

/// A part of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// Whether they live.
    live: Option<bool>,
    /// `next` of the last answer.
    after: Option<String>,
    /// How many: 1 to 200, 50 where it is not said.
    limit: Option<u32>,
}

/// See the sessions of a user.
#[utoipa::path(
    get, path = "/admin/api/users/{id}/sessions", operation_id = "admin_user_sessions", tag = "admin",
    params(("id" = String, Path, description = "The user's id"), Part),
    responses(
        (status = 200, description = "Their sessions, the newest first; none where there is no such user", body = Page<AdminSession>),
        (status = 404, description = "That is no id", body = ErrorBody),
    )
)]
pub(crate) async fn of_user(
    asked: Asked,
    id: Named,
    Filters(by): Filters<Part>,
) -> Result<Response, Problem> {
    let user: UserId = id.id()?;
    let search = SessionSearch { user: Some(user), live: by.live, ..SessionSearch::default() };
    found(&asked, search, by.after.as_deref(), by.limit).await
}

async fn found(
    asked: &Asked,
    search: SessionSearch,
    after: Option<&str>,
    limit: Option<u32>,
) -> Result<Response, Problem> {
    let after = page::after(after, page::session_place)?;
    let found = asked.desk().search_sessions(search, after, page::limit(limit)?).await?;
    let now = asked.desk().now();
    let sessions = found.rows.iter().map(|facts| session(facts, now)).collect();
    Ok(page::listed(sessions, found.next.map(Into::into)))
}

/// What a session is, what happened to it, and what ends it.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoryBody {
    /// While it is kept.
    session: Option<AdminSession>,
    /// What was written down about it, oldest first.
    events: Vec<AuditEvent>,
    /// Its end, past or to come.
    end: Option<EndBody>,
}

/// The end of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct EndBody {
    /// Why.
    #[schema(example = "idle_expired")]
    ending: &'static str,
    #[schema(format = DateTime)]
    at: String,
    /// Whether it has happened; otherwise it will, unless the session is refreshed.
    past: bool,
}

/// See a session and its story.
#[utoipa::path(
    get, path = "/admin/api/sessions/{id}", operation_id = "admin_session", tag = "admin",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 200, description = "Its story", body = StoryBody),
        (status = 404, description = "Nothing is left of such a session", body = ErrorBody),
    )
)]
pub(crate) async fn story(asked: Asked, id: Named) -> Result<Response, Problem> {
    let Story { facts, events, end } = asked.desk().story(id.id()?).await?;
    let now = asked.desk().now();
    let end =
        end.map(|End { ending, at, past }| EndBody { ending: Ending::as_str(ending), at: rfc3339(at), past });
    let session = facts.map(|facts| session(&facts, now));
    let events = events.iter().map(AuditEvent::from).collect();
    Ok(json(StatusCode::OK, &StoryBody { session, events, end }))
}
