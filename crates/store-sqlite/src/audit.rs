//! The chain of the audit log. Each write asks first whether everything is as it was decided on, and then writes: the
//! transaction sees to it that nobody changes that in between.

use rotunda_core::model::AuditMark;
use rotunda_core::store::{AuditEnds, Chaining, KeptMark};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::rows::{self, Columns, mark_columns};

pub(crate) const END: &str = concat!("SELECT ", mark_columns!(), " FROM audit_mark WHERE kept = ?1");
pub(crate) const CHECKPOINTS: &str = concat!(
    "SELECT ",
    mark_columns!(),
    " FROM audit_mark WHERE kept = 'checkpoint' AND seq > ?1 ORDER BY seq LIMIT ?2"
);
pub(crate) const PUT: &str = "\
    INSERT INTO audit_mark (kept, seq, hash, at_ms, key_id, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
    ON CONFLICT (kept, seq) DO UPDATE SET hash = excluded.hash, at_ms = excluded.at_ms, key_id = excluded.key_id, \
        signature = excluded.signature";
pub(crate) const LIFT: &str = "DELETE FROM audit_mark WHERE kept = ?1";
pub(crate) const UNCHAINED: &str = "SELECT 1 FROM outbox WHERE seq = ?1 AND hash IS NULL";
/// Whoever was deleted since the hash was made has lost the address: then the salt goes as well.
pub(crate) const CHAIN: &str = "\
    UPDATE outbox SET hash = ?2, salt = CASE WHEN address IS NOT NULL OR user_agent IS NOT NULL THEN ?3 END \
    WHERE seq = ?1";
pub(crate) const FORGET: &str = "DELETE FROM outbox WHERE seq <= ?1";
pub(crate) const FORGET_CHECKPOINTS: &str = "DELETE FROM audit_mark WHERE kept = 'checkpoint' AND seq < ?1";

/// One transaction, hence one moment.
pub(crate) fn ends(db: &Connection) -> Result<AuditEnds> {
    let _moment = db.unchecked_transaction()?;
    Ok(AuditEnds { floor: end(db, KeptMark::Floor)?, head: end(db, KeptMark::Head)? })
}

fn end(db: &Connection, kept: KeptMark) -> Result<Option<AuditMark>> {
    db.prepare_cached(END)?
        .query_row(params![kept.as_str()], |row| rows::mark(&mut Columns::of(row)))
        .optional()
}

pub(crate) fn chain(db: &Connection, chaining: &Chaining) -> Result<bool> {
    if end(db, KeptMark::Head)? != chaining.from {
        return Ok(false);
    }
    let mut unchained = db.prepare_cached(UNCHAINED)?;
    for (seq, _) in &chaining.links {
        if !unchained.exists(params![rows::stored(*seq)])? {
            return Ok(false);
        }
    }
    let mut chain = db.prepare_cached(CHAIN)?;
    for (seq, link) in &chaining.links {
        chain.execute(params![rows::stored(*seq), link.hash, link.salt])?;
    }
    move_end(db, KeptMark::Head, &chaining.head)?;
    if let Some(checkpoint) = &chaining.checkpoint {
        insert(db, KeptMark::Checkpoint, checkpoint)?;
    }
    Ok(true)
}

pub(crate) fn checkpoints(db: &Connection, after: u64, limit: u32) -> Result<Vec<AuditMark>> {
    db.prepare_cached(CHECKPOINTS)?
        .query_map(params![rows::stored(after), limit], |row| rows::mark(&mut Columns::of(row)))?
        .collect()
}

pub(crate) fn forget_events(
    db: &Connection,
    from: Option<&AuditMark>,
    floor: &AuditMark,
) -> Result<Option<u32>> {
    if end(db, KeptMark::Floor)?.as_ref() != from {
        return Ok(None);
    }
    let place = rows::stored(floor.seq);
    let gone = db.prepare_cached(FORGET)?.execute(params![place])?;
    db.prepare_cached(FORGET_CHECKPOINTS)?.execute(params![place])?;
    move_end(db, KeptMark::Floor, floor)?;
    Ok(Some(u32::try_from(gone).unwrap_or(u32::MAX)))
}

fn move_end(db: &Connection, kept: KeptMark, to: &AuditMark) -> Result<()> {
    db.prepare_cached(LIFT)?.execute(params![kept.as_str()])?;
    insert(db, kept, to)
}

/// The row alone.
pub(crate) fn insert(db: &Connection, kept: KeptMark, mark: &AuditMark) -> Result<()> {
    let AuditMark { seq, hash, at, key_id, signature } = mark;
    db.prepare_cached(PUT)?
        .execute(params![kept.as_str(), rows::stored(*seq), hash, at.0, key_id, signature])
        .map(drop)
}
