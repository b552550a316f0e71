//! The chain of the audit log.
//!
//! 1. Whoever chains or forgets first holds the mark that this moves: such changes come one after the other, and one that was decided on
//!    another mark changes nothing.
//! 2. Then events, in the order of their ids, as whoever deletes a user holds them (`delete.rs`).
//! 3. An event whose caller was forgotten between the moment when its hash was made and this one is chained without its salt, as if
//!    it had been forgotten a moment later.

use rotunda_core::model::AuditMark;
use rotunda_core::store::{AuditEnds, Chaining, KeptMark};

use crate::db::{Db, Param, Result};
use crate::rows::{self, Columns, mark_columns};

pub(crate) const MARK: &str = concat!("SELECT ", mark_columns!(), " FROM audit_mark WHERE kept = $1");
pub(crate) const HOLD_MARK: &str =
    concat!("SELECT ", mark_columns!(), " FROM audit_mark WHERE kept = $1 FOR UPDATE");
/// There is one of each kind but checkpoints: where somebody else has written it, or this is a checkpoint that is there, nothing happens.
pub(crate) const ADD_MARK: &str = "\
    INSERT INTO audit_mark (kept, seq, hash, at_ms, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT DO NOTHING";
pub(crate) const MOVE_MARK: &str =
    "UPDATE audit_mark SET seq = $2, hash = $3, at_ms = $4, key_id = $5, signature = $6 WHERE kept = $1";
/// `+ 0`, so that they are found by their places and then put in order.
pub(crate) const UNCHAINED: &str = "\
    SELECT id FROM outbox WHERE seq = ANY($1) AND hash IS NULL ORDER BY id + 0 FOR NO KEY UPDATE";
/// Whoever was deleted since the hash was made has lost the address: then the salt goes as well.
pub(crate) const CHAIN: &str = concat!(
    "UPDATE outbox SET hash = r.hash, \
        salt = CASE WHEN outbox.address IS NOT NULL OR outbox.user_agent IS NOT NULL THEN r.salt END \
     FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS r(seq, hash, salt, n) \
     WHERE outbox.seq = r.seq AND ",
    crate::refresh::few!("r.n")
);
pub(crate) const CHECKPOINTS: &str = concat!(
    "SELECT ",
    mark_columns!(),
    " FROM audit_mark WHERE kept = 'checkpoint' AND seq > $1 ORDER BY seq LIMIT $2"
);
/// Counted, so that all of them are held before the first one goes.
pub(crate) const FORGET: &str = "\
    WITH past AS (SELECT id FROM outbox WHERE seq <= $1 ORDER BY id + 0 FOR UPDATE) \
    DELETE FROM outbox WHERE seq <= $1 AND (SELECT count(*) FROM past) > 0";
pub(crate) const FORGET_CHECKPOINTS: &str = "DELETE FROM audit_mark WHERE kept = 'checkpoint' AND seq < $1";

pub(crate) async fn ends(db: &Db<'_>) -> Result<AuditEnds> {
    Ok(AuditEnds {
        floor: mark(db, MARK, KeptMark::Floor).await?,
        head: mark(db, MARK, KeptMark::Head).await?,
    })
}

pub(crate) async fn chain(db: &Db<'_>, chaining: &Chaining) -> Result<bool> {
    if mark(db, HOLD_MARK, KeptMark::Head).await? != chaining.from {
        return Ok(false);
    }
    let seqs: Vec<i64> = chaining.links.iter().map(|(seq, _)| rows::stored(*seq)).collect();
    if db.rows(UNCHAINED, &[&seqs]).await?.len() != seqs.len() {
        return Ok(false);
    }
    if !put_end(db, KeptMark::Head, chaining.from.is_some(), &chaining.head).await? {
        return Ok(false);
    }
    let hashes: Vec<&[u8]> = chaining.links.iter().map(|(_, link)| &link.hash[..]).collect();
    let salts: Vec<Option<&[u8]>> =
        chaining.links.iter().map(|(_, link)| link.salt.as_ref().map(|salt| &salt[..])).collect();
    db.execute(CHAIN, &[&seqs, &hashes, &salts]).await?;
    if let Some(checkpoint) = &chaining.checkpoint {
        put(db, ADD_MARK, KeptMark::Checkpoint, checkpoint).await?;
    }
    Ok(true)
}

pub(crate) async fn checkpoints(db: &Db<'_>, after: u64, limit: u32) -> Result<Vec<AuditMark>> {
    let found = db.rows(CHECKPOINTS, &[&rows::stored(after), &i64::from(limit)]).await?;
    found.iter().map(|row| rows::audit_mark(&mut Columns::of(row))).collect()
}

pub(crate) async fn forget(db: &Db<'_>, from: Option<&AuditMark>, floor: &AuditMark) -> Result<Option<u32>> {
    if mark(db, HOLD_MARK, KeptMark::Floor).await?.as_ref() != from
        || !put_end(db, KeptMark::Floor, from.is_some(), floor).await?
    {
        return Ok(None);
    }
    let place = rows::stored(floor.seq);
    db.execute(FORGET_CHECKPOINTS, &[&place]).await?;
    Ok(Some(rows::counted(db.execute(FORGET, &[&place]).await?, u32::MAX)))
}

/// Writes a mark as it is given; a checkpoint that is there stays.
pub(crate) async fn add(db: &Db<'_>, kept: KeptMark, mark: &AuditMark) -> Result<bool> {
    Ok(put(db, ADD_MARK, kept, mark).await? > 0)
}

/// Floor or head, which is held where it is there; `false` where somebody else has written the first one.
async fn put_end(db: &Db<'_>, kept: KeptMark, is_there: bool, to: &AuditMark) -> Result<bool> {
    let sql = if is_there { MOVE_MARK } else { ADD_MARK };
    Ok(put(db, sql, kept, to).await? > 0)
}

async fn put(db: &Db<'_>, sql: &'static str, kept: KeptMark, mark: &AuditMark) -> Result<u64> {
    let row: [Param<'_>; 6] = [
        &kept.as_str(),
        &rows::stored(mark.seq),
        &&mark.hash[..],
        &mark.at.0,
        &i16::from(mark.key_id),
        &mark.signature,
    ];
    db.execute(sql, &row).await
}

async fn mark(db: &Db<'_>, sql: &'static str, kept: KeptMark) -> Result<Option<AuditMark>> {
    let found = db.row(sql, &[&kept.as_str()]).await?;
    found.map(|row| rows::audit_mark(&mut Columns::of(&row))).transpose()
}
