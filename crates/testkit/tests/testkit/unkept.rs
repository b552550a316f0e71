//! Stores that break their word about the audit log, about what is looked for, about webhooks or about the desk, in one
//! way each.

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{
    AuditMark, Delivery, Event, Facts, RecordedEvent, SessionId, Tally, UnixMillis, User, Webhook, WebhookId,
};
use rotunda_core::store::{
    AnswerBegun, AnswerKey, Audit, Chaining, Counting, Desk, EventSearch, KeptAnswer, Page, Search,
    SessionSearch, Store, UserPlace, UserSearch, WebhookStep, Webhooks,
};
use rotunda_testkit::{Layer, MemoryState, MemoryStore};

/// What an [`UnkeptStore`] does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Miss {
    LinksAreLost,
    SaltIsWrittenAnyway,
    ChainIgnoresReading,
    EveryHeadIsKept,
    FloorTakesItsCheckpoint,
    FloorIgnoresReading,
    PageDropsTheLast,
    EmptyPageIsTheLast,
    CountsWhatIsOver,
    CountsOn,
    WebhookLosesFilters,
    WebhookIgnoresVersion,
    WebhookTakesGivenPlace,
    RemovalLeavesDeliveries,
    EnqueueIgnoresPlace,
    EnqueueIgnoresVersion,
    EnqueueIgnoresCrowds,
    ClaimCountsNothing,
    ClaimPutsNothingOff,
    NothingIsGivenUp,
    TheLivingAreReplayed,
    TheLivingAreForgotten,
    FiguresOverwrite,
    FiguresAreReadThenWritten,
    FiguresIgnoreLimit,
    AnswersAreNotKept,
    NothingIsLost,
    NothingIsDropped,
    BeginsReadThenWrite,
    AnswersIgnoreLimit,
}

/// A memory store that misses one thing.
pub(crate) struct UnkeptStore {
    inner: MemoryStore,
    miss: Miss,
}

impl UnkeptStore {
    pub(crate) fn with(miss: Miss) -> Self {
        Self { inner: MemoryStore::new(), miss }
    }

    fn has(&self, miss: Miss) -> bool {
        self.miss == miss
    }

    fn tamper(&self, miss: Miss, act: impl FnOnce(&mut MemoryState)) {
        if self.has(miss) {
            let mut state = self.inner.snapshot();
            act(&mut state);
            self.inner.restore(state);
        }
    }

    fn spoil<T, K>(&self, mut page: Page<T, K>) -> Page<T, K> {
        match self.miss {
            Miss::PageDropsTheLast => drop(page.rows.pop()),
            Miss::EmptyPageIsTheLast if page.rows.is_empty() => page.next = None,
            _ => {}
        }
        page
    }
}

#[async_trait]
impl Layer for UnkeptStore {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn chain(&self, mut chaining: Chaining) -> Result<bool, Failure> {
        self.tamper(Miss::ChainIgnoresReading, |state| {
            chaining.from.clone_from(&state.audit.head);
            state.events.iter_mut().for_each(|known| known.link = None);
        });
        if self.has(Miss::EveryHeadIsKept) {
            chaining.checkpoint = Some(chaining.head.clone());
        }
        let links = chaining.links.clone();
        let answer = self.inner.chain(chaining).await;
        self.tamper(Miss::SaltIsWrittenAnyway, |state| {
            for (known, (_, link)) in state.events.iter_mut().zip(links) {
                known.link = Some(link);
            }
        });
        self.tamper(Miss::LinksAreLost, |state| {
            state.events.iter_mut().for_each(|known| known.link = None);
        });
        answer
    }

    async fn forget_events(
        &self,
        mut from: Option<AuditMark>,
        floor: AuditMark,
    ) -> Result<Option<u32>, Failure> {
        if self.has(Miss::FloorIgnoresReading) {
            from = self.inner.audit_ends().await?.floor;
        }
        let place = floor.seq;
        let answer = self.inner.forget_events(from, floor).await;
        self.tamper(Miss::FloorTakesItsCheckpoint, |state| drop(state.checkpoints.remove(&place)));
        answer
    }

    async fn search_users(
        &self,
        by: UserSearch,
        after: Option<UserPlace>,
        limit: u32,
    ) -> Result<Page<User, UserPlace>, Failure> {
        self.inner.search_users(by, after, limit).await.map(|page| self.spoil(page))
    }

    async fn search_sessions(
        &self,
        by: SessionSearch,
        now: UnixMillis,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Page<Facts, SessionId>, Failure> {
        self.inner.search_sessions(by, now, after, limit).await.map(|page| self.spoil(page))
    }

    async fn search_events(
        &self,
        by: EventSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<RecordedEvent, u64>, Failure> {
        self.inner.search_events(by, before, limit).await.map(|page| self.spoil(page))
    }

    async fn count(&self, what: Counting, now: UnixMillis) -> Result<u64, Failure> {
        let waits = |delivery: &&Delivery| delivery.next_attempt_at.is_some();
        match (self.miss, &what) {
            (Miss::CountsWhatIsOver, _) => self.inner.count(what, UnixMillis(i64::MIN)).await,
            (Miss::CountsOn, Counting::Deliveries) => {
                Ok(self.inner.snapshot().deliveries.values().filter(waits).count() as u64)
            }
            _ => self.inner.count(what, now).await,
        }
    }

    async fn put_webhook(
        &self,
        mut webhook: Webhook,
        mut from: Option<u64>,
        event: Event,
    ) -> Result<bool, Failure> {
        let (id, place) = (webhook.id, webhook.place);
        match self.miss {
            Miss::WebhookLosesFilters => webhook.filters.truncate(1),
            Miss::WebhookIgnoresVersion => {
                from = self.inner.snapshot().webhooks.get(&id).map(|known| known.version);
            }
            _ => {}
        }
        let answer = self.inner.put_webhook(webhook, from, event).await;
        self.tamper(Miss::WebhookTakesGivenPlace, |state| {
            if let Some(webhook) = state.webhooks.get_mut(&id) {
                webhook.place = place;
            }
        });
        answer
    }

    async fn remove_webhook(&self, id: WebhookId, event: Event) -> Result<bool, Failure> {
        let was = self.inner.snapshot().deliveries;
        let answer = self.inner.remove_webhook(id, event).await;
        self.tamper(Miss::RemovalLeavesDeliveries, |state| state.deliveries = was);
        answer
    }

    async fn enqueue(&self, mut step: WebhookStep, now: UnixMillis) -> Result<bool, Failure> {
        if let Some(webhook) = self.inner.snapshot().webhooks.get(&step.webhook) {
            match self.miss {
                Miss::EnqueueIgnoresPlace => step.from = webhook.place,
                Miss::EnqueueIgnoresVersion => step.version = webhook.version,
                _ => {}
            }
        }
        let crowd = self.inner.snapshot().deliveries;
        self.tamper(Miss::EnqueueIgnoresCrowds, |state| state.deliveries.clear());
        let answer = self.inner.enqueue(step, now).await;
        self.tamper(Miss::EnqueueIgnoresCrowds, |state| state.deliveries.extend(crowd));
        answer
    }

    async fn claim_deliveries(
        &self,
        id: WebhookId,
        now: UnixMillis,
        mut until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure> {
        if self.has(Miss::ClaimPutsNothingOff) {
            until = now;
        }
        let mut claimed = self.inner.claim_deliveries(id, now, until, limit).await?;
        if self.has(Miss::ClaimCountsNothing) {
            claimed.iter_mut().for_each(|delivery| delivery.attempts -= 1);
        }
        Ok(claimed)
    }

    async fn delivery_failed(
        &self,
        id: WebhookId,
        seq: u64,
        mut again_at: Option<UnixMillis>,
        why: String,
    ) -> Result<(), Failure> {
        if self.has(Miss::NothingIsGivenUp) {
            again_at.get_or_insert(UnixMillis(i64::MAX));
        }
        self.inner.delivery_failed(id, seq, again_at, why).await
    }

    async fn deliveries(
        &self,
        id: WebhookId,
        dead: bool,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure> {
        match self.miss {
            Miss::RemovalLeavesDeliveries => {
                let all = self.inner.snapshot().deliveries.into_values();
                Ok(all.filter(|delivery| delivery.webhook == id).collect())
            }
            _ => self.inner.deliveries(id, dead, after, limit).await,
        }
    }

    async fn replay_deliveries(
        &self,
        id: WebhookId,
        seq: Option<u64>,
        now: UnixMillis,
        limit: u32,
    ) -> Result<u32, Failure> {
        self.tamper(Miss::TheLivingAreReplayed, |state| {
            state.deliveries.values_mut().for_each(|delivery| delivery.next_attempt_at = None);
        });
        self.inner.replay_deliveries(id, seq, now, limit).await
    }

    async fn forget_deliveries(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.tamper(Miss::TheLivingAreForgotten, |state| {
            state.deliveries.values_mut().for_each(|delivery| delivery.next_attempt_at = None);
        });
        self.inner.forget_deliveries(before, limit).await
    }

    async fn add_tallies(&self, hour: UnixMillis, more: Vec<(Tally, u64)>) -> Result<(), Failure> {
        let is_added = |tally: &Tally| more.iter().any(|(added, _)| added == tally);
        self.tamper(Miss::FiguresOverwrite, |state| {
            state.tallies.retain(|(known, tally), _| *known != hour || !is_added(tally));
        });
        if self.has(Miss::FiguresAreReadThenWritten) {
            let read = self.inner.snapshot().tallies;
            tokio::task::yield_now().await;
            self.tamper(self.miss, |state| state.tallies = read);
        }
        self.inner.add_tallies(hour, more).await
    }

    async fn forget_tallies(&self, before: UnixMillis, mut limit: u32) -> Result<u32, Failure> {
        if self.has(Miss::FiguresIgnoreLimit) {
            limit = u32::MAX;
        }
        self.inner.forget_tallies(before, limit).await
    }

    async fn begin_answer(
        &self,
        key: AnswerKey,
        now: UnixMillis,
        mut lost: UnixMillis,
    ) -> Result<AnswerBegun, Failure> {
        if self.has(Miss::NothingIsLost) {
            lost = UnixMillis(i64::MIN);
        }
        if self.has(Miss::BeginsReadThenWrite) {
            let read = self.inner.snapshot().answers;
            tokio::task::yield_now().await;
            self.tamper(self.miss, |state| state.answers = read);
        }
        self.inner.begin_answer(key, now, lost).await
    }

    async fn finish_answer(&self, key: AnswerKey, answer: KeptAnswer) -> Result<(), Failure> {
        match self.miss {
            Miss::AnswersAreNotKept => Ok(()),
            _ => self.inner.finish_answer(key, answer).await,
        }
    }

    async fn drop_answer(&self, key: AnswerKey) -> Result<(), Failure> {
        match self.miss {
            Miss::NothingIsDropped => Ok(()),
            _ => self.inner.drop_answer(key).await,
        }
    }

    async fn forget_answers(&self, before: UnixMillis, mut limit: u32) -> Result<u32, Failure> {
        if self.has(Miss::AnswersIgnoreLimit) {
            limit = u32::MAX;
        }
        self.inner.forget_answers(before, limit).await
    }
}
