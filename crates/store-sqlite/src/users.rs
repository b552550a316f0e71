//! Users, by whatever they are called.

use rotunda_core::model::{Account, Event, Handle, User, UserId};
use rusqlite::{Connection, OptionalExtension, Params, Result, params};

use crate::journal;
use crate::rows::{self, Columns, user_columns};

pub(crate) const BY_EMAIL: &str =
    concat!("SELECT ", user_columns!(), ", user.password_hash FROM user WHERE email_key = ?1");
pub(crate) const BY_USERNAME: &str =
    concat!("SELECT ", user_columns!(), ", user.password_hash FROM user WHERE username_key = ?1");
pub(crate) const BY_SUBJECT: &str =
    concat!("SELECT ", user_columns!(), ", user.password_hash FROM user WHERE subject = ?1");
pub(crate) const BY_ID: &str =
    concat!("SELECT ", user_columns!(), ", user.password_hash FROM user WHERE id = ?1");
pub(crate) const LIST: &str =
    concat!("SELECT ", user_columns!(), " FROM user WHERE id > ?1 ORDER BY id LIMIT ?2");
pub(crate) const ENABLE: &str = "UPDATE user SET state = 'active' WHERE id = ?1 AND state = 'disabled'";

/// Any account at all: the oldest.
pub(crate) const ANY: &str =
    concat!("SELECT ", user_columns!(), ", user.password_hash FROM user WHERE id > x'' ORDER BY id LIMIT 1");

/// Where there is none, another one is read in its place and dropped: it must not show in the time whether there is one.
pub(crate) fn account(db: &Connection, handle: &Handle) -> Result<Option<Account>> {
    let found = account_named(db, handle)?;
    if found.is_none() {
        drop(std::hint::black_box(one(db, ANY, [])?));
    }
    Ok(found)
}

fn account_named(db: &Connection, handle: &Handle) -> Result<Option<Account>> {
    match handle {
        Handle::Email(email) => one(db, BY_EMAIL, params![email.key()]),
        Handle::Username(username) => one(db, BY_USERNAME, params![username.key()]),
        Handle::Subject(subject) => one(db, BY_SUBJECT, params![subject.as_str()]),
    }
}

pub(crate) fn account_of(db: &Connection, user: UserId) -> Result<Option<Account>> {
    one(db, BY_ID, params![user.as_bytes()])
}

pub(crate) fn users(db: &Connection, after: Option<UserId>, limit: u32) -> Result<Vec<User>> {
    // Every id comes after the empty one.
    let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
    db.prepare_cached(LIST)?
        .query_map(params![after, limit], |row| rows::user(&mut Columns::of(row)))?
        .collect()
}

pub(crate) fn enable(db: &Connection, user: UserId, event: &Event) -> Result<bool> {
    if db.prepare_cached(ENABLE)?.execute(params![user.as_bytes()])? == 0 {
        return Ok(false);
    }
    journal::record(db, event)?;
    Ok(true)
}

fn one(db: &Connection, sql: &str, key: impl Params) -> Result<Option<Account>> {
    db.prepare_cached(sql)?.query_row(key, |row| rows::account(&mut Columns::of(row))).optional()
}
