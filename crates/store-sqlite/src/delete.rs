//! A user goes, and with them whatever tells who they were.
//!
//! 1. Every live session ends with its event, so that whoever follows the outbox hears of each. The revocation feed refuses
//!    every token of theirs by an epoch that they never had.
//! 2. Whatever refers to the user is deleted, then the user.
//! 3. All events of that id lose who called, those of this deletion among them, and with it what it was mixed with in the
//!    audit log.
//! 4. The last letter comes in after that: it alone still knows the address, until it is sent.

use rotunda_core::model::{Caller, Ending, User};
use rotunda_core::store::Deleting;
use rusqlite::{Connection, Result, params};

use crate::{amend, feed, journal, letters, logout, users};

pub(crate) const SESSIONS: &str = "DELETE FROM session WHERE user_id = ?1";
pub(crate) const DEVICES: &str = "DELETE FROM device WHERE user_id = ?1";
pub(crate) const LINKS: &str = "DELETE FROM link WHERE user_id = ?1";
pub(crate) const LETTERS: &str = "DELETE FROM letter WHERE user_id = ?1";
pub(crate) const USER: &str = "DELETE FROM user WHERE id = ?1";
pub(crate) const STRIP: &str =
    "UPDATE outbox SET address = NULL, user_agent = NULL, salt = NULL WHERE user_id = ?1";

pub(crate) fn delete(db: &Connection, deleting: &Deleting) -> Result<bool> {
    let user = deleting.user_id.as_bytes();
    let Some(account) = users::account_of(db, deleting.user_id)? else { return Ok(false) };
    if let Some(id) = deleting.asking
        && !db.prepare_cached(amend::SESSION_LIVES)?.exists(params![id.as_bytes(), user])?
    {
        return Ok(false);
    }
    let gone = User { ep: account.user.ep.saturating_add(1), ..account.user };
    feed::user_ended(db, &gone, Ending::UserDeleted, deleting.at)?;
    logout::end_live_of(db, deleting.user_id, Ending::UserDeleted, deleting.at, &Caller::default())?;
    deleting.events.iter().try_for_each(|event| journal::record(db, event))?;
    for sql in [SESSIONS, DEVICES, LINKS, LETTERS, USER, STRIP] {
        db.prepare_cached(sql)?.execute(params![user])?;
    }
    letters::post_all(db, &deleting.post)?;
    Ok(true)
}
