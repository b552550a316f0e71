//! The ports, one line each: what is a read, what is a write, and where it is done.

mod operators;

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
    LoggingIn, Moved, Post, Posting, Registered, Registering, RevokingKey, Rotating, Sessions, Skeletons,
};
use rusqlite::Connection;

use crate::{
    SqliteStore, amend, clients, delete, devices, everyone, feed, janitor, journal, keys, letters, links,
    login, logout, password, refresh, register, sessions, skeleton, users,
};

#[async_trait]
impl Accounts for SqliteStore {
    async fn register(&self, new: Registering) -> Result<Registered, Failure> {
        self.write("registering a user", move |db| register::register(db, &new)).await
    }

    async fn account(&self, handle: &Handle) -> Result<Option<Account>, Failure> {
        let handle = handle.clone();
        self.read("looking up an account", move |db| users::account(db, &handle)).await
    }

    async fn account_of(&self, user: UserId) -> Result<Option<Account>, Failure> {
        self.read("reading an account", move |db| users::account_of(db, user)).await
    }

    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure> {
        self.read("listing users", move |db| users::users(db, after, limit)).await
    }

    async fn login(&self, login: LoggingIn) -> Result<LoggedIn, Failure> {
        self.write("starting a session", move |db| login::login(db, &login)).await
    }

    async fn rehash(&self, user: UserId, from: PasswordHash, to: PasswordHash) -> Result<bool, Failure> {
        self.write("strengthening a password hash", move |db| password::rehash(db, user, &from, &to)).await
    }

    async fn amend(&self, amending: Amending) -> Result<Amended, Failure> {
        self.write("changing an account", move |db| amend::amend(db, &amending)).await
    }

    async fn delete_user(&self, deleting: Deleting) -> Result<bool, Failure> {
        self.write("deleting a user", move |db| delete::delete(db, &deleting)).await
    }

    async fn end_all(&self, end: EndingAll) -> Result<Option<u64>, Failure> {
        self.write("ending all sessions of a user", move |db| logout::end_all(db, &end)).await
    }

    async fn end_everyone(&self, at: UnixMillis, event: Event) -> Result<u64, Failure> {
        self.write("signing everyone out", move |db| everyone::end_everyone(db, at, &event)).await
    }

    async fn enable(&self, user: UserId, event: Event) -> Result<bool, Failure> {
        self.write("enabling a user", move |db| users::enable(db, user, &event)).await
    }
}

#[async_trait]
impl Sessions for SqliteStore {
    async fn facts(&self, id: SessionId) -> Result<Option<Facts>, Failure> {
        self.read_row("reading a session", move |db| refresh::facts(db, id)).await
    }

    async fn facts_of_page(&self, page: PageHash) -> Result<Option<Facts>, Failure> {
        self.read("reading a page's session", move |db| sessions::facts_of_page(db, page)).await
    }

    async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure> {
        const DOING: &str = "rotating a session";
        if rotation.event.is_some() {
            return self.write(DOING, move |db| refresh::rotate(db, &rotation)).await;
        }
        self.write_one(DOING, move |db| refresh::rotate(db, &rotation)).await
    }

    async fn end(&self, end: EndingOne) -> Result<bool, Failure> {
        self.write("ending a session", move |db| logout::end(db, &end)).await
    }

    async fn sessions_of(&self, user: UserId, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure> {
        self.read("listing sessions", move |db| sessions::sessions_of(db, user, now, limit)).await
    }

    async fn device_of(&self, user: UserId, device: DeviceHash) -> Result<Option<DeviceId>, Failure> {
        self.read("recognising a device", move |db| devices::device_of(db, user, device)).await
    }

    async fn devices_of(&self, user: UserId, limit: u32) -> Result<Vec<Device>, Failure> {
        self.read("listing devices", move |db| devices::devices_of(db, user, limit)).await
    }

    async fn forget_devices(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.write("forgetting devices", move |db| devices::forget(db, before, limit)).await
    }

    async fn accept_ahead(&self, until: Option<UnixMillis>) -> Result<(), Failure> {
        self.write("accepting newer tokens", move |db| refresh::accept_ahead(db, until)).await
    }

    /// Looks at a bounded number of rows a call (`janitor.rs`): fewer than `limit` does not mean that there are none left.
    async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        const DOING: &str = "recording expired sessions";
        let from = self.walked();
        let (due, reached) = self.read(DOING, move |db| janitor::due(db, now, limit, from)).await?;
        let ended = match due.is_empty() {
            true => 0,
            false => self.write(DOING, move |db| janitor::expire(db, &due, now)).await?,
        };
        // Only now: what could not be written is met again on the next walk, at the latest.
        self.walk_on_from(reached);
        Ok(ended)
    }

    async fn forget_ended(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.write("forgetting ended sessions", move |db| janitor::forget_ended(db, before, limit)).await
    }
}

#[async_trait]
impl Journal for SqliteStore {
    async fn note(&self, event: Event, quiet_since: UnixMillis) -> Result<(), Failure> {
        self.write("noting an event", move |db| journal::note(db, &event, quiet_since)).await
    }

    async fn events(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        self.read("reading events", move |db| journal::events(db, after, limit)).await
    }

    async fn events_of(&self, session: SessionId, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        self.read("reading a session's events", move |db| journal::events_of(db, session, limit)).await
    }

    async fn events_of_user(&self, user: UserId, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        self.read("reading a user's events", move |db| journal::events_of_user(db, user, limit)).await
    }
}

#[async_trait]
impl Post for SqliteStore {
    async fn post(&self, postings: Vec<Posting>, events: Vec<Event>) -> Result<(), Failure> {
        self.write("posting letters", move |db| letters::post(db, &postings, &events)).await
    }

    async fn link(&self, id: LinkId) -> Result<Option<Link>, Failure> {
        self.read("reading a link", move |db| links::link(db, id)).await
    }

    async fn claim_letters(
        &self,
        now: UnixMillis,
        until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<QueuedLetter>, Failure> {
        self.write("taking letters", move |db| letters::claim(db, now, until, limit)).await
    }

    async fn letter_done(&self, id: LetterId) -> Result<(), Failure> {
        self.write("taking a letter off the queue", move |db| letters::done(db, id)).await
    }

    async fn letter_failed(&self, id: LetterId, again_at: UnixMillis, why: String) -> Result<(), Failure> {
        self.write("putting a letter off", move |db| letters::failed(db, id, again_at, &why)).await
    }

    async fn letters(&self, limit: u32) -> Result<Vec<QueuedLetter>, Failure> {
        self.read("listing letters", move |db| letters::letters(db, limit)).await
    }

    async fn forget_links(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.write("forgetting links", move |db| links::forget(db, now, limit)).await
    }
}

#[async_trait]
impl Feed for SqliteStore {
    async fn revocations(
        &self,
        after: Option<FeedPlace>,
        since: UnixMillis,
        limit: u32,
    ) -> Result<FeedPage, Failure> {
        self.read("reading the revocation feed", move |db| feed::revocations(db, after, since, limit)).await
    }

    async fn something_revoked(&self) {
        self.inner.writer.something_revoked().await;
    }

    async fn revoke_token(&self, jti: String, at: UnixMillis, event: Event) -> Result<(), Failure> {
        self.write("revoking an access token", move |db| feed::revoke_token(db, &jti, at, &event)).await
    }

    async fn is_token_revoked(&self, jti: &str) -> Result<bool, Failure> {
        let jti = jti.to_owned();
        self.read_row("looking for a revoked access token", move |db| feed::is_token_revoked(db, &jti)).await
    }

    async fn keep(&self, keep: Duration, now: UnixMillis) -> Result<Duration, Failure> {
        self.write("noting for how long revocations count", move |db| feed::keep(db, keep, now)).await
    }

    async fn forget_revocations(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.write("forgetting revocations", move |db| feed::forget(db, before, limit)).await
    }
}

#[async_trait]
impl KeyShelf for SqliteStore {
    async fn shelf_version(&self) -> Result<u64, Failure> {
        self.read("looking for other keys or clients", keys::shelf_version).await
    }

    async fn signing_keys(&self) -> Result<Vec<SealedSigningKey>, Failure> {
        self.read("reading the signing keys", keys::signing_keys).await
    }

    async fn add_signing_key(
        &self,
        key: SealedSigningKey,
        after: Option<String>,
        event: Option<Event>,
    ) -> Result<bool, Failure> {
        let add = move |db: &Connection| keys::add(db, &key, after.as_deref(), event.as_ref());
        self.write("adding a signing key", add).await
    }

    async fn revoke_key(&self, revoking: RevokingKey) -> Result<bool, Failure> {
        self.write("revoking a signing key", move |db| keys::revoke(db, &revoking)).await
    }

    async fn forget_key(&self, kid: String, at: UnixMillis) -> Result<bool, Failure> {
        self.write("forgetting a signing key", move |db| keys::forget(db, &kid, at)).await
    }

    async fn reseal_key(&self, from: SealedSigningKey, to: SealedSigningKey) -> Result<bool, Failure> {
        self.write("sealing a signing key anew", move |db| keys::reseal(db, &from, &to)).await
    }

    async fn key_check(&self, key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure> {
        self.write("checking a master key", move |db| keys::check(db, key_id, check)).await
    }

    async fn key_checks(&self) -> Result<Vec<(u8, KeyCheck)>, Failure> {
        self.read("reading the checks of master keys", keys::checks).await
    }

    async fn ready(&self) -> Result<(), Failure> {
        self.write("trying a write", keys::ready).await
    }
}

#[async_trait]
impl Clients for SqliteStore {
    async fn clients(&self) -> Result<Vec<RegisteredClient>, Failure> {
        self.read("reading the clients", clients::clients).await
    }

    async fn add_client(&self, client: RegisteredClient, event: Event) -> Result<bool, Failure> {
        self.write("adding a client", move |db| clients::add(db, &client, &event)).await
    }

    async fn change_secrets(
        &self,
        id: ClientId,
        from: Vec<KeptClientSecret>,
        to: Vec<KeptClientSecret>,
        event: Event,
    ) -> Result<bool, Failure> {
        let change = move |db: &Connection| clients::change_secrets(db, &id, (&from, &to), &event);
        self.write("changing a client's secrets", change).await
    }

    async fn remove_client(&self, id: ClientId, event: Event) -> Result<bool, Failure> {
        self.write("removing a client", move |db| clients::remove(db, &id, &event)).await
    }
}

#[async_trait]
impl Skeletons for SqliteStore {
    async fn settle(&self, moved: Vec<Moved>) -> Result<u32, Failure> {
        self.write("bringing sessions up to date", move |db| skeleton::settle(db, &moved)).await
    }

    /// On the walk of `expire`: whoever asks for these does not ask that.
    async fn due(&self, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure> {
        let from = self.walked();
        let (due, reached) =
            self.read("finding expired sessions", move |db| janitor::due(db, now, limit, from)).await?;
        self.walk_on_from(reached);
        Ok(due)
    }
}
