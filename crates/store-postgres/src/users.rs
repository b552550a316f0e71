//! Users, by whatever they are called.
//!
//! It must not show in the time whether there is somebody of a name. So each of these statements answers with a row, whoever
//! was asked for: theirs, or any other one, which is read like theirs and dropped. Both are looked for each time.

use rotunda_core::model::{Account, Event, Handle, User, UserId};

use crate::db::{Db, Param, Result};
use crate::journal;
use crate::rows::{self, Columns, user_columns};

/// Somebody, found or not: the oldest account stands in for the one that there is not.
macro_rules! account_where {
    ($found:literal) => {
        concat!(
            "SELECT * FROM (SELECT ",
            user_columns!(),
            ", users.password_hash, true AS found FROM users WHERE ",
            $found,
            ") AS asked UNION ALL SELECT * FROM (SELECT ",
            user_columns!(),
            ", users.password_hash, false AS found FROM users ORDER BY users.id LIMIT 1) AS other \
             ORDER BY found DESC LIMIT 1"
        )
    };
}

pub(crate) const BY_EMAIL: &str = account_where!("users.email_key = $1");
pub(crate) const BY_USERNAME: &str = account_where!("users.username_key = $1");
pub(crate) const BY_SUBJECT: &str = account_where!("users.subject = $1");
pub(crate) const BY_ID: &str =
    concat!("SELECT ", user_columns!(), ", users.password_hash FROM users WHERE users.id = $1");
/// Nobody else changes them, nor writes what refers to them.
pub(crate) const HOLD: &str =
    concat!("SELECT ", user_columns!(), ", users.password_hash FROM users WHERE users.id = $1 FOR UPDATE");
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM users WHERE users.id >= $1 AND ($2 OR users.id > $1) ORDER BY users.id LIMIT $3"
);
pub(crate) const ENABLE: &str = "UPDATE users SET state = 'active' WHERE id = $1 AND state = 'disabled'";

pub(crate) async fn account(db: &Db<'_>, handle: &Handle) -> Result<Option<Account>> {
    let (sql, name) = match handle {
        Handle::Email(email) => (BY_EMAIL, email.key()),
        Handle::Username(username) => (BY_USERNAME, username.key()),
        Handle::Subject(subject) => (BY_SUBJECT, subject.as_str()),
    };
    let Some(row) = db.row(sql, &[&name]).await? else { return Ok(None) };
    let mut columns = Columns::of(&row);
    let account = rows::account(&mut columns)?;
    let is_theirs: bool = columns.take()?;
    Ok(is_theirs.then_some(account))
}

pub(crate) async fn account_of(db: &Db<'_>, user: UserId) -> Result<Option<Account>> {
    one(db, BY_ID, user).await
}

/// The account as it is now. Until this transaction ends, nobody else changes it, begins or ends all sessions of it, or writes
/// what refers to it; and whoever was doing so has come to their end.
pub(crate) async fn hold(db: &Db<'_>, user: UserId) -> Result<Option<Account>> {
    one(db, HOLD, user).await
}

pub(crate) async fn users(db: &Db<'_>, after: Option<UserId>, limit: u32) -> Result<Vec<User>> {
    let first = after.map_or([0; 16], |id| *id.as_bytes());
    let from: [Param<'_>; 3] = [&rows::uuid(&first), &after.is_none(), &i64::from(limit)];
    let found = db.rows(LIST, &from).await?;
    found.iter().map(|row| rows::user(&mut Columns::of(row))).collect()
}

pub(crate) async fn enable(db: &Db<'_>, user: UserId, event: &Event) -> Result<bool> {
    if db.execute(ENABLE, &[&rows::uuid(user.as_bytes())]).await? == 0 {
        return Ok(false);
    }
    journal::record(db, event).await?;
    Ok(true)
}

async fn one(db: &Db<'_>, sql: &'static str, user: UserId) -> Result<Option<Account>> {
    let found = db.row(sql, &[&rows::uuid(user.as_bytes())]).await?;
    found.map(|row| rows::account(&mut Columns::of(&row))).transpose()
}
