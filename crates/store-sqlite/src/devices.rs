//! Devices: seen whenever a session begins on one, forgotten when somebody else may have their secret.

use rotunda_core::model::{Device, DeviceHash, DeviceId, Ending, Session, SessionId, UnixMillis, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::rows::{self, Columns, device_columns};

pub(crate) const SEE: &str = "\
    INSERT INTO device (id, user_id, hash, first_seen_at, last_seen_at, last_ip, last_user_agent) \
    VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6) \
    ON CONFLICT (user_id, hash) DO UPDATE SET last_seen_at = excluded.last_seen_at, last_ip = excluded.last_ip, \
        last_user_agent = excluded.last_user_agent";
/// A device that was given another secret is known by that one only, and since it was first seen.
pub(crate) const RENEW: &str =
    "UPDATE OR REPLACE device SET hash = ?3 WHERE user_id = ?1 AND id = ?2 AND hash <> ?3";
pub(crate) const OF_SESSION: &str = "SELECT user_id, device_hash FROM session WHERE id = ?1";
pub(crate) const FORGET_OLDEST: &str = "\
    DELETE FROM device WHERE rowid IN \
        (SELECT rowid FROM device WHERE user_id = ?1 ORDER BY last_seen_at DESC, id DESC LIMIT -1 OFFSET ?2)";
pub(crate) const FORGET_ONE: &str = "DELETE FROM device WHERE user_id = ?1 AND hash = ?2";
pub(crate) const FORGET_LIVE: &str = "\
    DELETE FROM device WHERE user_id = ?1 AND hash IN \
        (SELECT device_hash FROM session WHERE user_id = ?1 AND status = 'live')";
pub(crate) const OF_HASH: &str = "SELECT id FROM device WHERE user_id = ?1 AND hash = ?2";
pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    device_columns!(),
    " FROM device WHERE user_id = ?1 ORDER BY last_seen_at DESC, id DESC LIMIT ?2"
);
/// A device that is passed over because of a live session is passed over until that session ends, and that has a limit.
pub(crate) const FORGET: &str = "\
    DELETE FROM device WHERE rowid IN (\
        SELECT rowid FROM device WHERE last_seen_at < ?1 AND NOT EXISTS \
            (SELECT 1 FROM session WHERE user_id = device.user_id AND status = 'live' AND device_hash = device.hash) \
        ORDER BY last_seen_at LIMIT ?2)";

/// A session begins on a device.
pub(crate) fn see(db: &Connection, session: &Session) -> Result<()> {
    let user = session.user_id.as_bytes();
    let renewed = params![user, session.device_id.as_bytes(), session.device_hash.0];
    db.prepare_cached(RENEW)?.execute(renewed)?;
    db.prepare_cached(SEE)?.execute(params![
        session.device_id.as_bytes(),
        user,
        session.device_hash.0,
        session.created_at.0,
        session.last_address.map(|address| address.to_string()),
        session.last_user_agent,
    ])?;
    db.prepare_cached(FORGET_OLDEST)?.execute(params![user, Device::MOST]).map(drop)
}

/// Whether a session that ends like this leaves a device behind whose secret somebody else may have.
pub(crate) fn is_copied(ending: Ending) -> bool {
    matches!(ending, Ending::Reused | Ending::Reported)
}

pub(crate) fn forget_one(db: &Connection, user: UserId, device: DeviceHash) -> Result<()> {
    db.prepare_cached(FORGET_ONE)?.execute(params![user.as_bytes(), device.0]).map(drop)
}

/// Forgets the device of a session, whether or not it is over.
pub(crate) fn forget_of(db: &Connection, session: SessionId) -> Result<()> {
    let whose = |row: &Row<'_>| Ok((UserId::from_bytes(row.get(0)?), DeviceHash(row.get(1)?)));
    let found = db.prepare_cached(OF_SESSION)?.query_row(params![session.as_bytes()], whose).optional()?;
    found.map_or(Ok(()), |(user, device)| forget_one(db, user, device))
}

/// Forgets every device that holds a live session of this user.
pub(crate) fn forget_live(db: &Connection, user: UserId) -> Result<()> {
    db.prepare_cached(FORGET_LIVE)?.execute(params![user.as_bytes()]).map(drop)
}

pub(crate) fn device_of(db: &Connection, user: UserId, device: DeviceHash) -> Result<Option<DeviceId>> {
    db.prepare_cached(OF_HASH)?
        .query_row(params![user.as_bytes(), device.0], |row| row.get(0).map(DeviceId::from_bytes))
        .optional()
}

pub(crate) fn devices_of(db: &Connection, user: UserId, limit: u32) -> Result<Vec<Device>> {
    db.prepare_cached(OF_USER)?
        .query_map(params![user.as_bytes(), limit], |row| rows::device(&mut Columns::of(row)))?
        .collect()
}

pub(crate) fn forget(db: &Connection, before: UnixMillis, limit: u32) -> Result<u32> {
    let gone = db.prepare_cached(FORGET)?.execute(params![before.0, limit])?;
    Ok(u32::try_from(gone).unwrap_or(limit))
}
