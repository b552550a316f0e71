//! The ports of operators, one line each.

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
use rusqlite::Connection;

use crate::search::{count, events, sessions, users};
use crate::{SqliteStore, answers, audit, deliveries, edit, roles, tallies, webhooks};

#[async_trait]
impl Roles for SqliteStore {
    async fn roles(&self) -> Result<(Vec<Role>, u64), Failure> {
        self.read("reading the roles", roles::roles).await
    }

    async fn put_role(&self, role: Role, from: Option<u64>, event: Event) -> Result<bool, Failure> {
        self.write("writing a role", move |db| roles::put(db, &role, from, &event)).await
    }

    async fn remove_role(&self, name: RoleName, from: u64, event: Event) -> Result<RemovedRole, Failure> {
        self.write("removing a role", move |db| roles::remove(db, &name, from, &event)).await
    }

    async fn role_sets(&self, name: &RoleName, limit: u32) -> Result<Vec<BTreeSet<RoleName>>, Failure> {
        let name = name.clone();
        self.read("reading who holds a role", move |db| roles::sets(db, &name, limit)).await
    }

    async fn edit_user(&self, editing: Editing) -> Result<Edited, Failure> {
        self.write("editing a user", move |db| edit::edit(db, &editing)).await
    }

    async fn first_admin_at(&self) -> Result<Option<UnixMillis>, Failure> {
        self.read("looking for an admin", roles::first_admin_at).await
    }
}

#[async_trait]
impl Search for SqliteStore {
    async fn search_users(
        &self,
        by: UserSearch,
        after: Option<UserPlace>,
        limit: u32,
    ) -> Result<Page<User, UserPlace>, Failure> {
        self.read("searching users", move |db| users::search(db, &by, after.as_ref(), limit)).await
    }

    async fn search_sessions(
        &self,
        by: SessionSearch,
        now: UnixMillis,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Page<Facts, SessionId>, Failure> {
        self.read("searching sessions", move |db| sessions::search(db, &by, now, after, limit)).await
    }

    async fn search_events(
        &self,
        by: EventSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<RecordedEvent, u64>, Failure> {
        self.read("searching events", move |db| events::search(db, &by, before, limit)).await
    }

    async fn count(&self, what: Counting, now: UnixMillis) -> Result<u64, Failure> {
        self.read("counting", move |db| count::count(db, &what, now)).await
    }
}

#[async_trait]
impl Audit for SqliteStore {
    async fn audit_ends(&self) -> Result<AuditEnds, Failure> {
        self.read("reading the ends of the audit log", audit::ends).await
    }

    async fn chain(&self, chaining: Chaining) -> Result<bool, Failure> {
        self.write("chaining events", move |db| audit::chain(db, &chaining)).await
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<AuditMark>, Failure> {
        self.read("reading checkpoints", move |db| audit::checkpoints(db, after, limit)).await
    }

    async fn forget_events(&self, from: Option<AuditMark>, floor: AuditMark) -> Result<Option<u32>, Failure> {
        let forget = move |db: &Connection| audit::forget_events(db, from.as_ref(), &floor);
        self.write("forgetting events", forget).await
    }
}

#[async_trait]
impl Webhooks for SqliteStore {
    async fn webhooks(&self) -> Result<Vec<Webhook>, Failure> {
        self.read("reading the webhooks", webhooks::webhooks).await
    }

    async fn put_webhook(&self, webhook: Webhook, from: Option<u64>, event: Event) -> Result<bool, Failure> {
        self.write("writing a webhook", move |db| webhooks::put(db, &webhook, from, &event)).await
    }

    async fn remove_webhook(&self, id: WebhookId, event: Event) -> Result<bool, Failure> {
        self.write("removing a webhook", move |db| webhooks::remove(db, id, &event)).await
    }

    async fn enqueue(&self, step: WebhookStep, now: UnixMillis) -> Result<bool, Failure> {
        self.write("writing deliveries", move |db| webhooks::enqueue(db, &step, now)).await
    }

    async fn claim_deliveries(
        &self,
        id: WebhookId,
        now: UnixMillis,
        until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure> {
        self.write("taking deliveries", move |db| deliveries::claim(db, id, (now, until), limit)).await
    }

    async fn delivered(&self, id: WebhookId, seq: u64) -> Result<(), Failure> {
        self.write("taking a delivery off", move |db| deliveries::delivered(db, id, seq)).await
    }

    async fn delivery_failed(
        &self,
        id: WebhookId,
        seq: u64,
        again_at: Option<UnixMillis>,
        why: String,
    ) -> Result<(), Failure> {
        let failed = move |db: &Connection| deliveries::failed(db, id, seq, again_at, &why);
        self.write("putting a delivery off", failed).await
    }

    async fn deliveries(
        &self,
        id: WebhookId,
        dead: bool,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Failure> {
        self.read("listing deliveries", move |db| deliveries::deliveries(db, id, dead, after, limit)).await
    }

    async fn replay_deliveries(
        &self,
        id: WebhookId,
        seq: Option<u64>,
        now: UnixMillis,
        limit: u32,
    ) -> Result<u32, Failure> {
        let replay = move |db: &Connection| deliveries::replay(db, id, seq, now, limit);
        self.write("replaying deliveries", replay).await
    }

    async fn forget_deliveries(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.write("forgetting deliveries", move |db| deliveries::forget(db, before, limit)).await
    }
}

#[async_trait]
impl Desk for SqliteStore {
    async fn add_tallies(&self, hour: UnixMillis, more: Vec<(Tally, u64)>) -> Result<(), Failure> {
        self.write("adding to figures", move |db| tallies::add(db, hour, &more)).await
    }

    async fn tallies(&self, from: UnixMillis) -> Result<Vec<(UnixMillis, Tally, u64)>, Failure> {
        self.read("reading figures", move |db| tallies::tallies(db, from)).await
    }

    async fn forget_tallies(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.write("forgetting figures", move |db| tallies::forget(db, before, limit)).await
    }

    async fn begin_answer(
        &self,
        key: AnswerKey,
        now: UnixMillis,
        lost: UnixMillis,
    ) -> Result<AnswerBegun, Failure> {
        self.write("noting a request", move |db| answers::begin(db, key, now, lost)).await
    }

    async fn finish_answer(&self, key: AnswerKey, answer: KeptAnswer) -> Result<(), Failure> {
        self.write("keeping an answer", move |db| answers::finish(db, key, &answer)).await
    }

    async fn drop_answer(&self, key: AnswerKey) -> Result<(), Failure> {
        self.write("dropping a noted request", move |db| answers::drop_note(db, key)).await
    }

    async fn forget_answers(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.write("forgetting answers", move |db| answers::forget(db, before, limit)).await
    }
}
