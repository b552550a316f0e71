//! Roles, and who holds them.
//!
//! 1. Whoever changes a role holds the version of the shelf first, as with keys and clients (`keys.rs`): such changes come one after the
//!    other. The revision is raised last (`everyone.rs`).
//! 2. Whoever gives a role to somebody keeps its row from going until they are done ([`hold`]); whoever removes it waits for them, and
//!    asks after that whether anybody holds it.
//! 3. A user's row names the roles, and `user_role` has them the other way round. Both are written together (`register.rs`, `edit.rs`).

use std::collections::BTreeSet;

use rotunda_core::model::{Event, Permission, Role, RoleName, UnixMillis, UserId};
use rotunda_core::store::RemovedRole;

use crate::db::{Db, Param, Result};
use crate::rows::{self, Columns};
use crate::{everyone, feed, journal, keys};

/// By the bytes of the name, whatever language the database sorts in.
pub(crate) const LIST: &str = "\
    SELECT name, permissions, description, version, created_at, changed_at FROM role ORDER BY name COLLATE \"C\"";
pub(crate) const ADD: &str = "\
    INSERT INTO role (name, permissions, description, version, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (name) DO NOTHING";
pub(crate) const CHANGE: &str = "\
    UPDATE role SET permissions = $2, description = $3, version = $4, created_at = $5, changed_at = $6 \
    WHERE name = $1 AND version = $7";
/// Whoever is giving it to somebody is waited for.
pub(crate) const HOLD_TO_REMOVE: &str = "SELECT 1 FROM role WHERE name = $1 AND version = $2 FOR UPDATE";
pub(crate) const IS_HELD: &str = "SELECT 1 FROM user_role WHERE role = $1 LIMIT 1";
pub(crate) const REMOVE: &str = "DELETE FROM role WHERE name = $1";
pub(crate) const HOLD: &str = "SELECT name FROM role WHERE name = ANY($1) ORDER BY name FOR KEY SHARE";
/// From each set to the next one that is another, however many hold it. A name is in it where it stands between quotes.
pub(crate) const SETS: &str = "\
    WITH RECURSIVE met(roles) AS (\
        (SELECT roles FROM users WHERE roles IS NOT NULL ORDER BY roles COLLATE \"C\" LIMIT 1) \
        UNION ALL SELECT (\
            SELECT roles FROM users WHERE roles COLLATE \"C\" > met.roles ORDER BY roles COLLATE \"C\" LIMIT 1) \
        FROM met WHERE met.roles IS NOT NULL) \
    SELECT roles FROM met WHERE strpos(roles, $1) > 0 LIMIT $2";
pub(crate) const NO_LONGER_HOLDS: &str = "DELETE FROM user_role WHERE user_id = $1";
pub(crate) const HOLDS: &str =
    "INSERT INTO user_role (role, user_id) SELECT role, $1 FROM unnest($2::text[]) AS held(role)";
pub(crate) const FIRST_ADMIN_AT: &str = "SELECT value FROM meta WHERE name = 'first_admin_at'";
pub(crate) const FIRST_ADMIN: &str = "INSERT INTO meta (name, value) VALUES ('first_admin_at', $1)";
pub(crate) const ADMIN_SINCE: &str = "\
    INSERT INTO meta (name, value) VALUES ('first_admin_at', $1) ON CONFLICT (name) DO NOTHING";

/// The revision is read first: it is never newer than the roles, and whoever reads them again at the next one misses nothing.
pub(crate) async fn roles(db: &Db<'_>) -> Result<(Vec<Role>, u64)> {
    let revision = everyone::revision(db).await?;
    Ok((list(db).await?, revision))
}

pub(crate) async fn list(db: &Db<'_>) -> Result<Vec<Role>> {
    db.rows(LIST, &[]).await?.iter().map(|row| rows::role(&mut Columns::of(row))).collect()
}

pub(crate) async fn put(db: &Db<'_>, role: &Role, from: Option<u64>, event: &Event) -> Result<bool> {
    keys::hold_shelf(db).await?;
    if !write(db, role, from).await? {
        return Ok(false);
    }
    changed(db, &role.name, role.changed_at, event).await?;
    Ok(true)
}

/// The row alone; `false` where it is not as it was read.
pub(crate) async fn write(db: &Db<'_>, role: &Role, from: Option<u64>) -> Result<bool> {
    let permissions: Vec<String> =
        role.permissions.iter().map(Permission::as_str).map(str::to_owned).collect();
    let (name, permissions) = (role.name.as_str(), rows::json(&permissions)?);
    let (version, from) = (rows::stored(role.version), from.map(rows::stored));
    let row: [Param<'_>; 6] =
        [&name, &permissions, &role.description, &version, &role.created_at.0, &role.changed_at.0];
    let written = match &from {
        None => db.execute(ADD, &row).await?,
        Some(from) => {
            let [name, permissions, description, version, created_at, changed_at] = row;
            let guarded = [name, permissions, description, version, created_at, changed_at, from];
            db.execute(CHANGE, &guarded).await?
        }
    };
    Ok(written > 0)
}

pub(crate) async fn remove(db: &Db<'_>, name: &RoleName, from: u64, event: &Event) -> Result<RemovedRole> {
    keys::hold_shelf(db).await?;
    let called = name.as_str();
    if !db.exists(HOLD_TO_REMOVE, &[&called, &rows::stored(from)]).await? {
        return Ok(RemovedRole::Changed);
    }
    if db.exists(IS_HELD, &[&called]).await? {
        return Ok(RemovedRole::Held);
    }
    db.execute(REMOVE, &[&called]).await?;
    changed(db, name, event.at, event).await?;
    Ok(RemovedRole::Done)
}

pub(crate) async fn sets(db: &Db<'_>, name: &RoleName, limit: u32) -> Result<Vec<BTreeSet<RoleName>>> {
    let quoted = format!("\"{name}\"");
    let found = db.rows(SETS, &[&quoted, &i64::from(limit)]).await?;
    let sets: Result<BTreeSet<_>> =
        found.iter().map(|row| Columns::of(row).parse(rows::role_names)).collect();
    Ok(sets?.into_iter().collect())
}

/// Whether all of these are there, but for the built-in one; if they are, none goes until this transaction ends.
pub(crate) async fn hold(db: &Db<'_>, roles: &BTreeSet<RoleName>) -> Result<bool> {
    let built_in = RoleName::admin();
    let names: Vec<&str> = roles.iter().filter(|role| **role != built_in).map(RoleName::as_str).collect();
    Ok(names.is_empty() || db.rows(HOLD, &[&names]).await?.len() == names.len())
}

/// Writes down who holds these, where they held none. The caller writes the user's row.
pub(crate) async fn enter_holder(db: &Db<'_>, user: UserId, roles: &BTreeSet<RoleName>) -> Result<()> {
    let names: Vec<&str> = roles.iter().map(RoleName::as_str).collect();
    db.execute(HOLDS, &[&rows::uuid(user.as_bytes()), &names]).await.map(drop)
}

/// The same in the place of others.
pub(crate) async fn change_holder(db: &Db<'_>, user: UserId, roles: &BTreeSet<RoleName>) -> Result<()> {
    db.execute(NO_LONGER_HOLDS, &[&rows::uuid(user.as_bytes())]).await?;
    enter_holder(db, user, roles).await
}

pub(crate) async fn first_admin_at(db: &Db<'_>) -> Result<Option<UnixMillis>> {
    db.row(FIRST_ADMIN_AT, &[]).await?.map(|row| Columns::of(&row).time()).transpose()
}

/// Takes the place of the first admin; where another one has it, this transaction comes to nothing and is run again.
pub(crate) async fn become_first_admin(db: &Db<'_>, at: UnixMillis) -> Result<()> {
    db.execute(FIRST_ADMIN, &[&at.0]).await.map(drop)
}

/// Somebody holds these roles since then: if the built-in one is among them, there has been an admin.
pub(crate) async fn admin_since(db: &Db<'_>, roles: &BTreeSet<RoleName>, at: UnixMillis) -> Result<()> {
    if roles.contains(&RoleName::admin()) {
        db.execute(ADMIN_SINCE, &[&at.0]).await?;
    }
    Ok(())
}

async fn changed(db: &Db<'_>, name: &RoleName, at: UnixMillis, event: &Event) -> Result<()> {
    journal::record(db, event).await?;
    keys::shelf_changed(db).await?;
    let revision = everyone::raise(db).await?;
    feed::role_changed(db, name, revision, at).await
}
