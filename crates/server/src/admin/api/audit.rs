//! `/admin/api/audit`

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use rotunda_core::failure::Failure;
use rotunda_core::model::{Actor, RecordedEvent};
use rotunda_core::store::EventSearch;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::operator::Asked;
use super::page::{self, Filters, Page};
use crate::reply::{ErrorBody, Problem};
use crate::session::answer::rfc3339;

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEvent {
    /// Its place in the audit log: grows, never reused.
    #[schema(example = 4711)]
    seq: u64,
    #[schema(example = "session.ended")]
    kind: &'static str,
    /// Why a session ended, where that is what happened.
    ended: Option<&'static str>,
    #[schema(format = DateTime)]
    at: String,
    /// To whom.
    user_id: Option<String>,
    /// To which session.
    session_id: Option<String>,
    /// What else it is about: a key, a client, a role, a webhook, the generation of a token.
    about: Option<String>,
    /// By whom, where it was somebody else: `user:ID`, `client:NAME` or `command_line`.
    actor: Option<String>,
    /// Why, where they said so.
    reason: Option<String>,
    #[schema(example = "203.0.113.7")]
    address: Option<String>,
    user_agent: Option<String>,
    /// Whether it is in the signed chain: a moment after it happened.
    chained: bool,
}

impl From<&RecordedEvent> for AuditEvent {
    fn from(recorded: &RecordedEvent) -> Self {
        let RecordedEvent { seq, event, link } = recorded;
        let caller = &event.caller;
        Self {
            seq: *seq,
            kind: event.kind.as_str(),
            ended: event.kind.ending().map(rotunda_core::model::Ending::as_str),
            at: rfc3339(event.at),
            user_id: event.user_id.map(|id| id.to_string()),
            session_id: event.session_id.map(|id| id.to_string()),
            about: event.about.clone(),
            actor: caller.actor.as_ref().map(ToString::to_string),
            reason: caller.reason.clone(),
            address: caller.address.map(|address| address.to_string()),
            user_agent: caller.user_agent.clone(),
            chained: link.is_some(),
        }
    }
}

/// Which events; all that is given has to fit.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsAsked {
    /// To whom: the id of a user.
    user: Option<String>,
    /// To which session: its id.
    session: Option<String>,
    /// By whom, where it was somebody else: `user:ID`, `client:NAME` or `command_line`.
    actor: Option<String>,
    /// Of which kind.
    #[param(example = "session.ended")]
    kind: Option<String>,
    /// From which address.
    address: Option<String>,
    /// Not before then (RFC 3339).
    from: Option<String>,
    /// Before then (RFC 3339).
    until: Option<String>,
    /// `next` of the last answer.
    after: Option<String>,
    /// How many: 1 to 200, 50 where it is not said.
    limit: Option<u32>,
}

impl EventsAsked {
    fn search(self) -> Result<EventSearch, Problem> {
        let actor = |text: &str| text.parse::<Actor>().ok();
        Ok(EventSearch {
            user: page::id("user", self.user.as_deref())?,
            session: page::id("session", self.session.as_deref())?,
            actor: page::filter(
                "actor",
                self.actor.as_deref(),
                actor,
                "`user:ID`, `client:NAME` or `command_line`",
            )?,
            kind: self.kind,
            address: page::address("address", self.address.as_deref())?,
            from: page::moment("from", self.from.as_deref())?,
            until: page::moment("until", self.until.as_deref())?,
        })
    }
}

/// Search the audit log.
#[utoipa::path(
    get, path = "/admin/api/audit", operation_id = "admin_search_audit", tag = "admin", params(EventsAsked),
    responses(
        (status = 200, description = "Events, the newest first", body = Page<AuditEvent>),
        (status = 400, description = "A filter does not fit", body = ErrorBody),
    )
)]
pub(crate) async fn search(asked: Asked, Filters(by): Filters<EventsAsked>) -> Result<Response, Problem> {
    let (before, limit) = (page::after(by.after.as_deref(), page::number)?, page::limit(by.limit)?);
    let found = asked.desk().search_events(by.search()?, before, limit).await?;
    Ok(page::listed(found.rows.iter().map(AuditEvent::from).collect(), found.next.map(Into::into)))
}

/// Which part of the log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Span {
    /// Not before then (RFC 3339).
    from: Option<String>,
    /// Before then (RFC 3339).
    until: Option<String>,
    /// Why, for the audit log: 1 to 256 characters on one line.
    reason: Option<String>,
}

/// Export the audit log, with all that it takes to check it without us.
///
/// It comes as it is read, however long it is. Whole exports end with a signed checkpoint; `rotunda audit verify` checks one.
#[utoipa::path(
    get, path = "/admin/api/audit/export", operation_id = "admin_export_audit", tag = "admin", params(Span),
    responses(
        (status = 200, description = "JSON Lines: events, and signed places between them", content_type = "application/jsonl", body = String),
        (status = 400, description = "A time does not fit", body = ErrorBody),
    )
)]
pub(crate) async fn export(asked: Asked, Filters(span): Filters<Span>) -> Result<Response, Problem> {
    let from = page::moment("from", span.from.as_deref())?;
    let until = page::moment("until", span.until.as_deref())?;
    let export = asked.desk_because(span.reason.as_deref())?.export(from, until).await?;
    // Read on as it is taken, a page at a time. What breaks off in the middle is no whole answer, and its reader sees that.
    let lines = try_unfold(export, async |mut export| {
        let more = export.next().await?;
        Ok::<_, Failure>(more.map(|lines| (Bytes::from(lines), export)))
    });
    let headers = [
        (CONTENT_TYPE, "application/jsonl"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}
