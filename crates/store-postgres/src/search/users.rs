//! Users: by id, or by what begins like this.
//!
//! A beginning goes along the order of bytes, from the beginning itself up to the first text that comes after all that begin so.

use rotunda_core::model::{Account, Handle, RoleName, Subject, User, UserId, UserState, Username};
use rotunda_core::store::{Named, Page, UserPlace, UserSearch};

use super::{and_one_more, found, looks, page};
use crate::db::{Db, Param, Result};
use crate::rows::{self, user_columns};
use crate::users;

/// Of the rows that are looked at: in the state `$5`, and holding the role `$6`, where either is asked.
macro_rules! fitting {
    ($looked:expr, $order:literal) => {
        concat!(
            found!(
                $looked,
                "($5::text IS NULL OR looked.state = $5) AND ($6::text IS NULL OR EXISTS \
                    (SELECT 1 FROM user_role WHERE user_role.role = $6 AND user_role.user_id = looked.id))",
                $order,
                concat!($order, " DESC")
            ),
            "SELECT ",
            user_columns!(),
            ", users.fits, users.many FROM found AS users ORDER BY ",
            $order
        )
    };
}

/// From `$1` on, without it itself unless `$2` says so, and before `$7`.
macro_rules! beginning {
    ($key:literal) => {
        fitting!(
            concat!(
                "SELECT * FROM users WHERE ",
                $key,
                " >= $1 AND ",
                $key,
                " < $7 AND ($2 OR ",
                $key,
                " > $1)"
            ),
            $key
        )
    };
}

pub(crate) const BY_EMAIL: &str = beginning!("email_key COLLATE \"C\"");
pub(crate) const BY_USERNAME: &str = beginning!("username_key COLLATE \"C\"");
/// Compared as a row, so that no statistics make it look better to go through all users who hold any.
pub(crate) const BY_ROLE: &str = fitting!(
    "SELECT users.* FROM (SELECT user_id FROM user_role WHERE (role, user_id) >= ($6, $1) \
             AND (role, user_id) <= ($6, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND ($2 OR user_id > $1) \
         ORDER BY role, user_id LIMIT $3) AS holder \
     CROSS JOIN LATERAL (SELECT * FROM users WHERE users.id = holder.user_id LIMIT 1) AS users",
    "id"
);
pub(crate) const DISABLED: &str =
    fitting!("SELECT * FROM users WHERE state = 'disabled' AND id >= $1 AND ($2 OR id > $1)", "id");
pub(crate) const ALL: &str = fitting!("SELECT * FROM users WHERE id >= $1 AND ($2 OR id > $1)", "id");

pub(crate) async fn search(
    db: &Db<'_>,
    by: &UserSearch,
    after: Option<&UserPlace>,
    limit: u32,
) -> Result<Page<User, UserPlace>> {
    match &by.named {
        Some(Named::Id(id)) => Ok(one(users::account_of(db, *id).await?, by, after)),
        Some(Named::Subject(subject)) => {
            let Some(subject) = Subject::parse(subject) else { return Ok(one(None, by, after)) };
            Ok(one(users::account(db, &Handle::Subject(subject)).await?, by, after))
        }
        Some(Named::EmailBegins(with)) => {
            let key = |user: &User| user.email.key().to_owned();
            beginning(db, BY_EMAIL, (by, with), after, limit, key).await
        }
        Some(Named::UsernameBegins(with)) => {
            let key = |user: &User| user.username.as_ref().map(Username::key).unwrap_or_default().to_owned();
            beginning(db, BY_USERNAME, (by, with), after, limit, key).await
        }
        None => by_id(db, by, after, limit).await,
    }
}

/// The first text that comes after all that begin like this, in the order of bytes.
pub(super) fn beyond(beginning: &str) -> String {
    let mut chars: Vec<char> = beginning.chars().collect();
    while let Some(last) = chars.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            chars.push(next);
            return chars.into_iter().collect();
        }
    }
    char::MAX.to_string()
}

/// How a state that is asked for is stored.
pub(super) fn state(by: &UserSearch) -> Option<&'static str> {
    by.state.map(rows::state_name)
}

/// The role that is asked for.
pub(super) fn role(by: &UserSearch) -> Option<&str> {
    by.role.as_ref().map(RoleName::as_str)
}

async fn beginning(
    db: &Db<'_>,
    sql: &'static str,
    (by, with): (&UserSearch, &str),
    after: Option<&UserPlace>,
    limit: u32,
    key: impl Fn(&User) -> String,
) -> Result<Page<User, UserPlace>> {
    let after = match after {
        Some(UserPlace::Key(key)) => Some(key.as_str()),
        Some(UserPlace::Id(_)) | None => None,
    };
    let is_served = by.state.is_none() && by.role.is_none();
    let asked: [Param<'_>; 7] = [
        &after.unwrap_or(with),
        &after.is_none(),
        &looks(limit, is_served),
        &and_one_more(limit),
        &state(by),
        &role(by),
        &beyond(with),
    ];
    page(&db.rows(sql, &asked).await?, limit, rows::user, |user| UserPlace::Key(key(user)))
}

async fn by_id(
    db: &Db<'_>,
    by: &UserSearch,
    after: Option<&UserPlace>,
    limit: u32,
) -> Result<Page<User, UserPlace>> {
    let (sql, is_served) = match (&by.role, by.state) {
        (Some(_), state) => (BY_ROLE, state.is_none()),
        (None, Some(UserState::Disabled)) => (DISABLED, true),
        (None, state) => (ALL, state.is_none()),
    };
    let after = match after {
        Some(UserPlace::Id(id)) => Some(id),
        Some(UserPlace::Key(_)) | None => None,
    };
    let asked: [Param<'_>; 6] = [
        &rows::uuid(after.map_or(&[0; 16], UserId::as_bytes)),
        &after.is_none(),
        &looks(limit, is_served),
        &and_one_more(limit),
        &state(by),
        &role(by),
    ];
    page(&db.rows(sql, &asked).await?, limit, rows::user, |user| UserPlace::Id(user.id))
}

/// The only one who can be meant, unless that was told before.
fn one(account: Option<Account>, by: &UserSearch, after: Option<&UserPlace>) -> Page<User, UserPlace> {
    let user = account.map(|account| account.user).filter(|user| {
        after.is_none()
            && by.state.is_none_or(|state| user.state == state)
            && by.role.as_ref().is_none_or(|role| user.roles.contains(role))
    });
    Page { rows: user.into_iter().collect(), next: None }
}
