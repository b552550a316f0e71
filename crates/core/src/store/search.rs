//! The port through which operators look for things among millions.
//!
//! 1. A page is found by an index and goes on after a key, never by counting rows.
//! 2. What no index serves is looked for among a bounded number of rows ([`LOOKS_AT`]): a page may be shorter than was
//!    asked, or empty, and still say where to go on. Only one that does not is the last.
//! 3. A count stops at [`COUNTS_TO`].

use std::net::IpAddr;

use async_trait::async_trait;

use crate::failure::Failure;
use crate::model::{
    Actor, ClientId, DeviceId, Facts, RecordedEvent, RoleName, SessionId, UnixMillis, User, UserId, UserState,
};

/// Looking for things.
#[async_trait]
pub trait Search: Send + Sync {
    /// Users: by id, or where [`UserSearch::named`] is a beginning, by what begins with it.
    async fn search_users(
        &self,
        by: UserSearch,
        after: Option<UserPlace>,
        limit: u32,
    ) -> Result<Page<User, UserPlace>, Failure>;

    /// Sessions, the newest first: by id, which tells when they began.
    async fn search_sessions(
        &self,
        by: SessionSearch,
        now: UnixMillis,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Page<Facts, SessionId>, Failure>;

    /// Events, the newest first.
    async fn search_events(
        &self,
        by: EventSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<RecordedEvent, u64>, Failure>;

    /// How many there are, up to [`COUNTS_TO`].
    async fn count(&self, what: Counting, now: UnixMillis) -> Result<u64, Failure>;
}

/// How many rows of an index one search looks at.
pub const LOOKS_AT: u32 = 2_000;

/// Where a count stops: one more than this is told as more.
pub const COUNTS_TO: u64 = 10_000;

/// A part of what was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T, K> {
    /// What was found.
    pub rows: Vec<T>,
    /// Where to go on; `None` where it is over.
    pub next: Option<K>,
}

/// Which users; all that is given has to fit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserSearch {
    /// What they are called.
    pub named: Option<Named>,
    /// Their state.
    pub state: Option<UserState>,
    /// A role that they hold.
    pub role: Option<RoleName>,
}

/// What a user is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Named {
    /// This one.
    Id(UserId),
    /// With this id in the system that they came from.
    Subject(String),
    /// The address begins like this, in lower case.
    EmailBegins(String),
    /// The user name begins like this, in lower case.
    UsernameBegins(String),
}

/// Where a search for users goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserPlace {
    /// After this id.
    Id(UserId),
    /// After this address or user name, in the form that is unique.
    Key(String),
}

/// Which sessions; all that is given has to fit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SessionSearch {
    /// Whose.
    pub user: Option<UserId>,
    /// On which device.
    pub device: Option<DeviceId>,
    /// Of which client.
    pub client: Option<ClientId>,
    /// An address from which the session did something that was written down: it began there, or moved there.
    pub address: Option<IpAddr>,
    /// Whether they live.
    pub live: Option<bool>,
    /// Not begun before.
    pub from: Option<UnixMillis>,
    /// Begun before.
    pub until: Option<UnixMillis>,
}

/// Which events; all that is given has to fit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EventSearch {
    /// To whom.
    pub user: Option<UserId>,
    /// To which session.
    pub session: Option<SessionId>,
    /// By whom, where it was somebody else.
    pub actor: Option<Actor>,
    /// Of which kind: the name without the ending.
    pub kind: Option<String>,
    /// From which address.
    pub address: Option<IpAddr>,
    /// Not before.
    pub from: Option<UnixMillis>,
    /// Before.
    pub until: Option<UnixMillis>,
}

/// What is counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Counting {
    /// These users.
    Users(UserSearch),
    /// A user's live sessions.
    SessionsOf(UserId),
    /// All live sessions, up to no bound: for a figure that is told now and then, and before all of them end.
    LiveSessions,
    /// All users, up to no bound.
    AllUsers,
    /// Letters that wait.
    Letters,
    /// Deliveries to webhooks that wait.
    Deliveries,
    /// Deliveries to webhooks that were given up.
    DeadDeliveries,
}
