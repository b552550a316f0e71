//! What operators work with: roles, marks of the audit log, webhooks and what is on its way to them, answers.

use rotunda_core::model::{AuditMark, Delivery, Permission, Role, RoleName, Sealed, Webhook, WebhookId};
use rotunda_core::store::KeptAnswer;

use super::Columns;
use crate::db::Result;

/// The columns of [`audit_mark`], in its order.
macro_rules! mark_columns {
    () => {
        "seq, hash, at_ms, key_id, signature"
    };
}

/// The columns of [`delivery`], in its order.
macro_rules! delivery_columns {
    () => {
        "webhook_id, seq, created_at, attempts, next_attempt_at, last_error"
    };
}

pub(crate) use {delivery_columns, mark_columns};

/// From `name, permissions, description, version, created_at, changed_at`.
pub(crate) fn role(row: &mut Columns<'_>) -> Result<Role> {
    Ok(Role {
        name: row.parse(RoleName::parse)?,
        permissions: row.parse(|json: &str| {
            let words: Vec<String> = serde_json::from_str(json).ok()?;
            words.iter().map(|word| Permission::parse(word)).collect()
        })?,
        description: row.take()?,
        version: row.number()?,
        created_at: row.time()?,
        changed_at: row.time()?,
    })
}

/// From [`mark_columns`].
pub(crate) fn audit_mark(row: &mut Columns<'_>) -> Result<AuditMark> {
    Ok(AuditMark {
        seq: row.number()?,
        hash: row.bytes()?,
        at: row.time()?,
        key_id: row.key_id()?,
        signature: row.take()?,
    })
}

/// From `id, url, description, filters, enabled, key_id, secret, place, version, created_at`.
pub(crate) fn webhook(row: &mut Columns<'_>) -> Result<Webhook> {
    Ok(Webhook {
        id: row.id(WebhookId::from_bytes)?,
        url: row.take()?,
        description: row.take()?,
        filters: row.parse(|json: &str| serde_json::from_str(json).ok())?,
        enabled: row.take()?,
        secret: sealed(row)?,
        place: row.number()?,
        version: row.number()?,
        created_at: row.time()?,
    })
}

/// From [`delivery_columns`].
pub(crate) fn delivery(row: &mut Columns<'_>) -> Result<Delivery> {
    Ok(Delivery {
        webhook: row.id(WebhookId::from_bytes)?,
        seq: row.number()?,
        created_at: row.time()?,
        attempts: row.small_number()?,
        next_attempt_at: row.some_time()?,
        last_error: row.take()?,
    })
}

/// From `status, key_id, body`; nothing where the request is under way.
pub(crate) fn kept_answer(row: &mut Columns<'_>) -> Result<Option<KeptAnswer>> {
    let Some(status) = row.parse_some(|status: i16| u16::try_from(status).ok())? else { return Ok(None) };
    Ok(Some(KeptAnswer { status, body: sealed(row)? }))
}

fn sealed(row: &mut Columns<'_>) -> Result<Sealed> {
    Ok(Sealed { key_id: row.key_id()?, bytes: row.take()? })
}
