//! The port through which a whole store is copied into another one.
//!
//! 1. A store is made of [`Part`]s. What another part refers to comes before it.
//! 2. A part is read batch by batch in the order of its keys, and written so too: what a broken-off copy left in the target
//!    tells where to go on. Parts of a handful of rows are one batch, and are replaced as a whole.
//! 3. A batch is one transaction, and one that is written twice is as written once.
//! 4. The target bears a mark from the first batch to the end of a verified copy. Only an empty store is given one, so that
//!    nobody copies over a living one; no server opens a store that bears one, because half of its users are missing.
//!
//! What is read are values of the model, strictly: a row that this version cannot read stops the copy, and is not left out.
//! Not copied are what may vanish (the buckets of the rate limits) and what tells one database from another (when it was
//! made, which migrations it has seen).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{KeptMark, Moved};
use crate::failure::Failure;
use crate::keys::{KeyCheck, SealedSigningKey};
use crate::model::{
    Account, AuditMark, Delivery, Device, Everyone, FeedId, FeedPlace, Link, QueuedLetter, RecordedEvent,
    RegisteredClient, Revocation, Role, Session, Tally, UnixMillis, Webhook,
};

/// A store that can be copied, and be copied into. No server may use either meanwhile.
#[async_trait]
pub trait Copying: Send + Sync {
    /// The rows of a part after a key, in the order of their keys, at most `limit`. A part that is not
    /// [paged](Part::is_paged) comes as a whole, whatever is asked.
    async fn read_part(&self, part: Part, after: Option<Key>, limit: u32) -> Result<Batch, Failure>;

    /// Writes a batch, in one transaction, without the rows up to the last one that is there ([`Batch::after`]). A part that
    /// is not paged is replaced.
    async fn write_part(&self, batch: Batch) -> Result<(), Failure>;

    /// The key of the last row of a paged part.
    async fn last_key(&self, part: Part) -> Result<Option<Key>, Failure>;

    /// About how many rows a part has, to tell how far a copy is.
    async fn about_how_many(&self, part: Part) -> Result<u64, Failure>;

    /// Marks this store as the unfinished copy of another, if it is empty.
    async fn begin_copy(&self, of: FeedId) -> Result<Begun, Failure>;

    /// Which store this is an unfinished copy of.
    async fn unfinished_copy(&self) -> Result<Option<FeedId>, Failure>;

    /// Takes the mark away: servers may open this store.
    async fn end_copy(&self) -> Result<(), Failure>;
}

/// A place where what refreshes change of sessions is kept apart from their rows. No server may use it meanwhile.
#[async_trait]
pub trait MovingParts: Send + Sync {
    /// The moving part of each session; `None` where nothing is known of it.
    async fn moving_parts(&self, sessions: &[Session]) -> Result<Vec<Option<Moved>>, Failure>;

    /// Puts the moving part of each session, unless a newer one is there.
    async fn put_moving_parts(&self, sessions: &[Session]) -> Result<(), Failure>;
}

/// Whether a copy may begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begun {
    /// Into an empty store.
    Anew,
    /// Where a copy of the same store was broken off.
    Again,
    /// No: it is the unfinished copy of another store.
    OfAnother,
    /// No: there is something in it.
    NotEmpty,
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident($row:ty) = $called:literal,)*) => {
        /// What a store is made of, in the order in which it is copied.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Part {
            $($(#[$doc])* $name,)*
        }

        impl Part {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What it is called where people read it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $called,)*
                }
            }
        }

        /// Rows of a part, in the order of their keys.
        #[derive(Clone)]
        pub enum Batch {
            $($(#[$doc])* $name(Vec<$row>),)*
        }

        impl Batch {
            /// Which part they belong to.
            #[must_use]
            pub fn part(&self) -> Part {
                match self {
                    $(Self::$name(_) => Part::$name,)*
                }
            }

            /// How many there are.
            #[must_use]
            pub fn len(&self) -> usize {
                match self {
                    $(Self::$name(rows) => rows.len(),)*
                }
            }
        }
    };
}

parts! {
    /// Users with their password hashes.
    Users(Account) = "users",
    /// Sessions, the ended ones too.
    Sessions(Session) = "sessions",
    /// Devices.
    Devices(Device) = "devices",
    /// Links that were not used.
    Links(Link) = "links",
    /// Letters that wait.
    Letters(QueuedLetter) = "letters",
    /// Events, with their places.
    Events(RecordedEvent) = "events",
    /// The revocation feed, with its places.
    Revocations((FeedPlace, Revocation)) = "revocations",
    /// What is on its way to webhooks.
    Deliveries(Delivery) = "deliveries",
    /// For how long servers need entries of the feed, and when one that does was last seen.
    Keeps((Duration, UnixMillis)) = "feed keeps",
    /// Sealed signing keys, in the order in which they were added.
    SigningKeys(SealedSigningKey) = "signing keys",
    /// What tells a wrong master key, for each of them.
    KeyChecks((u8, KeyCheck)) = "key checks",
    /// Clients that were added while running, with their secrets.
    Clients(RegisteredClient) = "clients",
    /// Roles, by name.
    Roles(Role) = "roles",
    /// Webhooks, by id.
    Webhooks(Webhook) = "webhooks",
    /// Where the audit log is signed, by what they are kept as and place.
    Marks((KeptMark, AuditMark)) = "audit marks",
    /// What has happened, hour by hour; by hour and name.
    Tallies((UnixMillis, Tally, u64)) = "tallies",
    /// Single numbers: one row.
    Numbers(Numbers) = "numbers",
}

impl Part {
    /// Whether it may be long, and is read and written by its keys.
    #[must_use]
    pub fn is_paged(self) -> bool {
        self < Self::Keeps
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Batch {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of the last row: after it the part goes on. `None` where it is over: no rows, or a part that is not paged.
    #[must_use]
    pub fn last_key(&self) -> Option<Key> {
        match self {
            Self::Users(rows) => rows.last().map(Key::of_user),
            Self::Sessions(rows) => rows.last().map(Key::of_session),
            Self::Devices(rows) => rows.last().map(Key::of_device),
            Self::Links(rows) => rows.last().map(Key::of_link),
            Self::Letters(rows) => rows.last().map(Key::of_letter),
            Self::Events(rows) => rows.last().map(|row| Key::Place(row.seq)),
            Self::Revocations(rows) => rows.last().map(|(place, _)| Key::Place(*place)),
            Self::Deliveries(rows) => rows.last().map(Key::of_delivery),
            Self::Keeps(_)
            | Self::SigningKeys(_)
            | Self::KeyChecks(_)
            | Self::Clients(_)
            | Self::Roles(_)
            | Self::Webhooks(_)
            | Self::Marks(_)
            | Self::Tallies(_)
            | Self::Numbers(_) => None,
        }
    }
}

impl Batch {
    /// The rows that come after a key, which are all where there is none.
    #[must_use]
    pub fn after(self, last: Option<&Key>) -> Self {
        let Some(last) = last else { return self };
        match self {
            Self::Users(rows) => Self::Users(those_after(last, rows, Key::of_user)),
            Self::Sessions(rows) => Self::Sessions(those_after(last, rows, Key::of_session)),
            Self::Devices(rows) => Self::Devices(those_after(last, rows, Key::of_device)),
            Self::Links(rows) => Self::Links(those_after(last, rows, Key::of_link)),
            Self::Letters(rows) => Self::Letters(those_after(last, rows, Key::of_letter)),
            Self::Events(rows) => Self::Events(those_after(last, rows, |row| Key::Place(row.seq))),
            Self::Revocations(rows) => Self::Revocations(those_after(last, rows, |row| Key::Place(row.0))),
            Self::Deliveries(rows) => Self::Deliveries(those_after(last, rows, Key::of_delivery)),
            whole => whole,
        }
    }
}

fn those_after<T>(last: &Key, mut rows: Vec<T>, key: impl Fn(&T) -> Key) -> Vec<T> {
    rows.retain(|row| key(row) > *last);
    rows
}

/// What rows of a part are told apart by; a part has one kind. They are ordered as databases order bytes and numbers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The id of a row.
    Id([u8; 16]),
    /// A user's id and a device's hash.
    Device([u8; 16], [u8; 32]),
    /// A place in the outbox or on the feed, or a number that there is one row of.
    Place(u64),
    /// The name of a key, a client or a role.
    Name(String),
    /// A webhook's id and the place of an event.
    Delivery([u8; 16], u64),
}

impl Key {
    pub(crate) fn of_user(row: &Account) -> Self {
        Self::Id(*row.user.id.as_bytes())
    }

    pub(crate) fn of_session(row: &Session) -> Self {
        Self::Id(*row.id.as_bytes())
    }

    pub(crate) fn of_device(row: &Device) -> Self {
        Self::Device(*row.user_id.as_bytes(), row.hash.0)
    }

    pub(crate) fn of_link(row: &Link) -> Self {
        Self::Id(*row.id.as_bytes())
    }

    pub(crate) fn of_delivery(row: &Delivery) -> Self {
        Self::Delivery(*row.webhook.as_bytes(), row.seq)
    }

    pub(crate) fn of_letter(row: &QueuedLetter) -> Self {
        Self::Id(*row.letter.id.as_bytes())
    }
}

/// Names the row, and nothing that opens anything.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => Uuid::from_bytes(*id).as_hyphenated().fmt(f),
            Self::Device(user, _) => write!(f, "of the user {}", Uuid::from_bytes(*user).as_hyphenated()),
            Self::Place(place) => place.fmt(f),
            Self::Name(name) => f.write_str(name),
            Self::Delivery(webhook, seq) => {
                write!(f, "of event {seq} to {}", Uuid::from_bytes(*webhook).as_hyphenated())
            }
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

/// Single numbers of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numbers {
    /// Which feed it has: whoever follows it goes on after their place.
    pub feed: FeedId,
    /// The place of the newest event there ever was.
    pub last_event: u64,
    /// The place of the newest revocation there ever was.
    pub last_revocation: FeedPlace,
    /// The version of keys and clients; at least as many as there are keys, each of which came with one.
    pub shelf_version: u64,
    /// Until when newer tokens are believed.
    pub accept_ahead_until: Option<UnixMillis>,
    /// The revision of roles, and of who was signed out.
    pub revision: u64,
    /// Whether everyone was ever signed out, and when.
    pub everyone: Option<Everyone>,
    /// When somebody became an admin for the first time.
    pub first_admin_at: Option<UnixMillis>,
}
