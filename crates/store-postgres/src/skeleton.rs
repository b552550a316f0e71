//! Rows of sessions that may be behind, because what a rotation changes is kept elsewhere.
//!
//! 1. [`settle`] brings rows up to date in one statement, each guarded: live, and not newer than what is brought.
//! 2. What is due by its row is found on the walk that the janitor takes (`janitor.rs`).

use std::cmp::Reverse;

use rotunda_core::store::Moved;

use crate::db::{Db, Param, Result};
use crate::refresh::{few, move_to_r};
use crate::rows;

/// Of two for one session the first is taken.
pub(crate) const SETTLE: &str = concat!(
    move_to_r!(),
    "FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], \
        $8::smallint[], $9::smallint[], $10::bigint[], $11::bytea[], $12::bigint[], $13::boolean[], $14::text[], \
        $15::text[]) WITH ORDINALITY \
        AS r(id, generation, current_hash, previous_hash, before_hash, salt, previous_salt, key_id, previous_key_id, \
            rotated_at_ms, retry_hashes, idle_expires_at, device_shown, last_ip, last_user_agent, n) \
     WHERE session.id = r.id AND session.generation <= r.generation AND session.ended IS NULL AND ",
    few!("r.n")
);

/// In the order of ids, the newest first.
pub(crate) async fn settle(db: &Db<'_>, moved: &[Moved]) -> Result<u32> {
    let mut moved: Vec<&Moved> = moved.iter().collect();
    moved.sort_unstable_by_key(|moved| (moved.id, Reverse(moved.lineage.generation)));
    let retry_hashes = column(&moved, |m| rows::retry_hashes(&m.lineage.retry_hashes));
    let params: [Param<'_>; 15] = [
        &column(&moved, |m| rows::uuid(m.id.as_bytes())),
        &column(&moved, |m| i64::from(m.lineage.generation)),
        &column(&moved, |m| &m.lineage.current_hash.0[..]),
        &column(&moved, |m| m.lineage.previous_hash.as_ref().map(|hash| &hash.0[..])),
        &column(&moved, |m| m.lineage.before_hash.as_ref().map(|hash| &hash.0[..])),
        &column(&moved, |m| m.lineage.salt.as_ref().map(|salt| &salt.0[..])),
        &column(&moved, |m| m.lineage.previous_salt.as_ref().map(|salt| &salt.0[..])),
        &column(&moved, |m| i16::from(m.lineage.key_id)),
        &column(&moved, |m| i16::from(m.lineage.previous_key_id)),
        &column(&moved, |m| m.lineage.rotated_at.map(|at| at.0)),
        &retry_hashes.iter().map(|hashes| &hashes[..]).collect::<Vec<_>>(),
        &column(&moved, |m| m.idle_expires_at.0),
        &column(&moved, |m| m.device_shown),
        &column(&moved, |m| m.last_address.map(|address| address.to_string())),
        &column(&moved, |m| m.last_user_agent.as_deref()),
    ];
    Ok(rows::counted(db.execute(SETTLE, &params).await?, u32::MAX))
}

/// One value of each.
fn column<'m, T>(moved: &[&'m Moved], of: impl Fn(&'m Moved) -> T) -> Vec<T> {
    moved.iter().map(|moved| of(moved)).collect()
}
