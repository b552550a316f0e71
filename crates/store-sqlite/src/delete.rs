//! A user goes, and with them whatever tells who they were.
//!
//! 1. Every live session ends with its event, so that whoever follows the outbox hears of each.
//! 2. Whatever refers to the user is deleted, then the user.
//! 3. All events of that id lose who called, those of this deletion among them.
//! 4. The last letter comes in after that: it alone still knows the address, until it is sent.

use rotunda_core::model::{Caller, Ending};
use rotunda_core::store::Deleting;
use rusqlite::{Connection, Result, params};

use crate::{amend, journal, letters, logout};

pub(crate) const THERE: &str = "SELECT 1 FROM user WHERE id = ?1";
pub(crate) const SESSIONS: &str = "DELETE FROM session WHERE user_id = ?1";
pub(crate) const DEVICES: &str = "DELETE FROM device WHERE user_id = ?1";
pub(crate) const LINKS: &str = "DELETE FROM link WHERE user_id = ?1";
pub(crate) const LETTERS: &str = "DELETE FROM letter WHERE user_id = ?1";
pub(crate) const USER: &str = "DELETE FROM user WHERE id = ?1";
pub(crate) const STRIP: &str = "UPDATE outbox SET address = NULL, user_agent = NULL WHERE user_id = ?1";

pub(crate) fn delete(db: &Connection, deleting: &Deleting) -> Result<bool> {
    let user = deleting.user_id.as_bytes();
    let allowed = match deleting.asking {
        Some(id) => db.prepare_cached(amend::SESSION_LIVES)?.exists(params![id.as_bytes(), user])?,
        None => db.prepare_cached(THERE)?.exists(params![user])?,
    };
    if !allowed {
        return Ok(false);
    }
    logout::end_live_of(db, deleting.user_id, Ending::UserDeleted, deleting.at, &Caller::default())?;
    deleting.events.iter().try_for_each(|event| journal::record(db, event))?;
    for sql in [SESSIONS, DEVICES, LINKS, LETTERS, USER, STRIP] {
        db.prepare_cached(sql)?.execute(params![user])?;
    }
    letters::post_all(db, &deleting.post)?;
    Ok(true)
}
