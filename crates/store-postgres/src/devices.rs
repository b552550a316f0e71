//! Devices: seen whenever a session begins on one, forgotten when somebody else may have their secret.

use futures_util::future::try_join;
use rotunda_core::model::{Device, DeviceHash, DeviceId, Ending, Session, SessionId, UnixMillis, UserId};

use crate::db::{Db, Param, Result};
use crate::rows::{self, Columns, device_columns};

/// A device that was given another secret is known by that one only, and since it was first seen: its old row goes, and so does
/// what another device of that secret was called. The two never touch the same row.
pub(crate) const SEE: &str = "\
    WITH renewed AS (DELETE FROM device WHERE user_id = $2 AND id = $1 AND hash <> $3 RETURNING first_seen_at) \
    INSERT INTO device (id, user_id, hash, first_seen_at, last_seen_at, last_ip, last_user_agent) \
    VALUES ($1, $2, $3, coalesce((SELECT min(first_seen_at) FROM renewed), $4), $4, $5, $6) \
    ON CONFLICT (user_id, hash) DO UPDATE SET last_seen_at = excluded.last_seen_at, last_ip = excluded.last_ip, \
        last_user_agent = excluded.last_user_agent, \
        id = CASE WHEN EXISTS (SELECT 1 FROM renewed) THEN excluded.id ELSE device.id END, \
        first_seen_at = coalesce((SELECT min(first_seen_at) FROM renewed), device.first_seen_at)";
pub(crate) const OF_SESSION: &str = "SELECT user_id, device_hash FROM session WHERE id = $1";
/// Beside the one that is being seen, so that neither waits for the other's statement.
pub(crate) const FORGET_OLDEST: &str = "\
    DELETE FROM device WHERE user_id = $1 AND hash IN \
        (SELECT hash FROM device WHERE user_id = $1 AND id <> $2 AND hash <> $3 \
         ORDER BY last_seen_at DESC, id DESC OFFSET $4)";
pub(crate) const FORGET_ONE: &str = "DELETE FROM device WHERE user_id = $1 AND hash = $2";
pub(crate) const FORGET_LIVE: &str = "\
    DELETE FROM device WHERE user_id = $1 AND hash IN \
        (SELECT device_hash FROM session WHERE user_id = $1 AND status = 'live')";
pub(crate) const OF_HASH: &str = "SELECT id FROM device WHERE user_id = $1 AND hash = $2";
/// `+ 0`, so that a user's own are found and then put in order, however few devices there were when this was planned.
pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    device_columns!(),
    " FROM device WHERE user_id = $1 ORDER BY last_seen_at + 0 DESC, id DESC LIMIT $2"
);
/// A device that is passed over because of a live session is passed over until that session ends, and that has a limit. One that is
/// being seen at this moment is passed over as well.
pub(crate) const FORGET: &str = "\
    DELETE FROM device WHERE (user_id, hash) IN (\
        SELECT user_id, hash FROM device WHERE last_seen_at < $1 AND NOT EXISTS \
            (SELECT 1 FROM session WHERE user_id = device.user_id AND ended IS NULL AND device_hash = device.hash) \
        ORDER BY last_seen_at LIMIT $2 FOR UPDATE OF device SKIP LOCKED)";

/// A session begins on a device.
pub(crate) async fn see(db: &Db<'_>, session: &Session) -> Result<()> {
    let (id, user) = (rows::uuid(session.device_id.as_bytes()), rows::uuid(session.user_id.as_bytes()));
    let (hash, others) = (&session.device_hash.0[..], i64::from(Device::MOST - 1));
    let seen: [Param<'_>; 6] = [
        &id,
        &user,
        &hash,
        &session.created_at.0,
        &session.last_address.map(|address| address.to_string()),
        &session.last_user_agent,
    ];
    let most: [Param<'_>; 4] = [&user, &id, &hash, &others];
    try_join(db.execute(SEE, &seen), db.execute(FORGET_OLDEST, &most)).await.map(drop)
}

/// Whether a session that ends like this leaves a device behind whose secret somebody else may have.
pub(crate) fn is_copied(ending: Ending) -> bool {
    matches!(ending, Ending::Reused | Ending::Reported)
}

pub(crate) async fn forget_one(db: &Db<'_>, user: UserId, device: DeviceHash) -> Result<()> {
    db.execute(FORGET_ONE, &[&rows::uuid(user.as_bytes()), &&device.0[..]]).await.map(drop)
}

/// Forgets the device of a session, whether or not it is over.
pub(crate) async fn forget_of(db: &Db<'_>, session: SessionId) -> Result<()> {
    let Some(row) = db.row(OF_SESSION, &[&rows::uuid(session.as_bytes())]).await? else { return Ok(()) };
    let mut row = Columns::of(&row);
    let (user, device) = (row.id(UserId::from_bytes)?, DeviceHash(row.bytes()?));
    forget_one(db, user, device).await
}

/// Forgets every device that holds a live session of this user.
pub(crate) async fn forget_live(db: &Db<'_>, user: UserId) -> Result<()> {
    db.execute(FORGET_LIVE, &[&rows::uuid(user.as_bytes())]).await.map(drop)
}

pub(crate) async fn device_of(db: &Db<'_>, user: UserId, device: DeviceHash) -> Result<Option<DeviceId>> {
    let row = db.row(OF_HASH, &[&rows::uuid(user.as_bytes()), &&device.0[..]]).await?;
    row.map(|row| Columns::of(&row).id(DeviceId::from_bytes)).transpose()
}

pub(crate) async fn devices_of(db: &Db<'_>, user: UserId, limit: u32) -> Result<Vec<Device>> {
    let found = db.rows(OF_USER, &[&rows::uuid(user.as_bytes()), &i64::from(limit)]).await?;
    found.iter().map(|row| rows::device(&mut Columns::of(row))).collect()
}

pub(crate) async fn forget(db: &Db<'_>, before: UnixMillis, limit: u32) -> Result<u32> {
    Ok(rows::counted(db.execute(FORGET, &[&before.0, &i64::from(limit)]).await?, limit))
}
