//! A store in front of another, for tests that have to come in between.
//!
//! A [`Layer`] says what is behind it, and does differently what it wants to; [`Layered`] makes a whole store of it.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{
    Account, AuditMark, ClientId, Delivery, Device, DeviceHash, DeviceId, Event, Facts, FeedPage, FeedPlace,
    Handle, KeptClientSecret, LetterId, Link, LinkId, PageHash, PasswordHash, QueuedLetter, RecordedEvent,
    RegisteredClient, Role, RoleName, Session, SessionId, Tally, UnixMillis, User, UserId, Webhook,
    WebhookId,
};
use rotunda_core::store::{
    Accounts, Amended, Amending, AnswerBegun, AnswerKey, Audit, AuditEnds, Chaining, Clients, Counting,
    Deleting, Desk, Edited, Editing, EndingAll, EndingOne, EventSearch, Feed, Journal, KeptAnswer, KeyShelf,
    LoggedIn, LoggingIn, Page, Post, Posting, Registered, Registering, RemovedRole, RevokingKey, Roles,
    Rotating, Search, SessionSearch, Sessions, Store, UserPlace, UserSearch, WebhookStep, Webhooks,
};

/// A whole store made of a [`Layer`].
#[derive(Default)]
pub struct Layered<L>(pub L);

impl<L> Deref for Layered<L> {
    type Target = L;

    fn deref(&self) -> &L {
        &self.0
    }
}

/// The one list of what there is to pass on.
macro_rules! layer {
    ($($port:ident { $($verb:ident($($name:ident: $given:ty),*) -> $answer:ty;)* })*) => {
        /// Verbs that go on to the store behind, but for those that an implementation does itself.
        #[async_trait]
        pub trait Layer: Send + Sync {
            /// The store behind it.
            fn inner(&self) -> &dyn Store;
            $($(
                #[doc = concat!("As `", stringify!($port), "::", stringify!($verb), "`.")]
                async fn $verb(&self $(, $name: $given)*) -> $answer {
                    $port::$verb(self.inner() $(, $name)*).await
                }
            )*)*
        }
        $(
            #[async_trait]
            impl<L: Layer> $port for Layered<L> {
                $(
                    async fn $verb(&self $(, $name: $given)*) -> $answer {
                        Layer::$verb(&self.0 $(, $name)*).await
                    }
                )*
            }
        )*
    };
}

layer! {
    Accounts {
        register(new: Registering) -> Result<Registered, Failure>;
        account(handle: &Handle) -> Result<Option<Account>, Failure>;
        account_of(user: UserId) -> Result<Option<Account>, Failure>;
        users(after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure>;
        login(login: LoggingIn) -> Result<LoggedIn, Failure>;
        rehash(user: UserId, from: PasswordHash, to: PasswordHash) -> Result<bool, Failure>;
        amend(amending: Amending) -> Result<Amended, Failure>;
        delete_user(deleting: Deleting) -> Result<bool, Failure>;
        end_all(end: EndingAll) -> Result<Option<u64>, Failure>;
        end_everyone(at: UnixMillis, event: Event) -> Result<u64, Failure>;
        enable(user: UserId, event: Event) -> Result<bool, Failure>;
    }
    Sessions {
        facts(id: SessionId) -> Result<Option<Facts>, Failure>;
        facts_of_page(page: PageHash) -> Result<Option<Facts>, Failure>;
        rotate(rotation: Rotating) -> Result<bool, Failure>;
        end(end: EndingOne) -> Result<bool, Failure>;
        sessions_of(user: UserId, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure>;
        device_of(user: UserId, device: DeviceHash) -> Result<Option<DeviceId>, Failure>;
        devices_of(user: UserId, limit: u32) -> Result<Vec<Device>, Failure>;
        forget_devices(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
        accept_ahead(until: Option<UnixMillis>) -> Result<(), Failure>;
        expire(now: UnixMillis, limit: u32) -> Result<u32, Failure>;
        forget_ended(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
    Journal {
        note(event: Event, quiet_since: UnixMillis) -> Result<(), Failure>;
        events(after: u64, limit: u32) -> Result<Vec<RecordedEvent>, Failure>;
        events_of(session: SessionId, limit: u32) -> Result<Vec<RecordedEvent>, Failure>;
        events_of_user(user: UserId, limit: u32) -> Result<Vec<RecordedEvent>, Failure>;
    }
    Post {
        post(postings: Vec<Posting>, events: Vec<Event>) -> Result<(), Failure>;
        link(id: LinkId) -> Result<Option<Link>, Failure>;
        claim_letters(now: UnixMillis, until: UnixMillis, limit: u32) -> Result<Vec<QueuedLetter>, Failure>;
        letter_done(id: LetterId) -> Result<(), Failure>;
        letter_failed(id: LetterId, again_at: UnixMillis, why: String) -> Result<(), Failure>;
        letters(limit: u32) -> Result<Vec<QueuedLetter>, Failure>;
        forget_links(now: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
    Feed {
        revocations(after: Option<FeedPlace>, since: UnixMillis, limit: u32) -> Result<FeedPage, Failure>;
        something_revoked() -> ();
        revoke_token(jti: String, at: UnixMillis, event: Event) -> Result<(), Failure>;
        is_token_revoked(jti: &str) -> Result<bool, Failure>;
        keep(keep: Duration, now: UnixMillis) -> Result<Duration, Failure>;
        forget_revocations(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
    KeyShelf {
        shelf_version() -> Result<u64, Failure>;
        signing_keys() -> Result<Vec<SealedSigningKey>, Failure>;
        add_signing_key(key: SealedSigningKey, after: Option<String>, event: Option<Event>) -> Result<bool, Failure>;
        revoke_key(revoking: RevokingKey) -> Result<bool, Failure>;
        forget_key(kid: String, at: UnixMillis) -> Result<bool, Failure>;
        reseal_key(from: SealedSigningKey, to: SealedSigningKey) -> Result<bool, Failure>;
        key_check(key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure>;
        key_checks() -> Result<Vec<(u8, KeyCheck)>, Failure>;
        ready() -> Result<(), Failure>;
    }
    Clients {
        clients() -> Result<Vec<RegisteredClient>, Failure>;
        add_client(client: RegisteredClient, event: Event) -> Result<bool, Failure>;
        change_secrets(
            id: ClientId, from: Vec<KeptClientSecret>, to: Vec<KeptClientSecret>, event: Event
        ) -> Result<bool, Failure>;
        remove_client(id: ClientId, event: Event) -> Result<bool, Failure>;
    }
    Roles {
        roles() -> Result<(Vec<Role>, u64), Failure>;
        put_role(role: Role, from: Option<u64>, event: Event) -> Result<bool, Failure>;
        remove_role(name: RoleName, from: u64, event: Event) -> Result<RemovedRole, Failure>;
        role_sets(name: &RoleName, limit: u32) -> Result<Vec<BTreeSet<RoleName>>, Failure>;
        edit_user(editing: Editing) -> Result<Edited, Failure>;
        first_admin_at() -> Result<Option<UnixMillis>, Failure>;
    }
    Search {
        search_users(
            by: UserSearch, after: Option<UserPlace>, limit: u32
        ) -> Result<Page<User, UserPlace>, Failure>;
        search_sessions(
            by: SessionSearch, now: UnixMillis, after: Option<SessionId>, limit: u32
        ) -> Result<Page<Facts, SessionId>, Failure>;
        search_events(
            by: EventSearch, before: Option<u64>, limit: u32
        ) -> Result<Page<RecordedEvent, u64>, Failure>;
        count(what: Counting, now: UnixMillis) -> Result<u64, Failure>;
    }
    Audit {
        audit_ends() -> Result<AuditEnds, Failure>;
        chain(chaining: Chaining) -> Result<bool, Failure>;
        checkpoints(after: u64, limit: u32) -> Result<Vec<AuditMark>, Failure>;
        forget_events(from: Option<AuditMark>, floor: AuditMark) -> Result<Option<u32>, Failure>;
    }
    Webhooks {
        webhooks() -> Result<Vec<Webhook>, Failure>;
        put_webhook(webhook: Webhook, from: Option<u64>, event: Event) -> Result<bool, Failure>;
        remove_webhook(id: WebhookId, event: Event) -> Result<bool, Failure>;
        enqueue(step: WebhookStep, now: UnixMillis) -> Result<bool, Failure>;
        claim_deliveries(
            id: WebhookId, now: UnixMillis, until: UnixMillis, limit: u32
        ) -> Result<Vec<Delivery>, Failure>;
        delivered(id: WebhookId, seq: u64) -> Result<(), Failure>;
        delivery_failed(
            id: WebhookId, seq: u64, again_at: Option<UnixMillis>, why: String
        ) -> Result<(), Failure>;
        deliveries(
            id: WebhookId, dead: bool, after: Option<u64>, limit: u32
        ) -> Result<Vec<Delivery>, Failure>;
        replay_deliveries(
            id: WebhookId, seq: Option<u64>, now: UnixMillis, limit: u32
        ) -> Result<u32, Failure>;
        forget_deliveries(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
    Desk {
        add_tallies(hour: UnixMillis, more: Vec<(Tally, u64)>) -> Result<(), Failure>;
        tallies(from: UnixMillis) -> Result<Vec<(UnixMillis, Tally, u64)>, Failure>;
        forget_tallies(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
        begin_answer(key: AnswerKey, now: UnixMillis, lost: UnixMillis) -> Result<AnswerBegun, Failure>;
        finish_answer(key: AnswerKey, answer: KeptAnswer) -> Result<(), Failure>;
        drop_answer(key: AnswerKey) -> Result<(), Failure>;
        forget_answers(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
}
