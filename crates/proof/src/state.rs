//! One moment of the whole system. See [`crate`] for how it moves on.

use crate::secrets::{Key, Keys, Salt, Token};
use crate::setting::Setting;

/// Everything, at one moment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State {
    /// The session's row.
    pub row: Row,
    /// The row as an older backup has it.
    pub backup: Option<Row>,
    /// Whether the operator has said that tokens newer than the store are to be believed.
    pub accept_ahead: bool,
    /// What the honest client stores.
    pub jar: Jar,
    /// Its tabs.
    pub tabs: [Tab; Setting::MOST_TABS as usize],
    /// Requests and answers under way, sorted.
    pub mail: Vec<Message>,
    /// The thief, once there is one.
    pub thief: Option<Thief>,
    /// What the properties remember.
    pub seen: Seen,
}

/// The row, as far as a refresh is concerned. `age` is in ticks, `None` until the first rotation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "the fields of the production row, under their names")]
pub struct Row {
    pub current: Token,
    pub previous: Option<Token>,
    pub before: Option<Token>,
    pub salt: Option<Salt>,
    pub previous_salt: Option<Salt>,
    pub age: Option<u8>,
    pub retry: [Option<Key>; 4],
    pub device_shown: bool,
    pub life: Life,
}

/// Whether the session lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Life {
    /// It does.
    Live,
    /// Its time is up, and nobody has written that down.
    Expired,
    /// Ended for reuse.
    Reused,
    /// Ended for anything else.
    Over(Over),
}

/// The endings that are nobody's fault.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Over {
    /// Logged out: this row.
    LoggedOut,
    /// Everything of the user ended, and the epoch raised: a password change, a logout everywhere.
    PasswordChanged,
    /// The same, and the user may not come back.
    Disabled,
    /// The expiry was written down.
    Expired,
}

/// What a client stores. The device secret is not listed: an honest client always has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Jar {
    /// Its refresh token.
    pub token: Token,
    /// The generation that it believes to be in.
    pub known: u8,
    /// Its retry keys.
    pub keys: Keys,
    /// It believes that the session is over.
    pub out: bool,
}

/// One tab.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Tab {
    /// Nothing to do.
    Idle,
    /// It is about to store a key that it made. Only clients that make keys in two steps are ever here.
    Making(Key),
    /// It waits for an answer.
    Waiting(Asked),
}

/// Which question a tab waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Asked {
    /// The first.
    First,
    /// The one after `token_stale`.
    AfterStale,
    /// The one after `session_ended`, before believing it.
    AfterEnded,
}

/// Who sent a request, and gets the answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sender {
    /// A tab that still waits.
    Tab(u8),
    /// A tab that has given up, or the network, which repeats things.
    Nobody,
    /// The thief.
    Thief,
}

/// The device secret of a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Device {
    /// The session's.
    Same,
    /// None.
    Absent,
    /// Another.
    Different,
}

/// A refresh as it was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Request {
    /// The token.
    pub token: Token,
    /// The retry keys, oldest first.
    pub keys: Keys,
    /// The generation that the client says it is in, where it says so.
    pub believes: Option<u8>,
    /// The device secret.
    pub device: Device,
}

/// Something under way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Message {
    /// A request that the server has not looked at.
    Request(Sender, Request),
    /// A request that was decided on these facts and has yet to write.
    Decided(Sender, Request, Write),
    /// An answer, and the token that was sent for it.
    Answer(Sender, Token, Answer),
}

impl Message {
    /// Whose it is.
    #[must_use]
    pub fn sender(&self) -> Sender {
        match self {
            Self::Request(sender, _) | Self::Decided(sender, _, _) | Self::Answer(sender, _, _) => *sender,
        }
    }

    pub(crate) fn sender_mut(&mut self) -> &mut Sender {
        match self {
            Self::Request(sender, _) | Self::Decided(sender, _, _) | Self::Answer(sender, _, _) => sender,
        }
    }
}

impl Message {
    pub(crate) fn each_token(&mut self, visit: &mut impl FnMut(&mut Token)) {
        match self {
            Self::Request(_, request) => visit(&mut request.token),
            Self::Decided(_, request, Write::Move(seen) | Write::End(seen)) => {
                visit(&mut request.token);
                visit(seen);
            }
            Self::Answer(_, sent, answer) => {
                visit(sent);
                if let Answer::Granted(token) = answer {
                    visit(token);
                }
            }
        }
    }
}

/// What a request wants to write, and the current token of the facts that it was decided on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Write {
    /// Move on from the presented token.
    Move(Token),
    /// End the session for reuse.
    End(Token),
}

/// An answer, as far as a client cares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answer {
    /// 200, and this token.
    Granted(Token),
    /// 401 `token_stale`.
    Stale,
    /// The refusal of a request that declares another generation than its token's.
    OfAnotherGeneration,
    /// 401 `session_ended` or `token_reused`.
    Ended,
    /// Any other refusal.
    Refused,
}

/// Somebody with a copy. They have one tab and a network that loses nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Thief {
    /// What they took, and what they got since.
    pub jar: Jar,
    /// What they wait for.
    pub waits: Option<Asked>,
}

/// What the properties remember of the past. Nothing decides by it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Seen {
    /// Ticks since the last rotation, whatever the row says; at most the window.
    pub since: u8,
    /// Whether an end was ever committed, also where a restore has lost it.
    pub ended: bool,
    /// How many rotations there were, where they are counted.
    pub rotations: u8,
    /// How many rows there are beyond the first.
    pub more_rows: u8,
    /// How often the store was restored.
    pub restores: u8,
    /// Who made the last rotations: a bit for each that the thief made, the latest lowest.
    pub by_thief: u8,
    /// Conflicts after the window that the session survived, one for each generation.
    pub survived: u8,
    /// The latest generation of them.
    pub conflict: u8,
    /// What must never be; the bits of [`Wrong`].
    pub wrong: u8,
}

/// What must never be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// A token was given out that is not the row's current one.
    NotCurrent = 1,
    /// A token was given out after the session's end was committed.
    AfterEnd = 2,
    /// A used token was let through after the window, without its retry key.
    AfterWindow = 4,
    /// In strict mode, a used token did not end its family.
    NotStrict = 8,
    /// A token was let through without the device secret that the session has shown, or with another.
    Alone = 16,
}

impl Seen {
    /// For how many rotations it is remembered who made them; whatever is older is reuse anyway.
    pub const REMEMBERED: u8 = 2;
    /// How far survived conflicts are counted.
    pub const MOST_SURVIVED: u8 = 2;

    /// Notes it.
    pub fn note(&mut self, wrong: Wrong) {
        self.wrong |= wrong as u8;
    }

    /// Whether it has happened.
    #[must_use]
    pub fn has(&self, wrong: Wrong) -> bool {
        self.wrong & wrong as u8 != 0
    }
}
