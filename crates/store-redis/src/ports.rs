//! The ports: what is done here, and what the store behind does alone.

use std::collections::BTreeSet;
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
    Rotating, Search, SessionSearch, Sessions, Skeletons, UserPlace, UserSearch, WebhookStep, Webhooks,
};

use crate::RedisSessions;

/// Each verb, with who does it: `here` or `sql`.
macro_rules! ports {
    ($($port:ident { $($who:ident $verb:ident($($name:ident: $given:ty),*) -> $answer:ty;)* })*) => {
        $(
            #[async_trait]
            impl<S: Skeletons + ?Sized> $port for RedisSessions<S> {
                $(
                    async fn $verb(&self $(, $name: $given)*) -> $answer {
                        ports!(@$who self $port $verb($($name),*))
                    }
                )*
            }
        )*
    };
    (@here $self:ident $port:ident $verb:ident($($name:ident),*)) => { RedisSessions::$verb($self $(, $name)*).await };
    (@sql $self:ident $port:ident $verb:ident($($name:ident),*)) => { $port::$verb(&*$self.sql $(, $name)*).await };
}

ports! {
    Accounts {
        here register(new: Registering) -> Result<Registered, Failure>;
        sql account(handle: &Handle) -> Result<Option<Account>, Failure>;
        sql account_of(user: UserId) -> Result<Option<Account>, Failure>;
        sql users(after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure>;
        here login(login: LoggingIn) -> Result<LoggedIn, Failure>;
        sql rehash(user: UserId, from: PasswordHash, to: PasswordHash) -> Result<bool, Failure>;
        here amend(amending: Amending) -> Result<Amended, Failure>;
        here delete_user(deleting: Deleting) -> Result<bool, Failure>;
        here end_all(end: EndingAll) -> Result<Option<u64>, Failure>;
        sql end_everyone(at: UnixMillis, event: Event) -> Result<u64, Failure>;
        sql enable(user: UserId, event: Event) -> Result<bool, Failure>;
    }
    Sessions {
        here facts(id: SessionId) -> Result<Option<Facts>, Failure>;
        here facts_of_page(page: PageHash) -> Result<Option<Facts>, Failure>;
        here rotate(rotation: Rotating) -> Result<bool, Failure>;
        here end(end: EndingOne) -> Result<bool, Failure>;
        here sessions_of(user: UserId, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure>;
        sql device_of(user: UserId, device: DeviceHash) -> Result<Option<DeviceId>, Failure>;
        sql devices_of(user: UserId, limit: u32) -> Result<Vec<Device>, Failure>;
        sql forget_devices(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
        sql accept_ahead(until: Option<UnixMillis>) -> Result<(), Failure>;
        here expire(now: UnixMillis, limit: u32) -> Result<u32, Failure>;
        sql forget_ended(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
    Journal {
        sql note(event: Event, quiet_since: UnixMillis) -> Result<(), Failure>;
        sql events(after: u64, limit: u32) -> Result<Vec<RecordedEvent>, Failure>;
        sql events_of(session: SessionId, limit: u32) -> Result<Vec<RecordedEvent>, Failure>;
        sql events_of_user(user: UserId, limit: u32) -> Result<Vec<RecordedEvent>, Failure>;
    }
    Post {
        sql post(postings: Vec<Posting>, events: Vec<Event>) -> Result<(), Failure>;
        sql link(id: LinkId) -> Result<Option<Link>, Failure>;
        sql claim_letters(now: UnixMillis, until: UnixMillis, limit: u32) -> Result<Vec<QueuedLetter>, Failure>;
        sql letter_done(id: LetterId) -> Result<(), Failure>;
        sql letter_failed(id: LetterId, again_at: UnixMillis, why: String) -> Result<(), Failure>;
        sql letters(limit: u32) -> Result<Vec<QueuedLetter>, Failure>;
        sql forget_links(now: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
    Feed {
        sql revocations(after: Option<FeedPlace>, since: UnixMillis, limit: u32) -> Result<FeedPage, Failure>;
        sql something_revoked() -> ();
        sql revoke_token(jti: String, at: UnixMillis, event: Event) -> Result<(), Failure>;
        sql is_token_revoked(jti: &str) -> Result<bool, Failure>;
        sql keep(keep: Duration, now: UnixMillis) -> Result<Duration, Failure>;
        sql forget_revocations(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
    KeyShelf {
        sql shelf_version() -> Result<u64, Failure>;
        sql signing_keys() -> Result<Vec<SealedSigningKey>, Failure>;
        sql add_signing_key(key: SealedSigningKey, after: Option<String>, event: Option<Event>) -> Result<bool, Failure>;
        sql revoke_key(revoking: RevokingKey) -> Result<bool, Failure>;
        sql forget_key(kid: String, at: UnixMillis) -> Result<bool, Failure>;
        sql reseal_key(from: SealedSigningKey, to: SealedSigningKey) -> Result<bool, Failure>;
        sql key_check(key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure>;
        sql key_checks() -> Result<Vec<(u8, KeyCheck)>, Failure>;
        here ready() -> Result<(), Failure>;
    }
    Clients {
        sql clients() -> Result<Vec<RegisteredClient>, Failure>;
        sql add_client(client: RegisteredClient, event: Event) -> Result<bool, Failure>;
        sql change_secrets(
            id: ClientId, from: Vec<KeptClientSecret>, to: Vec<KeptClientSecret>, event: Event
        ) -> Result<bool, Failure>;
        sql remove_client(id: ClientId, event: Event) -> Result<bool, Failure>;
    }
    Roles {
        sql roles() -> Result<(Vec<Role>, u64), Failure>;
        sql put_role(role: Role, from: Option<u64>, event: Event) -> Result<bool, Failure>;
        sql remove_role(name: RoleName, from: u64, event: Event) -> Result<RemovedRole, Failure>;
        sql role_sets(name: &RoleName, limit: u32) -> Result<Vec<BTreeSet<RoleName>>, Failure>;
        sql edit_user(editing: Editing) -> Result<Edited, Failure>;
        sql first_admin_at() -> Result<Option<UnixMillis>, Failure>;
    }
    Search {
        sql search_users(
            by: UserSearch, after: Option<UserPlace>, limit: u32
        ) -> Result<Page<User, UserPlace>, Failure>;
        here search_sessions(
            by: SessionSearch, now: UnixMillis, after: Option<SessionId>, limit: u32
        ) -> Result<Page<Facts, SessionId>, Failure>;
        sql search_events(
            by: EventSearch, before: Option<u64>, limit: u32
        ) -> Result<Page<RecordedEvent, u64>, Failure>;
        here count(what: Counting, now: UnixMillis) -> Result<u64, Failure>;
    }
    Audit {
        sql audit_ends() -> Result<AuditEnds, Failure>;
        sql chain(chaining: Chaining) -> Result<bool, Failure>;
        sql checkpoints(after: u64, limit: u32) -> Result<Vec<AuditMark>, Failure>;
        sql forget_events(from: Option<AuditMark>, floor: AuditMark) -> Result<Option<u32>, Failure>;
    }
    Webhooks {
        sql webhooks() -> Result<Vec<Webhook>, Failure>;
        sql put_webhook(webhook: Webhook, from: Option<u64>, event: Event) -> Result<bool, Failure>;
        sql remove_webhook(id: WebhookId, event: Event) -> Result<bool, Failure>;
        sql enqueue(step: WebhookStep, now: UnixMillis) -> Result<bool, Failure>;
        sql claim_deliveries(
            id: WebhookId, now: UnixMillis, until: UnixMillis, limit: u32
        ) -> Result<Vec<Delivery>, Failure>;
        sql delivered(id: WebhookId, seq: u64) -> Result<(), Failure>;
        sql delivery_failed(
            id: WebhookId, seq: u64, again_at: Option<UnixMillis>, why: String
        ) -> Result<(), Failure>;
        sql deliveries(
            id: WebhookId, dead: bool, after: Option<u64>, limit: u32
        ) -> Result<Vec<Delivery>, Failure>;
        sql replay_deliveries(
            id: WebhookId, seq: Option<u64>, now: UnixMillis, limit: u32
        ) -> Result<u32, Failure>;
        sql forget_deliveries(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
    Desk {
        sql add_tallies(hour: UnixMillis, more: Vec<(Tally, u64)>) -> Result<(), Failure>;
        sql tallies(from: UnixMillis) -> Result<Vec<(UnixMillis, Tally, u64)>, Failure>;
        sql forget_tallies(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
        sql begin_answer(key: AnswerKey, now: UnixMillis, lost: UnixMillis) -> Result<AnswerBegun, Failure>;
        sql finish_answer(key: AnswerKey, answer: KeptAnswer) -> Result<(), Failure>;
        sql drop_answer(key: AnswerKey) -> Result<(), Failure>;
        sql forget_answers(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
    }
}
