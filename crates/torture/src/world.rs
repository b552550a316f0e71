//! What everybody in a run shares: the users and sessions with their records, the calls under way, the clock, the story
//! of kills and clock moves, and what was found.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::Config;
use crate::chance::Chance;
use crate::check::{Case, Verdict, Violation};
use crate::history::{By, Call, Delivery, Note};
use crate::http::Pool;
use crate::ledger::Ledger;
use crate::moment::{Moment, now};
use crate::place::Place;
use crate::report::Stats;
use crate::store::Store;

/// How many commands of the operator run at once: each is a process with connections of its own.
const OPERATORS: usize = 4;

/// How a client carries its tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Web,
    Native,
}

/// A user. Their password may be one of two while a change of it is unanswered.
pub(crate) struct User {
    pub email: String,
    pub passwords: Mutex<Vec<String>>,
    /// What ended all of their sessions.
    pub endings: Mutex<Vec<Delivery>>,
    pub under_way: AtomicU32,
}

/// A session, as soon as the server has answered with it.
pub(crate) struct Session {
    pub number: u32,
    pub id: String,
    pub user: Arc<User>,
    pub kind: Kind,
    pub born: (Moment, Moment),
    pub shown_at_birth: Option<bool>,
    pub copied: AtomicBool,
    /// What a thief has copied: the generation of the token, and the one that its client believed to be in.
    pub loot: OnceLock<(u32, u32)>,
    pub under_way: AtomicU32,
    record: Mutex<Record>,
}

/// What is written down of a session.
#[derive(Default)]
pub(crate) struct Record {
    pub deliveries: Vec<Delivery>,
    pub notes: Vec<Note>,
    /// Refreshes that clients wait for.
    pub open: u32,
    /// Whether the only one of them has not been counted as racing yet.
    pub lone: bool,
    /// The highest generation that was granted.
    pub top: u32,
    /// One more than the highest generation that a refresh without an answer presented; 0 for none.
    pub unseen: u32,
    /// What the clients held last: refresh token, device secret, retry keys.
    pub last: Option<Last>,
    /// A token that was used up, for the last question.
    pub older: Option<String>,
}

/// What a client held last.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    pub token: String,
    pub secret: Option<String>,
    pub keys: Vec<u32>,
}

impl Record {
    pub(crate) fn add(&mut self, delivery: Delivery) {
        self.deliveries.push(delivery);
        self.top = self.top.max(delivery.granted().unwrap_or(0));
        if let (Some(refresh), Some(_)) = (delivery.refresh(), delivery.unknown_until()) {
            self.unseen = self.unseen.max(refresh.generation + 1);
        }
    }
}

impl Session {
    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    pub(crate) fn note(&self, text: String) {
        self.record().notes.push(Note { at: now(), text });
    }
}

/// A call under way: what the proxy needs to know to write it down.
pub(crate) struct Pending {
    pub op: u32,
    pub by: By,
    pub call: Call,
    /// The session that it is about.
    pub session: Option<Arc<Session>>,
    /// The user whose sessions it begins or ends.
    pub user: Option<Arc<User>>,
    pub kind: Kind,
}

/// Everything shared.
pub(crate) struct World {
    pub config: Config,
    pub place: Place,
    pub store: Store,
    pub stats: Stats,
    pub to_proxy: Pool,
    /// One for each server.
    pub to_servers: Vec<Pool>,
    /// Commands of the operator that may run at once.
    pub operators: Semaphore,
    /// No more chaos: the end is near.
    pub calm: AtomicBool,
    /// No new lives.
    pub closing: AtomicBool,
    pub clock: Mutex<Ledger>,
    pub story: Mutex<Vec<Note>>,
    pub violations: Mutex<Vec<(Option<Arc<Session>>, Violation)>>,
    /// When the store may have lost writes that it had acknowledged.
    pub losses: Mutex<Vec<(Moment, Moment)>>,
    /// When the store was whole again, until the first grant after that.
    pub whole_since: Mutex<Option<Moment>>,
    calls: Mutex<BTreeMap<u32, Arc<Pending>>>,
    sessions: Mutex<BTreeMap<String, Arc<Session>>>,
    users: AtomicU32,
    ops: AtomicU32,
    keys: AtomicU32,
}

impl World {
    pub(crate) fn new(config: Config, place: Place, store: Store, proxy: SocketAddr) -> Self {
        Self {
            to_proxy: Pool::new(proxy),
            to_servers: place.addresses().map(Pool::new).collect(),
            operators: Semaphore::new(OPERATORS),
            // Mixed load goes through the proxy as it comes.
            calm: AtomicBool::new(config.mixed),
            config,
            place,
            store,
            stats: Stats::default(),
            closing: AtomicBool::new(false),
            clock: Mutex::default(),
            story: Mutex::default(),
            violations: Mutex::default(),
            losses: Mutex::default(),
            whole_since: Mutex::default(),
            calls: Mutex::default(),
            sessions: Mutex::default(),
            users: AtomicU32::new(0),
            ops: AtomicU32::new(0),
            keys: AtomicU32::new(0),
        }
    }

    pub(crate) fn window(&self) -> Duration {
        self.config.window
    }

    pub(crate) fn chance(&self, who: &str, number: u32) -> Chance {
        Chance::of(self.config.seed, who, u64::from(number))
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// Waits that long, or until the run is closing.
    pub(crate) async fn rest(&self, span: Duration) {
        let until = now().plus(span);
        while now() < until && !self.is_closing() {
            let left = until.since(now());
            tokio::time::sleep(left.min(Duration::from_millis(100))).await;
        }
    }

    /// How long after a connection broke its request may still take effect: a process dies at once, but a statement that
    /// it had sent to a database is carried out all the same, when that database goes on.
    pub(crate) fn afterlife(&self) -> Duration {
        Duration::from_secs(if self.store.is_shared() { 12 } else { 2 })
    }

    /// Whether the store may have lost something of a session.
    fn has_lost(&self, session: &Session, record: &Record) -> bool {
        let until = record.deliveries.iter().map(|delivery| delivery.back).max().unwrap_or(session.born.1);
        self.losses.lock().unwrap().iter().any(|(from, to)| session.born.0 <= *to && *from <= until)
    }

    pub(crate) fn new_user(&self) -> Arc<User> {
        let number = 1 + self.users.fetch_add(1, Ordering::Relaxed);
        Arc::new(User {
            email: format!("user{number}@example.com"),
            passwords: Mutex::new(vec![format!("correct horse battery {number}")]),
            endings: Mutex::default(),
            under_way: AtomicU32::new(0),
        })
    }

    pub(crate) fn new_key(&self) -> u32 {
        1 + self.keys.fetch_add(1, Ordering::Relaxed)
    }

    /// A call about to be sent.
    pub(crate) fn pending(
        &self,
        by: By,
        call: Call,
        session: Option<&Arc<Session>>,
        user: Option<&Arc<User>>,
        kind: Kind,
    ) -> Arc<Pending> {
        let op = 1 + self.ops.fetch_add(1, Ordering::Relaxed);
        let pending =
            Arc::new(Pending { op, by, call, session: session.cloned(), user: user.cloned(), kind });
        self.calls.lock().unwrap().insert(op, Arc::clone(&pending));
        pending
    }

    /// The call of that number, once.
    pub(crate) fn take_call(&self, op: u32) -> Option<Arc<Pending>> {
        self.calls.lock().unwrap().remove(&op)
    }

    pub(crate) fn session(&self, id: &str) -> Option<Arc<Session>> {
        self.sessions.lock().unwrap().get(id).cloned()
    }

    pub(crate) fn sessions(&self) -> Vec<Arc<Session>> {
        self.sessions.lock().unwrap().values().cloned().collect()
    }

    /// A session that a call has begun, whether or not its client ever learns of it.
    pub(crate) fn born(&self, id: &str, pending: &Pending, born: (Moment, Moment), last: Option<Last>) {
        let Some(user) = pending.user.clone() else { return };
        let mut sessions = self.sessions.lock().unwrap();
        let number = u32::try_from(sessions.len()).unwrap_or(u32::MAX);
        sessions.entry(id.to_owned()).or_insert_with(|| {
            Arc::new(Session {
                number,
                id: id.to_owned(),
                user,
                kind: pending.kind,
                born,
                shown_at_birth: (pending.call == Call::Begin).then_some(false),
                copied: AtomicBool::new(false),
                loot: OnceLock::new(),
                under_way: AtomicU32::new(0),
                record: Mutex::new(Record { last, ..Record::default() }),
            })
        });
    }

    /// Writes down what happened to everybody: a kill, a start, a move of the clock.
    pub(crate) fn tell(&self, text: String) {
        self.story.lock().unwrap().push(Note { at: now(), text });
    }

    pub(crate) fn found(&self, session: Option<&Arc<Session>>, violation: Violation) {
        self.violations.lock().unwrap().push((session.cloned(), violation));
    }

    /// Judges a session by all that is written down so far.
    pub(crate) fn judge(&self, session: &Session) -> Verdict {
        let clock = self.clock.lock().unwrap();
        let of_user = session.user.endings.lock().unwrap().clone();
        let record = session.record();
        Case {
            born: session.born,
            shown_at_birth: session.shown_at_birth,
            copied: session.copied.load(Ordering::Relaxed),
            loot: session.loot.get().copied(),
            strict: self.config.is_strict(),
            lost: self.has_lost(session, &record),
            deliveries: &record.deliveries,
            of_user: &of_user,
            clock: &clock,
            window: i64::try_from(self.config.window.as_millis()).unwrap_or(i64::MAX),
        }
        .check()
    }

    /// Waits until nothing of these sessions is under way any more.
    pub(crate) async fn drained(&self, sessions: &[Arc<Session>]) {
        let busy = |session: &Arc<Session>| {
            session.under_way.load(Ordering::SeqCst) > 0 || session.user.under_way.load(Ordering::SeqCst) > 0
        };
        for _ in 0..1_200 {
            if !sessions.iter().any(busy) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
