//! The ports: what is done here, and what the store behind does alone.

use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{
    Account, ClientId, Device, DeviceHash, DeviceId, Event, Facts, FeedPage, FeedPlace, Handle,
    KeptClientSecret, LetterId, Link, LinkId, PageHash, PasswordHash, QueuedLetter, RecordedEvent,
    RegisteredClient, Session, SessionId, UnixMillis, User, UserId,
};
use rotunda_core::store::{
    Accounts, Amended, Amending, Clients, Deleting, EndingAll, EndingOne, Feed, Journal, KeyShelf, LoggedIn,
    LoggingIn, Post, Posting, Registered, Registering, RevokingKey, Rotating, Sessions, Skeletons,
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
        sql forget_events(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
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
        sql key_check(key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure>;
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
}
