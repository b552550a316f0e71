//! Links from letters: a row that is there can be used once, and is gone then.

use rotunda_core::model::{Email, Link, LinkId, UnixMillis, UserId, Username};
use rusqlite::{Connection, OptionalExtension, Result, named_params, params};

use crate::rows::{self, Columns, link_columns};

pub(crate) const INSERT: &str = "\
    INSERT INTO link (id, purpose, hash, user_id, ep, email, session_id, newcomer_username, newcomer_name, \
        newcomer_password_hash, created_at, life_ms, expires_at) \
    VALUES (:id, :purpose, :hash, :user_id, :ep, :email, :session_id, :newcomer_username, :newcomer_name, \
        :newcomer_password_hash, :created_at, :life_ms, :expires_at)";
pub(crate) const BY_ID: &str = concat!("SELECT ", link_columns!(), " FROM link WHERE id = ?1");
pub(crate) const THERE: &str = "SELECT 1 FROM link WHERE id = ?1";
pub(crate) const THEIRS: &str = "SELECT 1 FROM link WHERE id = ?1 AND user_id = ?2";
pub(crate) const USE: &str = "DELETE FROM link WHERE id = ?1";
pub(crate) const USE_ALL_OF: &str = "DELETE FROM link WHERE user_id = ?1";
/// Only where the link is a report itself.
pub(crate) const USE_LATER_REPORTS: &str = "\
    DELETE FROM link WHERE purpose = 'report' \
        AND user_id = (SELECT user_id FROM link WHERE id = ?1 AND purpose = 'report') \
        AND created_at >= (SELECT created_at FROM link WHERE id = ?1)";
/// Its life begins when its letter is sent.
pub(crate) const BEGIN: &str = "UPDATE link SET expires_at = ?1 + life_ms WHERE id = ?2";
pub(crate) const FORGET: &str = "\
    DELETE FROM link WHERE rowid IN (SELECT rowid FROM link WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(crate) fn insert(db: &Connection, link: &Link) -> Result<()> {
    let newcomer = link.newcomer.as_ref();
    db.prepare_cached(INSERT)?
        .execute(named_params! {
            ":id": link.id.as_bytes(),
            ":purpose": link.purpose.as_str(),
            ":hash": link.hash.0,
            ":user_id": link.user_id.as_ref().map(|id| id.as_bytes()),
            ":ep": rows::stored(link.ep),
            ":email": link.email.as_ref().map(Email::as_str),
            ":session_id": link.session_id.as_ref().map(|id| id.as_bytes()),
            ":newcomer_username": newcomer.and_then(|who| who.username.as_ref()).map(Username::as_str),
            ":newcomer_name": newcomer.and_then(|who| who.name.as_ref()),
            ":newcomer_password_hash": newcomer.map(|who| who.password.expose()),
            ":created_at": link.created_at.0,
            ":life_ms": rows::millis(link.life),
            ":expires_at": link.expires_at.0,
        })
        .map(drop)
}

pub(crate) fn link(db: &Connection, id: LinkId) -> Result<Option<Link>> {
    db.prepare_cached(BY_ID)?
        .query_row(params![id.as_bytes()], |row| rows::link(&mut Columns::of(row)))
        .optional()
}

pub(crate) fn is_there(db: &Connection, id: LinkId) -> Result<bool> {
    db.prepare_cached(THERE)?.exists(params![id.as_bytes()])
}

pub(crate) fn is_theirs(db: &Connection, id: LinkId, user: UserId) -> Result<bool> {
    db.prepare_cached(THEIRS)?.exists(params![id.as_bytes(), user.as_bytes()])
}

/// Once is all: whoever comes next finds nothing.
pub(crate) fn use_up(db: &Connection, id: LinkId) -> Result<()> {
    db.prepare_cached(USE)?.execute(params![id.as_bytes()]).map(drop)
}

/// Those of one user.
pub(crate) fn use_up_all_of(db: &Connection, user: UserId) -> Result<()> {
    db.prepare_cached(USE_ALL_OF)?.execute(params![user.as_bytes()]).map(drop)
}

/// Of reports that bring an address back, the oldest wins: those that were written with this one or after it go with it.
pub(crate) fn use_up_later_reports(db: &Connection, id: LinkId) -> Result<()> {
    db.prepare_cached(USE_LATER_REPORTS)?.execute(params![id.as_bytes()]).map(drop)
}

pub(crate) fn begin(db: &Connection, id: LinkId, now: UnixMillis) -> Result<()> {
    db.prepare_cached(BEGIN)?.execute(params![now.0, id.as_bytes()]).map(drop)
}

pub(crate) fn forget(db: &Connection, now: UnixMillis, limit: u32) -> Result<u32> {
    let gone = db.prepare_cached(FORGET)?.execute(params![now.0, limit])?;
    Ok(u32::try_from(gone).unwrap_or(limit))
}
