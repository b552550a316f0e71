//! Links from letters: a row that is there can be used once, and is gone then.
//!
//! Whoever uses one holds its row until the end ([`hold`]): of two who come with the same one, the second waits, and finds it
//! gone or still there. Where it has a user, that one is held first ([`hold_of`]). Whoever holds several holds them in the order
//! of their ids.

use rotunda_core::model::{Email, Link, LinkId, UnixMillis, UserId, Username};

use crate::db::{Db, Param, Result};
use crate::rows::{self, Columns, link_columns};

/// Somebody who is being deleted is waited for. The foreign key would wait as well, and then fail.
pub(crate) const INSERT: &str = "\
    INSERT INTO link (id, purpose, hash, user_id, ep, email, session_id, newcomer_username, newcomer_name, \
        newcomer_password_hash, created_at, life_ms, expires_at) \
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 \
    WHERE $4::uuid IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = $4 FOR KEY SHARE)";
pub(crate) const BY_ID: &str = concat!("SELECT ", link_columns!(), " FROM link WHERE id = $1");
pub(crate) const HOLD: &str = "SELECT 1 FROM link WHERE id = $1 FOR UPDATE";
pub(crate) const HOLD_OF: &str = "SELECT id FROM link WHERE user_id = $1 ORDER BY id FOR UPDATE";
pub(crate) const USE: &str = "DELETE FROM link WHERE id = $1";
pub(crate) const USE_ALL_OF: &str = "DELETE FROM link WHERE user_id = $1";
/// Only where the link is a report itself.
pub(crate) const USE_LATER_REPORTS: &str = "\
    DELETE FROM link USING link AS used \
    WHERE used.id = $1 AND used.purpose = 'report' AND link.purpose = 'report' AND link.user_id = used.user_id \
        AND link.created_at >= used.created_at";
/// Their life begins when their letters are sent. In the order of the ids, like all who hold several.
pub(crate) const BEGIN: &str = "\
    WITH sent AS (SELECT id FROM link WHERE id = ANY($2) ORDER BY id FOR NO KEY UPDATE) \
    UPDATE link SET expires_at = $1 + life_ms FROM sent WHERE link.id = sent.id";
pub(crate) const FORGET: &str = "\
    WITH expired AS (SELECT id FROM link WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) \
    DELETE FROM link USING expired WHERE link.id = expired.id";

/// `false` where the link is of somebody who has gone meanwhile: nothing refers to them any more.
pub(crate) async fn insert(db: &Db<'_>, link: &Link) -> Result<bool> {
    let newcomer = link.newcomer.as_ref();
    let row: [Param<'_>; 13] = [
        &rows::uuid(link.id.as_bytes()),
        &link.purpose.as_str(),
        &link.hash.0.as_slice(),
        &link.user_id.map(|id| rows::uuid(id.as_bytes())),
        &rows::stored(link.ep),
        &link.email.as_ref().map(Email::as_str),
        &link.session_id.map(|id| rows::uuid(id.as_bytes())),
        &newcomer.and_then(|who| who.username.as_ref()).map(Username::as_str),
        &newcomer.and_then(|who| who.name.as_ref()),
        &newcomer.map(|who| who.password.expose()),
        &link.created_at.0,
        &rows::millis(link.life),
        &link.expires_at.0,
    ];
    Ok(db.execute(INSERT, &row).await? > 0)
}

pub(crate) async fn link(db: &Db<'_>, id: LinkId) -> Result<Option<Link>> {
    let found = db.row(BY_ID, &[&rows::uuid(id.as_bytes())]).await?;
    found.map(|row| rows::link(&mut Columns::of(&row))).transpose()
}

/// Whether it is there; if it is, nobody else uses it meanwhile.
pub(crate) async fn hold(db: &Db<'_>, id: LinkId) -> Result<bool> {
    db.exists(HOLD, &[&rows::uuid(id.as_bytes())]).await
}

/// The same for all links of a user; answers which there are.
pub(crate) async fn hold_of(db: &Db<'_>, user: UserId) -> Result<Vec<LinkId>> {
    let found = db.rows(HOLD_OF, &[&rows::uuid(user.as_bytes())]).await?;
    found.iter().map(|row| Columns::of(row).id(LinkId::from_bytes)).collect()
}

/// Once is all: whoever comes next finds nothing.
pub(crate) async fn use_up(db: &Db<'_>, id: LinkId) -> Result<()> {
    db.execute(USE, &[&rows::uuid(id.as_bytes())]).await.map(drop)
}

/// Those of one user, whom the caller holds.
pub(crate) async fn use_up_all_of(db: &Db<'_>, user: UserId) -> Result<()> {
    hold_of(db, user).await?;
    db.execute(USE_ALL_OF, &[&rows::uuid(user.as_bytes())]).await.map(drop)
}

/// Of reports that bring an address back, the oldest wins: those that were written with this one or after it go with it.
pub(crate) async fn use_up_later_reports(db: &Db<'_>, id: LinkId) -> Result<()> {
    db.execute(USE_LATER_REPORTS, &[&rows::uuid(id.as_bytes())]).await.map(drop)
}

pub(crate) async fn begin(db: &Db<'_>, ids: &[LinkId], now: UnixMillis) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| rows::uuid(id.as_bytes())).collect();
    db.execute(BEGIN, &[&now.0, &ids]).await.map(drop)
}

pub(crate) async fn forget(db: &Db<'_>, now: UnixMillis, limit: u32) -> Result<u32> {
    let gone = db.execute(FORGET, &[&now.0, &i64::from(limit)]).await?;
    Ok(rows::counted(gone, limit))
}
