//! Every port of the store, in memory: the reference that the other stores are compared with.
//!
//! One mutex around one state, so each call happens as a whole; clarity before speed throughout.

mod accounts;
mod amend;
mod audit;
mod caps;
mod clients;
mod copy;
mod desk;
mod devices;
mod feed;
mod journal;
mod keys;
mod opened;
mod post;
mod roles;
mod search;
mod sessions;
mod skeleton;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{
    Account, AuditMark, Caller, ClientId, Delivery, Device, Ending, Event, EventKind, Everyone, Facts,
    FeedId, LetterId, Link, LinkId, QueuedLetter, RecordedEvent, RegisteredClient, Role, RoleName, Session,
    SessionId, Standing, Tally, UnixMillis, UserId, Webhook, WebhookId,
};
use rotunda_core::store::{AuditEnds, EndingOne};
use tokio::sync::Notify;

pub use desk::Note;
pub use feed::KeptFeed;

use opened::Opened;

/// A store that lives as long as the test does.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<MemoryState>,
    out: AtomicBool,
    bell: Notify,
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
    /// The revocation feed.
    pub feed: KeptFeed,
    /// Grows with every change of signing keys, clients and roles.
    pub shelf_version: u64,
    /// Sealed signing keys, oldest first.
    pub signing_keys: Vec<SealedSigningKey>,
    /// The check value on record for each master key.
    pub key_checks: BTreeMap<u8, KeyCheck>,
    /// Clients that were added while running.
    pub clients: BTreeMap<ClientId, RegisteredClient>,
    /// Roles, without the built-in one.
    pub roles: BTreeMap<RoleName, Role>,
    /// Grows with every change of a role, and when everyone is signed out.
    pub revision: u64,
    /// Whether everyone was ever signed out.
    pub everyone: Option<Everyone>,
    /// When somebody became an admin for the first time.
    pub first_admin_at: Option<UnixMillis>,
    /// Both ends of the audit log's chain.
    pub audit: AuditEnds,
    /// Signed places between them.
    pub checkpoints: BTreeMap<u64, AuditMark>,
    /// Webhooks.
    pub webhooks: BTreeMap<WebhookId, Webhook>,
    /// What is on its way to them.
    pub deliveries: BTreeMap<(WebhookId, u64), Delivery>,
    /// What has happened, by hour.
    pub tallies: BTreeMap<(UnixMillis, Tally), u64>,
    /// Requests that may come twice, by the digest of who asks.
    pub answers: BTreeMap<[u8; 32], Note>,
    /// Which store this is an unfinished copy of.
    pub copy_of: Option<FeedId>,
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

    fn open(&self) -> Result<Opened<'_>, Failure> {
        if self.out.load(Ordering::SeqCst) {
            return Err(Failure::unavailable("asking the memory store", "it is out on purpose"));
        }
        Ok(Opened::new(self.state.lock().unwrap(), &self.bell))
    }
}

impl MemoryState {
    fn record(&mut self, event: Event) {
        self.last_seq += 1;
        self.events.push(RecordedEvent { link: None, seq: self.last_seq, event });
    }

    fn record_all(&mut self, events: impl IntoIterator<Item = Event>) {
        events.into_iter().for_each(|event| self.record(event));
    }

    /// Whether nothing has ended a session at `now`.
    fn lives(&self, session: &Session, now: UnixMillis) -> bool {
        session.ending_under(self.everyone, now).is_none()
    }

    fn facts_about(&self, session: &Session) -> Facts {
        Facts {
            everyone: self.everyone,
            session: session.clone(),
            user: self.accounts[&session.user_id].user.clone(),
            accept_ahead_until: self.accept_ahead_until,
            may_lose_writes: false,
        }
    }

    /// Ends a session that is live on record, with its one event and its entry on the feed.
    fn end_one(&mut self, end: EndingOne) -> bool {
        let (id, ending, at) = (end.id, end.ending, end.at);
        let ended = self.end_unheard(end);
        if ended {
            self.enter_session(id, ending, at);
        }
        ended
    }

    /// The same, without an entry on the feed.
    fn end_unheard(&mut self, end: EndingOne) -> bool {
        let Some(session) = self.sessions.get_mut(&end.id) else { return false };
        let as_decided = end.at_generation.is_none_or(|generation| generation == session.lineage.generation);
        if session.standing != Standing::Live || !as_decided {
            return false;
        }
        session.standing = Standing::Ended { ending: end.ending, at: end.at };
        let (user, device) = (session.user_id, session.device_hash);
        let event = Event {
            about: end.about,
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

    /// Ends every session of a user that is live on record, expired or not, and raises the epoch, which is what the feed tells.
    fn end_all_of(&mut self, user: UserId, ending: Ending, at: UnixMillis, caller: &Caller) -> u64 {
        let theirs: Vec<SessionId> =
            self.sessions.values().filter(|s| s.user_id == user).map(|s| s.id).collect();
        let mut ended = 0;
        for id in theirs {
            ended += u64::from(self.end_unheard(EndingOne {
                about: None,
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
        self.enter_user(user, ending, at);
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
        self.sessions.insert(session.id, Session { revision: self.revision, ..session });
        Ok(())
    }
}
