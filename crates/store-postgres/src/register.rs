//! A new user, and the first session where one is given.
//!
//! 1. Whether there is an admin already, where that matters; then the link: who has none is not told about names. Its row is held until the end, so of two who come with it
//!    the second one finds it gone.
//! 2. The user is added. Where somebody else is adding one of the same id or name just now, this waits for what becomes of
//!    that, and adds nothing if that one stays.
//! 3. Who is to be the first admin takes that place last of all (`roles.rs`), so that nobody who waits for it holds what another one
//!    needs. Of two at once the second finds it taken: all of this comes to nothing, is asked again, and step 1 says so.
//! 4. Where nothing was added, a statement of its own says what is taken: it sees whoever came in between. If nothing is
//!    any more, because they have gone again, it is tried once more.

use rotunda_core::model::{Account, Email, Subject, User, Username};
use rotunda_core::store::{Registered, Registering};

use crate::db::{Db, Param, Result};
use crate::{journal, links, login, logout, roles, rows};

/// Whether the id or the subject, the address, and the user name are taken, as of one moment.
pub(crate) const TAKEN: &str = "\
    SELECT EXISTS (SELECT 1 FROM users WHERE id = $1) OR EXISTS (SELECT 1 FROM users WHERE subject = $2), \
        EXISTS (SELECT 1 FROM users WHERE email_key = $3), EXISTS (SELECT 1 FROM users WHERE username_key = $4)";
pub(crate) const INSERT: &str = "\
    INSERT INTO users (id, email, email_key, username, username_key, name, email_verified, state, ep, password_hash, \
        created_at, subject, ce, roles) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING";

pub(crate) async fn register(db: &Db<'_>, new: &Registering) -> Result<Registered> {
    if new.first_admin && roles::first_admin_at(db).await?.is_some() {
        return Ok(Registered::AdminThere);
    }
    if let Some(link) = new.uses
        && !links::hold(db, link).await?
    {
        return Ok(Registered::LinkGone);
    }
    while !insert(db, &new.account).await? {
        if let Some(refused) = taken(db, &new.account).await? {
            return Ok(refused);
        }
    }
    if let Some(link) = new.uses {
        links::use_up(db, link).await?;
    }
    if let Some(session) = &new.session {
        login::insert(db, session, None).await?;
    }
    if let Some(replaced) = &new.replaces {
        logout::end(db, replaced).await?;
    }
    for event in &new.events {
        journal::record(db, event).await?;
    }
    let User { roles, created_at, .. } = &new.account.user;
    if new.first_admin {
        roles::become_first_admin(db, *created_at).await?;
    } else {
        roles::admin_since(db, roles, *created_at).await?;
    }
    Ok(Registered::Done)
}

async fn taken(db: &Db<'_>, Account { user, .. }: &Account) -> Result<Option<Registered>> {
    let asked: [Param<'_>; 4] = [
        &rows::uuid(user.id.as_bytes()),
        &user.subject.as_ref().map(Subject::as_str),
        &user.email.key(),
        &user.username.as_ref().map(Username::key),
    ];
    let Some(row) = db.row(TAKEN, &asked).await? else { return Ok(None) };
    let mut columns = rows::Columns::of(&row);
    let answers = [Registered::IdTaken, Registered::EmailTaken, Registered::UsernameTaken];
    for answer in answers {
        if columns.take()? {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// `false` where the id or a name belongs to somebody.
pub(crate) async fn insert(db: &Db<'_>, Account { user, password }: &Account) -> Result<bool> {
    let row: [Param<'_>; 14] = [
        &rows::uuid(user.id.as_bytes()),
        &Email::as_str(&user.email),
        &user.email.key(),
        &user.username.as_ref().map(Username::as_str),
        &user.username.as_ref().map(Username::key),
        &user.name,
        &user.email_verified,
        &rows::state_name(user.state),
        &rows::stored(user.ep),
        &password.expose(),
        &user.created_at.0,
        &user.subject.as_ref().map(Subject::as_str),
        &rows::stored(user.ce),
        &rows::role_list(&user.roles)?,
    ];
    if db.execute(INSERT, &row).await? == 0 {
        return Ok(false);
    }
    if !user.roles.is_empty() {
        // Whoever removes one of them waits, and finds it held.
        roles::hold(db, &user.roles).await?;
        roles::enter_holder(db, user.id, &user.roles).await?;
    }
    Ok(true)
}
