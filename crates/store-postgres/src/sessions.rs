//! Sessions, as their user sees them.

use rotunda_core::model::{Facts, PageHash, Session, UnixMillis, UserId};

use crate::db::{Db, Result};
use crate::everyone::below;
use crate::refresh::select_facts;
use crate::rows::{self, Columns, session_columns};

pub(crate) const FACTS_OF_PAGE: &str = concat!(select_facts!("session"), "WHERE session.page_hash = $1");
pub(crate) const SESSIONS_OF: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM session WHERE user_id = $1 AND status = 'live' AND idle_expires_at > $2 AND absolute_expires_at > $2 \
        AND revision >= ",
    below!(),
    " ORDER BY coalesce(rotated_at_ms, created_at) DESC, id DESC LIMIT $3"
);

pub(crate) async fn facts_of_page(db: &Db<'_>, page: PageHash) -> Result<Option<Facts>> {
    db.row(FACTS_OF_PAGE, &[&&page.0[..]]).await?.map(|row| rows::facts(&mut Columns::of(&row))).transpose()
}

pub(crate) async fn sessions_of(
    db: &Db<'_>,
    user: UserId,
    now: UnixMillis,
    limit: u32,
) -> Result<Vec<Session>> {
    let found = db.rows(SESSIONS_OF, &[&rows::uuid(user.as_bytes()), &now.0, &i64::from(limit)]).await?;
    found.iter().map(|row| rows::session(&mut Columns::of(row))).collect()
}
