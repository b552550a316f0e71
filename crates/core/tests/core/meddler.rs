//! A store that lets a test act between the reading of the facts and the write that rests on them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::keys::SealedSigningKey;
use rotunda_core::model::{Event, Facts, Role, SessionId, UnixMillis};
use rotunda_core::store::{
    Accounts, Amended, Amending, Counting, Edited, Editing, EndingOne, KeyShelf, LoggedIn, LoggingIn,
    Registered, Registering, Roles, Rotating, Search, Sessions, Store,
};
use rotunda_testkit::{Layer, Layered, MemoryStore};
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
    Register,
    PutRole,
    EditUser,
}

/// A memory store; whatever a test has planned happens just before the write it is planned for.
pub(crate) type Meddler = Layered<Meddling>;

/// What is between the memory store and whoever asks it.
#[derive(Default)]
pub(crate) struct Meddling {
    pub(crate) inner: MemoryStore,
    planned: Mutex<VecDeque<(Write, Act)>>,
    stubborn: Mutex<Vec<Write>>,
    gathering: Mutex<Option<Arc<Gathering>>>,
    reads: AtomicUsize,
    live_sessions: Mutex<Option<Option<u64>>>,
}

struct Gathering {
    places: AtomicUsize,
    barrier: Barrier,
}

impl Meddling {
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

    /// From now on this is how many sessions live; `None` is a count that does not get to its end.
    pub(crate) fn counts_live_sessions(&self, many: Option<u64>) {
        *self.live_sessions.lock().unwrap() = Some(many);
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
impl Layer for Meddling {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn register(&self, new: Registering) -> Result<Registered, Failure> {
        self.lets(Write::Register).await;
        self.inner.register(new).await
    }

    async fn put_role(&self, role: Role, from: Option<u64>, event: Event) -> Result<bool, Failure> {
        Ok(self.lets(Write::PutRole).await && self.inner.put_role(role, from, event).await?)
    }

    async fn edit_user(&self, editing: Editing) -> Result<Edited, Failure> {
        if self.lets(Write::EditUser).await {
            self.inner.edit_user(editing).await
        } else {
            Ok(Edited::Changed)
        }
    }

    async fn login(&self, login: LoggingIn) -> Result<LoggedIn, Failure> {
        if self.lets(Write::Login).await { self.inner.login(login).await } else { Ok(LoggedIn::Changed) }
    }

    async fn amend(&self, amending: Amending) -> Result<Amended, Failure> {
        if self.lets(Write::Amend).await { self.inner.amend(amending).await } else { Ok(Amended::Changed) }
    }

    async fn count(&self, what: Counting, now: UnixMillis) -> Result<u64, Failure> {
        let told = *self.live_sessions.lock().unwrap();
        match (&what, told) {
            (Counting::LiveSessions, Some(many)) => {
                many.ok_or_else(|| Failure::overload("to count sessions"))
            }
            _ => self.inner.count(what, now).await,
        }
    }

    async fn facts(&self, id: SessionId) -> Result<Option<Facts>, Failure> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let facts = self.inner.facts(id).await;
        self.wait_for_the_others().await;
        facts
    }

    async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure> {
        Ok(self.lets(Write::Rotate).await && self.inner.rotate(rotation).await?)
    }

    async fn end(&self, end: EndingOne) -> Result<bool, Failure> {
        Ok(self.lets(Write::End).await && self.inner.end(end).await?)
    }

    async fn add_signing_key(
        &self,
        key: SealedSigningKey,
        after: Option<String>,
        event: Option<Event>,
    ) -> Result<bool, Failure> {
        Ok(self.lets(Write::AddSigningKey).await && self.inner.add_signing_key(key, after, event).await?)
    }
}
