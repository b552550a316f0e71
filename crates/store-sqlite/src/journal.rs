//! The outbox: what happened, in the order in which it was committed.

use rotunda_core::model::{Event, RecordedEvent, SessionId, UnixMillis, UserId};
use rusqlite::{Connection, Params, Result, params};

use crate::rows::{self, outbox_columns};

pub(crate) const RECORD: &str = "\
    INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
/// `IS`, because an absent user is the same absent user.
pub(crate) const SAID: &str = "\
    SELECT 1 FROM outbox WHERE kind = ?1 AND ending IS ?2 AND user_id IS ?3 AND session_id IS ?4 AND address IS ?5 \
    AND at_ms >= ?6 AND actor IS ?7 AND about IS ?8";
pub(crate) const AFTER: &str =
    concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2");
pub(crate) const OF_SESSION: &str =
    concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE session_id = ?1 ORDER BY seq DESC LIMIT ?2");
pub(crate) const OF_USER: &str =
    concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE user_id = ?1 ORDER BY seq DESC LIMIT ?2");

/// Writes an event down, as part of whatever transaction this is.
pub(crate) fn record(db: &Connection, event: &Event) -> Result<()> {
    db.prepare_cached(RECORD)?
        .execute(params![
            event.at.0,
            event.kind.as_str(),
            event.kind.ending().map(|ending| ending.as_str()),
            event.user_id.as_ref().map(|id| id.as_bytes()),
            event.session_id.as_ref().map(|id| id.as_bytes()),
            rows::address(&event.caller),
            event.caller.user_agent,
            rows::actor(&event.caller),
            event.caller.reason,
            event.about,
        ])
        .map(drop)
}

pub(crate) fn note(db: &Connection, event: &Event, quiet_since: UnixMillis) -> Result<()> {
    let said = db.prepare_cached(SAID)?.exists(params![
        event.kind.as_str(),
        event.kind.ending().map(|ending| ending.as_str()),
        event.user_id.as_ref().map(|id| id.as_bytes()),
        event.session_id.as_ref().map(|id| id.as_bytes()),
        rows::address(&event.caller),
        quiet_since.0,
        rows::actor(&event.caller),
        event.about,
    ])?;
    if said { Ok(()) } else { record(db, event) }
}

pub(crate) fn events(db: &Connection, after: u64, limit: u32) -> Result<Vec<RecordedEvent>> {
    db.prepare_cached(AFTER)?.query_map(params![rows::stored(after), limit], rows::recorded_event)?.collect()
}

pub(crate) fn events_of(db: &Connection, session: SessionId, limit: u32) -> Result<Vec<RecordedEvent>> {
    last(db, OF_SESSION, params![session.as_bytes(), limit])
}

pub(crate) fn events_of_user(db: &Connection, user: UserId, limit: u32) -> Result<Vec<RecordedEvent>> {
    last(db, OF_USER, params![user.as_bytes(), limit])
}

/// What is found newest first, oldest first.
fn last(db: &Connection, sql: &str, of: impl Params) -> Result<Vec<RecordedEvent>> {
    let newest_first =
        db.prepare_cached(sql)?.query_map(of, rows::recorded_event)?.collect::<Result<Vec<_>>>()?;
    Ok(newest_first.into_iter().rev().collect())
}
