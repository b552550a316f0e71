//! The outbox: what happened, in the order of its places (`places.rs`).

use rotunda_core::model::{Event, RecordedEvent, SessionId, UnixMillis, UserId};

use crate::db::{Db, Param, Result};
use crate::rows::{self, outbox_columns};

pub(crate) const RECORD: &str = "\
    INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
/// An absent user is the same absent user.
pub(crate) const NOTE: &str = "\
    INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about) \
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE NOT EXISTS (\
        SELECT 1 FROM outbox WHERE kind = $2 AND address = $6 AND at_ms >= $11 AND ending IS NOT DISTINCT FROM $3 \
            AND user_id IS NOT DISTINCT FROM $4 AND session_id IS NOT DISTINCT FROM $5 \
            AND actor IS NOT DISTINCT FROM $8 AND about IS NOT DISTINCT FROM $10)";
/// The same without an address, because no index serves `IS NOT DISTINCT FROM`.
pub(crate) const NOTE_FROM_NOWHERE: &str = "\
    INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about) \
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE NOT EXISTS (\
        SELECT 1 FROM outbox WHERE kind = $2 AND address IS NULL AND at_ms >= $11 AND ending IS NOT DISTINCT FROM $3 \
            AND user_id IS NOT DISTINCT FROM $4 AND session_id IS NOT DISTINCT FROM $5 \
            AND actor IS NOT DISTINCT FROM $8 AND about IS NOT DISTINCT FROM $10)";
pub(crate) const AFTER: &str =
    concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2");
/// `+ 0`, so that what belongs to the session is found first and then put in order, however small the table was when this was
/// planned.
pub(crate) const OF_SESSION: &str = concat!(
    "SELECT ",
    outbox_columns!(),
    " FROM outbox WHERE session_id = $1 AND seq IS NOT NULL ORDER BY seq + 0 DESC LIMIT $2"
);
pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    outbox_columns!(),
    " FROM outbox WHERE user_id = $1 AND seq IS NOT NULL ORDER BY seq + 0 DESC LIMIT $2"
);

/// Writes an event down, as part of whatever transaction this is.
pub(crate) async fn record(db: &Db<'_>, event: &Event) -> Result<()> {
    let params: [Param<'_>; 10] = [
        &event.at.0,
        &event.kind.as_str(),
        &event.kind.ending().map(|ending| ending.as_str()),
        &event.user_id.map(|id| rows::uuid(id.as_bytes())),
        &event.session_id.map(|id| rows::uuid(id.as_bytes())),
        &rows::address(&event.caller),
        &event.caller.user_agent,
        &rows::actor(&event.caller),
        &event.caller.reason,
        &event.about,
    ];
    db.execute(RECORD, &params).await.map(drop)
}

/// One statement, so that nothing but a race of the same note with itself is written twice.
pub(crate) async fn note(db: &Db<'_>, event: &Event, quiet_since: UnixMillis) -> Result<()> {
    let sql = if event.caller.address.is_some() { NOTE } else { NOTE_FROM_NOWHERE };
    let params: [Param<'_>; 11] = [
        &event.at.0,
        &event.kind.as_str(),
        &event.kind.ending().map(|ending| ending.as_str()),
        &event.user_id.map(|id| rows::uuid(id.as_bytes())),
        &event.session_id.map(|id| rows::uuid(id.as_bytes())),
        &rows::address(&event.caller),
        &event.caller.user_agent,
        &rows::actor(&event.caller),
        &event.caller.reason,
        &event.about,
        &quiet_since.0,
    ];
    db.execute(sql, &params).await.map(drop)
}

pub(crate) async fn events(db: &Db<'_>, after: u64, limit: u32) -> Result<Vec<RecordedEvent>> {
    let found = db.rows(AFTER, &[&rows::stored(after), &i64::from(limit)]).await?;
    found.iter().map(rows::recorded_event).collect()
}

pub(crate) async fn events_of(db: &Db<'_>, session: SessionId, limit: u32) -> Result<Vec<RecordedEvent>> {
    last(db, OF_SESSION, session.as_bytes(), limit).await
}

pub(crate) async fn events_of_user(db: &Db<'_>, user: UserId, limit: u32) -> Result<Vec<RecordedEvent>> {
    last(db, OF_USER, user.as_bytes(), limit).await
}

/// What is found newest first, oldest first.
async fn last(db: &Db<'_>, sql: &'static str, of: &[u8; 16], limit: u32) -> Result<Vec<RecordedEvent>> {
    let newest_first = db.rows(sql, &[&rows::uuid(of), &i64::from(limit)]).await?;
    newest_first.iter().rev().map(rows::recorded_event).collect()
}
