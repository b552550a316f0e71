//! A refresh: the facts, and the guarded write.
//!
//! 1. [`facts`] is one statement, hence one moment.
//! 2. [`rotate`] is one `UPDATE`, guarded by everything that was decided on. Generation and hash pin the row: every
//!    rotation changes both, and `rotated_at_ms` with them. So what was decided about the window still holds where they
//!    hold, and the guard need not repeat it. What can change without them, the end and the passing of time, it asks for.
//! 3. No row changed: nothing is written, no event either. The core reads again and decides again.

use rotunda_core::model::{Facts, SessionId, UnixMillis};
use rotunda_core::store::Rotating;
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::{feed, journal, rows};

/// What [`rows::facts`] reads; a `WHERE` follows.
macro_rules! select_facts {
    () => {
        concat!(
            "SELECT ",
            crate::rows::session_columns!(),
            ", ",
            crate::rows::user_columns!(),
            ", (SELECT value FROM meta WHERE name = 'accept_ahead_until'), \
             (SELECT value FROM meta WHERE name = 'everyone_below'), \
             (SELECT value FROM meta WHERE name = 'everyone_at') \
             FROM session JOIN user ON user.id = session.user_id "
        )
    };
}
pub(crate) use select_facts;

pub(crate) const FACTS: &str = concat!(select_facts!(), "WHERE session.id = ?1");
/// The limits are kept even against a caller who asks for more: the absolute one never moves at all.
pub(crate) const ROTATE: &str = "\
    UPDATE session SET generation = ?1, current_hash = ?2, previous_hash = ?3, before_hash = ?4, salt = ?5, \
        previous_salt = ?6, key_id = ?7, previous_key_id = ?8, rotated_at_ms = ?9, retry_hashes = ?10, \
        idle_expires_at = min(?11, absolute_expires_at), device_shown = max(device_shown, ?12), last_ip = ?13, \
        last_user_agent = ?14 \
    WHERE id = ?15 AND generation = ?16 AND current_hash = ?17 AND status = 'live' \
        AND idle_expires_at > ?18 AND absolute_expires_at > ?18";
pub(crate) const ACCEPT_AHEAD: &str = "\
    INSERT INTO meta (name, value) VALUES ('accept_ahead_until', ?1) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
pub(crate) const ACCEPT_NO_MORE: &str = "DELETE FROM meta WHERE name = 'accept_ahead_until'";

pub(crate) fn facts(db: &Connection, id: SessionId) -> Result<Option<Facts>> {
    db.prepare_cached(FACTS)?.query_row(params![id.as_bytes()], rows::facts).optional()
}

pub(crate) fn rotate(db: &Connection, rotation: &Rotating) -> Result<bool> {
    let to = &rotation.to;
    let moved = db.prepare_cached(ROTATE)?.execute(params![
        to.generation,
        to.current_hash.0,
        to.previous_hash.map(|hash| hash.0),
        to.before_hash.map(|hash| hash.0),
        to.salt.map(|salt| salt.0),
        to.previous_salt.map(|salt| salt.0),
        to.key_id,
        to.previous_key_id,
        to.rotated_at.map(|at| at.0),
        rows::retry_hashes(&to.retry_hashes),
        rotation.idle_expires_at.0,
        rotation.device_shown,
        rows::address(&rotation.caller),
        rotation.caller.user_agent,
        rotation.id.as_bytes(),
        rotation.from_generation,
        rotation.from_hash.0,
        rotation.now.0,
    ])?;
    if moved == 0 {
        return Ok(false);
    }
    rotation.event.iter().try_for_each(|event| journal::record(db, event))?;
    Ok(true)
}

pub(crate) fn accept_ahead(db: &Connection, until: Option<UnixMillis>) -> Result<()> {
    match until {
        Some(until) => {
            db.prepare_cached(ACCEPT_AHEAD)?.execute(params![until.0])?;
            // It is said after a restore, and a restore also takes back places on the feed.
            feed::begin_anew(db)
        }
        None => db.prepare_cached(ACCEPT_NO_MORE)?.execute([]).map(drop),
    }
}
