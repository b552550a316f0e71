//! Events, the newest first: by their places, which grow as they are written down.
//!
//! Places grow with time, but not strictly: that a session has run out is written down later than it happened. So the moments
//! of a span are compared row by row, and only tell between which places to look: those of the last and the first events of
//! the span, in the order of time, with [`AROUND`] of them on either side.

use rotunda_core::model::{Actor, RecordedEvent, UnixMillis};
use rotunda_core::store::{EventSearch, Page};
use rusqlite::{Connection, Result, params};

use super::page;
use crate::rows::{self, outbox_columns};

/// How many events at an end of a span of time tell where it ends among the places: whatever was written down later than
/// as many that happened after it may be missed.
const AROUND: u32 = 10_000;

/// The event, then whether all that is given fits. `?8` and `?9` are the span of places.
macro_rules! found {
    ($lead:literal) => {
        concat!(
            "SELECT ",
            outbox_columns!(),
            ", iif((?1 IS NULL OR session_id IS ?1) AND (?2 IS NULL OR user_id IS ?2) AND (?3 IS NULL OR actor IS ?3) \
             AND (?4 IS NULL OR address IS ?4) AND (?5 IS NULL OR kind = ?5) \
             AND (?6 IS NULL OR at_ms >= ?6) AND (?7 IS NULL OR at_ms < ?7), 1, 0) AS fits FROM outbox ",
            $lead,
            "seq < ?8 AND seq >= ?9 ORDER BY seq DESC"
        )
    };
}

pub(crate) const ALL: &str = found!("WHERE ");
pub(crate) const OF_SESSION: &str = found!("INDEXED BY outbox_session WHERE session_id = ?1 AND ");
pub(crate) const OF_USER: &str = found!("INDEXED BY outbox_user WHERE user_id = ?2 AND ");
pub(crate) const BY_ACTOR: &str = found!("INDEXED BY outbox_actor WHERE actor = ?3 AND ");
pub(crate) const AT_ADDRESS: &str = found!("INDEXED BY outbox_address WHERE address = ?4 AND ");
pub(crate) const OF_KIND: &str = found!("INDEXED BY outbox_kind WHERE kind = ?5 AND ");
pub(crate) const LAST_UNTIL: &str = "\
    SELECT max(seq) FROM (SELECT seq FROM outbox WHERE at_ms < ?1 ORDER BY at_ms DESC LIMIT ?2)";
pub(crate) const FIRST_FROM: &str = "\
    SELECT min(seq) FROM (SELECT seq FROM outbox WHERE at_ms >= ?1 ORDER BY at_ms LIMIT ?2)";

/// One transaction, hence one moment.
pub(crate) fn search(
    db: &Connection,
    by: &EventSearch,
    before: Option<u64>,
    limit: u32,
) -> Result<Page<RecordedEvent, u64>> {
    let _moment = db.unchecked_transaction()?;
    let Some((before, first)) = places(db, by, before)? else {
        return Ok(Page { rows: Vec::new(), next: None });
    };
    let sql = match by {
        EventSearch { session: Some(_), .. } => OF_SESSION,
        EventSearch { user: Some(_), .. } => OF_USER,
        EventSearch { actor: Some(_), .. } => BY_ACTOR,
        EventSearch { address: Some(_), .. } => AT_ADDRESS,
        EventSearch { kind: Some(_), .. } => OF_KIND,
        _ => ALL,
    };
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![
        by.session.as_ref().map(|id| id.as_bytes()),
        by.user.as_ref().map(|id| id.as_bytes()),
        by.actor.as_ref().map(Actor::to_string),
        by.address.map(|address| address.to_string()),
        by.kind,
        by.from.map(|at| at.0),
        by.until.map(|at| at.0),
        before,
        first,
    ])?;
    page(&mut rows, limit, |row| {
        let fits = row.get("fits")?;
        let event = if fits { Some(rows::recorded_event(row)?) } else { None };
        Ok((row.get(0).map(i64::cast_unsigned)?, event))
    })
}

/// Before which place to look, and from which on; nowhere where nothing happened in that time.
fn places(db: &Connection, by: &EventSearch, before: Option<u64>) -> Result<Option<(i64, i64)>> {
    let place = |sql: &str, at: Option<UnixMillis>, open: i64| match at {
        None => Ok(Some(open)),
        Some(at) => db.prepare_cached(sql)?.query_row(params![at.0, AROUND], |row| row.get(0)),
    };
    let Some(first) = place(FIRST_FROM, by.from, 0)? else { return Ok(None) };
    let Some(last) = place(LAST_UNTIL, by.until, i64::MAX - 1)? else { return Ok(None) };
    let before = before.map_or(i64::MAX, rows::stored).min(last.saturating_add(1));
    Ok((first < before).then_some((before, first)))
}
