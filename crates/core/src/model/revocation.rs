//! What services have to hear of at once: the revocation feed's entries.
//!
//! An entry is written in the same transaction as the change that it tells of. It counts until the last access token that
//! it could concern has run out (`Rotunda::keep_revocations`), so the feed stays as small as what happened lately.

use super::{Ending, RoleName, SessionId, UnixMillis};

/// What no longer counts, though the access tokens themselves still look good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Revoked {
    /// Every token of this session.
    Session {
        /// `sid`.
        id: SessionId,
        /// Why it ended.
        ending: Ending,
    },
    /// Every token of this user that has a lower `ep` than this.
    User {
        /// `sub`.
        sub: String,
        /// The epoch that counts from now on.
        ep: u64,
        /// Why it was raised.
        ending: Ending,
    },
    /// One access token (RFC 7009).
    Token {
        /// `jti`.
        jti: String,
    },
    /// Every token that this key has signed.
    Key {
        /// `kid`.
        kid: String,
    },
    /// Every token of a user with a session that has a lower `rv` than this: everyone was signed out.
    Everyone {
        /// The revision that counts from now on.
        rv: u64,
    },
    /// Not revoked, but outdated: every token of this user that has a lower `ce` than this. Whoever needs to know the roles as
    /// they are now has it refreshed.
    Claims {
        /// `sub`.
        sub: String,
        /// The claims epoch that counts from now on.
        ce: u64,
    },
    /// Not revoked, but outdated: every token with this role in `roles` that has a lower `rv` than this.
    Role {
        /// The role.
        name: RoleName,
        /// The revision that counts from now on.
        rv: u64,
    },
}

/// One entry of the feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revocation {
    /// What is revoked.
    pub what: Revoked,
    /// Since when.
    pub at: UnixMillis,
}

/// A place on the feed: grows with each entry, never reused, and no entry comes to stand before one that was read already.
pub type FeedPlace = u64;

/// Which feed this is: made at random with the database, so that a place on another one, or from before a restore, is not
/// taken for a place on this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeedId(pub u64);

/// A part of the feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedPage {
    /// Which feed.
    pub feed: FeedId,
    /// The entries with their places, in their order.
    pub entries: Vec<(FeedPlace, Revocation)>,
    /// Where to go on after: the place of the last entry, or of the newest one that the store knows when there was none.
    pub next: FeedPlace,
}
