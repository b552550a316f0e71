//! Webhooks.
//!
//! 1. Each write is guarded by the version, and a step also by the place, that it was decided on. Whoever changes one waits for whoever else does.
//! 2. One that begins, or is switched on again, begins behind the newest event there is, the one that tells of this among them: all that
//!    was committed before gets its place in this transaction (`places.rs`), and whatever comes later gets a later one.
//! 3. What is on its way comes in with the step of the webhook's place that it belongs to (`deliveries.rs`), and goes with the webhook, or soon after.

use rotunda_core::model::{Event, UnixMillis, Webhook, WebhookId};
use rotunda_core::store::{REMOVES_AT_ONCE, WAIT_AT_MOST, WebhookStep};
use tokio_postgres::Row;

use crate::db::{Db, Param, Result};
use crate::places::Sequence;
use crate::rows::{self, Columns};
use crate::{deliveries, journal, places};

pub(crate) const LIST: &str = "\
    SELECT id, url, description, filters, enabled, key_id, secret, place, version, created_at FROM webhook ORDER BY id";
pub(crate) const ADD: &str = "\
    INSERT INTO webhook (id, url, description, filters, enabled, key_id, secret, place, version, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING";
pub(crate) const HOLD: &str = "SELECT enabled, place FROM webhook WHERE id = $1 AND version = $2 FOR UPDATE";
pub(crate) const CHANGE: &str = "\
    UPDATE webhook SET url = $2, description = $3, filters = $4, enabled = $5, key_id = $6, secret = $7, place = $8, \
        version = $9, created_at = $10 \
    WHERE id = $1";
pub(crate) const BEGIN: &str = "\
    UPDATE webhook SET place = (SELECT value FROM meta WHERE name = 'outbox') WHERE id = $1";
/// Unless too many wait.
pub(crate) const STEP: &str = "\
    UPDATE webhook SET place = $4 WHERE id = $1 AND version = $2 AND place = $3 AND $5 > \
        (SELECT count(*) FROM (SELECT 1 FROM webhook_delivery WHERE webhook_id = $1 AND next_attempt_at IS NOT NULL \
         LIMIT $5) AS waiting)";
pub(crate) const REMOVE: &str = "DELETE FROM webhook WHERE id = $1";

pub(crate) async fn webhooks(db: &Db<'_>) -> Result<Vec<Webhook>> {
    db.rows(LIST, &[]).await?.iter().map(|row| rows::webhook(&mut Columns::of(row))).collect()
}

pub(crate) async fn put(db: &Db<'_>, webhook: &Webhook, from: Option<u64>, event: &Event) -> Result<bool> {
    let begins = match from {
        None => match write(db, ADD, webhook, 0).await? {
            0 => return Ok(false),
            _ => true,
        },
        Some(version) => {
            let read: [Param<'_>; 2] = [&rows::uuid(webhook.id.as_bytes()), &rows::stored(version)];
            let Some(row) = db.row(HOLD, &read).await? else { return Ok(false) };
            let (was_enabled, place) = enabled_and_place(&row)?;
            write(db, CHANGE, webhook, place).await?;
            webhook.enabled && !was_enabled
        }
    };
    journal::record(db, event).await?;
    if begins {
        while places::place(db, Sequence::Events).await? {}
        db.execute(BEGIN, &[&rows::uuid(webhook.id.as_bytes())]).await?;
    }
    Ok(true)
}

/// One as it is given, which is not there yet.
pub(crate) async fn add(db: &Db<'_>, webhook: &Webhook) -> Result<()> {
    write(db, ADD, webhook, webhook.place).await.map(drop)
}

pub(crate) async fn remove(db: &Db<'_>, id: WebhookId, event: &Event) -> Result<bool> {
    let webhook = rows::uuid(id.as_bytes());
    if db.execute(REMOVE, &[&webhook]).await? == 0 {
        return Ok(false);
    }
    deliveries::remove_some(db, webhook, REMOVES_AT_ONCE).await?;
    journal::record(db, event).await?;
    Ok(true)
}

pub(crate) async fn enqueue(db: &Db<'_>, step: &WebhookStep, now: UnixMillis) -> Result<bool> {
    let (version, from, to) = (rows::stored(step.version), rows::stored(step.from), rows::stored(step.to));
    let moving: [Param<'_>; 5] =
        [&rows::uuid(step.webhook.as_bytes()), &version, &from, &to, &i64::from(WAIT_AT_MOST)];
    if db.execute(STEP, &moving).await? == 0 {
        return Ok(false);
    }
    if !step.events.is_empty() {
        deliveries::add(db, step.webhook, &step.events, now).await?;
    }
    Ok(true)
}

fn enabled_and_place(row: &Row) -> Result<(bool, u64)> {
    let mut row = Columns::of(row);
    Ok((row.take()?, row.number()?))
}

async fn write(db: &Db<'_>, sql: &'static str, webhook: &Webhook, place: u64) -> Result<u64> {
    let row: [Param<'_>; 10] = [
        &rows::uuid(webhook.id.as_bytes()),
        &webhook.url,
        &webhook.description,
        &rows::json(&webhook.filters)?,
        &webhook.enabled,
        &i16::from(webhook.secret.key_id),
        &webhook.secret.bytes,
        &rows::stored(place),
        &rows::stored(webhook.version),
        &webhook.created_at.0,
    ];
    db.execute(sql, &row).await
}
