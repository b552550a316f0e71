//! The port to webhooks, and to what is on its way to them.

use async_trait::async_trait;

use crate::failure::Failure;
use crate::model::{Delivery, Event, UnixMillis, Webhook, WebhookId};

/// How many deliveries are deleted with their webhook. The rest goes in batches ([`Webhooks::forget_deliveries`]), so that nobody
/// waits behind it.
pub const REMOVES_AT_ONCE: u32 = 1_000;

/// How many deliveries of a webhook may wait before no more are written down. What is left stays in the journal.
pub const WAIT_AT_MOST: u32 = 10_000;

/// One step of a webhook along the journal, as it was decided on by what was read of the webhook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebhookStep {
    /// The webhook.
    pub webhook: WebhookId,
    /// The version that was read: what it asks for, and whether it is on.
    pub version: u64,
    /// The place that was read.
    pub from: u64,
    /// The place up to which was looked.
    pub to: u64,
    /// The places of the events that it asks for.
    pub events: Vec<u64>,
}

/// Webhooks and their deliveries.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// All of them, by id.
    async fn webhooks(&self) -> Result<Vec<Webhook>, Failure>;

    /// Writes one, if it still has the version `from`; `None` means that there is none of that id. A new one, and one that is
    /// switched on again, begins behind the newest event there is; the place of any other stays ([`Webhook::place`] is not
    /// taken from what is given).
    async fn put_webhook(&self, webhook: Webhook, from: Option<u64>, event: Event) -> Result<bool, Failure>;

    /// Removes one, and at most [`REMOVES_AT_ONCE`] of what is on its way to it; `false` when there is none. The rest is as good as
    /// gone: nothing of it is taken, listed, counted or made again.
    async fn remove_webhook(&self, id: WebhookId, event: Event) -> Result<bool, Failure>;

    /// Writes the deliveries of a step and moves the webhook's place, if place and version still are those that were read, and
    /// fewer than [`WAIT_AT_MOST`] deliveries of it wait; dead ones do not.
    async fn enqueue(&self, step: WebhookStep, now: UnixMillis) -> Result<bool, Failure>;

    /// Takes at most `limit` deliveries of a webhook that are due at `now`, the one that is due the longest first: counts the
    /// attempt, and puts the next one off to `until`, so that no other server takes the same one meanwhile.
    async fn claim_deliveries(
        &self,
        id: WebhookId,
        now: UnixMillis,
        until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure>;

    /// Deletes a delivery: it has arrived, or there is nothing to deliver any more.
    async fn delivered(&self, id: WebhookId, seq: u64) -> Result<(), Failure>;

    /// Puts a delivery off, or gives it up where `again_at` is `None`; keeps why (at most [`Delivery::ERROR_BYTES`] of it).
    async fn delivery_failed(
        &self,
        id: WebhookId,
        seq: u64,
        again_at: Option<UnixMillis>,
        why: String,
    ) -> Result<(), Failure>;

    /// Deliveries of a webhook after a place, oldest first, at most `limit`; only dead ones where `dead` says so.
    async fn deliveries(
        &self,
        id: WebhookId,
        dead: bool,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure>;

    /// Has a dead delivery made again, or at most `limit` dead ones where none is named: they are due at `now`, with no attempt
    /// counted. Answers how many.
    async fn replay_deliveries(
        &self,
        id: WebhookId,
        seq: Option<u64>,
        now: UnixMillis,
        limit: u32,
    ) -> Result<u32, Failure>;

    /// Deletes at most `limit` deliveries: those whose webhook is gone, and dead ones that were written before `before`. Answers
    /// how many.
    async fn forget_deliveries(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure>;
}
