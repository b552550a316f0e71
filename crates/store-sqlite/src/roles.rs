//! Roles, who holds them, and the revision that they are of.
//!
//! 1. The row of a user says which roles they hold, so that whoever reads a user knows them. `user_role` says the same the
//!    other way round, and is written with it ([`held_by`]).
//! 2. Every change of a role raises the revision and the version of the shelf, and the feed tells of it.

use std::collections::BTreeSet;

use rotunda_core::model::{Event, Permission, Revoked, Role, RoleName, UnixMillis, User};
use rotunda_core::store::{REVISION_LEAP, RemovedRole};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::{feed, journal, keys, rows};

pub(crate) const LIST: &str =
    "SELECT name, permissions, description, version, created_at, changed_at FROM role ORDER BY name";
pub(crate) const VERSION: &str = "SELECT version FROM role WHERE name = ?1";
pub(crate) const PUT: &str = "\
    INSERT INTO role (name, permissions, description, version, created_at, changed_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
    ON CONFLICT (name) DO UPDATE SET permissions = excluded.permissions, description = excluded.description, \
        version = excluded.version, created_at = excluded.created_at, changed_at = excluded.changed_at";
pub(crate) const REMOVE: &str = "DELETE FROM role WHERE name = ?1";
pub(crate) const HELD: &str = "SELECT 1 FROM user_role WHERE role = ?1";
pub(crate) const HOLD: &str = "INSERT INTO user_role (role, user_id) VALUES (?1, ?2)";
pub(crate) const HOLD_NONE: &str = "DELETE FROM user_role WHERE user_id = ?1";
/// Step by step through the index, however many hold the same.
pub(crate) const NEXT_SET: &str =
    "SELECT roles FROM user WHERE roles IS NOT NULL AND roles > ?1 ORDER BY roles LIMIT 1";
pub(crate) const REVISION: &str = "SELECT coalesce((SELECT value FROM meta WHERE name = 'revision'), 0)";
pub(crate) const RAISE_REVISION: &str = "\
    INSERT INTO meta (name, value) VALUES ('revision', 1) \
    ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value";
/// Not below that moment; above what was there, where the clock is behind it.
pub(crate) const LEAP: &str = "\
    INSERT INTO meta (name, value) VALUES ('revision', max(?1, ?2)) \
    ON CONFLICT (name) DO UPDATE SET value = CASE WHEN value < ?2 THEN ?2 ELSE value + ?1 END";
pub(crate) const FIRST_ADMIN: &str = "SELECT value FROM meta WHERE name = 'first_admin_at'";
pub(crate) const HAS_ADMIN: &str =
    "INSERT INTO meta (name, value) VALUES ('first_admin_at', ?1) ON CONFLICT (name) DO NOTHING";

/// One transaction, hence one moment.
pub(crate) fn roles(db: &Connection) -> Result<(Vec<Role>, u64)> {
    let _moment = db.unchecked_transaction()?;
    let roles = list(db)?;
    let revision = db.prepare_cached(REVISION)?.query_row([], |row| row.get(0).map(i64::cast_unsigned))?;
    Ok((roles, revision))
}

pub(crate) fn list(db: &Connection) -> Result<Vec<Role>> {
    db.prepare_cached(LIST)?.query_map([], rows::role)?.collect()
}

pub(crate) fn put(db: &Connection, role: &Role, from: Option<u64>, event: &Event) -> Result<bool> {
    if version(db, &role.name)? != from {
        return Ok(false);
    }
    insert(db, role)?;
    changed(db, &role.name, role.changed_at, event)?;
    Ok(true)
}

/// The row alone.
pub(crate) fn insert(db: &Connection, role: &Role) -> Result<()> {
    let permissions: Vec<String> =
        role.permissions.iter().map(Permission::as_str).map(str::to_owned).collect();
    db.prepare_cached(PUT)?
        .execute(params![
            role.name.as_str(),
            rows::json(&permissions)?,
            role.description,
            rows::stored(role.version),
            role.created_at.0,
            role.changed_at.0,
        ])
        .map(drop)
}

pub(crate) fn remove(db: &Connection, name: &RoleName, from: u64, event: &Event) -> Result<RemovedRole> {
    if version(db, name)? != Some(from) {
        return Ok(RemovedRole::Changed);
    }
    if db.prepare_cached(HELD)?.exists(params![name.as_str()])? {
        return Ok(RemovedRole::Held);
    }
    db.prepare_cached(REMOVE)?.execute(params![name.as_str()])?;
    changed(db, name, event.at, event)?;
    Ok(RemovedRole::Done)
}

fn changed(db: &Connection, name: &RoleName, at: UnixMillis, event: &Event) -> Result<()> {
    let rv = raise_revision(db)?;
    feed::enter(db, &Revoked::Role { name: name.clone(), rv }, at)?;
    journal::record(db, event)?;
    keys::shelf_changed(db)
}

/// Answers the new one.
pub(crate) fn raise_revision(db: &Connection) -> Result<u64> {
    db.prepare_cached(RAISE_REVISION)?.query_row([], |row| row.get(0).map(i64::cast_unsigned))
}

/// After writes were lost, and maybe the revisions with them that tokens of that time bear. The milliseconds since 1970 are higher
/// than any of these: nobody changes roles a thousand times a second; and as long as the clock goes on, each leap is higher than all before it,
/// whichever state of the database it begins from. Where the clock is behind, this leaps from what is there, and is the same each time from the same state.
pub(crate) fn leap(db: &Connection, now: UnixMillis) -> Result<()> {
    db.execute(LEAP, params![rows::stored(REVISION_LEAP), now.0]).map(drop)
}

/// Whether a user can hold it.
pub(crate) fn is_there(db: &Connection, name: &RoleName) -> Result<bool> {
    Ok(*name == RoleName::admin() || version(db, name)?.is_some())
}

fn version(db: &Connection, name: &RoleName) -> Result<Option<u64>> {
    let version = |row: &rusqlite::Row<'_>| row.get(0).map(i64::cast_unsigned);
    db.prepare_cached(VERSION)?.query_row(params![name.as_str()], version).optional()
}

/// The other side of what the row of a new user says of roles.
pub(crate) fn held_by(db: &Connection, user: &User) -> Result<()> {
    let mut hold = db.prepare_cached(HOLD)?;
    user.roles.iter().try_for_each(|role| hold.execute(params![role.as_str(), user.id.as_bytes()]).map(drop))
}

/// The same, where they may have held others.
pub(crate) fn held_anew_by(db: &Connection, user: &User) -> Result<()> {
    db.prepare_cached(HOLD_NONE)?.execute(params![user.id.as_bytes()])?;
    held_by(db, user)
}

pub(crate) fn sets(db: &Connection, name: &RoleName, limit: u32) -> Result<Vec<BTreeSet<RoleName>>> {
    let mut next = db.prepare_cached(NEXT_SET)?;
    let mut found = Vec::new();
    let mut last = String::new();
    while found.len() < limit as usize {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, rows::role_names(row)?));
        let Some((stored, set)): Option<(String, BTreeSet<RoleName>)> =
            next.query_row(params![last], read).optional()?
        else {
            break;
        };
        last = stored;
        found.extend(Some(set).filter(|set| set.contains(name)));
    }
    Ok(found)
}

pub(crate) fn first_admin_at(db: &Connection) -> Result<Option<UnixMillis>> {
    db.prepare_cached(FIRST_ADMIN)?.query_row([], |row| row.get(0).map(UnixMillis)).optional()
}

/// From now on there has been one.
pub(crate) fn has_admin(db: &Connection, at: UnixMillis) -> Result<()> {
    db.prepare_cached(HAS_ADMIN)?.execute(params![at.0]).map(drop)
}
