//! What is on its way to webhooks.
//!
//! 1. A delivery is written with the place up to which its webhook has looked (`webhooks.rs`); it is due at once.
//! 2. [`claim`] takes what is due and puts its next attempt off, all in one transaction: of two servers one gets it. If that
//!    one dies, it is due again when the time is up.
//! 3. What has arrived is deleted; what has not is put off, or given up: then it has no next attempt.
//! 4. With a webhook goes a part of what is on its way to it, and the rest a batch at a time ([`forget`]): so much can be on its way
//!    that nobody could write meanwhile. Until then nothing finds it.

use rotunda_core::model::{Delivery, UnixMillis, WebhookId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::rows::{self, delivery_columns};

/// Of a webhook that is there.
macro_rules! of_webhook {
    () => {
        "webhook_id = ?1 AND EXISTS (SELECT 1 FROM webhook WHERE id = ?1)"
    };
}

pub(crate) const ADD: &str = "\
    INSERT INTO webhook_delivery (webhook_id, seq, created_at, attempts, next_attempt_at) \
    VALUES (?1, ?2, ?3, 0, ?3) ON CONFLICT (webhook_id, seq) DO NOTHING";
pub(crate) const DUE: &str = concat!(
    "SELECT seq FROM webhook_delivery WHERE ",
    of_webhook!(),
    " AND next_attempt_at <= ?2 ORDER BY next_attempt_at, seq LIMIT ?3"
);
pub(crate) const CLAIM: &str = concat!(
    "UPDATE webhook_delivery SET attempts = attempts + 1, next_attempt_at = ?3 \
     WHERE webhook_id = ?1 AND seq = ?2 RETURNING ",
    delivery_columns!()
);
pub(crate) const DONE: &str = "DELETE FROM webhook_delivery WHERE webhook_id = ?1 AND seq = ?2";
pub(crate) const FAILED: &str = "\
    UPDATE webhook_delivery SET next_attempt_at = ?3, last_error = ?4 WHERE webhook_id = ?1 AND seq = ?2";
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM webhook_delivery WHERE ",
    of_webhook!(),
    " AND seq > ?2 ORDER BY seq LIMIT ?3"
);
pub(crate) const DEAD: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM webhook_delivery INDEXED BY delivery_dead WHERE ",
    of_webhook!(),
    " AND next_attempt_at IS NULL AND seq > ?2 ORDER BY seq LIMIT ?3"
);
pub(crate) const REPLAY_ONE: &str = concat!(
    "UPDATE webhook_delivery SET attempts = 0, next_attempt_at = ?3 WHERE ",
    of_webhook!(),
    " AND seq = ?2 AND next_attempt_at IS NULL"
);
pub(crate) const REPLAY: &str = concat!(
    "UPDATE webhook_delivery SET attempts = 0, next_attempt_at = ?2 \
     WHERE webhook_id = ?1 AND seq IN (SELECT seq FROM webhook_delivery INDEXED BY delivery_dead WHERE ",
    of_webhook!(),
    " AND next_attempt_at IS NULL ORDER BY seq LIMIT ?3)"
);
pub(crate) const FORGET: &str = "\
    DELETE FROM webhook_delivery WHERE (webhook_id, seq) IN \
        (SELECT webhook_id, seq FROM webhook_delivery INDEXED BY delivery_dead_since \
         WHERE next_attempt_at IS NULL AND created_at < ?1 ORDER BY created_at LIMIT ?2)";
/// A webhook that is gone, while something is on its way to it. From webhook to webhook, not from delivery to delivery.
pub(crate) const GONE: &str = "\
    WITH RECURSIVE told (id) AS ( \
        SELECT min(webhook_id) FROM webhook_delivery \
        UNION ALL \
        SELECT (SELECT min(webhook_id) FROM webhook_delivery WHERE webhook_id > told.id) \
        FROM told WHERE told.id IS NOT NULL) \
    SELECT id FROM told \
    WHERE id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM webhook WHERE webhook.id = told.id) LIMIT 1";
pub(crate) const REMOVE_SOME: &str = "\
    DELETE FROM webhook_delivery WHERE webhook_id = ?1 AND seq IN \
        (SELECT seq FROM webhook_delivery WHERE webhook_id = ?1 ORDER BY seq LIMIT ?2)";

pub(crate) fn add(db: &Connection, id: WebhookId, seq: u64, now: UnixMillis) -> Result<()> {
    db.prepare_cached(ADD)?.execute(params![id.as_bytes(), rows::stored(seq), now.0]).map(drop)
}

pub(crate) fn claim(
    db: &Connection,
    id: WebhookId,
    (now, until): (UnixMillis, UnixMillis),
    limit: u32,
) -> Result<Vec<Delivery>> {
    let due: Vec<i64> = db
        .prepare_cached(DUE)?
        .query_map(params![id.as_bytes(), now.0, limit], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let mut claim = db.prepare_cached(CLAIM)?;
    due.into_iter().map(|seq| claim.query_row(params![id.as_bytes(), seq, until.0], rows::delivery)).collect()
}

pub(crate) fn delivered(db: &Connection, id: WebhookId, seq: u64) -> Result<()> {
    db.prepare_cached(DONE)?.execute(params![id.as_bytes(), rows::stored(seq)]).map(drop)
}

pub(crate) fn failed(
    db: &Connection,
    id: WebhookId,
    seq: u64,
    again_at: Option<UnixMillis>,
    why: &str,
) -> Result<()> {
    let why = why.get(..why.floor_char_boundary(Delivery::ERROR_BYTES));
    let failed = params![id.as_bytes(), rows::stored(seq), again_at.map(|at| at.0), why];
    db.prepare_cached(FAILED)?.execute(failed).map(drop)
}

pub(crate) fn deliveries(
    db: &Connection,
    id: WebhookId,
    dead: bool,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    // No event has the place 0.
    let after = after.map_or(0, rows::stored);
    db.prepare_cached(if dead { DEAD } else { LIST })?
        .query_map(params![id.as_bytes(), after, limit], rows::delivery)?
        .collect()
}

pub(crate) fn replay(
    db: &Connection,
    id: WebhookId,
    seq: Option<u64>,
    now: UnixMillis,
    limit: u32,
) -> Result<u32> {
    let again = match seq {
        Some(seq) => {
            db.prepare_cached(REPLAY_ONE)?.execute(params![id.as_bytes(), rows::stored(seq), now.0])?
        }
        None => db.prepare_cached(REPLAY)?.execute(params![id.as_bytes(), now.0, limit])?,
    };
    Ok(u32::try_from(again).unwrap_or(limit))
}

/// What webhooks that are gone have left, and then the dead.
pub(crate) fn forget(db: &Connection, before: UnixMillis, limit: u32) -> Result<u32> {
    let mut left = limit;
    while left > 0 {
        let gone = db.prepare_cached(GONE)?.query_row([], |row| row.get::<_, Vec<u8>>(0)).optional()?;
        let Some(id) = gone else { break };
        left -= remove_some(db, &id, left)?.clamp(1, left);
    }
    let dead = db.prepare_cached(FORGET)?.execute(params![before.0, left])?;
    Ok(limit.saturating_sub(left).saturating_add(u32::try_from(dead).unwrap_or(left)))
}

/// At most `limit` of what is on its way to a webhook, the oldest first. Answers how many.
pub(crate) fn remove_some(db: &Connection, id: &[u8], limit: u32) -> Result<u32> {
    let removed = db.prepare_cached(REMOVE_SOME)?.execute(params![id, limit])?;
    Ok(u32::try_from(removed).unwrap_or(limit))
}
