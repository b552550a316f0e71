//! Reads the feed from the store once for all who follow it.
//!
//! 1. [`Hub::catch_up`] reads on from where the log stands, one reader at a time; whoever waited behind another takes what that
//!    one has read.
//! 2. While there are streams, a task catches up whenever this process has added something, and every [`EVERY`] for what other
//!    servers and commands have added. It ends when the router is gone.
//! 3. Streams wait for the log to move ([`Hub::moved`]). When the store does not answer, the log stays as it is, and its
//!    `as_of` tells how old that is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use rotunda_core::Rotunda;
use rotunda_core::failure::Failure;
use rotunda_core::model::{ClientId, FeedPlace, Revoked, UnixMillis};
use rotunda_core::revocations::PAGE;
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::body::{FeedBody, Heartbeat};
use super::log::{Cursor, Log};
use crate::watch::FeedState;

/// How often the store is asked for what others have added, while somebody listens.
const EVERY: Duration = Duration::from_millis(500);
/// How often when nobody does.
const IDLE: Duration = Duration::from_secs(5);
/// How many streams there may be at once.
const STREAMS: usize = 512;
/// How many one client may have: a service that runs many times over.
const STREAMS_OF_ONE: usize = 128;
/// How many entries one message of a stream has at most.
const CHUNK: usize = 1_000;
/// How many entries one answer has at most.
const ANSWER: usize = 50_000;

/// What all readers of the feed share.
pub(crate) struct Hub {
    rotunda: Arc<Rotunda>,
    log: RwLock<Log>,
    /// Held by whoever reads the store.
    reading: Mutex<()>,
    /// How many readings there were.
    readings: AtomicU64,
    /// Where the log stands.
    place: watch::Sender<Option<FeedPlace>>,
    streams: Arc<Semaphore>,
    /// How many streams each client has.
    of_each: std::sync::Mutex<BTreeMap<ClientId, usize>>,
    /// Tells the task that somebody listens now.
    joined: Notify,
    following: std::sync::Once,
}

/// A place for one stream, given back when it ends.
pub(super) struct StreamPlace {
    hub: Arc<Hub>,
    client: ClientId,
    _of_all: OwnedSemaphorePermit,
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut each = self.hub.of_each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = each.get_mut(&self.client) {
            *mine = mine.saturating_sub(1);
            if *mine == 0 {
                each.remove(&self.client);
            }
        }
    }
}

impl Hub {
    pub(crate) fn new(rotunda: Arc<Rotunda>) -> Arc<Self> {
        Arc::new(Self {
            rotunda,
            log: RwLock::default(),
            reading: Mutex::new(()),
            readings: AtomicU64::new(0),
            place: watch::Sender::new(None),
            streams: Arc::new(Semaphore::new(STREAMS)),
            of_each: std::sync::Mutex::default(),
            joined: Notify::new(),
            following: std::sync::Once::new(),
        })
    }

    /// How many services listen at this server now.
    pub(crate) fn streams_now(&self) -> usize {
        STREAMS.saturating_sub(self.streams.available_permits())
    }

    /// How it is, for whoever watches.
    pub(crate) fn state(&self) -> FeedState {
        let streams = self.streams_now();
        let (as_of, entries) = {
            let log = self.read();
            (log.as_of(), log.len())
        };
        let behind = (streams > 0).then(|| as_of.until(self.now()));
        FeedState { streams, entries, behind }
    }

    /// For how long an entry counts.
    pub(super) fn keep(&self) -> Duration {
        self.rotunda.keep_revocations()
    }

    /// A place for a stream of that client; the first one starts the task that reads on.
    pub(super) fn join(self: &Arc<Self>, client: &ClientId) -> Result<StreamPlace, Failure> {
        const OPENING: &str = "opening a stream of the revocation feed";
        self.following.call_once(|| drop(tokio::spawn(follow(Arc::downgrade(self)))));
        let of_all = Arc::clone(&self.streams).try_acquire_owned().map_err(|_| Failure::overload(OPENING))?;
        let mut each = self.of_each.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = each.entry(client.clone()).or_default();
        if *mine >= STREAMS_OF_ONE {
            return Err(Failure::overload(OPENING));
        }
        *mine += 1;
        drop(each);
        self.joined.notify_one();
        Ok(StreamPlace { hub: Arc::clone(self), client: client.clone(), _of_all: of_all })
    }

    /// Reads whatever the store has since the last reading.
    pub(super) async fn catch_up(&self) -> Result<(), Failure> {
        let asked = self.readings.load(Ordering::Acquire);
        let _reading = self.reading.lock().await;
        // One that was under way may have begun too early to see what this caller has to see; the one after it did not.
        if self.readings.load(Ordering::Acquire) >= asked + 2 {
            return Ok(());
        }
        loop {
            // The moment before the question: what is added while it is answered may be missing.
            let now = self.rotunda.feed_time();
            let after = self.read().next();
            let page = self.rotunda.revocations(after).await?;
            let more = page.entries.len() == PAGE as usize;
            if page.entries.iter().any(|(_, entry)| matches!(entry.what, Revoked::Key { .. })) {
                // Whoever hears of it here is not accepted with a token of that key any more.
                self.rotunda.look_at_shelf().await?;
            }
            let (taken, place) = {
                let mut log = self.log.write().unwrap_or_else(PoisonError::into_inner);
                (log.take(page, now, self.keep()), log.next())
            };
            if taken && !more {
                self.readings.fetch_add(1, Ordering::Release);
                self.place.send_if_modified(|old| std::mem::replace(old, place) != place);
                return Ok(());
            }
        }
    }

    /// What whoever stands there has to hear, at most [`ANSWER`] entries, and where they stand then; `None` before the first
    /// reading.
    pub(super) fn answer(&self, since: Option<Cursor>) -> Option<(Cursor, FeedBody)> {
        self.part(since, ANSWER)
    }

    /// The same for a message of a stream, at most [`CHUNK`] entries.
    pub(super) fn chunk(&self, since: Option<Cursor>) -> Option<(Cursor, FeedBody)> {
        self.part(since, CHUNK)
    }

    /// The time.
    pub(super) fn now(&self) -> UnixMillis {
        self.rotunda.feed_time()
    }

    /// What a heartbeat says to whoever stands there.
    pub(super) fn heartbeat(&self, at: Cursor) -> Heartbeat {
        Heartbeat::new(at, self.read().as_of())
    }

    /// Wakes when the log moves.
    pub(super) fn moved(&self) -> watch::Receiver<Option<FeedPlace>> {
        self.place.subscribe()
    }

    /// Asks once more about a token that a stream was opened with.
    pub(super) async fn is_reader(&self, token: &str) -> bool {
        !matches!(
            self.rotunda.feed_reader(token).await,
            // An outage says nothing about the token: the stream goes on, and its heartbeats tell of the outage.
            Err(rotunda_core::failure::Error::Denied(_))
        )
    }

    fn part(&self, since: Option<Cursor>, limit: usize) -> Option<(Cursor, FeedBody)> {
        let part = self.read().after(since, limit)?;
        Some((part.cursor, FeedBody::new(part, self.keep())))
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Log> {
        self.log.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Step 2.
async fn follow(hub: Weak<Hub>) {
    let mut well = true;
    while let Some(hub) = hub.upgrade() {
        let read = hub.catch_up().await;
        if let Err(failure) = &read
            && well
        {
            tracing::warn!(
                ?failure,
                "the revocation feed cannot be read; services are told that it is behind"
            );
        }
        well = read.is_ok();
        let rest = if hub.streams.available_permits() < STREAMS { EVERY } else { IDLE };
        let woken = async {
            tokio::select! {
                () = hub.rotunda.something_revoked() => {}
                () = hub.joined.notified() => {}
            }
        };
        let _ = timeout(rest, woken).await;
    }
}
