//! Sessions end: one, all of a user, or all but one.
//!
//! Whoever ends a session, it gets exactly one `session.ended` event: the event is written for the rows that the same
//! guard lets through, in the same transaction, and so is what the revocation feed tells. A session whose time is up but not yet recorded counts as live here.

use rotunda_core::model::{Caller, DeviceHash, Ending, Event, EventKind, SessionId, UnixMillis, UserId};
use rotunda_core::store::{EndingAll, EndingOne};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::everyone::not_signed_out;
use crate::rows::{self, Columns, user_columns};
use crate::{devices, feed, journal, letters};

pub(crate) const END: &str = "\
    UPDATE session SET status = 'ended', ended = ?1, ended_at = ?2 \
    WHERE id = ?3 AND status = 'live' AND (?4 IS NULL OR generation = ?4) RETURNING user_id, device_hash";
pub(crate) const RECORD_ENDS: &str = "\
    INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason) \
    SELECT ?1, ?2, ?3, user_id, id, ?4, ?5, ?7, ?8 FROM session WHERE user_id = ?6 AND status = 'live' ORDER BY id";
pub(crate) const END_ALL: &str = "\
    UPDATE session SET status = 'ended', ended = ?1, ended_at = ?2 WHERE user_id = ?3 AND status = 'live'";
pub(crate) const OTHERS: &str = concat!(
    "SELECT id FROM session WHERE user_id = ?1 AND status = 'live' AND id <> ?2 AND ",
    not_signed_out!(),
    " ORDER BY id"
);
pub(crate) const RAISE_EPOCH: &str = concat!(
    "UPDATE user SET ep = ep + 1, state = coalesce(?1, state) WHERE id = ?2 RETURNING ",
    user_columns!()
);

pub(crate) fn end(db: &Connection, end: &EndingOne) -> Result<bool> {
    let ended = end_untold(db, end)?;
    if ended {
        feed::session_ended(db, end.id, end.ending, end.at)?;
    }
    Ok(ended)
}

/// The same without a word on the feed, where that has told of it already, or need not.
pub(crate) fn end_untold(db: &Connection, end: &EndingOne) -> Result<bool> {
    let guarded = params![end.ending.as_str(), end.at.0, end.id.as_bytes(), end.at_generation];
    let whose = |row: &Row<'_>| Ok((UserId::from_bytes(row.get(0)?), DeviceHash(row.get(1)?)));
    let ended = db.prepare_cached(END)?.query_row(guarded, whose).optional()?;
    let Some((user, device)) = ended else { return Ok(false) };
    let event = Event {
        about: end.about.clone(),
        kind: EventKind::SessionEnded(end.ending),
        at: end.at,
        user_id: Some(user),
        session_id: Some(end.id),
        caller: end.caller.clone(),
    };
    journal::record(db, &event)?;
    if devices::is_copied(end.ending) {
        devices::forget_one(db, user, device)?;
    }
    letters::post_all(db, &end.post)?;
    Ok(true)
}

pub(crate) fn end_all(db: &Connection, end: &EndingAll) -> Result<Option<u64>> {
    let state = end.state.map(rows::state_name);
    let raised = db
        .prepare_cached(RAISE_EPOCH)?
        .query_row(params![state, end.user_id.as_bytes()], |row| rows::user(&mut Columns::of(row)))
        .optional()?;
    let Some(user) = raised else { return Ok(None) };
    feed::user_ended(db, &user, end.ending, end.at)?;
    let ended = end_live_of(db, end.user_id, end.ending, end.at, &end.caller)?;
    end.events.iter().try_for_each(|event| journal::record(db, event))?;
    Ok(Some(ended))
}

/// Ends every live session of a user, each with its event; answers how many. What tells the feed is the epoch, which the
/// caller raises.
pub(crate) fn end_live_of(
    db: &Connection,
    user: UserId,
    ending: Ending,
    at: UnixMillis,
    caller: &Caller,
) -> Result<u64> {
    if devices::is_copied(ending) {
        devices::forget_live(db, user)?;
    }
    let user = user.as_bytes();
    let kind = EventKind::SessionEnded(ending).as_str();
    let (address, actor) = (rows::address(caller), rows::actor(caller));
    let event = params![at.0, kind, ending.as_str(), address, caller.user_agent, user, actor, caller.reason];
    db.prepare_cached(RECORD_ENDS)?.execute(event)?;
    let ended = db.prepare_cached(END_ALL)?.execute(params![ending.as_str(), at.0, user])?;
    Ok(ended as u64)
}

/// Ends every live session of a user but one, each with its event and its entry on the feed.
pub(crate) fn end_others(
    db: &Connection,
    user: UserId,
    (than, at): (SessionId, UnixMillis),
    caller: &Caller,
) -> Result<()> {
    let others: Vec<SessionId> = db
        .prepare_cached(OTHERS)?
        .query_map(params![user.as_bytes(), than.as_bytes()], |row| Ok(SessionId::from_bytes(row.get(0)?)))?
        .collect::<Result<_>>()?;
    for id in others {
        let (ending, caller, post) = (Ending::RevokedByUser, caller.clone(), Vec::new());
        self::end(db, &EndingOne { about: None, id, at_generation: None, ending, at, caller, post })?;
    }
    Ok(())
}
