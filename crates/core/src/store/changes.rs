//! What the units of a store are given and what they answer: each carries the facts that it rests on, what is to be
//! written, and the events that are written with it.

use crate::model::{
    Account, Caller, ClientId, Email, Ending, Event, Letter, Lineage, Link, LinkId, PasswordHash, Session,
    SessionId, TokenHash, UnixMillis, UserId, UserState,
};

/// A letter to write, with the link that it carries.
#[derive(Clone)]
pub struct Posting {
    /// The letter.
    pub letter: Letter,
    /// The link; its id is that of [`Letter::link`].
    pub link: Option<Link>,
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
    /// The link that this uses up; without it nothing happens.
    pub uses: Option<LinkId>,
    /// Whether they become the first admin: nothing happens where there has been one.
    pub first_admin: bool,
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
    /// The link was used already.
    LinkGone,
    /// There is an admin already.
    AdminThere,
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
    /// How many sessions there may be.
    pub caps: Vec<Cap>,
    /// What to write down.
    pub event: Event,
    /// The letters that tell of it.
    pub post: Vec<Posting>,
}

/// How many live sessions a user may have, the new one among them. One whose time is up does not count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cap {
    /// Those of this client only; `None` counts all.
    pub client_id: Option<ClientId>,
    /// How many; at least 1.
    pub most: u32,
    /// What happens when there are as many.
    pub when_full: WhenFull,
}

/// What happens to a login when the user has as many sessions as they may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhenFull {
    /// The sessions that were used the longest ago end as `evicted`, until there is room.
    EvictOldest,
    /// It is refused.
    Refuse,
}

/// What became of a login.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoggedIn {
    /// The session has begun.
    Done,
    /// The user is no longer as they were read; nothing happened.
    Changed,
    /// There is no room; nothing happened.
    Full,
}

/// A change of an account.
#[derive(Clone)]
pub struct Amending {
    /// The account as it was read: active, with this epoch, password hash and address.
    pub account: Account,
    /// What gives the right to it.
    pub right: Right,
    /// The hash of another password.
    pub password: Option<PasswordHash>,
    /// Another address.
    pub email: Option<Email>,
    /// Whether the address, this one or the other one, was shown to be theirs.
    pub verified: bool,
    /// The sessions that end with it.
    pub ends: Ends,
    /// A session that begins when they end. Its `ep` is the account's, or one above it where all end ([`Ends::All`]).
    pub session: Option<Session>,
    /// What to write down besides one [`EventKind::SessionEnded`](crate::model::EventKind) for each ended session.
    pub events: Vec<Event>,
    /// The letters that tell of it.
    pub post: Vec<Posting>,
    /// Who asked; each ended session's event carries it.
    pub caller: Caller,
}

/// What gives somebody the right to change an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Right {
    /// A session of theirs, as long as no ending of it is on record.
    Session(SessionId),
    /// A link, which this uses up. Where it is a report that brings another address back, it also uses up the user's reports
    /// that were written with it or after it.
    Link(LinkId),
}

/// The sessions that end with a change.
#[derive(Clone)]
pub enum Ends {
    /// None.
    Nothing,
    /// One, if it is live; one that has ended before is fine, and its device is forgotten all the same where the ending says
    /// that somebody else may have the secret.
    One(EndingOne),
    /// All of the user, and the epoch is raised.
    All {
        /// Why.
        ending: Ending,
        /// When.
        at: UnixMillis,
    },
    /// All of the user but one, as `revoked_by_user`; the epoch stays, so the feed tells of each of them. Those end that
    /// are live when the change is made, also where their time is up; what is to stay has to be live only if it is
    /// [`Amending::right`].
    Others {
        /// The session that stays.
        than: SessionId,
        /// When.
        at: UnixMillis,
    },
}

/// What became of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amended {
    /// It was made.
    Done,
    /// The account is no longer as it was read, or the right has gone; nothing happened.
    Changed,
    /// The new address belongs to somebody else; nothing happened.
    EmailTaken,
}

/// The end of a user.
#[derive(Clone)]
pub struct Deleting {
    /// Whose.
    pub user_id: UserId,
    /// The session of theirs that asks; `None` for an operator.
    pub asking: Option<SessionId>,
    /// When.
    pub at: UnixMillis,
    /// What to write down besides one [`EventKind::SessionEnded`](crate::model::EventKind) for each ended session.
    /// Stripped of who called like all events of that user.
    pub events: Vec<Event>,
    /// The last letter; it stays until it is sent.
    pub post: Vec<Posting>,
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
    /// The letters that tell of it, if it ends by this.
    pub post: Vec<Posting>,
    /// What else the event is about.
    pub about: Option<String>,
}
