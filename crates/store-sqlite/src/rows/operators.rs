//! Roles, webhooks and what is on its way to them, marks of the audit log, and figures.

use std::collections::BTreeSet;

use rotunda_core::model::{
    AuditMark, Delivery, Permission, Role, RoleName, Sealed, Tally, UnixMillis, Webhook, WebhookId,
};
use rusqlite::{Result, Row};

use super::{Columns, json};

/// The columns of [`delivery`], in its order.
macro_rules! delivery_columns {
    () => {
        "webhook_id, seq, created_at, attempts, next_attempt_at, last_error"
    };
}

/// The columns of [`mark`], in its order.
macro_rules! mark_columns {
    () => {
        "seq, hash, at_ms, key_id, signature"
    };
}

/// The columns of [`webhook`], in its order.
macro_rules! webhook_columns {
    () => {
        "id, url, description, filters, enabled, key_id, secret, place, version, created_at"
    };
}

pub(crate) use {delivery_columns, mark_columns, webhook_columns};

/// The roles of a user as they are stored; nothing for none.
pub(crate) fn roles_held(roles: &BTreeSet<RoleName>) -> Result<Option<String>> {
    let names: Vec<String> = roles.iter().map(|name| name.as_str().to_owned()).collect();
    match names.is_empty() {
        true => Ok(None),
        false => json(&names).map(Some),
    }
}

/// The roles of a user, from what is stored of them.
pub(crate) fn roles_of(stored: Option<&str>) -> Option<BTreeSet<RoleName>> {
    let Some(stored) = stored else { return Some(BTreeSet::new()) };
    let names: Vec<String> = serde_json::from_str(stored).ok()?;
    names.iter().map(|name| RoleName::parse(name)).collect()
}

/// The same from a row that has nothing else.
pub(crate) fn role_names(row: &Row<'_>) -> Result<BTreeSet<RoleName>> {
    Columns::of(row).parse(|held: Option<String>| roles_of(held.as_deref()))
}

/// From `name, permissions, description, version, created_at, changed_at`.
pub(crate) fn role(row: &Row<'_>) -> Result<Role> {
    let mut row = Columns::of(row);
    Ok(Role {
        name: row.parse(|name: String| RoleName::parse(&name))?,
        permissions: row.parse(|words: String| permissions(&words))?,
        description: row.take()?,
        version: row.number()?,
        created_at: row.time()?,
        changed_at: row.time()?,
    })
}

fn permissions(stored: &str) -> Option<BTreeSet<Permission>> {
    let words: Vec<String> = serde_json::from_str(stored).ok()?;
    words.iter().map(|word| Permission::parse(word)).collect()
}

/// From [`webhook_columns`].
pub(crate) fn webhook(row: &Row<'_>) -> Result<Webhook> {
    let mut row = Columns::of(row);
    Ok(Webhook {
        id: row.id(WebhookId::from_bytes)?,
        url: row.take()?,
        description: row.take()?,
        filters: row.parse(|json: String| serde_json::from_str(&json).ok())?,
        enabled: row.take()?,
        secret: Sealed { key_id: row.take()?, bytes: row.take()? },
        place: row.number()?,
        version: row.number()?,
        created_at: row.time()?,
    })
}

/// From [`delivery_columns`].
pub(crate) fn delivery(row: &Row<'_>) -> Result<Delivery> {
    let mut row = Columns::of(row);
    Ok(Delivery {
        webhook: row.id(WebhookId::from_bytes)?,
        seq: row.number()?,
        created_at: row.time()?,
        attempts: row.take()?,
        next_attempt_at: row.some_time()?,
        last_error: row.take()?,
    })
}

/// From [`mark_columns`].
pub(crate) fn mark(row: &mut Columns<'_, '_>) -> Result<AuditMark> {
    Ok(AuditMark {
        seq: row.number()?,
        hash: row.take()?,
        at: row.time()?,
        key_id: row.take()?,
        signature: row.take()?,
    })
}

/// From `hour, name, count`. The name is that of a newer release where there is no figure.
pub(crate) fn tally(row: &Row<'_>) -> Result<(UnixMillis, Option<Tally>, u64)> {
    let mut row = Columns::of(row);
    let (hour, name): (_, String) = (row.time()?, row.take()?);
    Ok((hour, Tally::parse(&name), row.number()?))
}
