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

use crate::places::Sequence;
use crate::{
    PostgresStore, amend, clients, delete, devices, everyone, feed, janitor, journal, keys, letters, links,
    login, logout, password, refresh, register, sessions, skeleton, users,
};

#[async_trait]
impl Accounts for PostgresStore {
    async fn register(&self, new: Registering) -> Result<Registered, Failure> {
        self.write("registering a user", new, |db, new| Box::pin(register::register(db, new))).await
    }

    async fn account(&self, handle: &Handle) -> Result<Option<Account>, Failure> {
        self.read("looking up an account", handle.clone(), |db, handle| Box::pin(users::account(db, handle)))
            .await
    }

    async fn account_of(&self, user: UserId) -> Result<Option<Account>, Failure> {
        self.read("reading an account", user, |db, user| Box::pin(users::account_of(db, *user))).await
    }

    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure> {
        let page = (after, limit);
        self.read("listing users", page, |db, (after, limit)| Box::pin(users::users(db, *after, *limit)))
            .await
    }

    async fn login(&self, login: LoggingIn) -> Result<LoggedIn, Failure> {
        self.write("starting a session", login, |db, login| Box::pin(login::login(db, login))).await
    }

    async fn rehash(&self, user: UserId, from: PasswordHash, to: PasswordHash) -> Result<bool, Failure> {
        const DOING: &str = "strengthening a password hash";
        let hashes = (user, from, to);
        self.write(DOING, hashes, |db, (user, from, to)| Box::pin(password::rehash(db, *user, from, to)))
            .await
    }

    async fn amend(&self, amending: Amending) -> Result<Amended, Failure> {
        self.write("changing an account", amending, |db, amending| Box::pin(amend::amend(db, amending))).await
    }

    async fn delete_user(&self, deleting: Deleting) -> Result<bool, Failure> {
        self.write("deleting a user", deleting, |db, deleting| Box::pin(delete::delete(db, deleting))).await
    }

    async fn end_all(&self, end: EndingAll) -> Result<Option<u64>, Failure> {
        self.write("ending all sessions of a user", end, |db, end| Box::pin(logout::end_all(db, end))).await
    }

    async fn end_everyone(&self, at: UnixMillis, event: Event) -> Result<u64, Failure> {
        self.write("signing everyone out", (at, event), |db, (at, event)| {
            Box::pin(everyone::end_everyone(db, *at, event))
        })
        .await
    }

    async fn enable(&self, user: UserId, event: Event) -> Result<bool, Failure> {
        let given = (user, event);
        self.write("enabling a user", given, |db, (user, event)| Box::pin(users::enable(db, *user, event)))
            .await
    }
}

#[async_trait]
impl Sessions for PostgresStore {
    async fn facts(&self, id: SessionId) -> Result<Option<Facts>, Failure> {
        self.inner.facts.ask(id).await
    }

    async fn facts_of_page(&self, page: PageHash) -> Result<Option<Facts>, Failure> {
        const DOING: &str = "reading a page's session";
        self.read(DOING, page, |db, page| Box::pin(sessions::facts_of_page(db, *page))).await
    }

    /// One that has an event is a transaction of its own.
    async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure> {
        if rotation.event.is_none() {
            return self.inner.rotations.ask(rotation).await;
        }
        self.write("rotating a session", rotation, |db, rotation| Box::pin(refresh::rotate(db, rotation)))
            .await
    }

    async fn end(&self, end: EndingOne) -> Result<bool, Failure> {
        self.write("ending a session", end, |db, end| Box::pin(logout::end(db, end))).await
    }

    async fn sessions_of(&self, user: UserId, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure> {
        self.read("listing sessions", (user, now, limit), |db, &(user, now, limit)| {
            Box::pin(sessions::sessions_of(db, user, now, limit))
        })
        .await
    }

    async fn device_of(&self, user: UserId, device: DeviceHash) -> Result<Option<DeviceId>, Failure> {
        const DOING: &str = "recognising a device";
        let given = (user, device);
        self.read(DOING, given, |db, (user, device)| Box::pin(devices::device_of(db, *user, *device))).await
    }

    async fn devices_of(&self, user: UserId, limit: u32) -> Result<Vec<Device>, Failure> {
        let given = (user, limit);
        self.read("listing devices", given, |db, (user, limit)| {
            Box::pin(devices::devices_of(db, *user, *limit))
        })
        .await
    }

    async fn forget_devices(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let given = (before, limit);
        self.write("forgetting devices", given, |db, (before, limit)| {
            Box::pin(devices::forget(db, *before, *limit))
        })
        .await
    }

    async fn accept_ahead(&self, until: Option<UnixMillis>) -> Result<(), Failure> {
        self.write("accepting newer tokens", until, |db, until| Box::pin(refresh::accept_ahead(db, *until)))
            .await
    }

    /// Looks at a bounded number of rows a call (`janitor.rs`): fewer than `limit` does not mean that there are none left.
    async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        const DOING: &str = "recording expired sessions";
        self.within_time(DOING, async {
            let due = self.due_from(DOING, now, limit, self.walked()).await?;
            let reached = due.reached;
            let ended = match due.sessions.is_empty() {
                true => 0,
                false => {
                    self.write(DOING, (due, now), |db, (due, now)| Box::pin(janitor::expire(db, due, *now)))
                        .await?
                }
            };
            // Only now: what could not be written is met again on the next walk, at the latest.
            self.walk_on_from(reached);
            Ok(ended)
        })
        .await
    }

    async fn forget_ended(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        const DOING: &str = "forgetting ended sessions";
        let given = (before, limit);
        self.write(DOING, given, |db, (before, limit)| Box::pin(janitor::forget_ended(db, *before, *limit)))
            .await
    }
}

#[async_trait]
impl Journal for PostgresStore {
    async fn note(&self, event: Event, quiet_since: UnixMillis) -> Result<(), Failure> {
        let given = (event, quiet_since);
        self.write("noting an event", given, |db, (event, since)| Box::pin(journal::note(db, event, *since)))
            .await
    }

    async fn events(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        const DOING: &str = "reading events";
        self.within_time(DOING, async {
            self.place(DOING, Sequence::Events).await?;
            let given = (after, limit);
            self.read(DOING, given, |db, &(after, limit)| Box::pin(journal::events(db, after, limit))).await
        })
        .await
    }

    async fn events_of(&self, session: SessionId, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        const DOING: &str = "reading a session's events";
        self.within_time(DOING, async {
            self.place(DOING, Sequence::Events).await?;
            let given = (session, limit);
            self.read(DOING, given, |db, &(of, limit)| Box::pin(journal::events_of(db, of, limit))).await
        })
        .await
    }

    async fn events_of_user(&self, user: UserId, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        const DOING: &str = "reading a user's events";
        self.within_time(DOING, async {
            self.place(DOING, Sequence::Events).await?;
            let given = (user, limit);
            self.read(DOING, given, |db, &(of, limit)| Box::pin(journal::events_of_user(db, of, limit))).await
        })
        .await
    }
}

#[async_trait]
impl Post for PostgresStore {
    async fn post(&self, postings: Vec<Posting>, events: Vec<Event>) -> Result<(), Failure> {
        let given = (postings, events);
        self.write("posting letters", given, |db, (post, events)| Box::pin(letters::post(db, post, events)))
            .await
    }

    async fn link(&self, id: LinkId) -> Result<Option<Link>, Failure> {
        self.read("reading a link", id, |db, id| Box::pin(links::link(db, *id))).await
    }

    async fn claim_letters(
        &self,
        now: UnixMillis,
        until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<QueuedLetter>, Failure> {
        let given = (now, until, limit);
        self.write("taking letters", given, |db, &(now, until, limit)| {
            Box::pin(letters::claim(db, now, until, limit))
        })
        .await
    }

    async fn letter_done(&self, id: LetterId) -> Result<(), Failure> {
        self.write("taking a letter off the queue", id, |db, id| Box::pin(letters::done(db, *id))).await
    }

    async fn letter_failed(&self, id: LetterId, again_at: UnixMillis, why: String) -> Result<(), Failure> {
        let given = (id, again_at, why);
        self.write("putting a letter off", given, |db, (id, at, why)| {
            Box::pin(letters::failed(db, *id, *at, why))
        })
        .await
    }

    async fn letters(&self, limit: u32) -> Result<Vec<QueuedLetter>, Failure> {
        self.read("listing letters", limit, |db, limit| Box::pin(letters::letters(db, *limit))).await
    }

    async fn forget_links(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let given = (now, limit);
        self.write("forgetting links", given, |db, (now, limit)| Box::pin(links::forget(db, *now, *limit)))
            .await
    }
}

#[async_trait]
impl Feed for PostgresStore {
    async fn revocations(
        &self,
        after: Option<FeedPlace>,
        since: UnixMillis,
        limit: u32,
    ) -> Result<FeedPage, Failure> {
        const DOING: &str = "reading the revocation feed";
        let read = async || {
            self.read(DOING, (after, since, limit), |db, &(after, since, limit)| {
                Box::pin(feed::revocations(db, after, since, limit))
            })
            .await
        };
        self.within_time(DOING, async {
            let (page, unplaced) = read().await?;
            if !unplaced {
                return Ok(page);
            }
            self.place(DOING, Sequence::Revocations).await?;
            Ok(read().await?.0)
        })
        .await
    }

    async fn something_revoked(&self) {
        self.inner.bell.notified().await;
    }

    async fn revoke_token(&self, jti: String, at: UnixMillis, event: Event) -> Result<(), Failure> {
        let given = (jti, at, event);
        self.write("revoking an access token", given, |db, (jti, at, event)| {
            Box::pin(feed::revoke_token(db, jti, *at, event))
        })
        .await
    }

    async fn is_token_revoked(&self, jti: &str) -> Result<bool, Failure> {
        const DOING: &str = "looking for a revoked access token";
        self.read(DOING, jti.to_owned(), |db, jti| Box::pin(feed::is_token_revoked(db, jti))).await
    }

    async fn keep(&self, keep: Duration, now: UnixMillis) -> Result<Duration, Failure> {
        const DOING: &str = "noting for how long revocations count";
        self.write(DOING, (keep, now), |db, (keep, now)| Box::pin(feed::keep(db, *keep, *now))).await
    }

    async fn forget_revocations(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        const DOING: &str = "forgetting revocations";
        self.within_time(DOING, async {
            self.place(DOING, Sequence::Revocations).await?;
            let given = (before, limit);
            self.write(DOING, given, |db, &(before, limit)| Box::pin(feed::forget(db, before, limit))).await
        })
        .await
    }
}

#[async_trait]
impl KeyShelf for PostgresStore {
    async fn shelf_version(&self) -> Result<u64, Failure> {
        self.read("looking for other keys or clients", (), |db, ()| Box::pin(keys::shelf_version(db))).await
    }

    async fn signing_keys(&self) -> Result<Vec<SealedSigningKey>, Failure> {
        self.read("reading the signing keys", (), |db, ()| Box::pin(keys::signing_keys(db))).await
    }

    async fn add_signing_key(
        &self,
        key: SealedSigningKey,
        after: Option<String>,
        event: Option<Event>,
    ) -> Result<bool, Failure> {
        let given = (key, after, event);
        self.write("adding a signing key", given, |db, (key, after, event)| {
            Box::pin(keys::add(db, key, after.as_deref(), event.as_ref()))
        })
        .await
    }

    async fn revoke_key(&self, revoking: RevokingKey) -> Result<bool, Failure> {
        self.write("revoking a signing key", revoking, |db, revoking| Box::pin(keys::revoke(db, revoking)))
            .await
    }

    async fn forget_key(&self, kid: String, at: UnixMillis) -> Result<bool, Failure> {
        self.write("forgetting a signing key", (kid, at), |db, (kid, at)| {
            Box::pin(keys::forget(db, kid, *at))
        })
        .await
    }

    async fn reseal_key(&self, from: SealedSigningKey, to: SealedSigningKey) -> Result<bool, Failure> {
        self.write("sealing a signing key anew", (from, to), |db, (from, to)| {
            Box::pin(keys::reseal(db, from, to))
        })
        .await
    }

    async fn key_check(&self, key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure> {
        let given = (key_id, check);
        self.write("checking a master key", given, |db, (id, check)| Box::pin(keys::check(db, *id, *check)))
            .await
    }

    async fn key_checks(&self) -> Result<Vec<(u8, KeyCheck)>, Failure> {
        self.read("reading the checks of master keys", (), |db, ()| Box::pin(keys::checks(db))).await
    }

    async fn ready(&self) -> Result<(), Failure> {
        self.write("trying a write", (), |db, ()| Box::pin(keys::ready(db))).await
    }
}

#[async_trait]
impl Clients for PostgresStore {
    async fn clients(&self) -> Result<Vec<RegisteredClient>, Failure> {
        self.read("reading the clients", (), |db, ()| Box::pin(clients::clients(db))).await
    }

    async fn add_client(&self, client: RegisteredClient, event: Event) -> Result<bool, Failure> {
        let given = (client, event);
        self.write("adding a client", given, |db, (client, event)| Box::pin(clients::add(db, client, event)))
            .await
    }

    async fn change_secrets(
        &self,
        id: ClientId,
        from: Vec<KeptClientSecret>,
        to: Vec<KeptClientSecret>,
        event: Event,
    ) -> Result<bool, Failure> {
        let given = (id, from, to, event);
        self.write("changing a client's secrets", given, |db, (id, from, to, event)| {
            Box::pin(clients::change_secrets(db, id, (from, to), event))
        })
        .await
    }

    async fn remove_client(&self, id: ClientId, event: Event) -> Result<bool, Failure> {
        let given = (id, event);
        self.write("removing a client", given, |db, (id, event)| Box::pin(clients::remove(db, id, event)))
            .await
    }
}

#[async_trait]
impl Skeletons for PostgresStore {
    async fn settle(&self, moved: Vec<Moved>) -> Result<u32, Failure> {
        self.write("bringing sessions up to date", moved, |db, moved| Box::pin(skeleton::settle(db, moved)))
            .await
    }

    /// On the walk of `expire`: whoever asks for these does not ask that.
    async fn due(&self, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure> {
        let due = self.due_from("finding expired sessions", now, limit, self.walked()).await?;
        self.walk_on_from(due.reached);
        Ok(due.sessions)
    }
}
