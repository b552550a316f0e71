//! A session begins.
//!
//! 1. The user must still be as they were read: active, the same epoch, the same password hash. The transaction sees to it
//!    that nobody changes that between the question and the insert, so a login cannot slip past a logout-all, a password
//!    change or a disabling.
//! 2. There must be room for it, or room is made (`caps.rs`).
//! 3. The new row, its device, the ends of the session that it replaces and of those that make room, their events and
//!    letters are one transaction.

use rotunda_core::model::{Session, Standing};
use rotunda_core::store::{LoggedIn, LoggingIn};
use rusqlite::{Connection, Result, named_params, params};

use crate::{caps, devices, journal, letters, logout, rows};

pub(crate) const AS_READ: &str =
    "SELECT 1 FROM user WHERE id = ?1 AND state = 'active' AND ep = ?2 AND password_hash = ?3";
pub(crate) const INSERT: &str = "\
    INSERT INTO session (id, user_id, client_id, device_id, device_hash, device_shown, page_hash, remember, generation, \
        current_hash, previous_hash, before_hash, salt, previous_salt, key_id, previous_key_id, rotated_at_ms, \
        retry_hashes, created_at, auth_time, amr, idle_ms, idle_expires_at, absolute_expires_at, ep, status, ended, \
        ended_at, last_ip, last_user_agent, revision, acting) \
    VALUES (:id, :user_id, :client_id, :device_id, :device_hash, :device_shown, :page_hash, :remember, :generation, \
        :current_hash, :previous_hash, :before_hash, :salt, :previous_salt, :key_id, :previous_key_id, :rotated_at_ms, \
        :retry_hashes, :created_at, :auth_time, :amr, :idle_ms, :idle_expires_at, :absolute_expires_at, :ep, :status, \
        :ended, :ended_at, :last_ip, :last_user_agent, \
        coalesce(:revision, (SELECT value FROM meta WHERE name = 'revision'), 0), :acting)";

pub(crate) fn login(db: &Connection, login: &LoggingIn) -> Result<LoggedIn> {
    let session = &login.session;
    let read = params![session.user_id.as_bytes(), rows::stored(session.ep), login.password.expose()];
    if !db.prepare_cached(AS_READ)?.exists(read)? {
        return Ok(LoggedIn::Changed);
    }
    let Some(evicted) = caps::make_room(db, login)? else { return Ok(LoggedIn::Full) };
    for end in evicted.iter().chain(&login.replaces) {
        logout::end(db, end)?;
    }
    insert(db, session)?;
    journal::record(db, &login.event)?;
    letters::post_all(db, &login.post)?;
    Ok(LoggedIn::Done)
}

/// Adds the row of a session; its device is seen by this.
pub(crate) fn insert(db: &Connection, session: &Session) -> Result<()> {
    insert_row(db, session, None)?;
    devices::see(db, session)
}

/// The row alone; of the revision that there is now, where none is given.
pub(crate) fn insert_row(db: &Connection, session: &Session, revision: Option<u64>) -> Result<()> {
    let lineage = &session.lineage;
    let (status, ended, ended_at) = match session.standing {
        Standing::Live => ("live", None, None),
        Standing::Ended { ending, at } => ("ended", Some(ending.as_str()), Some(at.0)),
    };
    let amr = rows::json(&session.amr)?;
    let row = named_params! {
        ":id": session.id.as_bytes(),
        ":user_id": session.user_id.as_bytes(),
        ":client_id": session.client_id.0,
        ":device_id": session.device_id.as_bytes(),
        ":device_hash": session.device_hash.0,
        ":device_shown": session.device_shown,
        ":page_hash": session.page_hash.map(|hash| hash.0),
        ":remember": session.remember,
        ":generation": lineage.generation,
        ":current_hash": lineage.current_hash.0,
        ":previous_hash": lineage.previous_hash.map(|hash| hash.0),
        ":before_hash": lineage.before_hash.map(|hash| hash.0),
        ":salt": lineage.salt.map(|salt| salt.0),
        ":previous_salt": lineage.previous_salt.map(|salt| salt.0),
        ":key_id": lineage.key_id,
        ":previous_key_id": lineage.previous_key_id,
        ":rotated_at_ms": lineage.rotated_at.map(|at| at.0),
        ":retry_hashes": rows::retry_hashes(&lineage.retry_hashes),
        ":created_at": session.created_at.0,
        ":auth_time": session.auth_time.0,
        ":amr": amr,
        ":idle_ms": rows::millis(session.idle),
        ":idle_expires_at": session.idle_expires_at.0,
        ":absolute_expires_at": session.absolute_expires_at.0,
        ":ep": rows::stored(session.ep),
        ":status": status,
        ":ended": ended,
        ":ended_at": ended_at,
        ":last_ip": session.last_address.map(|address| address.to_string()),
        ":last_user_agent": session.last_user_agent,
        ":revision": revision.map(rows::stored),
        ":acting": session.acting.as_ref().map(|id| id.as_bytes()),
    };
    db.prepare_cached(INSERT)?.execute(row).map(drop)
}
