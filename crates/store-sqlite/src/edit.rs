//! An operator changes a user.
//!
//! 1. The user must still be as they were read. The transaction sees to it that nobody changes them between this question and
//!    the write.
//! 2. The roles must be there.
//! 3. Address and user name must not belong to somebody else.
//! 4. The user changes. With another address their links go, which went to the one of before. Where their roles do, the claims epoch is raised, and the feed tells of it.

use rotunda_core::model::{Email, Revoked, RoleName, User, Username};
use rotunda_core::store::{Edited, Editing};
use rusqlite::{Connection, Result, named_params, params};

use crate::{amend, feed, journal, links, roles, rows, users};

pub(crate) const USERNAME_TAKEN: &str = "SELECT 1 FROM user WHERE username_key = ?1 AND id <> ?2";
pub(crate) const EDIT: &str = "\
    UPDATE user SET email = :email, email_key = :email_key, email_verified = :email_verified, username = :username, \
        username_key = :username_key, name = :name, ce = :ce, roles = :roles \
    WHERE id = :id";

pub(crate) fn edit(db: &Connection, editing: &Editing) -> Result<Edited> {
    let Some(account) = users::account_of(db, editing.from.id)? else { return Ok(Edited::Changed) };
    let was = account.user;
    if (User { ep: editing.from.ep, ..was.clone() }) != editing.from {
        return Ok(Edited::Changed);
    }
    for role in &editing.roles {
        if !roles::is_there(db, role)? {
            return Ok(Edited::Changed);
        }
    }
    let id = was.id;
    if db.prepare_cached(amend::EMAIL_TAKEN)?.exists(params![editing.email.key(), id.as_bytes()])? {
        return Ok(Edited::EmailTaken);
    }
    if let Some(username) = &editing.username
        && db.prepare_cached(USERNAME_TAKEN)?.exists(params![username.key(), id.as_bytes()])?
    {
        return Ok(Edited::UsernameTaken);
    }
    let now = changed(&was, editing);
    write(db, &now)?;
    if now.email.key() != was.email.key() {
        links::use_up_all_of(db, id)?;
    }
    if now.ce != was.ce {
        roles::held_anew_by(db, &now)?;
        feed::enter(db, &Revoked::Claims { sub: now.sub(), ce: now.ce }, editing.at)?;
    }
    if now.roles.contains(&RoleName::admin()) && !was.roles.contains(&RoleName::admin()) {
        roles::has_admin(db, editing.at)?;
    }
    editing.events.iter().try_for_each(|event| journal::record(db, event))?;
    Ok(Edited::Done(Box::new(now)))
}

fn changed(was: &User, editing: &Editing) -> User {
    let others = was.roles != editing.roles;
    User {
        email: editing.email.clone(),
        email_verified: editing.email_verified,
        username: editing.username.clone(),
        name: editing.name.clone(),
        roles: editing.roles.clone(),
        ce: was.ce.saturating_add(others.into()),
        ..was.clone()
    }
}

fn write(db: &Connection, user: &User) -> Result<()> {
    db.prepare_cached(EDIT)?
        .execute(named_params! {
            ":id": user.id.as_bytes(),
            ":email": Email::as_str(&user.email),
            ":email_key": user.email.key(),
            ":email_verified": user.email_verified,
            ":username": user.username.as_ref().map(Username::as_str),
            ":username_key": user.username.as_ref().map(Username::key),
            ":name": user.name,
            ":ce": rows::stored(user.ce),
            ":roles": rows::roles_held(&user.roles)?,
        })
        .map(drop)
}
