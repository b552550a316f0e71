//! Places in the outbox and on the revocation feed: given by readers, so that whoever goes on after one misses nothing.
//!
//! A number that a writer took would become visible when the writer commits, and a slower writer's smaller number after that: a reader
//! who has gone past it would never see it. Therefore:
//!
//! 1. A writer leaves the place of its row empty.
//! 2. Before rows are shown, those without a place get theirs, in a small transaction that first locks the counter in `meta`. What it
//!    then finds was committed before, so it follows everything that has a place, and precedes everything that commits later.
//! 3. At most [`AT_ONCE`] rows are placed in a transaction, and there are at most [`ROUNDS`] of them a call: what is left is shown next
//!    time. Nothing is shown, or forgotten, that has no place.

use crate::db::{Db, Result};
use crate::rows::Columns;

/// How many rows a transaction places.
const AT_ONCE: i64 = 10_000;
/// How many transactions a call makes of it: as many as fit into its deadline.
pub(crate) const ROUNDS: u32 = 8;

pub(crate) const COUNTER: &str = "SELECT value FROM meta WHERE name = $1 FOR UPDATE";
pub(crate) const ADVANCE: &str = "UPDATE meta SET value = value + $2 WHERE name = $1";
pub(crate) const PLACE_EVENTS: &str = "\
    UPDATE outbox SET seq = $1 + next.n FROM (\
        SELECT id, row_number() OVER (ORDER BY id) AS n FROM \
            (SELECT id FROM outbox WHERE seq IS NULL ORDER BY id LIMIT $2) AS unplaced) AS next \
    WHERE outbox.id = next.id";
pub(crate) const PLACE_REVOCATIONS: &str = "\
    UPDATE revocation SET seq = $1 + next.n FROM (\
        SELECT id, row_number() OVER (ORDER BY id) AS n FROM \
            (SELECT id FROM revocation WHERE seq IS NULL ORDER BY id LIMIT $2) AS unplaced) AS next \
    WHERE revocation.id = next.id";
pub(crate) const UNPLACED_EVENTS: &str = "SELECT 1 FROM outbox WHERE seq IS NULL ORDER BY id LIMIT 1";
pub(crate) const UNPLACED_REVOCATIONS: &str =
    "SELECT 1 FROM revocation WHERE seq IS NULL ORDER BY id LIMIT 1";

/// What is placed.
#[derive(Clone, Copy)]
pub(crate) enum Sequence {
    Events,
    Revocations,
}

/// Whether there is something to place.
pub(crate) async fn is_something_unplaced(db: &Db<'_>, of: Sequence) -> Result<bool> {
    let sql = match of {
        Sequence::Events => UNPLACED_EVENTS,
        Sequence::Revocations => UNPLACED_REVOCATIONS,
    };
    db.exists(sql, &[]).await
}

/// Places what is there, in a transaction of its own; `true` when there may be more.
pub(crate) async fn place(db: &Db<'_>, of: Sequence) -> Result<bool> {
    let (name, sql) = match of {
        Sequence::Events => ("outbox", PLACE_EVENTS),
        Sequence::Revocations => ("feed", PLACE_REVOCATIONS),
    };
    let Some(row) = db.row(COUNTER, &[&name]).await? else { return Ok(false) };
    let last: i64 = Columns::of(&row).take()?;
    let placed = i64::try_from(db.execute(sql, &[&last, &AT_ONCE]).await?).unwrap_or(AT_ONCE);
    db.execute(ADVANCE, &[&name, &placed]).await?;
    Ok(placed == AT_ONCE)
}
