//! Events: what happened, for the audit log and everything that follows from it.
//!
//! An event is written to the outbox in the same transaction as the change that it tells of, so there is never the
//! one without the other. Readers (audit, and later mail, notices, the feed) each keep their own place.

use std::fmt;
use std::str::FromStr;

use super::{Caller, ChainLink, Ending, SessionId, UnixMillis, UserId};

/// What kind of thing happened: a closed list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKind {
    /// A user came to be.
    UserRegistered,
    /// A password was right and a session began.
    SignedIn,
    /// A password was wrong, or there is no such account, or the account is disabled.
    SignInFailed,
    /// A session ended; each session has exactly one of these.
    SessionEnded(Ending),
    /// All sessions of a user ended and their epoch was raised.
    EpochRaised(Ending),
    /// A refresh came from an address that the session is not bound to.
    AddressMismatch,
    /// A refresh came without the device secret that the session has shown before.
    ProofMissing,
    /// A token newer than the store was refused: the store may have lost its last writes.
    TokenAheadRefused,
    /// A token newer than the store was accepted, because the operator had said so.
    TokenAheadAccepted,
    /// The user's password was changed.
    PasswordChanged,
    /// Somebody registered with an address; whether it is theirs has to be shown.
    RegistrationAsked,
    /// Somebody asked for another letter that shows an address to be theirs.
    VerificationAsked,
    /// The user's address was shown to be theirs.
    EmailVerified,
    /// Somebody asked for a new password in place of a forgotten one.
    RecoveryAsked,
    /// A forgotten password was replaced.
    PasswordReset,
    /// The user asked for another address.
    EmailChangeAsked,
    /// The user's address was changed.
    EmailChanged,
    /// The user said "this was not me": the password is void.
    Reported,
    /// The user proved again who they are.
    Reauthenticated,
    /// The user took their data along.
    DataExported,
    /// The user and all that told who they were are gone.
    UserDeleted,
    /// An operator disabled the user.
    UserDisabled,
    /// An operator enabled the user again.
    UserEnabled,
    /// One access token was revoked by itself (RFC 7009).
    TokenRevoked,
    /// A signing key was added.
    KeyAdded,
    /// A signing key was revoked.
    KeyRevoked,
    /// A client was added.
    ClientAdded,
    /// A client got another secret.
    ClientSecretChanged,
    /// A client was removed.
    ClientRemoved,
    /// A client did not show its secret.
    ClientRefused,
    /// An operator changed what the user is called.
    UserEdited,
    /// An operator added the user and wrote them a letter.
    UserInvited,
    /// The roles of the user were changed.
    RolesChanged,
    /// The user became the first admin, by the one-time token of the first start.
    FirstAdmin,
    /// An operator began to act for the user.
    ActedFor,
    /// A refresh came from another network than the one before.
    AddressChanged,
    /// A refresh was asked for again after the window, with the key that excuses it.
    LateRetry,
    /// An operator signed everyone out.
    EveryoneSignedOut,
    /// A role was added.
    RoleAdded,
    /// The permissions of a role were changed.
    RoleChanged,
    /// A role was removed.
    RoleRemoved,
    /// An operator lifted a limit that somebody had run into.
    LimitLifted,
    /// Somebody asked for what their permissions do not cover.
    AdminRefused,
    /// The audit log was exported.
    AuditExported,
    /// A webhook was added.
    WebhookAdded,
    /// A webhook was changed.
    WebhookChanged,
    /// A webhook was removed.
    WebhookRemoved,
    /// Deliveries that were given up are made again.
    WebhookReplayed,
}

impl EventKind {
    const PLAIN: [Self; 46] = [
        Self::UserRegistered,
        Self::SignedIn,
        Self::SignInFailed,
        Self::AddressMismatch,
        Self::ProofMissing,
        Self::TokenAheadRefused,
        Self::TokenAheadAccepted,
        Self::PasswordChanged,
        Self::RegistrationAsked,
        Self::VerificationAsked,
        Self::EmailVerified,
        Self::RecoveryAsked,
        Self::PasswordReset,
        Self::EmailChangeAsked,
        Self::EmailChanged,
        Self::Reported,
        Self::Reauthenticated,
        Self::DataExported,
        Self::UserDeleted,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::TokenRevoked,
        Self::KeyAdded,
        Self::KeyRevoked,
        Self::ClientAdded,
        Self::ClientSecretChanged,
        Self::ClientRemoved,
        Self::ClientRefused,
        Self::UserEdited,
        Self::UserInvited,
        Self::RolesChanged,
        Self::FirstAdmin,
        Self::ActedFor,
        Self::AddressChanged,
        Self::LateRetry,
        Self::EveryoneSignedOut,
        Self::RoleAdded,
        Self::RoleChanged,
        Self::RoleRemoved,
        Self::LimitLifted,
        Self::AdminRefused,
        Self::AuditExported,
        Self::WebhookAdded,
        Self::WebhookChanged,
        Self::WebhookRemoved,
        Self::WebhookReplayed,
    ];

    /// The name that programs read, without the ending.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserRegistered => "user.registered",
            Self::SignedIn => "user.signed_in",
            Self::SignInFailed => "user.sign_in_failed",
            Self::SessionEnded(_) => "session.ended",
            Self::EpochRaised(_) => "user.epoch_raised",
            Self::AddressMismatch => "session.address_mismatch",
            Self::ProofMissing => "session.proof_missing",
            Self::TokenAheadRefused => "session.token_ahead_refused",
            Self::TokenAheadAccepted => "session.token_ahead_accepted",
            Self::PasswordChanged => "user.password_changed",
            Self::RegistrationAsked => "user.registration_asked",
            Self::VerificationAsked => "user.verification_asked",
            Self::EmailVerified => "user.email_verified",
            Self::RecoveryAsked => "user.recovery_asked",
            Self::PasswordReset => "user.password_reset",
            Self::EmailChangeAsked => "user.email_change_asked",
            Self::EmailChanged => "user.email_changed",
            Self::Reported => "user.reported",
            Self::Reauthenticated => "user.reauthenticated",
            Self::DataExported => "user.data_exported",
            Self::UserDeleted => "user.deleted",
            Self::UserDisabled => "user.disabled",
            Self::UserEnabled => "user.enabled",
            Self::TokenRevoked => "token.revoked",
            Self::KeyAdded => "key.added",
            Self::KeyRevoked => "key.revoked",
            Self::ClientAdded => "client.added",
            Self::ClientSecretChanged => "client.secret_changed",
            Self::ClientRemoved => "client.removed",
            Self::ClientRefused => "client.refused",
            Self::UserEdited => "user.edited",
            Self::UserInvited => "user.invited",
            Self::RolesChanged => "user.roles_changed",
            Self::FirstAdmin => "user.first_admin",
            Self::ActedFor => "user.acted_for",
            Self::AddressChanged => "session.address_changed",
            Self::LateRetry => "session.late_retry",
            Self::EveryoneSignedOut => "everyone.signed_out",
            Self::RoleAdded => "role.added",
            Self::RoleChanged => "role.changed",
            Self::RoleRemoved => "role.removed",
            Self::LimitLifted => "limit.lifted",
            Self::AdminRefused => "admin.refused",
            Self::AuditExported => "audit.exported",
            Self::WebhookAdded => "webhook.added",
            Self::WebhookChanged => "webhook.changed",
            Self::WebhookRemoved => "webhook.removed",
            Self::WebhookReplayed => "webhook.replayed",
        }
    }

    /// The names of all kinds, without the endings.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let with_endings = Ending::ALL
            .first()
            .map(|ending| [Self::SessionEnded(*ending).as_str(), Self::EpochRaised(*ending).as_str()]);
        Self::PLAIN.into_iter().map(Self::as_str).chain(with_endings.into_iter().flatten())
    }

    /// Why a session ended, where that is what happened.
    #[must_use]
    pub fn ending(self) -> Option<Ending> {
        match self {
            Self::SessionEnded(ending) | Self::EpochRaised(ending) => Some(ending),
            _ => None,
        }
    }

    /// From its stored name and ending; `None` for what this version does not know.
    #[must_use]
    pub fn parse(name: &str, ending: Option<&str>) -> Option<Self> {
        let ending = ending.map(Ending::from_str).transpose().ok()?;
        match (name, ending) {
            ("session.ended", Some(ending)) => Some(Self::SessionEnded(ending)),
            ("user.epoch_raised", Some(ending)) => Some(Self::EpochRaised(ending)),
            (plain, None) => Self::PLAIN.into_iter().find(|kind| kind.as_str() == plain),
            _ => None,
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// When, by the server's clock.
    pub at: UnixMillis,
    /// To whom; `None` for a sign-in that failed, since nobody was shown to be anybody.
    pub user_id: Option<UserId>,
    /// To which session.
    pub session_id: Option<SessionId>,
    /// What else it is about: a key, a client, a role, a webhook, the generation of a token. At most [`Event::ABOUT_BYTES`].
    pub about: Option<String>,
    /// From where, and by whom.
    pub caller: Caller,
}

impl Event {
    /// How much is kept of what else it is about.
    pub const ABOUT_BYTES: usize = 256;
}

/// An event with its place in the outbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordedEvent {
    /// Its place: grows, never reused.
    pub seq: u64,
    /// What happened.
    pub event: Event,
    /// What chains it to the event before it; `None` for a moment after it happened.
    pub link: Option<ChainLink>,
}
