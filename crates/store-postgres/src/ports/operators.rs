//! The ports of what operators work with.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{
    AuditMark, Delivery, Event, Facts, RecordedEvent, Role, RoleName, SessionId, Tally, UnixMillis, User,
    Webhook, WebhookId,
};
use rotunda_core::store::{
    AnswerBegun, AnswerKey, Audit, AuditEnds, Chaining, Counting, Desk, Edited, Editing, EventSearch,
    KeptAnswer, Page, RemovedRole, Roles, Search, SessionSearch, UserPlace, UserSearch, WebhookStep,
    Webhooks,
};

use crate::places::Sequence;
use crate::{PostgresStore, answers, audit, deliveries, edit, roles, search, tallies, webhooks};

#[async_trait]
impl Roles for PostgresStore {
    async fn roles(&self) -> Result<(Vec<Role>, u64), Failure> {
        self.read("reading the roles", (), |db, ()| Box::pin(roles::roles(db))).await
    }

    async fn put_role(&self, role: Role, from: Option<u64>, event: Event) -> Result<bool, Failure> {
        let given = (role, from, event);
        self.write("writing a role", given, |db, (role, from, event)| {
            Box::pin(roles::put(db, role, *from, event))
        })
        .await
    }

    async fn remove_role(&self, name: RoleName, from: u64, event: Event) -> Result<RemovedRole, Failure> {
        let given = (name, from, event);
        self.write("removing a role", given, |db, (name, from, event)| {
            Box::pin(roles::remove(db, name, *from, event))
        })
        .await
    }

    async fn role_sets(&self, name: &RoleName, limit: u32) -> Result<Vec<BTreeSet<RoleName>>, Failure> {
        const DOING: &str = "looking for who holds a role";
        let given = (name.clone(), limit);
        self.read(DOING, given, |db, (name, limit)| Box::pin(roles::sets(db, name, *limit))).await
    }

    async fn edit_user(&self, editing: Editing) -> Result<Edited, Failure> {
        self.write("changing a user", editing, |db, editing| Box::pin(edit::edit(db, editing))).await
    }

    async fn first_admin_at(&self) -> Result<Option<UnixMillis>, Failure> {
        self.read("looking for an admin", (), |db, ()| Box::pin(roles::first_admin_at(db))).await
    }
}

/// Events are searched once they have their places.
#[async_trait]
impl Search for PostgresStore {
    async fn search_users(
        &self,
        by: UserSearch,
        after: Option<UserPlace>,
        limit: u32,
    ) -> Result<Page<User, UserPlace>, Failure> {
        let given = (by, after, limit);
        self.read("searching users", given, |db, (by, after, limit)| {
            Box::pin(search::users::search(db, by, after.as_ref(), *limit))
        })
        .await
    }

    async fn search_sessions(
        &self,
        by: SessionSearch,
        now: UnixMillis,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Page<Facts, SessionId>, Failure> {
        const DOING: &str = "searching sessions";
        self.within_time(DOING, async {
            if by.address.is_some() {
                self.place(DOING, Sequence::Events).await?;
            }
            let given = (by, now, after, limit);
            self.read(DOING, given, |db, (by, now, after, limit)| {
                Box::pin(search::sessions::search(db, by, *now, *after, *limit))
            })
            .await
        })
        .await
    }

    async fn search_events(
        &self,
        by: EventSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<RecordedEvent, u64>, Failure> {
        const DOING: &str = "searching events";
        self.within_time(DOING, async {
            self.place(DOING, Sequence::Events).await?;
            let given = (by, before, limit);
            self.read(DOING, given, |db, (by, before, limit)| {
                Box::pin(search::events::search(db, by, *before, *limit))
            })
            .await
        })
        .await
    }

    async fn count(&self, what: Counting, now: UnixMillis) -> Result<u64, Failure> {
        self.read("counting", (what, now), |db, (what, now)| Box::pin(search::count::count(db, what, *now)))
            .await
    }
}

/// Only what has a place is chained or forgotten, and a place is never given twice.
#[async_trait]
impl Audit for PostgresStore {
    async fn audit_ends(&self) -> Result<AuditEnds, Failure> {
        self.read("reading the ends of the audit log", (), |db, ()| Box::pin(audit::ends(db))).await
    }

    async fn chain(&self, chaining: Chaining) -> Result<bool, Failure> {
        self.write("chaining events", chaining, |db, chaining| Box::pin(audit::chain(db, chaining))).await
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<AuditMark>, Failure> {
        let given = (after, limit);
        self.read("reading checkpoints of the audit log", given, |db, (after, limit)| {
            Box::pin(audit::checkpoints(db, *after, *limit))
        })
        .await
    }

    async fn forget_events(&self, from: Option<AuditMark>, floor: AuditMark) -> Result<Option<u32>, Failure> {
        let given = (from, floor);
        self.write("forgetting events", given, |db, (from, floor)| {
            Box::pin(audit::forget(db, from.as_ref(), floor))
        })
        .await
    }
}

#[async_trait]
impl Webhooks for PostgresStore {
    async fn webhooks(&self) -> Result<Vec<Webhook>, Failure> {
        self.read("reading the webhooks", (), |db, ()| Box::pin(webhooks::webhooks(db))).await
    }

    async fn put_webhook(&self, webhook: Webhook, from: Option<u64>, event: Event) -> Result<bool, Failure> {
        let given = (webhook, from, event);
        self.write("writing a webhook", given, |db, (webhook, from, event)| {
            Box::pin(webhooks::put(db, webhook, *from, event))
        })
        .await
    }

    async fn remove_webhook(&self, id: WebhookId, event: Event) -> Result<bool, Failure> {
        let given = (id, event);
        self.write("removing a webhook", given, |db, (id, event)| Box::pin(webhooks::remove(db, *id, event)))
            .await
    }

    async fn enqueue(&self, step: WebhookStep, now: UnixMillis) -> Result<bool, Failure> {
        let given = (step, now);
        self.write("writing deliveries", given, |db, (step, now)| Box::pin(webhooks::enqueue(db, step, *now)))
            .await
    }

    async fn claim_deliveries(
        &self,
        id: WebhookId,
        now: UnixMillis,
        until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure> {
        let given = (id, (now, until), limit);
        self.write("taking deliveries", given, |db, (id, times, limit)| {
            Box::pin(deliveries::claim(db, *id, *times, *limit))
        })
        .await
    }

    async fn delivered(&self, id: WebhookId, seq: u64) -> Result<(), Failure> {
        self.write("taking a delivery off the queue", (id, seq), |db, (id, seq)| {
            Box::pin(deliveries::done(db, *id, *seq))
        })
        .await
    }

    async fn delivery_failed(
        &self,
        id: WebhookId,
        seq: u64,
        again_at: Option<UnixMillis>,
        why: String,
    ) -> Result<(), Failure> {
        let given = ((id, seq), again_at, why);
        self.write("putting a delivery off", given, |db, (which, at, why)| {
            Box::pin(deliveries::failed(db, *which, *at, why))
        })
        .await
    }

    async fn deliveries(
        &self,
        id: WebhookId,
        dead: bool,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure> {
        let given = (id, dead, after, limit);
        self.read("listing deliveries", given, |db, &(id, dead, after, limit)| {
            Box::pin(deliveries::deliveries(db, id, dead, after, limit))
        })
        .await
    }

    async fn replay_deliveries(
        &self,
        id: WebhookId,
        seq: Option<u64>,
        now: UnixMillis,
        limit: u32,
    ) -> Result<u32, Failure> {
        let given = (id, seq, now, limit);
        self.write("replaying deliveries", given, |db, &(id, seq, now, limit)| {
            Box::pin(deliveries::replay(db, id, seq, now, limit))
        })
        .await
    }

    async fn forget_deliveries(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let given = (before, limit);
        self.write("forgetting deliveries", given, |db, (before, limit)| {
            Box::pin(deliveries::forget(db, *before, *limit))
        })
        .await
    }
}

#[async_trait]
impl Desk for PostgresStore {
    async fn add_tallies(&self, hour: UnixMillis, more: Vec<(Tally, u64)>) -> Result<(), Failure> {
        self.write("adding to figures", (hour, more), |db, (hour, more)| {
            Box::pin(tallies::add(db, *hour, more))
        })
        .await
    }

    async fn tallies(&self, from: UnixMillis) -> Result<Vec<(UnixMillis, Tally, u64)>, Failure> {
        self.read("reading figures", from, |db, from| Box::pin(tallies::tallies(db, *from))).await
    }

    async fn forget_tallies(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let given = (before, limit);
        self.write("forgetting figures", given, |db, (before, limit)| {
            Box::pin(tallies::forget(db, *before, *limit))
        })
        .await
    }

    async fn begin_answer(
        &self,
        key: AnswerKey,
        now: UnixMillis,
        lost: UnixMillis,
    ) -> Result<AnswerBegun, Failure> {
        let given = (key, now, lost);
        self.write("beginning an answer", given, |db, (key, now, lost)| {
            Box::pin(answers::begin(db, key, *now, *lost))
        })
        .await
    }

    async fn finish_answer(&self, key: AnswerKey, answer: KeptAnswer) -> Result<(), Failure> {
        let given = (key, answer);
        self.write("keeping an answer", given, |db, (key, answer)| Box::pin(answers::finish(db, key, answer)))
            .await
    }

    async fn drop_answer(&self, key: AnswerKey) -> Result<(), Failure> {
        self.write("dropping an answer", key, |db, key| Box::pin(answers::forget_one(db, key))).await
    }

    async fn forget_answers(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let given = (before, limit);
        self.write("forgetting answers", given, |db, (before, limit)| {
            Box::pin(answers::forget(db, *before, *limit))
        })
        .await
    }
}
