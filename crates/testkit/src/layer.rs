//! A store in front of another, for tests that have to come in between.
//!
//! A [`Layer`] says what is behind it, and does differently what it wants to; [`Layered`] makes a whole store of it.

use std::ops::Deref;
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
    LoggingIn, Post, Posting, Registered, Registering, RevokingKey, Rotating, Sessions, Store,
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
        forget_events(before: UnixMillis, limit: u32) -> Result<u32, Failure>;
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
        key_check(key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure>;
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
}
