//! Sessions end: one, all of a user, or all but one.
//!
//! Whoever ends a session, it gets exactly one `session.ended` event: the event is written for the rows that the same
//! guard lets through, in the same transaction, and so is what the revocation feed tells. A session whose time is up but not
//! yet recorded counts as live here.
//!
//! All of a user: the user's row is changed first, so that no session can begin before the commit; then their live sessions are
//! locked in the order of their ids, which waits for refreshes that are under way; and one statement ends them and writes their
//! events. A refresh that comes meanwhile waits, and finds its session ended. All but one: the same, without a change of the
//! user's row, which the caller holds; and each is told on the feed.

use futures_util::future::try_join;
use rotunda_core::model::{Caller, DeviceHash, Ending, Event, EventKind, SessionId, UnixMillis, UserId};
use rotunda_core::store::{EndingAll, EndingOne};

use crate::db::{Db, Param, Result};
use crate::everyone::below;
use crate::rows::{self, Columns, user_columns};
use crate::{devices, feed, journal, letters};

/// Live is what has no ending, as the table checks (`refresh.rs` says why it is asked like this).
pub(crate) const END: &str = "\
    UPDATE session SET status = 'ended', ended = $1, ended_at = $2 \
    WHERE id = $3 AND ended IS NULL AND ($4::bigint IS NULL OR generation = $4) RETURNING user_id, device_hash";
/// A letter's link refers to the user, so their row comes before the session's, as everywhere.
pub(crate) const HOLD_USER: &str = "\
    SELECT 1 FROM users WHERE id = (SELECT user_id FROM session WHERE id = $1) FOR KEY SHARE";
pub(crate) const LOCK_LIVE: &str =
    "SELECT id FROM session WHERE user_id = $1 AND status = 'live' ORDER BY id FOR NO KEY UPDATE";
pub(crate) const END_ALL: &str = "\
    WITH gone AS (UPDATE session SET status = 'ended', ended = $1, ended_at = $2 \
        WHERE user_id = $3 AND status = 'live' RETURNING id) \
    INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason) \
    SELECT $2, $4, $1, $3, id, $5, $6, $7, $8 FROM gone ORDER BY id";
/// The subject is what `rows::revoked` makes of a session's id.
/// Those that ended when everyone was signed out are not live, and are written down as what they are (`janitor.rs`).
pub(crate) const END_OTHERS: &str = concat!(
    "WITH gone AS (UPDATE session SET status = 'ended', ended = $1, ended_at = $2 \
        WHERE user_id = $3 AND status = 'live' AND id <> $4 AND revision >= ",
    below!(),
    " RETURNING id), \
    told AS (INSERT INTO revocation (at_ms, kind, subject, ending) \
        SELECT $2, 'session', id::text, $1 FROM gone ORDER BY id) \
    INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason) \
    SELECT $2, $5, $1, $3, id, $6, $7, $8, $9 FROM gone ORDER BY id"
);
pub(crate) const RAISE_EPOCH: &str = concat!(
    "UPDATE users SET ep = ep + 1, state = coalesce($1, state) WHERE id = $2 RETURNING ",
    user_columns!()
);

pub(crate) async fn end(db: &Db<'_>, end: &EndingOne) -> Result<bool> {
    let id = rows::uuid(end.id.as_bytes());
    if !end.post.is_empty() {
        db.exists(HOLD_USER, &[&id]).await?;
    }
    let guarded: [Param<'_>; 4] = [&end.ending.as_str(), &end.at.0, &id, &end.at_generation.map(i64::from)];
    let Some(row) = db.row(END, &guarded).await? else { return Ok(false) };
    let mut row = Columns::of(&row);
    let (user, device) = (row.id(UserId::from_bytes)?, DeviceHash(row.bytes()?));
    let event = Event {
        about: end.about.clone(),
        kind: EventKind::SessionEnded(end.ending),
        at: end.at,
        user_id: Some(user),
        session_id: Some(end.id),
        caller: end.caller.clone(),
    };
    try_join(journal::record(db, &event), feed::session_ended(db, end.id, end.ending, end.at)).await?;
    if devices::is_copied(end.ending) {
        devices::forget_one(db, user, device).await?;
    }
    letters::post_all(db, &end.post).await?;
    Ok(true)
}

pub(crate) async fn end_all(db: &Db<'_>, end: &EndingAll) -> Result<Option<u64>> {
    let state = end.state.map(rows::state_name);
    let raised = db.row(RAISE_EPOCH, &[&state, &rows::uuid(end.user_id.as_bytes())]).await?;
    let Some(raised) = raised else { return Ok(None) };
    let user = rows::user(&mut Columns::of(&raised))?;
    feed::user_ended(db, &user, end.ending, end.at).await?;
    let ended = end_live_of(db, end.user_id, end.ending, end.at, &end.caller).await?;
    for event in &end.events {
        journal::record(db, event).await?;
    }
    Ok(Some(ended))
}

/// Ends every live session of a user, each with its event; answers how many. What tells the feed is the epoch, which the
/// caller raises; the caller also has the user's row.
pub(crate) async fn end_live_of(
    db: &Db<'_>,
    user: UserId,
    ending: Ending,
    at: UnixMillis,
    caller: &Caller,
) -> Result<u64> {
    let id = rows::uuid(user.as_bytes());
    db.rows(LOCK_LIVE, &[&id]).await?;
    if devices::is_copied(ending) {
        devices::forget_live(db, user).await?;
    }
    let kind = EventKind::SessionEnded(ending).as_str();
    let params: [Param<'_>; 8] = [
        &ending.as_str(),
        &at.0,
        &id,
        &kind,
        &rows::address(caller),
        &caller.user_agent,
        &rows::actor(caller),
        &caller.reason,
    ];
    db.execute(END_ALL, &params).await
}

/// Ends every live session of a user but one, each with its event and its entry on the feed. The caller has the user's row
/// and the rows of the sessions.
pub(crate) async fn end_others(
    db: &Db<'_>,
    user: UserId,
    (than, at): (SessionId, UnixMillis),
    caller: &Caller,
) -> Result<()> {
    let (user, than) = (rows::uuid(user.as_bytes()), rows::uuid(than.as_bytes()));
    let ending = Ending::RevokedByUser;
    let kind = EventKind::SessionEnded(ending).as_str();
    let params: [Param<'_>; 9] = [
        &ending.as_str(),
        &at.0,
        &user,
        &than,
        &kind,
        &rows::address(caller),
        &caller.user_agent,
        &rows::actor(caller),
        &caller.reason,
    ];
    if db.execute(END_OTHERS, &params).await? > 0 {
        db.tell();
    }
    Ok(())
}
