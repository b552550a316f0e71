//! Sessions, as their user sees them.

use rotunda_core::model::{Facts, PageHash, Session, UnixMillis, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::everyone::not_signed_out;
use crate::refresh::select_facts;
use crate::rows::{self, Columns, session_columns};

pub(crate) const FACTS_OF_PAGE: &str = concat!(select_facts!(), "WHERE session.page_hash = ?1");
pub(crate) const SESSIONS_OF: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM session WHERE user_id = ?1 AND status = 'live' AND idle_expires_at > ?2 AND absolute_expires_at > ?2 AND ",
    not_signed_out!(),
    " ORDER BY coalesce(rotated_at_ms, created_at) DESC, id DESC LIMIT ?3"
);

pub(crate) fn facts_of_page(db: &Connection, page: PageHash) -> Result<Option<Facts>> {
    db.prepare_cached(FACTS_OF_PAGE)?.query_row(params![page.0], rows::facts).optional()
}

pub(crate) fn sessions_of(
    db: &Connection,
    user: UserId,
    now: UnixMillis,
    limit: u32,
) -> Result<Vec<Session>> {
    db.prepare_cached(SESSIONS_OF)?
        .query_map(params![user.as_bytes(), now.0, limit], |row| rows::session(&mut Columns::of(row)))?
        .collect()
}
