//! Webhooks, and up to which event each has looked.

use rotunda_core::model::{Event, UnixMillis, Webhook, WebhookId};
use rotunda_core::store::{REMOVES_AT_ONCE, WAIT_AT_MOST, WebhookStep};
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::rows::{self, webhook_columns};
use crate::{deliveries, journal};

pub(crate) const LIST: &str = concat!("SELECT ", webhook_columns!(), " FROM webhook ORDER BY id");
pub(crate) const BY_ID: &str = concat!("SELECT ", webhook_columns!(), " FROM webhook WHERE id = ?1");
pub(crate) const PUT: &str = "\
    INSERT INTO webhook (id, url, description, filters, enabled, key_id, secret, place, version, created_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
    ON CONFLICT (id) DO UPDATE SET url = excluded.url, description = excluded.description, \
        filters = excluded.filters, enabled = excluded.enabled, key_id = excluded.key_id, secret = excluded.secret, \
        place = excluded.place, version = excluded.version, created_at = excluded.created_at";
pub(crate) const NEWEST_EVENT: &str =
    "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)";
pub(crate) const REMOVE: &str = "DELETE FROM webhook WHERE id = ?1";
/// Unless too many wait.
pub(crate) const MOVE: &str = "\
    UPDATE webhook SET place = ?4 WHERE id = ?1 AND version = ?2 AND place = ?3 AND ?5 > \
        (SELECT count(*) FROM (SELECT 1 FROM webhook_delivery INDEXED BY delivery_due \
         WHERE webhook_id = ?1 AND next_attempt_at IS NOT NULL LIMIT ?5))";

pub(crate) fn webhooks(db: &Connection) -> Result<Vec<Webhook>> {
    db.prepare_cached(LIST)?.query_map([], rows::webhook)?.collect()
}

/// It begins behind the event of its own change.
pub(crate) fn put(db: &Connection, webhook: &Webhook, from: Option<u64>, event: &Event) -> Result<bool> {
    let was =
        db.prepare_cached(BY_ID)?.query_row(params![webhook.id.as_bytes()], rows::webhook).optional()?;
    if was.as_ref().map(|was| was.version) != from {
        return Ok(false);
    }
    journal::record(db, event)?;
    let place = match was {
        Some(was) if was.enabled || !webhook.enabled => was.place,
        _ => newest_event(db)?,
    };
    insert(db, webhook, place)?;
    Ok(true)
}

/// The row alone.
pub(crate) fn insert(db: &Connection, webhook: &Webhook, place: u64) -> Result<()> {
    db.prepare_cached(PUT)?
        .execute(params![
            webhook.id.as_bytes(),
            webhook.url,
            webhook.description,
            rows::json(&webhook.filters)?,
            webhook.enabled,
            webhook.secret.key_id,
            webhook.secret.bytes,
            rows::stored(place),
            rows::stored(webhook.version),
            webhook.created_at.0,
        ])
        .map(drop)
}

fn newest_event(db: &Connection) -> Result<u64> {
    db.prepare_cached(NEWEST_EVENT)?.query_row([], |row| row.get(0).map(i64::cast_unsigned))
}

pub(crate) fn remove(db: &Connection, id: WebhookId, event: &Event) -> Result<bool> {
    if db.prepare_cached(REMOVE)?.execute(params![id.as_bytes()])? == 0 {
        return Ok(false);
    }
    deliveries::remove_some(db, id.as_bytes(), REMOVES_AT_ONCE)?;
    journal::record(db, event)?;
    Ok(true)
}

pub(crate) fn enqueue(db: &Connection, step: &WebhookStep, now: UnixMillis) -> Result<bool> {
    let id = step.webhook;
    let (version, from, to) = (rows::stored(step.version), rows::stored(step.from), rows::stored(step.to));
    if db.prepare_cached(MOVE)?.execute(params![id.as_bytes(), version, from, to, WAIT_AT_MOST])? == 0 {
        return Ok(false);
    }
    step.events.iter().try_for_each(|seq| deliveries::add(db, id, *seq, now))?;
    Ok(true)
}
