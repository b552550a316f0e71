//! The ports to the store: what must survive, and apart from it what may vanish ([`Scratch`]).
//!
//! Every write is one named unit: it happens as a whole or not at all, its events with it, and it is durable when it
//! is answered. A write that rests on facts takes them along and answers `false` when they no longer hold; the flow
//! then reads again and decides again. Time comes in with the call; a store has no clock of its own.
//!
//! `crates/testkit` has the contract suite that every store passes.

mod audit;
mod changes;
mod copy;
mod desk;
mod feed;
mod roles;
mod search;
mod shelf;
mod skeleton;
mod webhooks;

use std::time::Duration;

use async_trait::async_trait;

use crate::failure::Failure;
use crate::limits::{BucketKey, Quota};
use crate::model::{
    Account, Device, DeviceHash, DeviceId, Event, Facts, Handle, LetterId, Link, LinkId, PageHash,
    PasswordHash, QueuedLetter, RecordedEvent, Session, SessionId, UnixMillis, User, UserId,
};

pub use audit::{Audit, AuditEnds, Chaining, KeptMark};
pub use changes::{
    Amended, Amending, Cap, Deleting, EndingAll, EndingOne, Ends, LoggedIn, LoggingIn, Posting, Registered,
    Registering, Right, Rotating, WhenFull,
};
pub use copy::{Batch, Begun, Copying, Key, MovingParts, Numbers, Part};
pub use desk::{AnswerBegun, AnswerKey, Desk, KeptAnswer};
pub use feed::Feed;
pub use roles::{Edited, Editing, REVISION_LEAP, RemovedRole, Roles};
pub use search::{
    COUNTS_TO, Counting, EventSearch, LOOKS_AT, Named, Page, Search, SessionSearch, UserPlace, UserSearch,
};
pub use shelf::{Clients, KeyShelf, RevokingKey};
pub use skeleton::{Moved, Skeletons};
pub use webhooks::{REMOVES_AT_ONCE, WAIT_AT_MOST, WebhookStep, Webhooks};

/// A whole store.
pub trait Store:
    Accounts + Sessions + Journal + Post + Feed + KeyShelf + Clients + Roles + Search + Audit + Webhooks + Desk
{
}
impl<T> Store for T where
    T: Accounts
        + Sessions
        + Journal
        + Post
        + Feed
        + KeyShelf
        + Clients
        + Roles
        + Search
        + Audit
        + Webhooks
        + Desk
{
}

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

    /// Starts a session, if the user is active and still has the epoch and the password hash that were read, and if there
    /// is room for it: the count, the end of whoever makes room and the new row are one transaction.
    async fn login(&self, login: LoggingIn) -> Result<LoggedIn, Failure>;

    /// Replaces a password hash by a stronger one of the same password, if it is still the one that was read.
    async fn rehash(&self, user: UserId, from: PasswordHash, to: PasswordHash) -> Result<bool, Failure>;

    /// Changes an account if it is as it was read and the right to change it still holds: the one write behind a change of
    /// password or address, a reset, a verification, a report and a re-authentication.
    async fn amend(&self, amending: Amending) -> Result<Amended, Failure>;

    /// Deletes a user and everything that tells who they were: sessions, devices, links, letters that wait, and in the
    /// events the address and the user agent. Before that, every live session ends with its event. What is left is
    /// that there was somebody of that id, and what happened to them. `false`, and nothing happens, when there is no such
    /// user or the right has gone.
    async fn delete_user(&self, deleting: Deleting) -> Result<bool, Failure>;

    /// Ends all live sessions of a user and raises the epoch, in one transaction, with one event for each session. Live
    /// means that no ending is on record, even where the time is up: a row that is left live could be rotated by a
    /// request that was decided a moment earlier. `None` when there is no such user.
    async fn end_all(&self, end: EndingAll) -> Result<Option<u64>, Failure>;

    /// Ends every session of every user that has begun until now, in one moment: raises the revision by one, and from then on
    /// [`Facts::everyone`] tells of it, and so does the feed ([`crate::model::Revoked::Everyone`]). Their endings are written
    /// down by [`Sessions::expire`], a batch at a time. Raises the version of the shelf as well, so that every server soon puts
    /// the new revision into its tokens. Answers the new revision.
    async fn end_everyone(&self, at: UnixMillis, event: Event) -> Result<u64, Failure>;

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

    /// The device that a user has signed in on before with this secret. Whoever begins a session on a device is seen there:
    /// every write that stores a session also stores the device, or when and from where it was seen last. One that was given
    /// another secret is known by the new one only. A device is
    /// forgotten when a session on it ends as `reused` or `reported`, because then somebody else may have the secret too;
    /// and the one that was seen the longest ago, when the user has more than [`Device::MOST`].
    async fn device_of(&self, user: UserId, device: DeviceHash) -> Result<Option<DeviceId>, Failure>;

    /// A user's devices, the one that was seen last first, at most `limit`.
    async fn devices_of(&self, user: UserId, limit: u32) -> Result<Vec<Device>, Failure>;

    /// Forgets at most `limit` devices that were last seen before `before` and hold no live session. Answers how many.
    async fn forget_devices(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure>;

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

    /// What happened to a user last, oldest first, at most `limit`.
    async fn events_of_user(&self, user: UserId, limit: u32) -> Result<Vec<RecordedEvent>, Failure>;
}

/// Letters that wait for the mail server, and the links that they carry.
#[async_trait]
pub trait Post: Send + Sync {
    /// Writes letters with their links, and events, as one.
    async fn post(&self, postings: Vec<Posting>, events: Vec<Event>) -> Result<(), Failure>;

    /// A link that has not been used; whether it is still good is asked of [`Link::expires_at`].
    async fn link(&self, id: LinkId) -> Result<Option<Link>, Failure>;

    /// Takes at most `limit` letters whose next attempt is due at `now`, those that wait the longest first: counts the attempt,
    /// puts the next one off to `until`, so that no other server takes the same letter meanwhile and one that dies with
    /// it does not lose it, and lets the link of each be good for its life from `now`.
    async fn claim_letters(
        &self,
        now: UnixMillis,
        until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<QueuedLetter>, Failure>;

    /// Deletes a letter: it was sent, or will never be.
    async fn letter_done(&self, id: LetterId) -> Result<(), Failure>;

    /// Puts a letter off that could not be sent, and keeps why (at most [`QueuedLetter::ERROR_BYTES`] of it).
    async fn letter_failed(&self, id: LetterId, again_at: UnixMillis, why: String) -> Result<(), Failure>;

    /// Letters that wait, the next one to be tried first, at most `limit`.
    async fn letters(&self, limit: u32) -> Result<Vec<QueuedLetter>, Failure>;

    /// Deletes at most `limit` links that have expired at `now`. Answers how many.
    async fn forget_links(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure>;
}

/// What may vanish: the buckets of the rate limits. No part of [`Store`], so that it can be kept elsewhere. A keeper that
/// has forgotten a bucket treats it as full, and that is no failure.
///
/// The rule is [`gcra`](crate::limits::gcra): a keeper remembers a moment for each key. Of calls at once for one key, each
/// sees what the one before it left.
#[async_trait]
pub trait Scratch: Send + Sync {
    /// Takes one from a bucket: `None` when it was there to be taken, otherwise how long to wait for one.
    async fn take(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<Option<Duration>, Failure>;

    /// Puts one back that was taken, because it turned out not to count.
    async fn give_back(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<(), Failure>;

    /// Forgets a bucket, which fills it.
    async fn forget(&self, key: BucketKey) -> Result<(), Failure>;
}
