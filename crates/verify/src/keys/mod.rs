//! The issuer's keys, held so that a request never waits for them twice.
//!
//! 1. The first fetch begins when the verifier is built. Until one succeeds, no token can be judged: 503, never 401.
//! 2. A set is fresh for as long as the issuer says (`Cache-Control`). The first request after that has it fetched
//!    again, in the background and with `If-None-Match`, and is itself answered from the old set.
//!    A service that was idle for more than that time again waits for the answer first: a key that has left the set
//!    long ago must not pass once more. The old set then counts only if the issuer is away.
//! 3. A token that names an unknown key has the set fetched at once, and waits for it: that is how a new key becomes
//!    known between two fetches. Anybody can send such a token, so this happens at most once per cool-down.
//! 4. There is one fetch at a time; whoever needs it waits for the same one. If that one had begun before they came, and
//!    does not bring the key, they ask once more, within the cool-down of 3: the key may have been published in between.
//! 5. When the issuer is away the last good set stays. What a token that names an unknown key then gets is 503: the
//!    key may be new.
//! 6. A revocation of a held key on the feed takes it out of the set at once, and has the set fetched. It is remembered for
//!    as long as the process lives, beyond the feed's own memory, and whatever set comes later is held without that key.

mod fetch;
mod revoked;
mod schedule;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use http::HeaderValue;
use rotunda_token::{KeySet, Verifier};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::ask::AskError;
use crate::clock::Clock;
use fetch::Fetched;
pub(crate) use fetch::Source;
use revoked::RevokedKeys;
use schedule::Schedule;
pub(crate) use schedule::{FIRST_RETRY, Why};

/// How soon a fetch for the next unknown key id may follow, unless said otherwise.
pub(crate) const COOL_DOWN: Duration = Duration::from_secs(30);
/// How soon a refresh that failed is tried again.
const RETRY: Duration = Duration::from_secs(30);

/// Whose tokens are accepted, and where.
pub(crate) struct Expected {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) leeway_seconds: i64,
}

/// The issuer's keys.
pub(crate) struct Keys {
    expected: Expected,
    /// `None` for keys that never change.
    source: Option<Source>,
    cool_down: Duration,
    clock: Arc<dyn Clock>,
    held: RwLock<Held>,
    generation: AtomicU64,
    schedule: Mutex<Schedule>,
    etag: Mutex<Option<HeaderValue>>,
    fetches: AtomicU64,
    /// Changes whenever a fetch has ended, however.
    ended: watch::Sender<u64>,
    /// For callers outside of any runtime.
    runtime: Option<Handle>,
}

/// Which fetch somebody waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fetch {
    /// Their own: it knows everything that was published before they asked.
    Begun,
    /// One that was under way, and may have missed something.
    Joined,
}

/// What is needed to judge a token.
struct Held {
    /// With none of the keys that were revoked.
    verifier: Option<Arc<Verifier>>,
    revoked: RevokedKeys,
    refresh_at: Duration,
    /// From then on the set is too old to be used without asking first.
    overdue_at: Duration,
}

/// What [`crate::Verifier::health`] says about keys.
pub(crate) struct KeysState {
    pub(crate) count: usize,
    pub(crate) age: Option<Duration>,
    pub(crate) error: Option<String>,
    pub(crate) fetches: u64,
}

impl Keys {
    /// Keys that come from the issuer, and begin to be fetched if there is a runtime.
    pub(crate) fn fetched(
        expected: Expected,
        source: Source,
        cool_down: Duration,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let keys = Arc::new(Self::new(expected, Some(source), cool_down, None, clock));
        keys.start(Why::None);
        keys
    }

    /// Keys that never change.
    pub(crate) fn fixed(expected: Expected, keys: KeySet, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self::new(expected, None, COOL_DOWN, Some(keys), clock))
    }

    fn new(
        expected: Expected,
        source: Option<Source>,
        cool_down: Duration,
        keys: Option<KeySet>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let verifier = keys.map(|keys| expected.verifier(keys));
        let never = Duration::MAX;
        let held = Held { verifier, revoked: RevokedKeys::default(), refresh_at: never, overdue_at: never };
        Self {
            expected,
            source,
            cool_down,
            clock,
            held: RwLock::new(held),
            generation: AtomicU64::new(0),
            schedule: Mutex::default(),
            etag: Mutex::default(),
            fetches: AtomicU64::new(0),
            ended: watch::Sender::new(0),
            runtime: Handle::try_current().ok(),
        }
    }

    /// What judges tokens now, if there are keys.
    pub(crate) fn verifier(&self) -> Option<Arc<Verifier>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).verifier.clone()
    }

    /// Has keys fetched when they have aged. This is asked for every token, a remembered one too: a key that was retired
    /// must not live on for as long as somebody uses it.
    pub(crate) fn keep_fresh(self: &Arc<Self>) {
        let refresh_at = self.held.read().unwrap_or_else(PoisonError::into_inner).refresh_at;
        if self.clock.elapsed() >= refresh_at {
            self.start(Why::Aged);
        }
    }

    /// Whether nobody has asked for keys for so long that an answer must come first.
    pub(crate) fn are_overdue(&self) -> bool {
        let overdue_at = self.held.read().unwrap_or_else(PoisonError::into_inner).overdue_at;
        self.clock.elapsed() >= overdue_at
    }

    /// Changes with the keys, after they have.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The feed has said that a key was revoked: from now on, and for good. Nothing that was verified before counts
    /// without being looked at again.
    pub(crate) fn revoke(self: &Arc<Self>, kid: &str) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if !held.revoked.add(kid) {
            return;
        }
        let without = held.verifier.as_ref().map(|verifier| verifier.keys()).and_then(|keys| {
            keys.get(kid)?;
            Some(keys.iter().filter(|key| key.kid() != kid).cloned().collect())
        });
        let was_held = without.is_some();
        if let Some(keys) = without {
            held.verifier = Some(self.expected.verifier(keys));
        }
        drop(held);
        self.generation.fetch_add(1, Ordering::AcqRel);
        if was_held {
            self.start(Why::Revoked);
        }
    }

    /// Whether that key was revoked, as far as the feed was heard.
    pub(crate) fn is_revoked(&self, kid: &str) -> bool {
        self.held.read().unwrap_or_else(PoisonError::into_inner).revoked.has(kid)
    }

    /// Whether the last fetch failed: the issuer may have keys that are not known here.
    pub(crate) fn may_be_out_of_date(&self) -> bool {
        self.schedule().error.is_some()
    }

    /// Waits until a fetch for that reason has ended, if one may begin or is under way; says which.
    pub(crate) async fn refetch(self: &Arc<Self>, why: Why) -> Option<Fetch> {
        let (fetch, mut ended) = self.start(why)?;
        // The sender lives in `self`, so this cannot fail.
        ended.changed().await.ok()?;
        Some(fetch)
    }

    /// Lets somebody wait for fetches, no longer than one may take: it may belong to a runtime that nobody drives any more.
    /// `false` if the time was over.
    pub(crate) async fn within_limit(&self, waiting: impl Future<Output = ()>) -> bool {
        // Without either no fetch can begin, so there is nothing to wait for.
        let (Some(source), Some(runtime)) = (&self.source, self.runtime()) else { return true };
        let limited = {
            let _context = runtime.enter();
            timeout(source.limits.answer, waiting)
        };
        limited.await.is_ok()
    }

    fn runtime(&self) -> Option<Handle> {
        Handle::try_current().ok().or_else(|| self.runtime.clone())
    }

    /// Begins a fetch, or joins the one that is under way.
    pub(crate) fn start(self: &Arc<Self>, why: Why) -> Option<(Fetch, watch::Receiver<u64>)> {
        self.source.as_ref()?;
        let runtime = self.runtime()?;
        let mut schedule = self.schedule();
        let ended = self.ended.subscribe();
        if schedule.under_way {
            schedule.again |= why == Why::Revoked;
            return Some((Fetch::Joined, ended));
        }
        let now = self.clock.elapsed();
        if !schedule.may_start(why, now, self.cool_down) {
            return None;
        }
        schedule.started(why, now);
        drop(schedule);
        // A task of its own: a caller that goes away must not take the fetch with it, and the cool-down would remain.
        runtime.spawn(UnderWay { keys: Arc::clone(self), settled: false }.run());
        Some((Fetch::Begun, ended))
    }

    /// Puts the outcome in place; `true` if it has to be asked again.
    fn settle(&self, outcome: Result<Fetched, AskError>) -> bool {
        let now = self.clock.elapsed();
        let fresh_for = outcome.as_ref().map_or(RETRY, |fetched| fetched.fresh_for);
        let fetched = outcome.map_err(|error| {
            tracing::warn!(%error, "the issuer's keys could not be fetched; those held before stay");
            error.to_string()
        });
        let mut error = None;
        match fetched {
            Ok(Fetched { keys, etag, .. }) => {
                *self.etag.lock().unwrap_or_else(PoisonError::into_inner) = etag;
                self.hold(keys, now, fresh_for);
            }
            Err(why) => {
                error = Some(why);
                self.hold(None, now, fresh_for);
            }
        }
        let mut schedule = self.schedule();
        if error.is_none() {
            schedule.confirmed = Some(now);
        }
        schedule.error = error;
        schedule.under_way = std::mem::take(&mut schedule.again);
        schedule.under_way
    }

    /// Holds other keys, or the same ones for longer; in no case a revoked one.
    fn hold(&self, keys: Option<KeySet>, now: Duration, fresh_for: Duration) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.refresh_at = now.saturating_add(fresh_for);
        held.overdue_at = held.refresh_at.saturating_add(fresh_for);
        if let Some(keys) = keys {
            let keys: KeySet = keys.iter().filter(|key| !held.revoked.has(key.kid())).cloned().collect();
            let same =
                held.verifier.as_ref().is_some_and(|verifier| verifier.keys().to_jwks() == keys.to_jwks());
            if !same {
                held.verifier = Some(self.expected.verifier(keys));
                drop(held);
                self.generation.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    /// The state of affairs.
    pub(crate) fn state(&self) -> KeysState {
        let count = {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            held.verifier.as_ref().map_or(0, |verifier| verifier.keys().len())
        };
        let schedule = self.schedule();
        let age = schedule.confirmed.map(|at| self.clock.elapsed().saturating_sub(at));
        KeysState { count, age, error: schedule.error.clone(), fetches: self.fetches.load(Ordering::Relaxed) }
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    fn verifier(&self, keys: KeySet) -> Arc<Verifier> {
        let verifier = Verifier::new(keys, self.issuer.clone(), self.audiences.clone());
        Arc::new(verifier.with_leeway_seconds(self.leeway_seconds))
    }
}

/// A fetch that is under way. However it ends, even with its runtime, the next one can begin and nobody waits forever.
struct UnderWay {
    keys: Arc<Keys>,
    settled: bool,
}

impl UnderWay {
    async fn run(mut self) {
        let Some(source) = &self.keys.source else { return };
        loop {
            let etag = self.keys.etag.lock().unwrap_or_else(PoisonError::into_inner).clone();
            self.keys.fetches.fetch_add(1, Ordering::Relaxed);
            let outcome = source.fetch(etag.as_ref()).await;
            if !self.keys.settle(outcome) {
                break;
            }
        }
        self.settled = true;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.settled {
            self.keys.schedule().under_way = false;
        }
        self.keys.ended.send_modify(|ended| *ended += 1);
    }
}
