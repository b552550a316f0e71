//! The revocation feed.
//!
//! 1. An entry is part of the transaction that it tells of. There is one writer at a time, whatever the process, and the
//!    place is given in its transaction: entries become visible in the order of their places, and whoever goes on after one
//!    that they have seen misses nothing.
//! 2. The place of the newest entry is known even when all are forgotten, because none is ever given twice. It is read
//!    before the entries: one that comes in between stands after it.
//! 3. Before each commit the writer reads [`mark`], two numbers. Where they are others than after the last commit, it rings
//!    for those who wait (`writer.rs`), once that is durable.

use std::time::Duration;

use rotunda_core::model::{
    Ending, Event, FeedId, FeedPage, FeedPlace, Revocation, Revoked, SessionId, UnixMillis, User,
};
use rusqlite::{Connection, Result, params};

use crate::{journal, rows};

pub(crate) const ENTER: &str = "\
    INSERT INTO revocation (at_ms, kind, subject, ep, ending) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (subject) WHERE kind = 'token' DO NOTHING";
/// In the order of the places, whatever the indexes promise: so it stops at the limit. A newer release may write what this one
/// has no name for; its readers hear of it from the newer one, and everybody of the rest from this one.
pub(crate) const AFTER: &str = "\
    SELECT seq, at_ms, kind, subject, ep, ending FROM revocation \
    WHERE seq > ?1 AND +at_ms >= ?2 \
        AND +kind IN ('session', 'user', 'token', 'key', 'everyone', 'claims', 'role') ORDER BY seq LIMIT ?3";
pub(crate) const WHICH: &str = "\
    SELECT value, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revocation'), 0) \
    FROM meta WHERE name = 'feed'";
/// After a restore, places are given again that somebody may have seen.
pub(crate) const BEGIN_ANEW: &str = "UPDATE meta SET value = random() WHERE name = 'feed'";
pub(crate) const IS_TOKEN_REVOKED: &str = "SELECT 1 FROM revocation WHERE kind = 'token' AND subject = ?1";
pub(crate) const FORGET: &str = "\
    DELETE FROM revocation WHERE seq IN \
        (SELECT seq FROM revocation WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)";
pub(crate) const NOTE_KEEP: &str = "\
    INSERT INTO feed_keep (keep_ms, seen_at) VALUES (?1, ?2) \
    ON CONFLICT (keep_ms) DO UPDATE SET seen_at = max(seen_at, excluded.seen_at)";
pub(crate) const FORGET_KEEP: &str = "DELETE FROM feed_keep WHERE seen_at + keep_ms < ?1";
pub(crate) const LONGEST_KEEP: &str = "SELECT max(keep_ms) FROM feed_keep";
pub(crate) const MARK: &str =
    "SELECT (SELECT max(seq) FROM revocation), value FROM meta WHERE name = 'shelf'";

/// The newest entry and the version of the shelf.
pub(crate) type Mark = (Option<i64>, i64);

pub(crate) fn mark(db: &Connection) -> Result<Mark> {
    db.prepare_cached(MARK)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// A session has ended. An access token never outlives its session, so that its time is up is no news.
pub(crate) fn session_ended(db: &Connection, id: SessionId, ending: Ending, at: UnixMillis) -> Result<()> {
    match ending {
        Ending::IdleExpired | Ending::AbsoluteExpired => Ok(()),
        _ => enter(db, &Revoked::Session { id, ending }, at).map(drop),
    }
}

/// All sessions of a user have ended; `user` has the epoch that counts from now on.
pub(crate) fn user_ended(db: &Connection, user: &User, ending: Ending, at: UnixMillis) -> Result<()> {
    enter(db, &Revoked::User { sub: user.sub(), ep: user.ep, ending }, at).map(drop)
}

/// A key is revoked, or forgotten.
pub(crate) fn key_gone(db: &Connection, kid: &str, at: UnixMillis) -> Result<()> {
    enter(db, &Revoked::Key { kid: kid.to_owned() }, at).map(drop)
}

pub(crate) fn revoke_token(db: &Connection, jti: &str, at: UnixMillis, event: &Event) -> Result<()> {
    match enter(db, &Revoked::Token { jti: jti.to_owned() }, at)? {
        true => journal::record(db, event),
        false => Ok(()),
    }
}

pub(crate) fn is_token_revoked(db: &Connection, jti: &str) -> Result<bool> {
    db.prepare_cached(IS_TOKEN_REVOKED)?.exists(params![jti])
}

pub(crate) fn revocations(
    db: &Connection,
    after: Option<FeedPlace>,
    since: UnixMillis,
    limit: u32,
) -> Result<FeedPage> {
    let which = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (feed, newest) = db.prepare_cached(WHICH)?.query_row([], which)?;
    // A place that was never given is none on this feed.
    let after = after.map_or(0, rows::stored);
    let after = if after <= newest { after } else { 0 };
    let entries: Vec<(FeedPlace, Revocation)> = db
        .prepare_cached(AFTER)?
        .query_map(params![after, since.0, limit], rows::revocation)?
        .collect::<Result<_>>()?;
    let newest = newest.cast_unsigned();
    let next = match entries.last() {
        Some((last, _)) if entries.len() >= limit as usize => *last,
        // Past whatever was left out behind the last one, too.
        Some((last, _)) => newest.max(*last),
        None => newest,
    };
    Ok(FeedPage { feed: FeedId(feed.cast_unsigned()), entries, next })
}

pub(crate) fn keep(db: &Connection, keep: Duration, now: UnixMillis) -> Result<Duration> {
    db.prepare_cached(FORGET_KEEP)?.execute(params![now.0])?;
    db.prepare_cached(NOTE_KEEP)?.execute(params![rows::millis(keep), now.0])?;
    let longest: i64 = db.prepare_cached(LONGEST_KEEP)?.query_row([], |row| row.get(0))?;
    Ok(Duration::from_millis(u64::try_from(longest).unwrap_or(0)))
}

pub(crate) fn begin_anew(db: &Connection) -> Result<()> {
    db.prepare_cached(BEGIN_ANEW)?.execute([]).map(drop)
}

pub(crate) fn forget(db: &Connection, before: UnixMillis, limit: u32) -> Result<u32> {
    let gone = db.prepare_cached(FORGET)?.execute(params![before.0, limit])?;
    Ok(u32::try_from(gone).unwrap_or(limit))
}

/// `false` for a token that was there already.
pub(crate) fn enter(db: &Connection, what: &Revoked, at: UnixMillis) -> Result<bool> {
    let (kind, subject, ep, ending) = rows::revoked(what);
    let row = params![at.0, kind, subject, ep, ending];
    Ok(db.prepare_cached(ENTER)?.execute(row)? > 0)
}
