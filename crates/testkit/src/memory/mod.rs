//! Every port of the store, in memory: the reference that the other stores are compared with.
//!
//! One mutex around one state, so each call happens as a whole; clarity before speed throughout.

mod accounts;
mod amend;
mod caps;
mod devices;
mod journal;
mod keys;
mod post;
mod sessions;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{
    Account, Caller, Device, Ending, Event, EventKind, Facts, LetterId, Link, LinkId, QueuedLetter,
    RecordedEvent, Session, SessionId, Standing, UnixMillis, UserId,
};
use rotunda_core::store::EndingOne;

/// A store that lives as long as the test does.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<MemoryState>,
    out: AtomicBool,
}

/// All that a [`MemoryStore`] keeps. A clone is a backup.
#[derive(Clone, Default)]
pub struct MemoryState {
    /// Users and their password hashes.
    pub accounts: BTreeMap<UserId, Account>,
    /// One row per session.
    pub sessions: BTreeMap<SessionId, Session>,
    /// The devices of all users.
    pub devices: Vec<Device>,
    /// Links that have not been used.
    pub links: BTreeMap<LinkId, Link>,
    /// Letters that wait.
    pub letters: BTreeMap<LetterId, QueuedLetter>,
    /// The outbox, oldest first.
    pub events: Vec<RecordedEvent>,
    /// The place of the newest event there ever was.
    pub last_seq: u64,
    /// Until when tokens newer than the store are believed.
    pub accept_ahead_until: Option<UnixMillis>,
    /// Sealed signing keys, oldest first.
    pub signing_keys: Vec<SealedSigningKey>,
    /// The check value on record for each master key.
    pub key_checks: BTreeMap<u8, KeyCheck>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A backup.
    #[must_use]
    pub fn snapshot(&self) -> MemoryState {
        self.state.lock().unwrap().clone()
    }

    /// Goes back to a backup: whatever was written since is lost.
    pub fn restore(&self, backup: MemoryState) {
        *self.state.lock().unwrap() = backup;
    }

    /// Whether the store is out from now on: every call then fails, and nothing is written.
    pub fn set_out(&self, out: bool) {
        self.out.store(out, Ordering::SeqCst);
    }

    fn open(&self) -> Result<MutexGuard<'_, MemoryState>, Failure> {
        if self.out.load(Ordering::SeqCst) {
            return Err(Failure::unavailable("asking the memory store", "it is out on purpose"));
        }
        Ok(self.state.lock().unwrap())
    }
}

impl MemoryState {
    fn record(&mut self, event: Event) {
        self.last_seq += 1;
        self.events.push(RecordedEvent { seq: self.last_seq, event });
    }

    fn record_all(&mut self, events: impl IntoIterator<Item = Event>) {
        events.into_iter().for_each(|event| self.record(event));
    }

    fn facts_about(&self, session: &Session) -> Facts {
        Facts {
            session: session.clone(),
            user: self.accounts[&session.user_id].user.clone(),
            accept_ahead_until: self.accept_ahead_until,
        }
    }

    /// Ends a session that is live on record, with its one event.
    fn end_one(&mut self, end: EndingOne) -> bool {
        let Some(session) = self.sessions.get_mut(&end.id) else { return false };
        let as_decided = end.at_generation.is_none_or(|generation| generation == session.lineage.generation);
        if session.standing != Standing::Live || !as_decided {
            return false;
        }
        session.standing = Standing::Ended { ending: end.ending, at: end.at };
        let (user, device) = (session.user_id, session.device_hash);
        let event = Event {
            kind: EventKind::SessionEnded(end.ending),
            at: end.at,
            user_id: Some(user),
            session_id: Some(end.id),
            caller: end.caller,
        };
        self.record(event);
        if matches!(end.ending, Ending::Reused | Ending::Reported) {
            self.forget_device(user, device);
        }
        self.post_all(end.post);
        true
    }

    /// Ends every session of a user that is live on record, expired or not, and raises the epoch.
    fn end_all_of(&mut self, user: UserId, ending: Ending, at: UnixMillis, caller: &Caller) -> u64 {
        let theirs: Vec<SessionId> =
            self.sessions.values().filter(|s| s.user_id == user).map(|s| s.id).collect();
        let mut ended = 0;
        for id in theirs {
            ended += u64::from(self.end_one(EndingOne {
                id,
                at_generation: None,
                ending,
                at,
                caller: caller.clone(),
                post: Vec::new(),
            }));
        }
        if let Some(account) = self.accounts.get_mut(&user) {
            account.user.ep += 1;
        }
        ended
    }

    fn check_new(&self, session: &Session) -> Result<(), Failure> {
        match self.sessions.contains_key(&session.id) {
            true => Err(Failure::broken("adding a session", "its id is taken")),
            false => Ok(()),
        }
    }

    fn add_session(&mut self, session: Session) -> Result<(), Failure> {
        self.check_new(&session)?;
        self.see_device(&session);
        self.sessions.insert(session.id, session);
        Ok(())
    }
}
