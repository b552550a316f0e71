//! Events, the newest first.
//!
//! 1. The most telling of what is given says which index: session, user, actor, address, kind. A session's or a user's own are few, so
//!    they are found and then put in order.
//! 2. Places are not quite in the order of times: clocks differ, and what has expired is written down later. So a span of time is first
//!    turned into a range of places, by the events nearest to its two ends, as many as one search looks at; of the rows in that range the
//!    time itself is asked. A span with no more events than that is searched without a gap; of a longer one, an event is passed over that
//!    was written later than so many others from within the span.

use rotunda_core::model::{Actor, RecordedEvent, UnixMillis};
use rotunda_core::store::{EventSearch, Page};

use super::{LOOKS, and_one_more, found, looks, page};
use crate::db::{Db, Param, Result};
use crate::rows::{self, Columns, outbox_columns};

/// Of the rows that are looked at: of the user `$5`, the session `$6`, by the actor `$7`, of the kind `$8`, from the address `$9`, from `$10`
/// until `$11`, where any of these is asked.
macro_rules! fitting {
    ($rows:expr, $order:expr, $backwards:expr) => {
        concat!(
            found!(
                concat!("SELECT outbox.* FROM ", $rows),
                "($5::uuid IS NULL OR looked.user_id = $5) AND ($6::uuid IS NULL OR looked.session_id = $6) \
                 AND ($7::text IS NULL OR looked.actor = $7) AND ($8::text IS NULL OR looked.kind = $8) \
                 AND ($9::text IS NULL OR looked.address = $9) AND ($10::bigint IS NULL OR looked.at_ms >= $10) \
                 AND ($11::bigint IS NULL OR looked.at_ms < $11)",
                $order,
                $backwards
            ),
            "SELECT ",
            outbox_columns!(),
            ", fits IS TRUE, many FROM found ORDER BY seq DESC"
        )
    };
}

/// Along the index that has this before the place. Compared as a row, so that no statistics make it look better to go through all places.
macro_rules! along {
    ($column:literal, $asked:literal) => {
        fitting!(
            concat!(
                "outbox WHERE (",
                $column,
                ", seq) < (",
                $asked,
                ", $1) AND (",
                $column,
                ", seq) >= (",
                $asked,
                ", $2) AND ",
                $column,
                " IS NOT NULL AND seq > 0"
            ),
            concat!($column, " DESC, seq DESC"),
            concat!($column, ", seq")
        )
    };
}

/// `OFFSET 0`, so that what belongs to the session or the user is found first, however small the table was when this was planned; their
/// places only, so that those are what is put in order.
macro_rules! belonging {
    ($to:literal) => {
        fitting!(
            concat!(
                "(SELECT place FROM (SELECT seq AS place FROM outbox WHERE ",
                $to,
                " OFFSET 0) AS own WHERE place < $1 AND place >= $2 ORDER BY place DESC LIMIT $3) AS theirs \
                 JOIN outbox ON seq = place"
            ),
            "seq DESC",
            "seq"
        )
    };
}

pub(crate) const OF_SESSION: &str = belonging!("session_id = $6");
pub(crate) const OF_USER: &str = belonging!("user_id = $5");
pub(crate) const BY_ACTOR: &str = along!("actor", "$7");
pub(crate) const FROM_ADDRESS: &str = along!("address", "$9");
pub(crate) const OF_KIND: &str = along!("kind COLLATE \"C\"", "$8");
pub(crate) const ALL: &str = fitting!("outbox WHERE seq < $1 AND seq >= $2", "seq DESC", "seq");
/// The range of places of what happened from `$1` until `$2`.
pub(crate) const SPAN: &str = "\
    SELECT (SELECT min(seq) FROM (SELECT seq FROM outbox WHERE at_ms >= $1 AND at_ms < $2 AND seq IS NOT NULL \
            ORDER BY at_ms LIMIT $3) AS earliest), \
        (SELECT max(seq) FROM (SELECT seq FROM outbox WHERE at_ms >= $1 AND at_ms < $2 AND seq IS NOT NULL \
            ORDER BY at_ms DESC LIMIT $3) AS latest)";

pub(crate) async fn search(
    db: &Db<'_>,
    by: &EventSearch,
    before: Option<u64>,
    limit: u32,
) -> Result<Page<RecordedEvent, u64>> {
    let (sql, given) = match by {
        EventSearch { session: Some(_), .. } => (OF_SESSION, 1),
        EventSearch { user: Some(_), .. } => (OF_USER, 1),
        EventSearch { actor: Some(_), .. } => (BY_ACTOR, 1),
        EventSearch { address: Some(_), .. } => (FROM_ADDRESS, 1),
        EventSearch { kind: Some(_), .. } => (OF_KIND, 1),
        _ => (ALL, 0),
    };
    let is_long = by.session.is_none() && by.user.is_none();
    let (first, last) = match is_long {
        true => match span(db, by).await? {
            Some(places) => places,
            None => return Ok(Page { rows: Vec::new(), next: None }),
        },
        false => (0, i64::MAX),
    };
    let asked: [Param<'_>; 11] = [
        &before.map_or(i64::MAX, rows::stored).min(last.saturating_add(1)),
        &first,
        &looks(limit, how_many(by) == given),
        &and_one_more(limit),
        &by.user.map(|user| rows::uuid(user.as_bytes())),
        &by.session.map(|session| rows::uuid(session.as_bytes())),
        &by.actor.as_ref().map(Actor::to_string),
        &by.kind,
        &by.address.map(|address| address.to_string()),
        &by.from.map(|at| at.0),
        &by.until.map(|at| at.0),
    ];
    page(&db.rows(sql, &asked).await?, limit, rows::event, |row| row.seq)
}

/// How much is asked.
fn how_many(by: &EventSearch) -> usize {
    let EventSearch { user, session, actor, kind, address, from, until } = by;
    let given = [
        user.is_some(),
        session.is_some(),
        actor.is_some(),
        kind.is_some(),
        address.is_some(),
        from.is_some(),
        until.is_some(),
    ];
    given.into_iter().filter(|given| *given).count()
}

/// The places of the first and the last event that can fit, as far as times tell; `None` where none does.
async fn span(db: &Db<'_>, by: &EventSearch) -> Result<Option<(i64, i64)>> {
    if by.from.is_none() && by.until.is_none() {
        return Ok(Some((0, i64::MAX)));
    }
    let (from, until) = (by.from.unwrap_or(UnixMillis(i64::MIN)), by.until.unwrap_or(UnixMillis(i64::MAX)));
    let Some(row) = db.row(SPAN, &[&from.0, &until.0, &LOOKS]).await? else { return Ok(None) };
    let mut row = Columns::of(&row);
    let (first, last): (Option<i64>, Option<i64>) = (row.take()?, row.take()?);
    // An end that was not asked for has no other than the journal's.
    let first = if by.from.is_some() { first } else { first.and(Some(0)) };
    let last = if by.until.is_some() { last } else { last.and(Some(i64::MAX)) };
    Ok(first.zip(last))
}
