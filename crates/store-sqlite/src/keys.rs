//! Keys at rest, and whether a write is durable just now.
//!
//! Signing keys are as old as their row: the clocks of servers differ, the order in which they wrote does not. Which one is
//! the newest is asked in the transaction that rests on it.

use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{Event, UnixMillis};
use rotunda_core::store::RevokingKey;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::copy::whole::CHECKS;
use crate::{feed, journal, rows};

pub(crate) const SHELF_VERSION: &str = "SELECT value FROM meta WHERE name = 'shelf'";
pub(crate) const CHANGE_SHELF: &str = "UPDATE meta SET value = value + 1 WHERE name = 'shelf'";
pub(crate) const SIGNING_KEYS: &str = "\
    SELECT kid, algorithm, master_id, sealed, created_at, coalesce(signs_from, created_at), revoked_at \
    FROM signing_key ORDER BY rowid";
pub(crate) const NEWEST: &str =
    "SELECT kid FROM signing_key WHERE rowid = (SELECT max(rowid) FROM signing_key)";
pub(crate) const ADD: &str = "\
    INSERT INTO signing_key (kid, algorithm, master_id, sealed, created_at, signs_from, revoked_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(crate) const REVOKE: &str =
    "UPDATE signing_key SET revoked_at = ?2 WHERE kid = ?1 AND revoked_at IS NULL";
pub(crate) const RESEAL: &str =
    "UPDATE signing_key SET master_id = ?3, sealed = ?4 WHERE kid = ?1 AND sealed = ?2";
pub(crate) const FORGET: &str = "DELETE FROM signing_key WHERE kid = ?1 RETURNING revoked_at IS NOT NULL";
pub(crate) const ADD_CHECK: &str =
    "INSERT INTO key_check (key_id, value) VALUES (?1, ?2) ON CONFLICT (key_id) DO NOTHING";
pub(crate) const CHECK: &str = "SELECT value FROM key_check WHERE key_id = ?1";
pub(crate) const TRY_A_WRITE: &str = "\
    INSERT INTO meta (name, value) VALUES ('readiness', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1";

pub(crate) fn shelf_version(db: &Connection) -> Result<u64> {
    db.prepare_cached(SHELF_VERSION)?.query_row([], |row| row.get(0).map(i64::cast_unsigned))
}

/// Tells everybody to read keys and clients again.
pub(crate) fn shelf_changed(db: &Connection) -> Result<()> {
    db.prepare_cached(CHANGE_SHELF)?.execute([]).map(drop)
}

pub(crate) fn signing_keys(db: &Connection) -> Result<Vec<SealedSigningKey>> {
    db.prepare_cached(SIGNING_KEYS)?.query_map([], rows::signing_key)?.collect()
}

pub(crate) fn add(
    db: &Connection,
    key: &SealedSigningKey,
    after: Option<&str>,
    event: Option<&Event>,
) -> Result<bool> {
    if newest(db)?.as_deref() != after {
        return Ok(false);
    }
    insert(db, key)?;
    event.map_or(Ok(()), |event| journal::record(db, event))?;
    shelf_changed(db)?;
    Ok(true)
}

pub(crate) fn revoke(db: &Connection, revoking: &RevokingKey) -> Result<bool> {
    let RevokingKey { kid, at, newest: read, successor, event } = revoking;
    if newest(db)?.as_ref() != Some(read) || db.prepare_cached(REVOKE)?.execute(params![kid, at.0])? == 0 {
        return Ok(false);
    }
    successor.iter().try_for_each(|key| insert(db, key))?;
    feed::key_gone(db, kid, *at)?;
    journal::record(db, event)?;
    shelf_changed(db)?;
    Ok(true)
}

pub(crate) fn forget(db: &Connection, kid: &str, at: UnixMillis) -> Result<bool> {
    let gone: Option<bool> =
        db.prepare_cached(FORGET)?.query_row(params![kid], |row| row.get(0)).optional()?;
    let Some(was_revoked) = gone else { return Ok(false) };
    if !was_revoked {
        feed::key_gone(db, kid, at)?;
    }
    shelf_changed(db)?;
    Ok(true)
}

pub(crate) fn reseal(db: &Connection, from: &SealedSigningKey, to: &SealedSigningKey) -> Result<bool> {
    let row = params![from.kid, from.sealed, to.master_id, to.sealed];
    if db.prepare_cached(RESEAL)?.execute(row)? == 0 {
        return Ok(false);
    }
    shelf_changed(db)?;
    Ok(true)
}

pub(crate) fn check(db: &Connection, key_id: u8, check: KeyCheck) -> Result<KeyCheck> {
    if db.prepare_cached(ADD_CHECK)?.execute(params![key_id, check.0])? > 0 {
        shelf_changed(db)?;
    }
    db.prepare_cached(CHECK)?.query_row(params![key_id], |row| row.get(0).map(KeyCheck))
}

pub(crate) fn checks(db: &Connection) -> Result<Vec<(u8, KeyCheck)>> {
    let check = |row: &Row<'_>| Ok((row.get(0)?, KeyCheck(row.get(1)?)));
    db.prepare_cached(CHECKS)?.query_map([], check)?.collect()
}

/// Changes a number and so has to reach the disk: an empty transaction would be committed on a full one, too.
pub(crate) fn ready(db: &Connection) -> Result<()> {
    db.prepare_cached(TRY_A_WRITE)?.execute([]).map(drop)
}

fn newest(db: &Connection) -> Result<Option<String>> {
    db.prepare_cached(NEWEST)?.query_row([], |row| row.get(0)).optional()
}

pub(crate) fn insert(db: &Connection, key: &SealedSigningKey) -> Result<()> {
    let SealedSigningKey { kid, algorithm, master_id, sealed, created_at, signs_from, revoked_at } = key;
    let revoked_at = revoked_at.map(|at| at.0);
    db.prepare_cached(ADD)?
        .execute(params![kid, algorithm, master_id, sealed, created_at.0, signs_from.0, revoked_at])
        .map(drop)
}
