//! A store that lets a test act between the reading of the facts and the write that rests on them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{
    Account, Device, DeviceHash, DeviceId, Event, Facts, Handle, LetterId, Link, LinkId, PageHash,
    PasswordHash, QueuedLetter, RecordedEvent, Session, SessionId, UnixMillis, User, UserId,
};
use rotunda_core::store::{
    Accounts, Amended, Amending, Deleting, EndingAll, EndingOne, Journal, KeyShelf, LoggedIn, LoggingIn,
    Post, Posting, Registered, Registering, Rotating, Sessions,
};
use rotunda_testkit::MemoryStore;
use tokio::sync::Barrier;

/// Something that somebody else does at a bad moment.
pub(crate) type Act = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A write that can be meddled with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Write {
    Rotate,
    End,
    Login,
    Amend,
    AddSigningKey,
}

/// A memory store; whatever a test has planned happens just before the write it is planned for.
#[derive(Default)]
pub(crate) struct Meddler {
    pub(crate) inner: MemoryStore,
    planned: Mutex<VecDeque<(Write, Act)>>,
    stubborn: Mutex<Vec<Write>>,
    gathering: Mutex<Option<Arc<Gathering>>>,
    reads: AtomicUsize,
}

struct Gathering {
    places: AtomicUsize,
    barrier: Barrier,
}

impl Meddler {
    /// Does this once, before the next write of that kind.
    pub(crate) fn before(&self, write: Write, act: impl Future<Output = ()> + Send + 'static) {
        self.planned.lock().unwrap().push_back((write, Box::pin(act)));
    }

    /// From now on such a write always finds that the facts have changed.
    pub(crate) fn never_lets(&self, write: Write) {
        self.stubborn.lock().unwrap().push(write);
    }

    /// The next so many readers of facts wait until all of them have read: the widest race there is.
    pub(crate) fn gather(&self, readers: usize) {
        let gathering = Gathering { places: AtomicUsize::new(readers), barrier: Barrier::new(readers) };
        *self.gathering.lock().unwrap() = Some(Arc::new(gathering));
    }

    /// How often facts were read.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Acts as planned; `false` when the write is not let through.
    async fn lets(&self, write: Write) -> bool {
        let act = {
            let mut planned = self.planned.lock().unwrap();
            planned.iter().position(|(when, _)| *when == write).and_then(|place| planned.remove(place))
        };
        if let Some((_, act)) = act {
            act.await;
        }
        !self.stubborn.lock().unwrap().contains(&write)
    }

    async fn wait_for_the_others(&self) {
        let gathering = self.gathering.lock().unwrap().clone();
        let take = |places: usize| places.checked_sub(1);
        if let Some(gathering) = gathering
            && gathering.places.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
        {
            gathering.barrier.wait().await;
        }
    }
}

#[async_trait]
impl Accounts for Meddler {
    async fn register(&self, new: Registering) -> Result<Registered, Failure> {
        self.inner.register(new).await
    }

    async fn account(&self, handle: &Handle) -> Result<Option<Account>, Failure> {
        self.inner.account(handle).await
    }

    async fn account_of(&self, user: UserId) -> Result<Option<Account>, Failure> {
        self.inner.account_of(user).await
    }

    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure> {
        self.inner.users(after, limit).await
    }

    async fn login(&self, login: LoggingIn) -> Result<LoggedIn, Failure> {
        if self.lets(Write::Login).await { self.inner.login(login).await } else { Ok(LoggedIn::Changed) }
    }

    async fn rehash(&self, user: UserId, from: PasswordHash, to: PasswordHash) -> Result<bool, Failure> {
        self.inner.rehash(user, from, to).await
    }

    async fn amend(&self, amending: Amending) -> Result<Amended, Failure> {
        if self.lets(Write::Amend).await { self.inner.amend(amending).await } else { Ok(Amended::Changed) }
    }

    async fn delete_user(&self, deleting: Deleting) -> Result<bool, Failure> {
        self.inner.delete_user(deleting).await
    }

    async fn end_all(&self, end: EndingAll) -> Result<Option<u64>, Failure> {
        self.inner.end_all(end).await
    }

    async fn enable(&self, user: UserId, event: Event) -> Result<bool, Failure> {
        self.inner.enable(user, event).await
    }
}

#[async_trait]
impl Sessions for Meddler {
    async fn facts(&self, id: SessionId) -> Result<Option<Facts>, Failure> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let facts = self.inner.facts(id).await;
        self.wait_for_the_others().await;
        facts
    }

    async fn facts_of_page(&self, page: PageHash) -> Result<Option<Facts>, Failure> {
        self.inner.facts_of_page(page).await
    }

    async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure> {
        Ok(self.lets(Write::Rotate).await && self.inner.rotate(rotation).await?)
    }

    async fn end(&self, end: EndingOne) -> Result<bool, Failure> {
        Ok(self.lets(Write::End).await && self.inner.end(end).await?)
    }

    async fn sessions_of(&self, user: UserId, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure> {
        self.inner.sessions_of(user, now, limit).await
    }

    async fn device_of(&self, user: UserId, device: DeviceHash) -> Result<Option<DeviceId>, Failure> {
        self.inner.device_of(user, device).await
    }

    async fn devices_of(&self, user: UserId, limit: u32) -> Result<Vec<Device>, Failure> {
        self.inner.devices_of(user, limit).await
    }

    async fn forget_devices(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.inner.forget_devices(before, limit).await
    }

    async fn accept_ahead(&self, until: Option<UnixMillis>) -> Result<(), Failure> {
        self.inner.accept_ahead(until).await
    }

    async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.inner.expire(now, limit).await
    }

    async fn forget_ended(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.inner.forget_ended(before, limit).await
    }
}

#[async_trait]
impl Journal for Meddler {
    async fn note(&self, event: Event, quiet_since: UnixMillis) -> Result<(), Failure> {
        self.inner.note(event, quiet_since).await
    }

    async fn events(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        self.inner.events(after, limit).await
    }

    async fn events_of(&self, session: SessionId, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        self.inner.events_of(session, limit).await
    }

    async fn events_of_user(&self, user: UserId, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        self.inner.events_of_user(user, limit).await
    }

    async fn forget_events(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.inner.forget_events(before, limit).await
    }
}

#[async_trait]
impl Post for Meddler {
    async fn post(&self, postings: Vec<Posting>, events: Vec<Event>) -> Result<(), Failure> {
        self.inner.post(postings, events).await
    }

    async fn link(&self, id: LinkId) -> Result<Option<Link>, Failure> {
        self.inner.link(id).await
    }

    async fn claim_letters(
        &self,
        now: UnixMillis,
        until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<QueuedLetter>, Failure> {
        self.inner.claim_letters(now, until, limit).await
    }

    async fn letter_done(&self, id: LetterId) -> Result<(), Failure> {
        self.inner.letter_done(id).await
    }

    async fn letter_failed(&self, id: LetterId, again_at: UnixMillis, why: String) -> Result<(), Failure> {
        self.inner.letter_failed(id, again_at, why).await
    }

    async fn letters(&self, limit: u32) -> Result<Vec<QueuedLetter>, Failure> {
        self.inner.letters(limit).await
    }

    async fn forget_links(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.inner.forget_links(now, limit).await
    }
}

#[async_trait]
impl KeyShelf for Meddler {
    async fn signing_keys(&self) -> Result<Vec<SealedSigningKey>, Failure> {
        self.inner.signing_keys().await
    }

    async fn add_first_signing_key(&self, key: SealedSigningKey) -> Result<bool, Failure> {
        Ok(self.lets(Write::AddSigningKey).await && self.inner.add_first_signing_key(key).await?)
    }

    async fn key_check(&self, key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure> {
        self.inner.key_check(key_id, check).await
    }

    async fn ready(&self) -> Result<(), Failure> {
        self.inner.ready().await
    }
}
