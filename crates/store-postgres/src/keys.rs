//! Keys at rest, and whether a write is durable just now.
//!
//! 1. Whoever changes keys or clients first holds the version of the shelf ([`hold_shelf`]): such changes come one after the
//!    other, and what is asked after that is as the one before left it. Whoever finds nothing to change leaves the version.
//! 2. Signing keys are as old as the version that they came with: the clocks of servers differ, the order in which they wrote
//!    does not.

use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{Event, UnixMillis};
use rotunda_core::store::RevokingKey;

use crate::copy::read::CHECKS;
use crate::db::{Db, Param, Result};
use crate::rows::{self, Columns};
use crate::{feed, journal};

pub(crate) const SHELF_VERSION: &str = "SELECT value FROM meta WHERE name = 'shelf'";
pub(crate) const HOLD_SHELF: &str = "SELECT value FROM meta WHERE name = 'shelf' FOR UPDATE";
pub(crate) const CHANGE_SHELF: &str = "UPDATE meta SET value = value + 1 WHERE name = 'shelf'";
pub(crate) const SIGNING_KEYS: &str = "\
    SELECT kid, algorithm, master_id, sealed, created_at, signs_from, revoked_at FROM signing_key ORDER BY place";
pub(crate) const NEWEST: &str = "SELECT kid FROM signing_key ORDER BY place DESC LIMIT 1";
/// With the version that this change makes.
pub(crate) const ADD: &str = "\
    INSERT INTO signing_key (kid, place, algorithm, master_id, sealed, created_at, signs_from, revoked_at) \
    SELECT $1, value + 1, $2, $3, $4, $5, $6, $7 FROM meta WHERE name = 'shelf'";
pub(crate) const REVOKE: &str =
    "UPDATE signing_key SET revoked_at = $2 WHERE kid = $1 AND revoked_at IS NULL";
pub(crate) const RESEAL: &str =
    "UPDATE signing_key SET master_id = $3, sealed = $4 WHERE kid = $1 AND sealed = $2";
pub(crate) const FORGET: &str = "DELETE FROM signing_key WHERE kid = $1 RETURNING revoked_at IS NOT NULL";
pub(crate) const ADD_CHECK: &str =
    "INSERT INTO key_check (key_id, value) VALUES ($1, $2) ON CONFLICT (key_id) DO NOTHING";
pub(crate) const CHECK: &str = "SELECT value FROM key_check WHERE key_id = $1";
pub(crate) const TRY_A_WRITE: &str = "\
    INSERT INTO meta (name, value) VALUES ('readiness', 1) ON CONFLICT (name) DO UPDATE SET value = meta.value + 1";

pub(crate) async fn shelf_version(db: &Db<'_>) -> Result<u64> {
    let found = db.rows(SHELF_VERSION, &[]).await?;
    found.iter().try_fold(0, |_, row| Columns::of(row).number())
}

/// From now on, and until this transaction ends, nobody else changes keys or clients.
pub(crate) async fn hold_shelf(db: &Db<'_>) -> Result<()> {
    db.execute(HOLD_SHELF, &[]).await.map(drop)
}

/// Tells everybody to read keys and clients again.
pub(crate) async fn shelf_changed(db: &Db<'_>) -> Result<()> {
    db.tell();
    db.execute(CHANGE_SHELF, &[]).await.map(drop)
}

pub(crate) async fn signing_keys(db: &Db<'_>) -> Result<Vec<SealedSigningKey>> {
    db.rows(SIGNING_KEYS, &[]).await?.iter().map(rows::signing_key).collect()
}

pub(crate) async fn add(
    db: &Db<'_>,
    key: &SealedSigningKey,
    after: Option<&str>,
    event: Option<&Event>,
) -> Result<bool> {
    hold_shelf(db).await?;
    if newest(db).await?.as_deref() != after {
        return Ok(false);
    }
    insert(db, key).await?;
    if let Some(event) = event {
        journal::record(db, event).await?;
    }
    shelf_changed(db).await?;
    Ok(true)
}

pub(crate) async fn revoke(db: &Db<'_>, revoking: &RevokingKey) -> Result<bool> {
    let RevokingKey { kid, at, newest: read, successor, event } = revoking;
    hold_shelf(db).await?;
    if newest(db).await?.as_ref() != Some(read) || db.execute(REVOKE, &[kid, &at.0]).await? == 0 {
        return Ok(false);
    }
    if let Some(key) = successor {
        insert(db, key).await?;
    }
    feed::key_gone(db, kid, *at).await?;
    journal::record(db, event).await?;
    shelf_changed(db).await?;
    Ok(true)
}

pub(crate) async fn forget(db: &Db<'_>, kid: &str, at: UnixMillis) -> Result<bool> {
    hold_shelf(db).await?;
    let Some(gone) = db.row(FORGET, &[&kid]).await? else { return Ok(false) };
    let was_revoked: bool = Columns::of(&gone).take()?;
    if !was_revoked {
        feed::key_gone(db, kid, at).await?;
    }
    shelf_changed(db).await?;
    Ok(true)
}

pub(crate) async fn reseal(db: &Db<'_>, from: &SealedSigningKey, to: &SealedSigningKey) -> Result<bool> {
    hold_shelf(db).await?;
    let row: [Param<'_>; 4] = [&from.kid, &from.sealed, &i16::from(to.master_id), &to.sealed];
    if db.execute(RESEAL, &row).await? == 0 {
        return Ok(false);
    }
    shelf_changed(db).await?;
    Ok(true)
}

/// Of two who write one at once, the second waits for the first; what is asked after that sees it.
pub(crate) async fn check(db: &Db<'_>, key_id: u8, check: KeyCheck) -> Result<KeyCheck> {
    let key_id = i16::from(key_id);
    if db.execute(ADD_CHECK, &[&key_id, &check.0.as_slice()]).await? > 0 {
        shelf_changed(db).await?;
    }
    let found = db.row(CHECK, &[&key_id]).await?;
    found.map_or(Ok(check), |row| Columns::of(&row).bytes().map(KeyCheck))
}

pub(crate) async fn checks(db: &Db<'_>) -> Result<Vec<(u8, KeyCheck)>> {
    let check = |columns: &mut Columns<'_>| Ok((columns.key_id()?, KeyCheck(columns.bytes()?)));
    db.rows(CHECKS, &[]).await?.iter().map(|row| check(&mut Columns::of(row))).collect()
}

/// Changes a number and so has to reach the disk: an empty transaction would be committed on a full one, too.
pub(crate) async fn ready(db: &Db<'_>) -> Result<()> {
    db.execute(TRY_A_WRITE, &[]).await.map(drop)
}

async fn newest(db: &Db<'_>) -> Result<Option<String>> {
    db.row(NEWEST, &[]).await?.map(|row| Columns::of(&row).take()).transpose()
}

async fn insert(db: &Db<'_>, key: &SealedSigningKey) -> Result<()> {
    let SealedSigningKey { kid, algorithm, master_id, sealed, created_at, signs_from, revoked_at } = key;
    let row: [Param<'_>; 7] = [
        kid,
        algorithm,
        &i16::from(*master_id),
        sealed,
        &created_at.0,
        &signs_from.0,
        &revoked_at.map(|at| at.0),
    ];
    db.execute(ADD, &row).await.map(drop)
}
