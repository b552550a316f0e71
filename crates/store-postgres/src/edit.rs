//! An operator changes what a user is called, and which roles they hold.
//!
//! 1. The user is held, and must be as they were read.
//! 2. Roles are held, so that none of them is removed meanwhile (`roles.rs`).
//! 3. Address and user name must not belong to somebody else. If somebody takes one between this and the write, the write says so, all of
//!    this comes to nothing, and is asked again.
//! 4. The user's row changes; with another address their links go, which went to the one of before. Who holds which role changes with it; then the feed and the events. That there is an admin is noted last.

use rotunda_core::model::{Email, Event, User, Username};
use rotunda_core::store::{Edited, Editing};

use crate::amend::EMAIL_TAKEN;
use crate::db::{Db, Param, Result};
use crate::{feed, journal, links, roles, rows, users};

pub(crate) const USERNAME_TAKEN: &str = "SELECT 1 FROM users WHERE username_key = $1 AND id <> $2";
pub(crate) const EDIT: &str = "\
    UPDATE users SET email = $2, email_key = $3, email_verified = $4, username = $5, username_key = $6, name = $7, \
        roles = $8, ce = $9 \
    WHERE id = $1";

pub(crate) async fn edit(db: &Db<'_>, editing: &Editing) -> Result<Edited> {
    let from = &editing.from;
    let Some(account) = users::hold(db, from.id).await? else { return Ok(Edited::Changed) };
    let known = account.user;
    if known != (User { ep: known.ep, ..from.clone() }) || !roles::hold(db, &editing.roles).await? {
        return Ok(Edited::Changed);
    }
    let id = rows::uuid(from.id.as_bytes());
    if db.exists(EMAIL_TAKEN, &[&editing.email.key(), &id]).await? {
        return Ok(Edited::EmailTaken);
    }
    let username = editing.username.as_ref().map(Username::key);
    if username.is_some() && db.exists(USERNAME_TAKEN, &[&username, &id]).await? {
        return Ok(Edited::UsernameTaken);
    }
    let has_other_address = known.email.key() != editing.email.key();
    let has_other_roles = known.roles != editing.roles;
    let user = User {
        email: editing.email.clone(),
        email_verified: editing.email_verified,
        username: editing.username.clone(),
        name: editing.name.clone(),
        roles: editing.roles.clone(),
        ce: known.ce.saturating_add(u64::from(has_other_roles)),
        ..known
    };
    write(db, &user).await?;
    if has_other_address {
        links::use_up_all_of(db, user.id).await?;
    }
    if has_other_roles {
        roles::change_holder(db, user.id, &user.roles).await?;
        feed::claims_changed(db, &user, editing.at).await?;
    }
    record_all(db, &editing.events).await?;
    if has_other_roles {
        roles::admin_since(db, &user.roles, editing.at).await?;
    }
    Ok(Edited::Done(Box::new(user)))
}

async fn write(db: &Db<'_>, user: &User) -> Result<()> {
    let row: [Param<'_>; 9] = [
        &rows::uuid(user.id.as_bytes()),
        &Email::as_str(&user.email),
        &user.email.key(),
        &user.email_verified,
        &user.username.as_ref().map(Username::as_str),
        &user.username.as_ref().map(Username::key),
        &user.name,
        &rows::role_list(&user.roles)?,
        &rows::stored(user.ce),
    ];
    db.execute(EDIT, &row).await.map(drop)
}

async fn record_all(db: &Db<'_>, events: &[Event]) -> Result<()> {
    for event in events {
        journal::record(db, event).await?;
    }
    Ok(())
}
