//! Every connection that is open: which of them are at work, and which have to go.
//!
//! 1. A connection is here from the moment that it was accepted until it is closed.
//! 2. It is *at work* while a request of it is under way, until the answer's last byte was handed on. All others are idle, also
//!    those that have said half a request, or are in the midst of a handshake.
//! 3. Time is a count of seconds that the accept loop keeps; each request notes the count. That is all that a request costs.
//! 4. When every place is taken, those go that were idle for the longest ([`Connections::make_room`]): whoever opens connections
//!    and says nothing on them gets rid of their own, and never of one that is at work.
//! 5. One that has nothing to say for [`IDLE`] is told to leave; over HTTP/2 nothing else would end it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

/// How many seconds a connection may be idle.
const IDLE: u64 = 60;
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
    /// The second in which the last request began, or the connection itself.
    last: AtomicU64,
    begun: AtomicBool,
    /// From a proxy: the requests of many come by it, one after the other. (HTTP/2 is told of the end in another way.)
    is_shared: AtomicBool,
    answered: AtomicU32,
    taken_back: AtomicU32,
    must_go: AtomicBool,
    told: Notify,
}

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
            last: AtomicU64::new(self.seconds.load(Ordering::Relaxed)),
            begun: AtomicBool::new(false),
            is_shared: AtomicBool::new(is_shared),
            answered: AtomicU32::new(0),
            taken_back: AtomicU32::new(0),
            must_go: AtomicBool::new(false),
            told: Notify::new(),
        });
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(number, Arc::clone(&open));
        Member { all: Arc::clone(self), number, open }
    }

    /// Another second went by: who was idle for too long has to leave.
    pub(super) fn second(&self) {
        let now = self.seconds.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let open = self.lock();
        let idle = open.values().filter(|open| open.is_idle() && now.saturating_sub(open.last()) > IDLE);
        idle.for_each(|open| open.tell(Told::Leave));
    }

    /// Closes those that were idle for the longest, the first come first.
    pub(super) fn make_room(&self) {
        let open = self.lock();
        let mut idle: Vec<(u64, u64, &Arc<Open>)> = open
            .iter()
            .filter(|(_, open)| open.is_idle() && !open.must_go.load(Ordering::Relaxed))
            .map(|(number, open)| (open.last(), *number, open))
            .collect();
        let few = ROOM.min(open.len() / 16 + 1);
        if idle.len() > few {
            idle.select_nth_unstable_by_key(few, |(last, number, _)| (*last, *number));
            idle.truncate(few);
        }
        idle.iter().for_each(|(_, _, open)| open.tell(Told::Go));
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
        }
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.last.store(self.seconds.load(Ordering::Relaxed), Ordering::Relaxed);
        self.begun.store(true, Ordering::Relaxed);
        UnderWay { open: Arc::clone(self), is_answered: false }
    }

    /// What it is told next.
    pub(super) async fn told(&self) -> Told {
        self.told.notified().await;
        if self.must_go.load(Ordering::Acquire) { Told::Go } else { Told::Leave }
    }

    fn tell(&self, what: Told) {
        if what == Told::Go {
            self.must_go.store(true, Ordering::Release);
        }
        self.told.notify_one();
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
}

/// A request that is under way, until this goes out of scope: with the last byte of its answer, or when it is taken back.
pub(super) struct UnderWay {
    open: Arc<Open>,
    is_answered: bool,
}

impl UnderWay {
    /// There is an answer; its body may still be on its way.
    pub(super) fn answered(&mut self) {
        self.is_answered = true;
        self.open.answered.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn told(member: &Member) -> Option<Told> {
        member.open.told().now_or_never()
    }

    #[test]
    fn when_places_are_taken_the_longest_idle_goes_and_never_one_at_work() {
        let all = Arc::<Connections>::default();
        let at_work = all.enter(false);
        let request = at_work.open.begin(false);
        let idle = all.enter(false);
        all.second();
        let asked_later = all.enter(false);
        drop(asked_later.open.begin(false));
        all.make_room();
        let say = || [&at_work, &idle, &asked_later].map(told);
        assert_eq!(say(), [None, Some(Told::Go), None]);
        all.make_room();
        assert_eq!(say(), [None, None, Some(Told::Go)], "the first is on its way already");
        drop(request);
        all.make_room();
        assert_eq!(say(), [Some(Told::Go), None, None]);
    }

    #[test]
    fn who_says_nothing_for_a_minute_leaves_and_an_answer_that_goes_on_stays() {
        let all = Arc::<Connections>::default();
        let (idle, streams) = (all.enter(false), all.enter(false));
        let mut answer = streams.open.begin(false);
        answer.answered();
        for _ in 0..IDLE {
            all.second();
        }
        assert_eq!([&idle, &streams].map(told), [None, None]);
        all.second();
        assert_eq!([&idle, &streams].map(told), [Some(Told::Leave), None]);
    }

    #[test]
    fn requests_that_are_taken_back_are_counted_beside_those_that_are_answered() {
        let all = Arc::<Connections>::default();
        let (flood, busy) = (all.enter(false), all.enter(false));
        for _ in 0..TAKEN_BACK {
            drop(flood.open.begin(false));
            busy.open.begin(false).answered();
            busy.open.begin(false).answered();
            drop(busy.open.begin(false));
        }
        assert_eq!([&flood, &busy].map(told), [None, None]);
        drop(flood.open.begin(false));
        drop(busy.open.begin(false));
        assert_eq!([&flood, &busy].map(told), [Some(Told::Go), None]);
    }

    #[tokio::test]
    async fn all_are_gone_when_the_last_is() {
        let all = Arc::<Connections>::default();
        all.emptied().await;
        let (fresh, used, proxy) = (all.enter(false), all.enter(false), all.enter(true));
        drop(used.open.begin(false));
        assert!(all.proxies_know().now_or_never().is_some());
        drop(proxy.open.begin(false));
        assert!(all.proxies_know().now_or_never().is_none());
        for (who, leave) in [
            (Who::Direct, [None, Some(Told::Leave), None]),
            (Who::Begun, [None, Some(Told::Leave), Some(Told::Leave)]),
            (Who::All, [Some(Told::Leave); 3]),
        ] {
            all.leave(who);
            assert_eq!([&fresh, &used, &proxy].map(told), leave);
        }
        assert!(all.emptied().now_or_never().is_none());
        drop((fresh, used, proxy));
        all.emptied().await;
        all.proxies_know().await;
    }
}
