//! A session begins.
//!
//! 1. The user must still be as they were read: active, the same epoch, the same password hash. Their row is locked by the
//!    question, so nobody changes that before the commit, and a login cannot slip past a logout-all, a password change or a
//!    disabling: whoever of the two is second waits, and PostgreSQL then asks the question of the row as the first has left it.
//! 2. There must be room for it, or room is made (`caps.rs`). Another login of the same user waits at that lock, and counts
//!    afterwards what this one has left.
//! 3. The new row, its device, the ends of the session that it replaces and of those that make room, their events and
//!    letters are one transaction.

use futures_util::future::try_join;
use rotunda_core::model::{Session, Standing};
use rotunda_core::store::{EndingOne, LoggedIn, LoggingIn};

use crate::db::{Db, Param, Result};
use crate::{caps, devices, journal, letters, logout, rows};

pub(crate) const AS_READ: &str = "\
    SELECT 1 FROM users WHERE id = $1 AND state = 'active' AND ep = $2 AND password_hash = $3 FOR NO KEY UPDATE";
pub(crate) const INSERT: &str = "\
    INSERT INTO session (id, user_id, client_id, device_id, device_hash, device_shown, page_hash, remember, generation, \
        current_hash, previous_hash, before_hash, salt, previous_salt, key_id, previous_key_id, rotated_at_ms, \
        retry_hashes, created_at, auth_time, amr, idle_ms, idle_expires_at, absolute_expires_at, ep, status, ended, \
        ended_at, last_ip, last_user_agent, acting, revision) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, \
        $24, $25, $26, $27, $28, $29, $30, $31, \
        coalesce($32, (SELECT value FROM meta WHERE name = 'revision'), 0))";

pub(crate) async fn login(db: &Db<'_>, login: &LoggingIn) -> Result<LoggedIn> {
    let session = &login.session;
    let read: [Param<'_>; 3] =
        [&rows::uuid(session.user_id.as_bytes()), &rows::stored(session.ep), &login.password.expose()];
    if !db.exists(AS_READ, &read).await? {
        return Ok(LoggedIn::Changed);
    }
    let Some(evicted) = caps::make_room(db, login).await? else { return Ok(LoggedIn::Full) };
    let mut ends: Vec<&EndingOne> = evicted.iter().chain(&login.replaces).collect();
    // Rows are locked in the order of their ids, as by everybody.
    ends.sort_by_key(|end| end.id);
    for end in ends {
        logout::end(db, end).await?;
    }
    try_join(insert(db, session, None), journal::record(db, &login.event)).await?;
    letters::post_all(db, &login.post).await?;
    Ok(LoggedIn::Done)
}

/// Adds the row of a session; its device is seen by this. It begins at the store's revision, whatever its own says: at the one
/// that is given, where what it rests on was read at that.
pub(crate) async fn insert(db: &Db<'_>, session: &Session, revision: Option<u64>) -> Result<()> {
    try_join(insert_row(db, session, revision), devices::see(db, session)).await.map(drop)
}

/// The row alone.
pub(crate) async fn insert_row(db: &Db<'_>, session: &Session, revision: Option<u64>) -> Result<()> {
    let lineage = &session.lineage;
    let (status, ended, ended_at) = match session.standing {
        Standing::Live => ("live", None, None),
        Standing::Ended { ending, at } => ("ended", Some(ending.as_str()), Some(at.0)),
    };
    let (amr, retry_hashes) = (rows::json(&session.amr)?, rows::retry_hashes(&lineage.retry_hashes));
    let params: [Param<'_>; 32] = [
        &rows::uuid(session.id.as_bytes()),
        &rows::uuid(session.user_id.as_bytes()),
        &session.client_id.0,
        &rows::uuid(session.device_id.as_bytes()),
        &&session.device_hash.0[..],
        &session.device_shown,
        &session.page_hash.as_ref().map(|hash| &hash.0[..]),
        &session.remember,
        &i64::from(lineage.generation),
        &&lineage.current_hash.0[..],
        &lineage.previous_hash.as_ref().map(|hash| &hash.0[..]),
        &lineage.before_hash.as_ref().map(|hash| &hash.0[..]),
        &lineage.salt.as_ref().map(|salt| &salt.0[..]),
        &lineage.previous_salt.as_ref().map(|salt| &salt.0[..]),
        &i16::from(lineage.key_id),
        &i16::from(lineage.previous_key_id),
        &lineage.rotated_at.map(|at| at.0),
        &&retry_hashes[..],
        &session.created_at.0,
        &session.auth_time.0,
        &amr,
        &rows::millis(session.idle),
        &session.idle_expires_at.0,
        &session.absolute_expires_at.0,
        &rows::stored(session.ep),
        &status,
        &ended,
        &ended_at,
        &session.last_address.map(|address| address.to_string()),
        &session.last_user_agent,
        &session.acting.map(|acting| rows::uuid(acting.as_bytes())),
        &revision.map(rows::stored),
    ];
    db.execute(INSERT, &params).await.map(drop)
}
