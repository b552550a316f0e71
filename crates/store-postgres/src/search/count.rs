//! How many there are.
//!
//! 1. A count stops at [`COUNTS_TO`]. Where no index serves all that is asked, it looks at no more than [`LOOKS`] rows, and answers how many
//!    of them fit.
//! 2. All users and all live sessions are counted by an index alone. No index may know when a session was used last, so beyond the
//!    first [`COUNTS_TO`] live ones, those count too that have been idle for too long and are not written down as ended yet: the janitor does
//!    that within minutes.

use rotunda_core::model::{UnixMillis, UserId, UserState};
use rotunda_core::store::{COUNTS_TO, Counting, Named, UserSearch};

use super::users;
use crate::db::{Db, Param, Result};
use crate::everyone::below;
use crate::rows::{self, Columns};

/// How many rows a count looks at, where it has to ask each of them.
const LOOKS: i64 = 20_000;
/// More than are counted.
const MORE: i64 = COUNTS_TO as i64 + 1;

/// Of `$1` rows, how many fit, up to `$2`: in the state `$3`, and holding the role `$4`, where either is asked.
macro_rules! fitting {
    ($looked:expr) => {
        concat!(
            "SELECT count(*) FROM (SELECT 1 FROM (",
            $looked,
            " LIMIT $1) AS looked \
             WHERE ($3::text IS NULL OR looked.state = $3) AND ($4::text IS NULL OR EXISTS \
                (SELECT 1 FROM user_role WHERE user_role.role = $4 AND user_role.user_id = looked.id)) LIMIT $2) AS counted"
        )
    };
}

pub(crate) const BY_EMAIL: &str = fitting!(
    "SELECT id, state FROM users WHERE email_key COLLATE \"C\" >= $5 AND email_key COLLATE \"C\" < $6"
);
pub(crate) const BY_USERNAME: &str = fitting!(
    "SELECT id, state FROM users WHERE username_key COLLATE \"C\" >= $5 AND username_key COLLATE \"C\" < $6"
);
pub(crate) const BY_ROLE: &str = fitting!(
    "SELECT users.id, users.state FROM (SELECT user_id FROM user_role WHERE role = $4 LIMIT $1) AS holder \
     CROSS JOIN LATERAL (SELECT * FROM users WHERE users.id = holder.user_id LIMIT 1) AS users"
);
pub(crate) const DISABLED: &str = fitting!("SELECT id, state FROM users WHERE state = 'disabled'");
pub(crate) const BY_ID: &str = fitting!("SELECT id, state FROM users ORDER BY id");
pub(crate) const ALL_USERS: &str = "SELECT count(*) FROM users";
pub(crate) const SESSIONS_OF: &str = concat!(
    "SELECT count(*) FROM (SELECT 1 FROM session WHERE user_id = $1 AND status = 'live' AND idle_expires_at > $2 \
        AND absolute_expires_at > $2 AND revision >= ",
    below!(),
    " LIMIT $3) AS counted"
);
/// How many of the first `$2` live ones are not idle for too long, and how many those were.
pub(crate) const FIRST_LIVE: &str = concat!(
    "SELECT count(*) FILTER (WHERE idle_expires_at > $1 AND absolute_expires_at > $1), count(*) FROM (\
        SELECT idle_expires_at, absolute_expires_at FROM session WHERE ended_at IS NULL AND revision >= ",
    below!(),
    " LIMIT $2) AS live"
);
pub(crate) const LIVE: &str = concat!(
    "SELECT count(*) FROM session WHERE ended_at IS NULL AND absolute_expires_at > $1 AND revision >= ",
    below!()
);
pub(crate) const LETTERS: &str = "SELECT count(*) FROM (SELECT 1 FROM letter LIMIT $1) AS counted";
/// Webhook by webhook: what one that is gone has left does not count.
macro_rules! of_webhooks {
    ($which:literal) => {
        concat!(
            "SELECT count(*) FROM (SELECT 1 FROM webhook CROSS JOIN LATERAL \
                (SELECT 1 FROM webhook_delivery WHERE webhook_id = webhook.id AND ",
            $which,
            " LIMIT $1) AS theirs LIMIT $1) AS counted"
        )
    };
}
pub(crate) const DELIVERIES: &str = of_webhooks!("next_attempt_at IS NOT NULL");
pub(crate) const DEAD_DELIVERIES: &str = of_webhooks!("next_attempt_at IS NULL");

pub(crate) async fn count(db: &Db<'_>, what: &Counting, now: UnixMillis) -> Result<u64> {
    match what {
        Counting::Users(by) => users_of(db, by).await,
        Counting::SessionsOf(user) => sessions_of(db, *user, now).await,
        Counting::LiveSessions => live(db, now).await,
        Counting::AllUsers => number(db, ALL_USERS, &[]).await,
        Counting::Letters => number(db, LETTERS, &[&MORE]).await,
        Counting::Deliveries => number(db, DELIVERIES, &[&MORE]).await,
        Counting::DeadDeliveries => number(db, DEAD_DELIVERIES, &[&MORE]).await,
    }
}

async fn users_of(db: &Db<'_>, by: &UserSearch) -> Result<u64> {
    let (state, role) = (users::state(by), users::role(by));
    let looks = |is_served: bool| if is_served { MORE } else { LOOKS };
    let (sql, with) = match &by.named {
        Some(Named::Id(_) | Named::Subject(_)) => {
            let found = users::search(db, by, None, 1).await?;
            return Ok(found.rows.len() as u64);
        }
        Some(Named::EmailBegins(with)) => (BY_EMAIL, with),
        Some(Named::UsernameBegins(with)) => (BY_USERNAME, with),
        None => {
            let (sql, is_served) = match (&by.role, by.state) {
                (Some(_), state) => (BY_ROLE, state.is_none()),
                (None, Some(UserState::Disabled)) => (DISABLED, true),
                (None, state) => (BY_ID, state.is_none()),
            };
            return number(db, sql, &[&looks(is_served), &MORE, &state, &role]).await;
        }
    };
    let is_served = state.is_none() && role.is_none();
    let asked: [Param<'_>; 6] = [&looks(is_served), &MORE, &state, &role, with, &users::beyond(with)];
    number(db, sql, &asked).await
}

async fn sessions_of(db: &Db<'_>, user: UserId, now: UnixMillis) -> Result<u64> {
    number(db, SESSIONS_OF, &[&rows::uuid(user.as_bytes()), &now.0, &MORE]).await
}

async fn live(db: &Db<'_>, now: UnixMillis) -> Result<u64> {
    let Some(row) = db.row(FIRST_LIVE, &[&now.0, &MORE]).await? else { return Ok(0) };
    let mut row = Columns::of(&row);
    let (live, looked): (u64, i64) = (row.number()?, row.take()?);
    if looked < MORE {
        return Ok(live);
    }
    number(db, LIVE, &[&now.0]).await
}

async fn number(db: &Db<'_>, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
    db.row(sql, params).await?.map_or(Ok(0), |row| Columns::of(&row).number())
}
