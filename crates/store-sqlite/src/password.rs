//! A stronger hash of the same password.

use rotunda_core::model::{PasswordHash, UserId};
use rusqlite::{Connection, Result, params};

pub(crate) const REHASH: &str = "UPDATE user SET password_hash = ?1 WHERE id = ?2 AND password_hash = ?3";

pub(crate) fn rehash(db: &Connection, user: UserId, from: &PasswordHash, to: &PasswordHash) -> Result<bool> {
    let guarded = params![to.expose(), user.as_bytes(), from.expose()];
    Ok(db.prepare_cached(REHASH)?.execute(guarded)? > 0)
}
