//! Passwords: another one, or a stronger hash of the same.

use rotunda_core::model::{Ending, PasswordHash, UserId};
use rotunda_core::store::ChangingPassword;
use rusqlite::{Connection, Result, params};

use crate::{journal, login, logout, rows};

/// Takes effect only on the account as it was read and for a session that is live, and raises the epoch with it.
pub(crate) const CHANGE: &str = "\
    UPDATE user SET password_hash = ?1, ep = ep + 1 \
    WHERE id = ?2 AND state = 'active' AND ep = ?3 AND password_hash = ?4 \
    AND EXISTS (SELECT 1 FROM session WHERE id = ?5 AND user_id = ?2 AND status = 'live')";
pub(crate) const REHASH: &str = "UPDATE user SET password_hash = ?1 WHERE id = ?2 AND password_hash = ?3";

/// The own session ends with all others; the new row takes its place.
pub(crate) fn change(db: &Connection, change: &ChangingPassword) -> Result<bool> {
    let user = &change.account.user;
    let changed = db.prepare_cached(CHANGE)?.execute(params![
        change.password.expose(),
        user.id.as_bytes(),
        rows::stored(user.ep),
        change.account.password.expose(),
        change.asking.as_bytes(),
    ])?;
    if changed == 0 {
        return Ok(false);
    }
    logout::end_live_of(db, user.id, Ending::PasswordChanged, change.session.created_at, &change.caller)?;
    login::insert(db, &change.session)?;
    for event in &change.events {
        journal::record(db, event)?;
    }
    Ok(true)
}

pub(crate) fn rehash(db: &Connection, user: UserId, from: &PasswordHash, to: &PasswordHash) -> Result<bool> {
    let guarded = params![to.expose(), user.as_bytes(), from.expose()];
    Ok(db.prepare_cached(REHASH)?.execute(guarded)? > 0)
}
