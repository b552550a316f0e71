//! Rows of sessions that may be behind, because what a rotation changes is kept elsewhere.
//!
//! 1. [`settle`] brings rows up to date, each guarded: live, and not newer than what is brought.
//! 2. What is due by its row is found on the walk that the janitor takes (`janitor.rs`).

use rotunda_core::store::Moved;
use rusqlite::{Connection, Result, params};

use crate::rows;

/// The limits are kept as by a rotation: the absolute one never moves at all.
pub(crate) const SETTLE: &str = "\
    UPDATE session SET generation = ?1, current_hash = ?2, previous_hash = ?3, before_hash = ?4, salt = ?5, \
        previous_salt = ?6, key_id = ?7, previous_key_id = ?8, rotated_at_ms = ?9, retry_hashes = ?10, \
        idle_expires_at = min(?11, absolute_expires_at), device_shown = max(device_shown, ?12), last_ip = ?13, \
        last_user_agent = ?14 \
    WHERE id = ?15 AND generation <= ?1 AND status = 'live'";

pub(crate) fn settle(db: &Connection, moved: &[Moved]) -> Result<u32> {
    let mut statement = db.prepare_cached(SETTLE)?;
    let mut settled = 0;
    for moved in moved {
        let lineage = &moved.lineage;
        let rows = statement.execute(params![
            lineage.generation,
            lineage.current_hash.0,
            lineage.previous_hash.map(|hash| hash.0),
            lineage.before_hash.map(|hash| hash.0),
            lineage.salt.map(|salt| salt.0),
            lineage.previous_salt.map(|salt| salt.0),
            lineage.key_id,
            lineage.previous_key_id,
            lineage.rotated_at.map(|at| at.0),
            rows::retry_hashes(&lineage.retry_hashes),
            moved.idle_expires_at.0,
            moved.device_shown,
            moved.last_address.map(|address| address.to_string()),
            moved.last_user_agent,
            moved.id.as_bytes(),
        ])?;
        settled += u32::from(rows > 0);
    }
    Ok(settled)
}
