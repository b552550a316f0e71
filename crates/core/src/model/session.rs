//! A session: one sign-in on one device, and the family of refresh tokens that keeps it alive.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use super::{
    Actor, Caller, ClientId, DeviceHash, DeviceId, PageHash, RetryHash, RetryKeys, Salt, SessionId,
    TokenHash, UnixMillis, User, UserId,
};

/// One row per session for ever: a thousand refreshes add none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Its id; `sid` in access tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Which client holds it.
    pub client_id: ClientId,
    /// The device, as this user knows it.
    pub device_id: DeviceId,
    /// The hash of the device secret given at login.
    pub device_hash: DeviceHash,
    /// Whether a refresh has ever shown the device secret; from then on every refresh must.
    pub device_shown: bool,
    /// The hash of the page cookie's key; browsers only.
    pub page_hash: Option<PageHash>,
    /// Whether the user asked to stay signed in: otherwise a browser forgets its cookies when it is closed.
    pub remember: bool,
    /// Where the family of refresh tokens stands.
    pub lineage: Lineage,
    /// When the session began.
    pub created_at: UnixMillis,
    /// When the user last proved who they are; never moved by a refresh (RFC 9068 §2.2.1).
    pub auth_time: UnixMillis,
    /// How they proved it (RFC 8176).
    pub amr: Vec<String>,
    /// How long the session lives without a refresh.
    pub idle: Duration,
    /// When it ends unless it is refreshed.
    pub idle_expires_at: UnixMillis,
    /// When it ends whatever happens; never moved at all.
    pub absolute_expires_at: UnixMillis,
    /// The user's auth epoch when the session began.
    pub ep: u64,
    /// The store's revision when the session began: everyone who has a lower one than [`Everyone::below`] was signed out. Set
    /// by the store, in the transaction in which the session begins.
    pub revision: u64,
    /// Who acts for the user in it; `None` in the user's own.
    pub acting: Option<UserId>,
    /// Live, or ended and why.
    pub standing: Standing,
    /// The address of the last refresh that rotated.
    pub last_address: Option<IpAddr>,
    /// The user agent of the last refresh that rotated.
    pub last_user_agent: Option<String>,
}

impl Session {
    /// When the session ends if nobody touches it: what is shown to users is what happens.
    #[must_use]
    pub fn expires_at(&self) -> UnixMillis {
        self.idle_expires_at.min(self.absolute_expires_at)
    }

    /// Whoever calls with this session: where somebody acts for its user, it was they.
    #[must_use]
    pub fn caller(&self, caller: &Caller) -> Caller {
        match self.acting {
            Some(acting) => Caller { actor: Some(Actor::User(acting)), ..caller.clone() },
            None => caller.clone(),
        }
    }

    /// As its user is told of it: that somebody acts in it, but not from where they work.
    #[must_use]
    pub fn for_its_user(self) -> Self {
        match self.acting {
            Some(_) => Self { last_address: None, last_user_agent: None, ..self },
            None => self,
        }
    }

    /// When it was last used, as far as rotations tell.
    #[must_use]
    pub fn last_used_at(&self) -> UnixMillis {
        self.lineage.rotated_at.unwrap_or(self.created_at)
    }

    /// The ending that holds at `now`: the one on record, or the expiry that has passed, whichever came first.
    #[must_use]
    pub fn ending_at(&self, now: UnixMillis) -> Option<(Ending, UnixMillis)> {
        match self.standing {
            Standing::Ended { ending, at } => Some((ending, at)),
            Standing::Live if now < self.expires_at() => None,
            Standing::Live if self.idle_expires_at < self.absolute_expires_at => {
                Some((Ending::IdleExpired, self.idle_expires_at))
            }
            Standing::Live => Some((Ending::AbsoluteExpired, self.absolute_expires_at)),
        }
    }

    /// The same, where everyone may have been signed out.
    #[must_use]
    pub fn ending_under(&self, everyone: Option<Everyone>, now: UnixMillis) -> Option<(Ending, UnixMillis)> {
        let by_itself = self.ending_at(now);
        let signed_out = everyone
            .filter(|everyone| self.standing == Standing::Live && self.revision < everyone.below)
            .map(|everyone| (Ending::RevokedByAdmin, everyone.at));
        match (by_itself, signed_out) {
            (Some(own), Some(all)) if all.1 < own.1 => Some(all),
            (Some(own), _) => Some(own),
            (None, all) => all,
        }
    }
}

/// The part of a session that a rotation changes: three hashes deep, because three generations can be under way.
///
/// | generation | its token | stored |
/// |---|---|---|
/// | `generation` | current: VALID | `current_hash`, made under `key_id` |
/// | `generation - 1` | previous: USED | `previous_hash`; with `salt` it derives the current one |
/// | `generation - 2` | in flight: USED | `before_hash`; with `previous_salt`, then `salt`, it derives the current one |
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lineage {
    /// The current generation; the first is 0.
    pub generation: u32,
    /// The hash of the current token's secret.
    pub current_hash: TokenHash,
    /// The hash of the token before it.
    pub previous_hash: Option<TokenHash>,
    /// The hash of the token before that.
    pub before_hash: Option<TokenHash>,
    /// The salt of the last rotation.
    pub salt: Option<Salt>,
    /// The salt of the rotation before it.
    pub previous_salt: Option<Salt>,
    /// The master key under which the current token was made.
    pub key_id: u8,
    /// The master key under which the previous token was made.
    pub previous_key_id: u8,
    /// When the last rotation happened; `None` until the first.
    pub rotated_at: Option<UnixMillis>,
    /// The newest retry key of each of the last rotations, the latest rotation first; `None` where it came without.
    pub retry_hashes: [Option<RetryHash>; RetryKeys::MOST],
}

impl Lineage {
    /// The lineage of a new session.
    #[must_use]
    pub fn first(current_hash: TokenHash, key_id: u8) -> Self {
        Self {
            generation: 0,
            current_hash,
            previous_hash: None,
            before_hash: None,
            salt: None,
            previous_salt: None,
            key_id,
            previous_key_id: key_id,
            rotated_at: None,
            retry_hashes: [None; RetryKeys::MOST],
        }
    }

    /// Whether the last rotation moved on from a token that was newer than the store: what was before that is of a branch
    /// that the client has left, and the requests that were under way are of one that the store has never seen.
    #[must_use]
    pub fn begins_anew(&self) -> bool {
        self.generation > 1 && self.before_hash.is_none()
    }

    /// The retry key of the rotation that consumed `generation`, where it is still remembered.
    #[must_use]
    pub fn retry_hash_of(&self, generation: u32) -> Option<RetryHash> {
        let rotations_ago = self.generation.checked_sub(generation)?.checked_sub(1)?;
        *self.retry_hashes.get(usize::try_from(rotations_ago).ok()?)?
    }
}

/// Whether a session lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Its current token is VALID.
    Live,
    /// Every token of it is REVOKED, for ever.
    Ended {
        /// Why.
        ending: Ending,
        /// When.
        at: UnixMillis,
    },
}

macro_rules! endings {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// Why a session ended: a closed list, the same in answers (`ended`), on the feed and in the audit log.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Ending {
            $($(#[$doc])* $name,)*
        }

        impl Ending {
            /// Every ending, for documents and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name that programs read.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }
        }
    };
}

endings! {
    /// The user signed out on this device.
    LoggedOut = "logged_out",
    /// The user signed out everywhere.
    LoggedOutEverywhere = "logged_out_everywhere",
    /// The user ended it from the list of devices.
    RevokedByUser = "revoked_by_user",
    /// An operator ended it.
    RevokedByAdmin = "revoked_by_admin",
    /// A used token came back, or a token came from another device: somebody has a copy.
    Reused = "reused",
    /// The password was changed.
    PasswordChanged = "password_changed",
    /// The password was reset.
    PasswordReset = "password_reset",
    /// The user was disabled.
    UserDisabled = "user_disabled",
    /// The user was deleted.
    UserDeleted = "user_deleted",
    /// It was not refreshed for too long.
    IdleExpired = "idle_expired",
    /// It reached the end of its life.
    AbsoluteExpired = "absolute_expired",
    /// A newer session of the user needed its place.
    Evicted = "evicted",
    /// The user said "this was not me".
    Reported = "reported",
    /// The user proved again who they are, and a new session took its place.
    Renewed = "renewed",
    /// The address was shown to be the user's; whatever was there before that ended.
    EmailVerified = "email_verified",
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is not on the list of endings.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not an ending this version knows; a newer server may have written it")]
pub struct UnknownEnding(String);

impl FromStr for Ending {
    type Err = UnknownEnding;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|e| e.as_str() == text).ok_or_else(|| UnknownEnding(text.to_owned()))
    }
}

/// All that a decision about a session rests on, read at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// Until when tokens newer than the store are believed, because the operator said that it lost its last writes.
    pub accept_ahead_until: Option<UnixMillis>,
    /// Whether the store may lose its last writes on any day, without anybody noticing: then tokens newer than it are
    /// believed beside the right device secret, and nobody has to say so.
    pub may_lose_writes: bool,
    /// Who was signed out by an operator who signed everyone out, where that has ever happened.
    pub everyone: Option<Everyone>,
}

impl Facts {
    /// The ending that holds at `now`, as [`Session::ending_at`] has it; or that everyone was signed out, if that was before.
    #[must_use]
    pub fn ending_at(&self, now: UnixMillis) -> Option<(Ending, UnixMillis)> {
        self.session.ending_under(self.everyone, now)
    }
}

/// An operator has signed everyone out. Nothing is written for each session at that moment: the janitor does that later,
/// and until then this tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Everyone {
    /// Sessions of a lower revision have ended.
    pub below: u64,
    /// When.
    pub at: UnixMillis,
}
