//! The ports to the store: what must survive.
//!
//! Every write is one named unit: it happens as a whole or not at all, its events with it, and it is durable when it
//! is answered. A write that rests on facts takes them along and answers `false` when they no longer hold; the flow
//! then reads again and decides again. Time comes in with the call; a store has no clock of its own.
//!
//! `crates/testkit` has the contract suite that every store passes.

use async_trait::async_trait;

use crate::failure::Failure;
use crate::keys::{KeyCheck, SealedSigningKey};
use crate::model::{
    Account, Caller, DeviceHash, DeviceId, Ending, Event, Facts, Handle, Lineage, PageHash, PasswordHash,
    RecordedEvent, Session, SessionId, TokenHash, UnixMillis, User, UserId, UserState,
};

/// A whole store.
pub trait Store: Accounts + Sessions + Journal + KeyShelf {}
impl<T: Accounts + Sessions + Journal + KeyShelf> Store for T {}

/// Users, and whatever concerns all the sessions of one.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Adds a user, with a first session where one is given.
    async fn register(&self, new: Registering) -> Result<Registered, Failure>;

    /// The account of whoever typed this.
    async fn account(&self, handle: &Handle) -> Result<Option<Account>, Failure>;

    /// The account of a known user.
    async fn account_of(&self, user: UserId) -> Result<Option<Account>, Failure>;

    /// Users by id, those after `after` first to last, at most `limit`.
    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure>;

    /// Starts a session, if the user is active and still has the epoch and the password hash that were read.
    async fn login(&self, login: LoggingIn) -> Result<bool, Failure>;

    /// Replaces a password hash by a stronger one of the same password, if it is still the one that was read.
    async fn rehash(&self, user: UserId, from: PasswordHash, to: PasswordHash) -> Result<bool, Failure>;

    /// Changes the password if the account is as it was read and the asking session is live: ends all sessions, raises the
    /// epoch, starts the new session.
    async fn change_password(&self, change: ChangingPassword) -> Result<bool, Failure>;

    /// Ends all live sessions of a user and raises the epoch, in one transaction, with one event for each session. Live
    /// means that no ending is on record, even where the time is up: a row that is left live could be rotated by a
    /// request that was decided a moment earlier. `None` when there is no such user.
    async fn end_all(&self, end: EndingAll) -> Result<Option<u64>, Failure>;

    /// Lets a disabled user in again; `false` when there is nothing to change. Old sessions stay dead.
    async fn enable(&self, user: UserId, event: Event) -> Result<bool, Failure>;
}

/// Sessions, one row each.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// All that a decision rests on, from the primary, never from a replica.
    async fn facts(&self, id: SessionId) -> Result<Option<Facts>, Failure>;

    /// The same, for the holder of a page cookie.
    async fn facts_of_page(&self, page: PageHash) -> Result<Option<Facts>, Failure>;

    /// Moves a session to its next generation: the one write of the fast path, and one statement. Guarded by
    /// everything that was decided on: `false` unless the session is live at `now` and stands at `from`.
    async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure>;

    /// Ends one session; `false` unless no ending is on record, and at the generation that was decided on where one is given.
    async fn end(&self, end: EndingOne) -> Result<bool, Failure>;

    /// A user's live sessions, the latest used first, at most `limit`.
    async fn sessions_of(&self, user: UserId, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure>;

    /// The device that a user has signed in on before with this secret; none when a session with it ended as `reused` or
    /// `reported`, because then somebody else may have the secret too.
    async fn device_of(&self, user: UserId, device: DeviceHash) -> Result<Option<DeviceId>, Failure>;

    /// Believes tokens newer than the store until then; `None` stops it. Said by the operator after a restore.
    async fn accept_ahead(&self, until: Option<UnixMillis>) -> Result<(), Failure>;

    /// Records the ending of at most `limit` sessions whose time is up, in row and event at the moment when it was up;
    /// answers how many there were.
    async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure>;

    /// Deletes at most `limit` sessions that ended before `before`; never a live one. Answers how many.
    async fn forget_ended(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure>;
}

/// The outbox: what happened, in order.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes down an event that belongs to no change, unless one of the same kind, session, user and address was
    /// written since `quiet_since`: so that whoever repeats a refused request cannot fill the disk.
    async fn note(&self, event: Event, quiet_since: UnixMillis) -> Result<(), Failure>;

    /// Events after a place, oldest first, at most `limit`.
    async fn events(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, Failure>;

    /// What happened to a session last, oldest first, at most `limit`.
    async fn events_of(&self, session: SessionId, limit: u32) -> Result<Vec<RecordedEvent>, Failure>;

    /// Deletes at most `limit` events older than `before`. Answers how many.
    async fn forget_events(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure>;
}

/// Keys at rest: signing keys sealed under a master key, and what tells a wrong master key.
#[async_trait]
pub trait KeyShelf: Send + Sync {
    /// All signing keys, oldest first.
    async fn signing_keys(&self) -> Result<Vec<SealedSigningKey>, Failure>;

    /// Adds the first signing key, if there is none: of two servers that start at once, one wins. `false` for the other.
    async fn add_first_signing_key(&self, key: SealedSigningKey) -> Result<bool, Failure>;

    /// The check value of a master key, written on first sight of that key id; answers the one that is on record.
    async fn key_check(&self, key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure>;

    /// Answers when the store can be written to, durably.
    async fn ready(&self) -> Result<(), Failure>;
}

/// A new user.
#[derive(Clone)]
pub struct Registering {
    /// The user and the password.
    pub account: Account,
    /// The session that signs them in at once.
    pub session: Option<Session>,
    /// The session that this browser leaves behind.
    pub replaces: Option<EndingOne>,
    /// What to write down.
    pub events: Vec<Event>,
}

/// Whether a user could be added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Registered {
    /// They were.
    Done,
    /// The id, or the subject, belongs to somebody. Asked before the address and the user name.
    IdTaken,
    /// The address belongs to somebody.
    EmailTaken,
    /// The user name belongs to somebody.
    UsernameTaken,
}

/// A session that begins with a password.
#[derive(Clone)]
pub struct LoggingIn {
    /// The session; its `ep` is the epoch that was read.
    pub session: Session,
    /// The hash that the password was checked against.
    pub password: PasswordHash,
    /// The session that this browser leaves behind.
    pub replaces: Option<EndingOne>,
    /// What to write down.
    pub event: Event,
}

/// A new password.
#[derive(Clone)]
pub struct ChangingPassword {
    /// The account as it was read.
    pub account: Account,
    /// The hash of the new password.
    pub password: PasswordHash,
    /// The session that asks. If it has ended meanwhile, so has its right to ask.
    pub asking: SessionId,
    /// The session that goes on in place of the ended ones; its `ep` is one above the account's, and it begins when the
    /// others end.
    pub session: Session,
    /// What to write down besides one [`EventKind::SessionEnded`](crate::model::EventKind) for each ended session.
    pub events: Vec<Event>,
    /// Who asked; each ended session's event carries it.
    pub caller: Caller,
}

/// The end of all sessions of a user.
#[derive(Clone)]
pub struct EndingAll {
    /// Whose.
    pub user_id: UserId,
    /// Why.
    pub ending: Ending,
    /// When.
    pub at: UnixMillis,
    /// The state the user is put into; `None` leaves it.
    pub state: Option<UserState>,
    /// What to write down besides one [`EventKind::SessionEnded`](crate::model::EventKind) for each session.
    pub events: Vec<Event>,
    /// Who asked; each ended session's event carries it.
    pub caller: Caller,
}

/// One rotation.
#[derive(Clone)]
pub struct Rotating {
    /// Which session.
    pub id: SessionId,
    /// The generation that was decided on.
    pub from_generation: u32,
    /// The current hash that was decided on.
    pub from_hash: TokenHash,
    /// Where the family stands afterwards.
    pub to: Lineage,
    /// Now.
    pub now: UnixMillis,
    /// When the session ends from now on unless it is refreshed.
    pub idle_expires_at: UnixMillis,
    /// Whether the device secret was shown; once true, always true.
    pub device_shown: bool,
    /// From where.
    pub caller: Caller,
    /// What to write down; nothing on an ordinary day.
    pub event: Option<Event>,
}

/// The end of one session.
#[derive(Clone)]
pub struct EndingOne {
    /// Which session.
    pub id: SessionId,
    /// Only at this generation, where the decision rests on it.
    pub at_generation: Option<u32>,
    /// Why.
    pub ending: Ending,
    /// When.
    pub at: UnixMillis,
    /// Who asked.
    pub caller: Caller,
}
