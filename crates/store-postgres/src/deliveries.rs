//! What is on its way to webhooks.
//!
//! 1. [`claim`] takes what is due of one webhook and puts its next attempt off. Of two servers that come at once, each passes over what
//!    the other is taking (`letters.rs` does the same).
//! 2. What has arrived is deleted; what has not is put off once more, or given up: then it is dead, until somebody replays it.
//! 3. With a webhook goes a part of what is on its way to it, and the rest a batch at a time ([`forget`]): so much can be on its way
//!    that one statement would take too long. Until then nothing finds it.

use rotunda_core::model::{Delivery, UnixMillis, WebhookId};
use uuid::Uuid;

use crate::db::{Db, Param, Result};
use crate::rows::{self, Columns, delivery_columns};

/// Of a webhook that is there.
macro_rules! of_webhook {
    () => {
        "webhook_id = $1 AND EXISTS (SELECT 1 FROM webhook WHERE id = $1)"
    };
}

/// One that is there stays as it is.
pub(crate) const ADD: &str = "\
    INSERT INTO webhook_delivery (webhook_id, seq, created_at, attempts, next_attempt_at) \
    SELECT $1, seq, $3, 0, $3 FROM unnest($2::bigint[]) AS due(seq) ON CONFLICT (webhook_id, seq) DO NOTHING";
/// `webhook_id` is asked for once more, so that rows are looked up and not gone through.
pub(crate) const CLAIM: &str = concat!(
    "WITH due AS (SELECT seq AS due_seq, next_attempt_at AS due_since FROM webhook_delivery \
         WHERE ",
    of_webhook!(),
    " AND next_attempt_at <= $2 ORDER BY next_attempt_at, seq LIMIT $4 FOR UPDATE SKIP LOCKED), \
     claimed AS (UPDATE webhook_delivery SET attempts = attempts + 1, next_attempt_at = $3 FROM due \
         WHERE webhook_id = $1 AND seq = due_seq RETURNING webhook_delivery.*, due.due_since) \
     SELECT ",
    delivery_columns!(),
    " FROM claimed ORDER BY due_since, seq"
);
pub(crate) const DONE: &str = "DELETE FROM webhook_delivery WHERE webhook_id = $1 AND seq = $2";
pub(crate) const FAILED: &str = "\
    UPDATE webhook_delivery SET next_attempt_at = $3, last_error = $4 WHERE webhook_id = $1 AND seq = $2";
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM webhook_delivery WHERE ",
    of_webhook!(),
    " AND seq > $2 ORDER BY seq LIMIT $3"
);
pub(crate) const LIST_DEAD: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM webhook_delivery WHERE ",
    of_webhook!(),
    " AND next_attempt_at IS NULL AND seq > $2 ORDER BY seq LIMIT $3"
);
/// `+ 0`, so that it is looked up by its id, and not among the dead.
pub(crate) const REPLAY: &str = concat!(
    "UPDATE webhook_delivery SET next_attempt_at = $3, attempts = 0 WHERE ",
    of_webhook!(),
    " AND seq = $2 AND next_attempt_at + 0 IS NULL"
);
pub(crate) const REPLAY_SOME: &str = concat!(
    "WITH dead AS (SELECT seq AS dead_seq FROM webhook_delivery WHERE ",
    of_webhook!(),
    " AND next_attempt_at IS NULL ORDER BY seq LIMIT $3 FOR UPDATE SKIP LOCKED) \
     UPDATE webhook_delivery SET next_attempt_at = $2, attempts = 0 FROM dead \
     WHERE webhook_id = $1 AND seq = dead_seq"
);
pub(crate) const FORGET: &str = "\
    WITH old AS (SELECT webhook_id AS old_id, seq AS old_seq FROM webhook_delivery \
         WHERE created_at < $1 AND next_attempt_at IS NULL ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED) \
    DELETE FROM webhook_delivery USING old WHERE webhook_id = old_id AND seq = old_seq";
/// A webhook that is gone, while something is on its way to it. From webhook to webhook, not from delivery to delivery.
pub(crate) const GONE: &str = "\
    WITH RECURSIVE told AS ( \
        (SELECT webhook_id FROM webhook_delivery ORDER BY webhook_id LIMIT 1) \
        UNION ALL \
        SELECT (SELECT next.webhook_id FROM webhook_delivery AS next WHERE next.webhook_id > told.webhook_id \
            ORDER BY next.webhook_id LIMIT 1) \
        FROM told WHERE told.webhook_id IS NOT NULL) \
    SELECT webhook_id FROM told \
    WHERE webhook_id IS NOT NULL AND (SELECT id FROM webhook WHERE id = told.webhook_id) IS NULL LIMIT 1";
pub(crate) const REMOVE_SOME: &str = "\
    WITH front AS (SELECT seq AS front_seq FROM webhook_delivery WHERE webhook_id = $1 \
         ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED) \
    DELETE FROM webhook_delivery USING front WHERE webhook_id = $1 AND seq = front_seq";

pub(crate) async fn add(db: &Db<'_>, id: WebhookId, events: &[u64], now: UnixMillis) -> Result<()> {
    let events: Vec<i64> = events.iter().map(|seq| rows::stored(*seq)).collect();
    db.execute(ADD, &[&rows::uuid(id.as_bytes()), &events, &now.0]).await.map(drop)
}

pub(crate) async fn claim(
    db: &Db<'_>,
    id: WebhookId,
    (now, until): (UnixMillis, UnixMillis),
    limit: u32,
) -> Result<Vec<Delivery>> {
    let due: [Param<'_>; 4] = [&rows::uuid(id.as_bytes()), &now.0, &until.0, &i64::from(limit)];
    db.rows(CLAIM, &due).await?.iter().map(|row| rows::delivery(&mut Columns::of(row))).collect()
}

pub(crate) async fn done(db: &Db<'_>, id: WebhookId, seq: u64) -> Result<()> {
    db.execute(DONE, &[&rows::uuid(id.as_bytes()), &rows::stored(seq)]).await.map(drop)
}

pub(crate) async fn failed(
    db: &Db<'_>,
    (id, seq): (WebhookId, u64),
    again_at: Option<UnixMillis>,
    why: &str,
) -> Result<()> {
    let why = why.get(..why.floor_char_boundary(Delivery::ERROR_BYTES));
    let put_off: [Param<'_>; 4] =
        [&rows::uuid(id.as_bytes()), &rows::stored(seq), &again_at.map(|at| at.0), &why];
    db.execute(FAILED, &put_off).await.map(drop)
}

pub(crate) async fn deliveries(
    db: &Db<'_>,
    id: WebhookId,
    dead: bool,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let sql = if dead { LIST_DEAD } else { LIST };
    let after = after.map_or(-1, rows::stored);
    let found = db.rows(sql, &[&rows::uuid(id.as_bytes()), &after, &i64::from(limit)]).await?;
    found.iter().map(|row| rows::delivery(&mut Columns::of(row))).collect()
}

pub(crate) async fn replay(
    db: &Db<'_>,
    id: WebhookId,
    seq: Option<u64>,
    now: UnixMillis,
    limit: u32,
) -> Result<u32> {
    let id = rows::uuid(id.as_bytes());
    let replayed = match seq {
        Some(seq) => db.execute(REPLAY, &[&id, &rows::stored(seq), &now.0]).await?,
        None => db.execute(REPLAY_SOME, &[&id, &now.0, &i64::from(limit)]).await?,
    };
    Ok(rows::counted(replayed, limit))
}

/// What webhooks that are gone have left, and then the dead.
pub(crate) async fn forget(db: &Db<'_>, before: UnixMillis, limit: u32) -> Result<u32> {
    let mut left = limit;
    while left > 0 {
        let Some(gone) = db.row(GONE, &[]).await? else { break };
        let id: Uuid = Columns::of(&gone).take()?;
        match remove_some(db, id, left).await? {
            // Another server is at it.
            0 => break,
            removed => left = left.saturating_sub(removed),
        }
    }
    let dead = db.execute(FORGET, &[&before.0, &i64::from(left)]).await?;
    Ok(limit.saturating_sub(left).saturating_add(rows::counted(dead, left)))
}

/// At most `limit` of what is on its way to a webhook, the oldest first. Answers how many.
pub(crate) async fn remove_some(db: &Db<'_>, id: Uuid, limit: u32) -> Result<u32> {
    Ok(rows::counted(db.execute(REMOVE_SOME, &[&id, &i64::from(limit)]).await?, limit))
}
