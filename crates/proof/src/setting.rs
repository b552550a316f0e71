//! What one exploration is about: how many tabs, what the client does, what may happen, what is assumed.

use rotunda_core::model::LateRetry;

use crate::rules::Rule;

/// One exploration.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How many tabs share the jar: 1 to [`Setting::MOST_TABS`].
    pub tabs: u8,
    /// How many requests and answers are under way at once, at most.
    pub under_way: usize,
    /// How many rotations there are, at most. `None`: any number, to exhaustion all the same.
    pub rotations: Option<u8>,
    /// The window `W` in ticks. With one tick, a tick is "W has passed".
    pub window: u8,
    /// The client's `late_retry`.
    pub late_retry: LateRetry,
    /// What the client keeps of an answer.
    pub keeps: Keeps,
    /// When the client makes a retry key.
    pub keys: Keying,
    /// What the client does about `token_stale`.
    pub after_stale: AfterStale,
    /// Whether the client says which generation it believes to be in.
    pub declares: bool,
    /// What is taken for granted about the network.
    pub assumed: Assumed,
    /// Whether servers' clocks differ: the next decision may be made a tick earlier.
    pub clocks_differ: bool,
    /// Whether the session may be logged out, disabled, expire, or lose its password at any moment.
    pub endings: bool,
    /// Whether the store may be restored from an older backup.
    pub restore: Option<Restore>,
    /// Whether the store is of a kind that may lose its last writes unnoticed, so that nobody has to say so.
    pub may_lose_writes: bool,
    /// Whether somebody steals, and what.
    pub thief: Option<Steals>,
    /// The rule that is broken on purpose; [`Rule::Production`] breaks none.
    pub rule: Rule,
}

impl Setting {
    /// The most tabs that a jar can have.
    pub const MOST_TABS: u8 = 4;

    /// A native client with retry keys, as `rotation.md` has it; nothing but messages, time and crashes happens to it.
    #[must_use]
    pub fn keyed(tabs: u8, under_way: usize) -> Self {
        Self {
            tabs,
            under_way,
            rotations: None,
            window: 1,
            late_retry: LateRetry::Key,
            keeps: Keeps::Newer,
            keys: Keying::ByGeneration,
            after_stale: AfterStale::AsksWithoutKeysOnlyWithTheSame,
            declares: false,
            assumed: Assumed { at_most_four_rotations_late: true, ..Assumed::default() },
            clocks_differ: false,
            endings: false,
            restore: None,
            may_lose_writes: false,
            thief: None,
            rule: Rule::Production,
        }
    }

    /// The same client without retry keys, under the assumption that it needs.
    #[must_use]
    pub fn keyless(tabs: u8, under_way: usize) -> Self {
        Self { keys: Keying::None, ..Self::keyed(tabs, under_way) }.but(|s| s.assumed.keyless_in_time = true)
    }

    /// With a change.
    #[must_use]
    pub fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// With a rule broken.
    #[must_use]
    pub fn under(self, rule: Rule) -> Self {
        self.but(|s| s.rule = rule)
    }

    /// The textbook's setting.
    #[must_use]
    pub fn strict(self) -> Self {
        self.but(|s| (s.window, s.late_retry) = (0, LateRetry::Never))
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.window == 0 && self.late_retry == LateRetry::Never
    }
}

/// What a client keeps of an answer that grants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeps {
    /// Token and generation in one step, and only if the generation is newer than its own: a native client. An answer
    /// that nobody waits for any more is not received.
    Newer,
    /// The same, but an answer of the same generation is kept as well.
    NotOlder,
    /// The same without looking at the generation.
    Latest,
    /// A browser: each answer overwrites the cookie in the order of arrival, also where nobody waits for it. The page
    /// learns the generation only if it still waits.
    Cookies,
    /// A browser whose page can read the generation beside the cookie: both always change together.
    CookiesWithGeneration,
}

/// When a client makes a retry key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keying {
    /// Never.
    None,
    /// When the generation is new; it keeps the last four.
    ByGeneration,
    /// The same, but any success throws the keys away.
    ClearedAtSuccess,
    /// When the generation is new to the tab: two tabs that look at the same moment make two, and one is lost.
    Raced,
}

/// What a client does about `token_stale`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterStale {
    /// It asks once more without retry keys, with whatever token it has by then.
    AsksWithoutKeys,
    /// If it has another token by then, it asks as always. Only with the very token that was stale, it leaves out the
    /// keys.
    AsksWithoutKeysOnlyWithTheSame,
}

/// What is taken for granted about the network.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Assumed {
    /// A request arrives before its token is more than four rotations old, or never: so far does the row remember.
    pub at_most_four_rotations_late: bool,
    /// A request without retry keys arrives while its token is current, or inside W of the last rotation and at most
    /// two rotations late; and after a rotation without a retry key the client has the current token before W is over.
    pub keyless_in_time: bool,
    /// An answer with a token arrives after no more rotations than this, or never.
    pub answers_late: Option<u8>,
}

/// A store that loses its last writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Restore {
    /// How often.
    pub times: u8,
    /// How many rotations it loses at most.
    pub lost: u8,
    /// Whether the operator says so, until no client is ahead any more.
    pub said: bool,
    /// Whether the operator then also waits until no request is under way from before.
    pub patient: bool,
}

/// What a thief takes, once, at any moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Steals {
    /// One token: the client's, or one that is under way. It is sent without a device secret.
    Token,
    /// One token, sent beside the thief's own device secret.
    TokenForOwnDevice,
    /// Everything that the client stores. The thief then does what a client does.
    Everything,
    /// The same, and the thief may pass off any key that it copied as its newest.
    EverythingAndPassesOffOldKeys,
}
