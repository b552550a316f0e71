//! Counts. Most stop at [`COUNTS_TO`] and one more; of users and of live sessions there may be millions.
//!
//! Whether a session's time is up stands in its row and in no index, because every refresh changes it. So live sessions are
//! counted row by row while they are few. Where they are many, the index of the live ones counts: it also has those whose
//! time is up and not yet recorded, which the janitor keeps few.

use rotunda_core::model::{UnixMillis, UserId};
use rotunda_core::store::{COUNTS_TO, Counting};
use rusqlite::{Connection, Params, Result, params};

use super::users;
use crate::everyone::not_signed_out;
use crate::rows;

pub(crate) const SESSIONS_OF: &str = concat!(
    "SELECT count(*) FROM (SELECT 1 FROM session WHERE user_id = ?1 AND status = 'live' AND idle_expires_at > ?2 \
     AND absolute_expires_at > ?2 AND ",
    not_signed_out!(),
    " LIMIT ?3)"
);
/// How many were looked at, and how many of them live.
pub(crate) const LIVE_AMONG: &str = concat!(
    "SELECT count(*), count(*) FILTER (WHERE lives) FROM \
     (SELECT idle_expires_at > ?1 AND absolute_expires_at > ?1 AS lives \
     FROM session INDEXED BY session_live WHERE status = 'live' AND ",
    not_signed_out!(),
    " LIMIT ?2)"
);
pub(crate) const LIVE: &str = concat!(
    "SELECT count(*) FROM session INDEXED BY session_live WHERE status = 'live' AND ",
    not_signed_out!()
);
/// SQLite counts the leaves of its smallest index.
pub(crate) const ALL_USERS: &str = "SELECT count(*) FROM user";
pub(crate) const LETTERS: &str = "SELECT count(*) FROM (SELECT 1 FROM letter LIMIT ?1)";
/// Webhook by webhook: what one that is gone has left does not count.
pub(crate) const DELIVERIES: &str = "\
    SELECT count(*) FROM (SELECT 1 FROM webhook CROSS JOIN webhook_delivery INDEXED BY delivery_due \
    ON webhook_id = webhook.id WHERE next_attempt_at IS NOT NULL LIMIT ?1)";
pub(crate) const DEAD_DELIVERIES: &str = "\
    SELECT count(*) FROM (SELECT 1 FROM webhook CROSS JOIN webhook_delivery INDEXED BY delivery_dead \
    ON webhook_id = webhook.id WHERE next_attempt_at IS NULL LIMIT ?1)";

/// One transaction, hence one moment.
pub(crate) fn count(db: &Connection, what: &Counting, now: UnixMillis) -> Result<u64> {
    let _moment = db.unchecked_transaction()?;
    let most = rows::stored(COUNTS_TO.saturating_add(1));
    match what {
        Counting::Users(by) => users::count(db, by),
        Counting::SessionsOf(user) => sessions_of(db, *user, now, most),
        Counting::LiveSessions => live_sessions(db, now, most),
        Counting::AllUsers => one(db, ALL_USERS, []),
        Counting::Letters => one(db, LETTERS, params![most]),
        Counting::Deliveries => one(db, DELIVERIES, params![most]),
        Counting::DeadDeliveries => one(db, DEAD_DELIVERIES, params![most]),
    }
}

fn sessions_of(db: &Connection, user: UserId, now: UnixMillis, most: i64) -> Result<u64> {
    one(db, SESSIONS_OF, params![user.as_bytes(), now.0, most])
}

fn live_sessions(db: &Connection, now: UnixMillis, most: i64) -> Result<u64> {
    let numbers = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (looked, live) = db.prepare_cached(LIVE_AMONG)?.query_row(params![now.0, most], numbers)?;
    if looked < most { Ok(live.cast_unsigned()) } else { one(db, LIVE, []) }
}

fn one(db: &Connection, sql: &str, params: impl Params) -> Result<u64> {
    db.prepare_cached(sql)?.query_row(params, |row| row.get(0).map(i64::cast_unsigned))
}
