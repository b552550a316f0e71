//! A new user, and the first session where one is given.
//!
//! Whether the link is there, and whether id and names are free, is asked inside the transaction, which no other process
//! can write beside. The link comes first: who has none is not told about names.

use rotunda_core::model::{Account, Email, RoleName, Subject, Username};
use rotunda_core::store::{Registered, Registering};
use rusqlite::{Connection, Result, named_params, params};

use crate::{journal, links, login, logout, roles, rows};

pub(crate) const ID_TAKEN: &str = "SELECT 1 FROM user WHERE id = ?1";
pub(crate) const SUBJECT_TAKEN: &str = "SELECT 1 FROM user WHERE subject = ?1";
pub(crate) const EMAIL_TAKEN: &str = "SELECT 1 FROM user WHERE email_key = ?1";
pub(crate) const USERNAME_TAKEN: &str = "SELECT 1 FROM user WHERE username_key = ?1";
pub(crate) const INSERT: &str = "\
    INSERT INTO user (id, email, email_key, username, username_key, name, email_verified, state, ep, password_hash, \
        created_at, subject, ce, roles) \
    VALUES (:id, :email, :email_key, :username, :username_key, :name, :email_verified, :state, :ep, :password_hash, \
        :created_at, :subject, :ce, :roles)";

pub(crate) fn register(db: &Connection, new: &Registering) -> Result<Registered> {
    let user = &new.account.user;
    if let Some(link) = new.uses
        && !links::is_there(db, link)?
    {
        return Ok(Registered::LinkGone);
    }
    if new.first_admin && roles::first_admin_at(db)?.is_some() {
        return Ok(Registered::AdminThere);
    }
    if db.prepare_cached(ID_TAKEN)?.exists(params![user.id.as_bytes()])? {
        return Ok(Registered::IdTaken);
    }
    if let Some(subject) = &user.subject
        && db.prepare_cached(SUBJECT_TAKEN)?.exists(params![subject.as_str()])?
    {
        return Ok(Registered::IdTaken);
    }
    if db.prepare_cached(EMAIL_TAKEN)?.exists(params![user.email.key()])? {
        return Ok(Registered::EmailTaken);
    }
    if let Some(username) = &user.username
        && db.prepare_cached(USERNAME_TAKEN)?.exists(params![username.key()])?
    {
        return Ok(Registered::UsernameTaken);
    }
    insert(db, &new.account)?;
    if new.first_admin || user.roles.contains(&RoleName::admin()) {
        roles::has_admin(db, user.created_at)?;
    }
    new.uses.into_iter().try_for_each(|link| links::use_up(db, link))?;
    if let Some(session) = &new.session {
        login::insert(db, session)?;
    }
    if let Some(replaced) = &new.replaces {
        logout::end(db, replaced)?;
    }
    new.events.iter().try_for_each(|event| journal::record(db, event))?;
    Ok(Registered::Done)
}

/// The row of the user, and of the roles that they hold.
pub(crate) fn insert(db: &Connection, Account { user, password }: &Account) -> Result<()> {
    db.prepare_cached(INSERT)?.execute(named_params! {
        ":id": user.id.as_bytes(),
        ":email": Email::as_str(&user.email),
        ":email_key": user.email.key(),
        ":username": user.username.as_ref().map(Username::as_str),
        ":username_key": user.username.as_ref().map(Username::key),
        ":name": user.name,
        ":email_verified": user.email_verified,
        ":state": rows::state_name(user.state),
        ":ep": rows::stored(user.ep),
        ":password_hash": password.expose(),
        ":created_at": user.created_at.0,
        ":subject": user.subject.as_ref().map(Subject::as_str),
        ":ce": rows::stored(user.ce),
        ":roles": rows::roles_held(&user.roles)?,
    })?;
    roles::held_by(db, user)
}
