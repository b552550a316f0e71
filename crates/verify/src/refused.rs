//! Every way in which a request does not get through. The list is closed, so that callers can match all of it.
//!
//! No message repeats any part of a token.

use std::sync::Arc;

use rotunda_token::Invalid;
use serde::Serialize;

/// Why a request does not get through.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// No bearer token was sent.
    #[error("This needs an access token and none was sent. Send it as `Authorization: Bearer TOKEN`.")]
    Missing,
    /// The `Authorization` header cannot be understood.
    #[error("{0}")]
    Malformed(Malformed),
    /// The token is genuine and too old: refresh it.
    #[error("The access token has expired. Refresh it and try again.")]
    Expired,
    /// The token is not good, and never will be.
    #[error("The access token is not good: {0}.")]
    Invalid(Invalid),
    /// The token was good until somebody took it back.
    #[error("{0}")]
    Revoked(RevokedBy),
    /// The token is good, and says other roles or permissions of its user than there are now: refresh it. Only where
    /// [current roles](crate::Builder::demand_current_roles) are demanded.
    #[error(
        "The roles or permissions of this user have changed since the access token was issued. Refresh it and try again."
    )]
    Outdated,
    /// The token is good and does not carry what this needs.
    #[error("This needs the scope `{scope}`, which the access token does not have.")]
    InsufficientScope {
        /// All scopes that this needs, separated by spaces.
        scope: Arc<str>,
    },
    /// The token is good and its user has not the role that this needs.
    #[error("This needs the role `{role}`, which the user does not have.")]
    InsufficientRole {
        /// The role.
        role: Arc<str>,
    },
    /// It cannot be told now whether the token is good. That is an outage and nobody's sign-out: 503, never 401.
    #[error("{0}")]
    Unavailable(Unavailable),
}

/// Why an `Authorization` header cannot be understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// There are two; both cannot be meant.
    #[error("There is more than one Authorization header. Send one.")]
    TwoHeaders,
    /// It has bytes that are no visible ASCII.
    #[error("The Authorization header is not text. Send `Authorization: Bearer TOKEN`.")]
    NotText,
    /// The scheme stands alone.
    #[error("The Authorization header has a scheme and no token. Send `Authorization: Bearer TOKEN`.")]
    NoToken,
}

/// What on the feed refuses a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RevokedBy {
    /// Its session has ended.
    #[error("The session of this access token has ended. Sign in again.")]
    Session,
    /// Its user's epoch is older than what counts now.
    #[error("This access token was issued before its user's rights changed. Refresh it or sign in again.")]
    User,
    /// Everyone was signed out, and its session began before that.
    #[error("Everyone was signed out after this access token was issued. Refresh it or sign in again.")]
    Everyone,
    /// This one token was revoked.
    #[error("This access token was revoked. Get a new one.")]
    Token,
    /// The key that signed it was revoked.
    #[error("The key that signed this access token was revoked. Get a new token.")]
    Key,
}

/// Why it cannot be told whether a token is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unavailable {
    /// The issuer's keys were never fetched.
    #[error("Access tokens cannot be checked yet: the issuer's keys could not be fetched so far. Try again.")]
    NoKeys,
    /// The token names a key that is not held, and the issuer cannot be asked for it.
    #[error(
        "This access token may be signed with a new key, and the issuer cannot be asked for it. Try again."
    )]
    KeysOutOfDate,
    /// The revocation feed was cut for longer than this service accepts.
    #[error("Ended sessions are not known at the moment: the feed of revocations is behind. Try again.")]
    FeedStale,
}

/// How many requests were refused, by reason; the fields are the variants of [`Refused`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct RefusedCounts {
    /// [`Refused::Missing`] and [`Refused::Malformed`].
    pub missing: u64,
    /// [`Refused::Expired`].
    pub expired: u64,
    /// [`Refused::Invalid`].
    pub invalid: u64,
    /// [`Refused::Revoked`].
    pub revoked: u64,
    /// [`Refused::Outdated`].
    pub outdated: u64,
    /// [`Refused::InsufficientScope`] and [`Refused::InsufficientRole`].
    pub insufficient: u64,
    /// [`Refused::Unavailable`].
    pub unavailable: u64,
}
