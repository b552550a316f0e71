//! Keys at rest, and whether a write is durable just now.

use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rusqlite::{Connection, Result, params};

use crate::rows;

pub(crate) const SIGNING_KEYS: &str =
    "SELECT kid, algorithm, master_id, sealed, created_at FROM signing_key ORDER BY created_at, rowid";
pub(crate) const ADD_FIRST: &str = "\
    INSERT INTO signing_key (kid, algorithm, master_id, sealed, created_at) SELECT ?1, ?2, ?3, ?4, ?5 \
    WHERE NOT EXISTS (SELECT 1 FROM signing_key)";
pub(crate) const ADD_CHECK: &str =
    "INSERT INTO key_check (key_id, value) VALUES (?1, ?2) ON CONFLICT (key_id) DO NOTHING";
pub(crate) const CHECK: &str = "SELECT value FROM key_check WHERE key_id = ?1";
pub(crate) const TRY_A_WRITE: &str = "\
    INSERT INTO meta (name, value) VALUES ('readiness', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1";

pub(crate) fn signing_keys(db: &Connection) -> Result<Vec<SealedSigningKey>> {
    db.prepare_cached(SIGNING_KEYS)?.query_map([], rows::signing_key)?.collect()
}

pub(crate) fn add_first(db: &Connection, key: &SealedSigningKey) -> Result<bool> {
    let row = params![key.kid, key.algorithm, key.master_id, key.sealed, key.created_at.0];
    Ok(db.prepare_cached(ADD_FIRST)?.execute(row)? > 0)
}

pub(crate) fn check(db: &Connection, key_id: u8, check: KeyCheck) -> Result<KeyCheck> {
    db.prepare_cached(ADD_CHECK)?.execute(params![key_id, check.0])?;
    db.prepare_cached(CHECK)?.query_row(params![key_id], |row| row.get(0).map(KeyCheck))
}

/// Changes a number and so has to reach the disk: an empty transaction would be committed on a full one, too.
pub(crate) fn ready(db: &Connection) -> Result<()> {
    db.prepare_cached(TRY_A_WRITE)?.execute([]).map(drop)
}
