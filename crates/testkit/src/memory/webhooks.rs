//! Webhooks, and what is on its way to them.

use std::collections::BTreeSet;
use std::ops::Bound;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Delivery, Event, UnixMillis, Webhook, WebhookId};
use rotunda_core::store::{REMOVES_AT_ONCE, WAIT_AT_MOST, WebhookStep, Webhooks};

use super::{MemoryState, MemoryStore};

#[async_trait]
impl Webhooks for MemoryStore {
    async fn webhooks(&self) -> Result<Vec<Webhook>, Failure> {
        Ok(self.open()?.webhooks.values().cloned().collect())
    }

    async fn put_webhook(&self, webhook: Webhook, from: Option<u64>, event: Event) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let known = state.webhooks.get(&webhook.id);
        if known.map(|known| known.version) != from {
            return Ok(false);
        }
        let stays = known.filter(|known| known.enabled || !webhook.enabled).map(|known| known.place);
        state.record(event);
        let place = stays.unwrap_or(state.last_seq);
        state.webhooks.insert(webhook.id, Webhook { place, ..webhook });
        Ok(true)
    }

    async fn remove_webhook(&self, id: WebhookId, event: Event) -> Result<bool, Failure> {
        let mut state = self.open()?;
        if state.webhooks.remove(&id).is_none() {
            return Ok(false);
        }
        state.drop_deliveries(REMOVES_AT_ONCE, |delivery| delivery.webhook == id);
        state.record(event);
        Ok(true)
    }

    async fn enqueue(&self, step: WebhookStep, now: UnixMillis) -> Result<bool, Failure> {
        let WebhookStep { webhook: id, version, from, to, events } = step;
        let mut state = self.open()?;
        let waiting = state.deliveries_of(id).filter(|delivery| !is_dead(delivery)).count();
        let as_read = |webhook: &&mut Webhook| (webhook.place, webhook.version) == (from, version);
        let Some(webhook) = state.webhooks.get_mut(&id).filter(as_read) else { return Ok(false) };
        if waiting >= WAIT_AT_MOST as usize {
            return Ok(false);
        }
        webhook.place = to;
        for seq in events {
            state.deliveries.insert(
                (id, seq),
                Delivery {
                    webhook: id,
                    seq,
                    created_at: now,
                    attempts: 0,
                    next_attempt_at: Some(now),
                    last_error: None,
                },
            );
        }
        Ok(true)
    }

    async fn claim_deliveries(
        &self,
        id: WebhookId,
        now: UnixMillis,
        until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure> {
        let mut state = self.open()?;
        let mut due: Vec<Delivery> = state.deliveries_of(id).cloned().collect();
        due.retain(|delivery| delivery.next_attempt_at.is_some_and(|at| at <= now));
        due.sort_by_key(|delivery| (delivery.next_attempt_at, delivery.seq));
        due.truncate(limit as usize);
        for delivery in &mut due {
            delivery.attempts += 1;
            delivery.next_attempt_at = Some(until);
            state.deliveries.insert((id, delivery.seq), delivery.clone());
        }
        Ok(due)
    }

    async fn delivered(&self, id: WebhookId, seq: u64) -> Result<(), Failure> {
        self.open()?.deliveries.remove(&(id, seq));
        Ok(())
    }

    async fn delivery_failed(
        &self,
        id: WebhookId,
        seq: u64,
        again_at: Option<UnixMillis>,
        mut why: String,
    ) -> Result<(), Failure> {
        why.truncate(why.floor_char_boundary(Delivery::ERROR_BYTES));
        if let Some(delivery) = self.open()?.deliveries.get_mut(&(id, seq)) {
            delivery.next_attempt_at = again_at;
            delivery.last_error = Some(why);
        }
        Ok(())
    }

    async fn deliveries(
        &self,
        id: WebhookId,
        dead: bool,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure> {
        let state = self.open()?;
        let asked = |delivery: &&Delivery| {
            after.is_none_or(|after| delivery.seq > after) && (!dead || is_dead(delivery))
        };
        Ok(state.deliveries_of(id).filter(asked).take(limit as usize).cloned().collect())
    }

    async fn replay_deliveries(
        &self,
        id: WebhookId,
        seq: Option<u64>,
        now: UnixMillis,
        limit: u32,
    ) -> Result<u32, Failure> {
        let mut state = self.open()?;
        let is_there = state.webhooks.contains_key(&id);
        let asked = |delivery: &&mut Delivery| {
            is_there && delivery.webhook == id && seq.is_none_or(|seq| delivery.seq == seq)
        };
        let dead = state.deliveries.values_mut().filter(asked).filter(|delivery| is_dead(delivery));
        let mut replayed = 0;
        for delivery in dead.take(limit as usize) {
            delivery.next_attempt_at = Some(now);
            delivery.attempts = 0;
            replayed += 1;
        }
        Ok(replayed)
    }

    async fn forget_deliveries(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let mut state = self.open()?;
        let there: BTreeSet<WebhookId> = state.webhooks.keys().copied().collect();
        Ok(state.drop_deliveries(limit, |delivery| {
            !there.contains(&delivery.webhook) || (is_dead(delivery) && delivery.created_at < before)
        }))
    }
}

impl MemoryState {
    /// What is on its way to a webhook, oldest first; nothing to one that is gone.
    fn deliveries_of(&self, id: WebhookId) -> impl Iterator<Item = &Delivery> {
        let all = (Bound::Included((id, 0)), Bound::Included((id, u64::MAX)));
        let of_it = self.deliveries.range(all).map(|(_, delivery)| delivery);
        of_it.filter(|delivery| self.webhooks.contains_key(&delivery.webhook))
    }

    /// What is on its way to any webhook that is there.
    pub(super) fn all_deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.webhooks.keys().flat_map(|id| self.deliveries_of(*id))
    }

    /// Drops at most `limit` deliveries. Answers how many.
    fn drop_deliveries(&mut self, limit: u32, goes: impl Fn(&Delivery) -> bool) -> u32 {
        let mut dropped = 0;
        self.deliveries.retain(|_, delivery| {
            let goes = dropped < limit && goes(delivery);
            dropped += u32::from(goes);
            !goes
        });
        dropped
    }
}

fn is_dead(delivery: &Delivery) -> bool {
    delivery.next_attempt_at.is_none()
}
