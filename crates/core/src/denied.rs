//! Every expected refusal: whose fault it is, what programs read, what people read, and where the RFCs speak of it.
//!
//! A refusal is a value. One that changed something was committed before it is answered. Which HTTP status each gets
//! stands in one table in the server crate (`reply.rs`).

use std::time::Duration;

use crate::model::{AdminPermission, Ending, Password};
use crate::password::acceptable::Predictable;

/// Why the caller does not get what it asked for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    // --- Who are you? -------------------------------------------------------------------------------------------
    /// The password is wrong or there is no such account; which of them is not told (ASVS 5.0, 6.3.8).
    #[error("The address or user name, or the password, is not right.")]
    CredentialsInvalid,
    /// The password is right, but an operator has disabled the account.
    #[error("This account is disabled. Ask the operator of this service.")]
    UserDisabled,
    /// No token came with the request (RFC 6750 §3.1: no error code for a request without credentials).
    #[error("This needs a token and none was sent.")]
    TokenMissing,
    /// The token is not one of ours, or not one that this route takes (RFC 6749 §5.2, RFC 6750 §3.1).
    #[error("The token is not one that this server made for this use.")]
    TokenUnknown,
    /// A refresh token that is newer than the store: the store has lost its last writes, and nobody has said that such
    /// tokens may be believed. To its client it is a token that this server does not know.
    #[error("The token is not one that this server made for this use.")]
    TokenAhead,
    /// The access token has run out: refresh (RFC 6750 §3.1).
    #[error("The access token has expired. Refresh and try again.")]
    TokenExpired,
    /// A very late request of an honest client. Nothing has changed. With a newer token in the store it asks as always;
    /// with the very same one, without retry keys (`docs/guide/rotation.md`).
    #[error(
        "This refresh token was replaced long ago, by a rotation of your own. Nothing has changed: \
         ask again with the newest token. If this is the newest, ask without retry keys."
    )]
    TokenStale,
    /// A used token came back: the session has ended (RFC 9700 §4.14.2).
    #[error(
        "This refresh token was used before, so somebody may have a copy of it. Its session has ended: sign in again."
    )]
    TokenReused,
    /// The session has shown its device secret before, and this request did not.
    #[error("This session belongs to a device, and the request did not show the device's secret.")]
    ProofMissing,
    /// The request says that it is in another generation than the token beside it, whose own is told. Nothing has changed:
    /// a page whose cookie was replaced by an answer that it never saw asks again with the right one.
    #[error(
        "This refresh token is of generation {0}, not of the one that the request names. Nothing has changed: \
         ask again with `generation` {0} and its retry keys."
    )]
    GenerationMismatch(u32),
    /// Another client's token, or carried in a way that its client never does (RFC 6749 §10.4).
    #[error("This token belongs to another client, or was sent in a way that its client does not use.")]
    ClientMismatch,
    /// The session is bound to an address, and this is another one.
    #[error("This session is bound to another network address.")]
    AddressMismatch,
    /// The session is over; `None` when so long ago that nothing of it is left.
    #[error("{}", match .0 {
        Some(ending) => format!("This session has ended ({ending}). Sign in again."),
        None => "This session has ended. Sign in again.".to_owned(),
    })]
    SessionEnded(Option<Ending>),

    /// What is asked for needs a password that was entered a moment ago; how long ago at most is told (RFC 9470 §3).
    #[error(
        "This needs your password again: it was entered more than {} minutes ago. Send it to \
         /auth/reauthenticate, then ask again with the new tokens.",
        .0.as_secs() / 60
    )]
    ReauthenticationNeeded(Duration),
    /// The user has as many sessions as they may.
    #[error("You are signed in on as many devices as this service allows. Sign out on one of them first.")]
    TooManySessions,
    /// A link from a letter that was used, has expired, was replaced, belongs to something else, or was never one of
    /// ours: which of them is not told, and nothing has changed.
    #[error(
        "This link is not good: it was used before, is too old, or is not complete. Nothing has changed. \
         Ask for a new one."
    )]
    LinkInvalid,
    // --- How often? ---------------------------------------------------------------------------------------------
    /// Too many tries; how long to wait for the next one (RFC 6585 §4). Nothing was looked at, and nothing has changed.
    #[error("Too many attempts. Try again in {}.", match whole_seconds(*.0) {
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    })]
    RateLimited(Duration),

    // --- What are you asking for? -------------------------------------------------------------------------------
    /// The client did not show its secret, or not a good one (RFC 6749 §5.2 `invalid_client`).
    #[error(
        "This client has to authenticate with its secret, and did not, or the secret is not good. \
         `rotunda client rotate-secret` makes another one."
    )]
    ClientRefused,
    /// The client may not do that (RFC 6749 §5.2 `unauthorized_client`).
    #[error("A client of this kind may not do that.")]
    ClientMayNot,
    /// The client asked for a scope that is not its own (RFC 6749 §5.2 `invalid_scope`).
    #[error("This client may not have that scope. `rotunda client list` shows which it may.")]
    ScopeInvalid,
    /// The token has not this scope (RFC 6750 §3.1 `insufficient_scope`).
    #[error("This takes an access token with the scope `{0}`.")]
    ScopeMissing(&'static str),
    /// No client of that name is configured (RFC 6749 §5.2 `invalid_client`).
    #[error("There is no client of that name. The built-in ones are `web` and `native`.")]
    ClientUnknown,
    /// The caller has not this permission (RFC 6750 §3.1 `insufficient_scope`).
    #[error("This takes the permission `{}`, which you do not have. An operator can give you a role that has it.", .0.as_str())]
    PermissionMissing(AdminPermission),
    /// Whoever acts for a user may do what that user may, and not this.
    #[error("You are acting for somebody else, and this is theirs alone to do.")]
    ActingForAnother,
    /// It would give, or is done to somebody who has, a permission that the caller has not.
    #[error(
        "This is about permissions that you do not have yourself: `{0}`. Somebody who has them can do it."
    )]
    AboveCaller(String),
    /// Nobody may do this to themselves, so that nobody locks the last door behind them.
    #[error("You cannot do this to yourself. Somebody else who may can do it.")]
    NotToYourself,
    /// It was changed by somebody else since it was read (RFC 9110 §13.1.1).
    #[error("This was changed meanwhile. Nothing has happened: look at it again, then decide again.")]
    ChangedMeanwhile,
    /// What an operator asks for cannot be; the text says what is wrong and what to do.
    #[error("{0}")]
    Unfit(String),
    /// What an operator asks for is in the way of something that is there; the text says of what.
    #[error("{0}")]
    InTheWay(String),
    /// There is no such thing, or it is not the caller's: the same answer for both (ASVS 5.0, 8.2.2).
    #[error("There is nothing of that id here.")]
    NotFound,
    /// Nobody may register here.
    #[error("Registration is off on this server. Ask its operator for an account.")]
    RegistrationOff,
    /// The address is in use.
    #[error("There is an account with this address already.")]
    EmailTaken,
    /// The user name is in use.
    #[error("This user name is taken.")]
    UsernameTaken,
    /// That is no address.
    #[error("This does not look like an e-mail address.")]
    EmailInvalid,
    /// That is no user name.
    #[error("A user name has 2 to 64 letters, digits, dots, hyphens or underscores.")]
    UsernameInvalid,
    /// That is no display name.
    #[error("A name has 1 to 128 characters and no control characters.")]
    NameInvalid,
    /// The new password is too short.
    #[error("The password needs at least {least} characters. A few words in a row make a good one.")]
    PasswordTooShort {
        /// How many characters it takes.
        least: usize,
    },
    /// The new password is too long.
    #[error("The password has more than {} bytes.", Password::MOST_BYTES)]
    PasswordTooLong,
    /// The new password is one of the most common ones (ASVS 5.0, 6.2.4).
    #[error(
        "This password is one of the most common ones, or such a one with a few digits or signs behind it: \
         it is among the first that attackers try. A few unrelated words in a row make a good one."
    )]
    PasswordCommon,
    /// The new password is on the operator's list of breached ones (ASVS 5.0, 6.2.12).
    #[error(
        "This password has turned up in a data breach, so attackers try it. Do not use it anywhere any more. \
         A few unrelated words in a row make a good one."
    )]
    PasswordBreached,
    /// The new password is little more than something that is easy to guess (ASVS 5.0, 6.2.11). Says what kind of thing,
    /// and no part of the password.
    #[error(
        "The password is little more than {0}, which is easy to guess. A few unrelated words in a row make a good one."
    )]
    PasswordPredictable(Predictable),
}

impl Denied {
    /// The `reason` of the closed list that clients share, where the refusal is on it.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::CredentialsInvalid => "credentials_invalid",
            Self::UserDisabled => "user_disabled",
            Self::TokenMissing => "token_missing",
            Self::TokenUnknown | Self::TokenAhead => "token_unknown",
            Self::TokenExpired => "token_expired",
            Self::TokenStale => "token_stale",
            Self::TokenReused => "token_reused",
            Self::ProofMissing => "proof_missing",
            Self::GenerationMismatch(_) => "generation_mismatch",
            Self::ClientMismatch => "client_mismatch",
            Self::AddressMismatch => "address_mismatch",
            Self::SessionEnded(_) => "session_ended",
            Self::ReauthenticationNeeded(_) => "reauthentication_needed",
            Self::TooManySessions => "too_many_sessions",
            Self::LinkInvalid => "link_invalid",
            Self::RateLimited(_) => "rate_limited",
            Self::ActingForAnother => "acting_for_another",
            Self::ClientUnknown
            | Self::ClientRefused
            | Self::ClientMayNot
            | Self::ScopeInvalid
            | Self::ScopeMissing(_)
            | Self::PermissionMissing(_)
            | Self::AboveCaller(_)
            | Self::NotToYourself
            | Self::ChangedMeanwhile
            | Self::Unfit(_)
            | Self::InTheWay(_)
            | Self::NotFound
            | Self::RegistrationOff
            | Self::EmailTaken
            | Self::UsernameTaken
            | Self::EmailInvalid
            | Self::UsernameInvalid
            | Self::NameInvalid
            | Self::PasswordTooShort { .. }
            | Self::PasswordTooLong
            | Self::PasswordCommon
            | Self::PasswordBreached
            | Self::PasswordPredictable(_) => return None,
        })
    }

    /// The generation of the token, where that is what the refusal says.
    #[must_use]
    pub fn generation(&self) -> Option<u32> {
        match self {
            Self::GenerationMismatch(generation) => Some(*generation),
            _ => None,
        }
    }

    /// How many whole seconds to wait, where that is what the refusal says: rounded up, and one at least.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::RateLimited(wait) => Some(whole_seconds(*wait)),
            _ => None,
        }
    }

    /// Why the session ended, where that is what the refusal says.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        match self {
            Self::SessionEnded(ending) => *ending,
            Self::TokenReused => Some(Ending::Reused),
            _ => None,
        }
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(begun).max(1)
}
