//! Every connection that is open: which of them are at work, and which have to go.
//!
//! 1. A connection is here from the moment that it was accepted until it is closed.
//! 2. It is *at work* while the server has something to do for one of its requests. A request whose body is still arriving, and an
//!    answer of which the client takes no more, *wait for the client*: that takes as long as the client likes. All others are idle,
//!    also those that have said half a head, or are in the midst of a handshake.
//! 3. Time is a count of seconds that the accept loop keeps; each request notes the count. That is about all that a request costs.
//! 4. When somebody comes and every place is taken, those go for which nothing was done for the longest ([`Connections::make_room`]):
//!    whoever opens connections and says nothing on them, or half a body, gets rid of their own, and never of one that is at work.
//! 5. One that has nothing to say for [`IDLE`] is told to leave. HTTP/1.1 has limits of its own; over HTTP/2 nothing else would end
//!    one that answers each PING, but opens no window for the answer (RFC 9113 §5.2): it is closed after [`UNREAD`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

/// How many seconds a connection may be idle.
const IDLE: u64 = 60;
/// How many seconds an answer may wait for a client of HTTP/2 to take more of it, and such a client to go when it was told to.
const UNREAD: u64 = 20;
/// The same once the server was told to stop.
const PARTING: u64 = 5;
/// By how many seconds one that waits for its client counts as younger when places are given away, and so does one that has only just
/// come. A body may take a moment, and an idle connection loses less; but who comes is not to go before bodies that never end.
const FAVOUR: u64 = 5;
/// For how many full seconds one that has asked nothing yet has only just come: its request is on its way.
const ARRIVES: u64 = 1;
/// How many are let go at once when every place is taken: looking for them costs more than the places are worth one by one.
const ROOM: usize = 32;
/// How many requests of a connection may be taken back before they are answered, beside as many that are not: further ones are a
/// flood (CVE-2023-44487).
const TAKEN_BACK: u32 = 100;

/// All that are open.
#[derive(Default)]
pub(super) struct Connections {
    open: Mutex<BTreeMap<u64, Arc<Open>>>,
    accepted: AtomicU64,
    seconds: Arc<AtomicU64>,
    emptied: Notify,
}

/// One of them.
pub(super) struct Open {
    seconds: Arc<AtomicU64>,
    under_way: AtomicU32,
    /// How many of those under way wait for the client.
    waiting: AtomicU32,
    /// The second in which something was done for it last: it came, a request began or ended, a piece of an answer was handed on.
    last: AtomicU64,
    begun: AtomicBool,
    is_http1: AtomicBool,
    /// From a proxy: the requests of many come by it, one after the other. (HTTP/2 is told of the end in another way.)
    is_shared: AtomicBool,
    answered: AtomicU32,
    taken_back: AtomicU32,
    must_go: AtomicBool,
    must_leave: AtomicBool,
    /// Whether it gives its place, and on which condition. Between the question and the answer its request may have come.
    gives_place: AtomicU8,
    told: Notify,
}

/// It keeps its place.
const KEEPS: u8 = 0;
/// It gives its place if it is still idle.
const IF_IDLE: u8 = 1;
/// It gives its place unless it is at work by now.
const UNLESS_AT_WORK: u8 = 2;

/// What a connection is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Told {
    /// No more requests; those that are under way are answered.
    Leave,
    /// It is closed as it is.
    Go,
}

/// Which connections are told to leave.
#[derive(Clone, Copy)]
pub(super) enum Who {
    /// Those that have asked something already, but for those of proxies.
    Direct,
    /// All that have asked something already.
    Begun,
    /// Every one.
    All,
}

/// The place of a connection among the others; given back when it goes out of scope.
pub(super) struct Member {
    all: Arc<Connections>,
    number: u64,
    pub(super) open: Arc<Open>,
}

impl Connections {
    /// Takes one more in.
    pub(super) fn enter(self: &Arc<Self>, is_shared: bool) -> Member {
        let open = Arc::new(Open {
            seconds: Arc::clone(&self.seconds),
            under_way: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            last: AtomicU64::new(self.seconds.load(Ordering::Relaxed)),
            begun: AtomicBool::new(false),
            is_http1: AtomicBool::new(false),
            is_shared: AtomicBool::new(is_shared),
            answered: AtomicU32::new(0),
            taken_back: AtomicU32::new(0),
            must_go: AtomicBool::new(false),
            must_leave: AtomicBool::new(false),
            gives_place: AtomicU8::new(KEEPS),
            told: Notify::new(),
        });
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(number, Arc::clone(&open));
        Member { all: Arc::clone(self), number, open }
    }

    /// Another second went by: who was idle for too long has to leave, and who neither reads nor leaves is closed.
    pub(super) fn second(&self) {
        let now = self.seconds.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        for open in self.lock().values().filter(|open| !open.is_at_work()) {
            let since = now.saturating_sub(open.last());
            let most = if open.is_idle() { IDLE + UNREAD } else { UNREAD };
            if since > most && !open.is_http1() {
                open.ask_for_place(UNLESS_AT_WORK);
            } else if since > IDLE && open.is_idle() {
                open.tell(Told::Leave);
            }
        }
    }

    /// The count of seconds.
    pub(super) fn now(&self) -> u64 {
        self.seconds.load(Ordering::Relaxed)
    }

    /// Another second went by since all were told to leave, in the second `since`: closes those that could have left by now.
    ///
    /// Over HTTP/1.1 who has asked something and is idle has left at once, and how long an answer may be read is bounded anyhow. Who
    /// has said half a head counts as one that speaks HTTP/2: nobody knows better yet.
    pub(super) fn parting_second(&self, since: u64) {
        let now = self.seconds.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        for open in self.lock().values().filter(|open| !open.is_at_work() && !open.is_http1()) {
            if now.saturating_sub(open.last().max(since)) >= PARTING {
                open.ask_for_place(UNLESS_AT_WORK);
            }
        }
    }

    /// Closes those for which nothing was done for the longest, the first come first.
    pub(super) fn make_room(&self) {
        let (open, now) = (self.lock(), self.now());
        let going = open.values().filter(|open| open.is_going()).count();
        // Those that were asked before are on their way: their places come first.
        let few = ROOM.min(open.len() / 16 + 1).saturating_sub(going);
        if few == 0 {
            return;
        }
        let mut able: Vec<(u64, u64, &Arc<Open>)> = open
            .iter()
            .filter(|(_, open)| !open.is_at_work() && !open.is_going())
            .map(|(number, open)| (open.counts_from(now), *number, open))
            .collect();
        if able.len() > few {
            able.select_nth_unstable_by_key(few, |(from, number, _)| (*from, *number));
            able.truncate(few);
        }
        for (_, _, open) in able {
            open.ask_for_place(if open.is_idle() { IF_IDLE } else { UNLESS_AT_WORK });
        }
    }

    /// Tells those to leave that are meant.
    pub(super) fn leave(&self, who: Who) {
        let open = self.lock();
        let leaving = open.values().filter(|open| match who {
            Who::Direct => open.has_begun() && !open.is_shared(),
            Who::Begun => open.has_begun(),
            Who::All => true,
        });
        leaving.for_each(|open| open.tell(Told::Leave));
    }

    /// Done when no proxy has a connection left on which it could ask something again.
    pub(super) async fn proxies_know(&self) {
        let is_kept = |open: &Arc<Open>| open.is_shared() && open.has_begun() && open.is_idle();
        while self.lock().values().any(is_kept) {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Done when none is open.
    pub(super) async fn emptied(&self) {
        while !self.lock().is_empty() {
            self.emptied.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut open = self.all.lock();
        open.remove(&self.number);
        if open.is_empty() {
            self.all.emptied.notify_one();
        }
    }
}

impl Open {
    /// A request of it begins.
    pub(super) fn begin(self: &Arc<Self>, is_http2: bool) -> UnderWay {
        if is_http2 {
            self.is_shared.store(false, Ordering::Relaxed);
        } else {
            self.is_http1.store(true, Ordering::Relaxed);
        }
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.touch();
        self.begun.store(true, Ordering::Relaxed);
        UnderWay { open: Arc::clone(self), is_answered: false, handed: None }
    }

    /// A request waits for its client, until the answer of this goes out of scope.
    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(Arc::clone(self))
    }

    /// What it is told next.
    pub(super) async fn told(&self) -> Told {
        loop {
            self.told.notified().await;
            let gives_place = match self.gives_place.swap(KEEPS, Ordering::AcqRel) {
                IF_IDLE => self.is_idle(),
                UNLESS_AT_WORK => !self.is_at_work(),
                _ => false,
            };
            if gives_place {
                self.must_go.store(true, Ordering::Release);
            }
            if self.must_go.load(Ordering::Acquire) {
                return Told::Go;
            }
            if self.must_leave.swap(false, Ordering::AcqRel) {
                return Told::Leave;
            }
        }
    }

    fn tell(&self, what: Told) {
        match what {
            Told::Go => self.must_go.store(true, Ordering::Release),
            Told::Leave => self.must_leave.store(true, Ordering::Release),
        }
        self.told.notify_one();
    }

    fn ask_for_place(&self, condition: u8) {
        self.gives_place.store(condition, Ordering::Release);
        self.told.notify_one();
    }

    fn touch(&self) {
        self.last.store(self.seconds.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    fn is_going(&self) -> bool {
        self.must_go.load(Ordering::Relaxed) || self.gives_place.load(Ordering::Relaxed) != KEEPS
    }

    fn is_http1(&self) -> bool {
        self.is_http1.load(Ordering::Relaxed)
    }

    /// Whether the server has something to do for it.
    fn is_at_work(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > self.waiting.load(Ordering::Relaxed)
    }

    fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    fn is_idle(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) == 0
    }

    fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    /// The second from which on it counts as idle when places are given away.
    fn counts_from(&self, now: u64) -> u64 {
        let has_just_come = !self.has_begun() && now.saturating_sub(self.last()) <= ARRIVES;
        let is_favoured = !self.is_idle() || has_just_come;
        self.last() + if is_favoured { FAVOUR } else { 0 }
    }
}

/// A request that is under way, until this goes out of scope: with the last byte of its answer, or when it is taken back.
pub(super) struct UnderWay {
    open: Arc<Open>,
    is_answered: bool,
    handed: Option<Waiting>,
}

impl UnderWay {
    /// There is an answer; its body may still be on its way.
    pub(super) fn answered(&mut self) {
        self.is_answered = true;
        self.open.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// A piece of the answer was handed on. Until more is asked for, the client has to read.
    pub(super) fn handed(&mut self) {
        self.open.touch();
        self.handed = Some(self.open.wait());
    }

    /// More of the answer is asked for.
    pub(super) fn asked(&mut self) {
        self.handed = None;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // Before the request itself, so that another one, which is worked on, does not seem to wait.
        self.handed = None;
        // Over HTTP/2 the last piece was taken in just now, and asked for long before.
        self.open.touch();
        self.open.under_way.fetch_sub(1, Ordering::Relaxed);
        if self.is_answered {
            return;
        }
        let taken_back = self.open.taken_back.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if taken_back > TAKEN_BACK && taken_back > self.open.answered.load(Ordering::Relaxed) {
            self.open.tell(Told::Go);
        }
    }
}

/// A request waits for its client, to send more of the body or to take more of the answer.
pub(super) struct Waiting(Arc<Open>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
