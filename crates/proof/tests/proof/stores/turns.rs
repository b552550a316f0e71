//! A real store that can be led: while it is *led*, whatever asks it for something that a refresh needs stops first, and
//! goes on only when it is polled again. So whoever polls says which of several refreshes reads or writes next.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{
    Account, Device, DeviceHash, DeviceId, Event, Facts, Handle, LetterId, Link, LinkId, PageHash,
    PasswordHash, QueuedLetter, RecordedEvent, Session, SessionId, UnixMillis, User, UserId,
};
use rotunda_core::store::{
    Accounts, Amended, Amending, Deleting, EndingAll, EndingOne, Journal, KeyShelf, LoggedIn, LoggingIn,
    Post, Posting, Registered, Registering, Rotating, Sessions, Store,
};

/// The store behind it, and where those who use it stop.
pub(crate) struct Turns {
    inner: Arc<dyn Store>,
    led: AtomicBool,
    stops: AtomicU64,
}

impl Turns {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, led: AtomicBool::new(false), stops: AtomicU64::new(0) }
    }

    /// Lets `asking` go on to where it stops next. `Some`: it has come to its end.
    pub(crate) async fn turn<T>(&self, asking: &mut Pin<Box<dyn Future<Output = T> + Send>>) -> Option<T> {
        let stops = self.stops.load(Ordering::SeqCst);
        self.led.store(true, Ordering::SeqCst);
        let turned = std::future::poll_fn(|cx| match asking.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.stops.load(Ordering::SeqCst) > stops => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let turned = turned.await;
        self.led.store(false, Ordering::SeqCst);
        turned
    }

    fn stop(&self) -> Stop<'_> {
        Stop { turns: self, done: !self.led.load(Ordering::SeqCst) }
    }
}

/// Once is pending, and wakes nobody: whoever leads polls again.
struct Stop<'a> {
    turns: &'a Turns,
    done: bool,
}

impl Future for Stop<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.done, true) {
            return Poll::Ready(());
        }
        self.turns.stops.fetch_add(1, Ordering::SeqCst);
        Poll::Pending
    }
}

#[async_trait]
impl Accounts for Turns {
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
        self.inner.login(login).await
    }

    async fn rehash(&self, user: UserId, from: PasswordHash, to: PasswordHash) -> Result<bool, Failure> {
        self.inner.rehash(user, from, to).await
    }

    async fn amend(&self, amending: Amending) -> Result<Amended, Failure> {
        self.inner.amend(amending).await
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
impl Sessions for Turns {
    async fn facts(&self, id: SessionId) -> Result<Option<Facts>, Failure> {
        self.stop().await;
        self.inner.facts(id).await
    }

    async fn facts_of_page(&self, page: PageHash) -> Result<Option<Facts>, Failure> {
        self.inner.facts_of_page(page).await
    }

    async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure> {
        self.stop().await;
        self.inner.rotate(rotation).await
    }

    async fn end(&self, end: EndingOne) -> Result<bool, Failure> {
        self.stop().await;
        self.inner.end(end).await
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
impl Journal for Turns {
    async fn note(&self, event: Event, quiet_since: UnixMillis) -> Result<(), Failure> {
        self.stop().await;
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
impl Post for Turns {
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
impl KeyShelf for Turns {
    async fn signing_keys(&self) -> Result<Vec<SealedSigningKey>, Failure> {
        self.inner.signing_keys().await
    }

    async fn add_first_signing_key(&self, key: SealedSigningKey) -> Result<bool, Failure> {
        self.inner.add_first_signing_key(key).await
    }

    async fn key_check(&self, key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure> {
        self.inner.key_check(key_id, check).await
    }

    async fn ready(&self) -> Result<(), Failure> {
        self.inner.ready().await
    }
}
