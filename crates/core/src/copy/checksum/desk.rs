//! Checksums of what operators work with: roles, webhooks, marks of the audit log, figures.

use super::Sum;
use crate::model::{AuditMark, Delivery, Role, Sealed, Tally, UnixMillis, Webhook};
use crate::store::KeptMark;

pub(super) fn role(sum: &mut Sum, role: &Role) {
    let Role { name, permissions, description, version, created_at, changed_at } = role;
    sum.text(name.as_str());
    sum.number(permissions.len() as u64);
    permissions.iter().for_each(|permission| sum.text(permission.as_str()));
    sum.some_text(description.as_deref());
    sum.number(*version);
    sum.time(*created_at);
    sum.time(*changed_at);
}

pub(super) fn webhook(sum: &mut Sum, webhook: &Webhook) {
    let Webhook { id, url, description, filters, enabled, secret, place, version, created_at } = webhook;
    sum.bytes(id.as_bytes());
    sum.text(url);
    sum.some_text(description.as_deref());
    sum.texts(filters);
    sum.flag(*enabled);
    let Sealed { key_id, bytes } = secret;
    sum.number((*key_id).into());
    sum.bytes(bytes);
    sum.number(*place);
    sum.number(*version);
    sum.time(*created_at);
}

pub(super) fn delivery(sum: &mut Sum, delivery: &Delivery) {
    let Delivery { webhook, seq, created_at, attempts, next_attempt_at, last_error } = delivery;
    sum.bytes(webhook.as_bytes());
    sum.number(*seq);
    sum.time(*created_at);
    sum.number((*attempts).into());
    sum.some(*next_attempt_at, Sum::time);
    sum.some_text(last_error.as_deref());
}

pub(super) fn mark(sum: &mut Sum, (kept, mark): &(KeptMark, AuditMark)) {
    let AuditMark { seq, hash, at, key_id, signature } = mark;
    sum.text(kept.as_str());
    sum.number(*seq);
    sum.bytes(hash);
    sum.time(*at);
    sum.number((*key_id).into());
    sum.bytes(signature);
}

pub(super) fn tally(sum: &mut Sum, (hour, tally, count): &(UnixMillis, Tally, u64)) {
    sum.time(*hour);
    sum.text(tally.as_str());
    sum.number(*count);
}
