//! Users, sessions and writes to begin with. The same seed gives the same thing; another seed shares nothing with it.

mod operators;
mod shelf;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rotunda_core::model::{
    Account, Caller, ClientId, DeviceHash, DeviceId, Email, Ending, Event, EventKind, Letter, LetterId,
    LetterKind, LetterLink, Lineage, Link, LinkHash, LinkId, LinkPurpose, PageHash, PasswordHash, RetryHash,
    Salt, Session, SessionId, Standing, TokenHash, UnixMillis, User, UserId, UserState, Username,
};
use rotunda_core::outside::random;
use rotunda_core::store::{
    Amending, Deleting, EndingAll, EndingOne, Ends, LoggingIn, Posting, Registering, Right, Rotating,
};

use crate::entropy::SeededEntropy;
use crate::hasher::fnv1a;

pub use operators::{
    a_chain_link, a_chaining, a_changed_role, a_deed, a_mark, a_role, a_sealed, a_step, a_webhook,
    an_editing, an_operator, role_name, role_names,
};
pub use shelf::{a_client, a_client_secret, a_key_event, a_revoking, a_sealed_key};

/// The moment at which every fixture begins: 2026-01-01 00:00 UTC.
pub const NOW: UnixMillis = UnixMillis(1_767_225_600_000);

/// How long a session of [`a_session`] lives without a refresh.
pub const IDLE: Duration = Duration::from_hours(7 * 24);

/// How long a session of [`a_session`] lives at most.
pub const ABSOLUTE: Duration = Duration::from_hours(30 * 24);

/// How long a link of [`a_link`] is good.
pub const LINK_LIFE: Duration = Duration::from_hours(1);

/// An active user with a user name and a name.
#[must_use]
pub fn a_user(seed: u64) -> User {
    User {
        ce: 0,
        roles: std::collections::BTreeSet::new(),
        id: UserId::new(NOW, bytes("user", seed)),
        subject: None,
        email: email(&format!("user-{seed}@example.com")),
        username: Some(username(&format!("user-{seed}"))),
        name: Some(format!("User {seed}")),
        email_verified: false,
        state: UserState::Active,
        ep: 0,
        created_at: NOW,
    }
}

/// The user of that seed, with a password hash.
#[must_use]
pub fn an_account(seed: u64) -> Account {
    Account { user: a_user(seed), password: a_password_hash(seed) }
}

/// A stored hash that no password fits.
#[must_use]
pub fn a_password_hash(seed: u64) -> PasswordHash {
    PasswordHash::new(format!("$quick$v=0${seed:016x}$0000000000000000"))
}

/// A browser session that begins at [`NOW`], with the user's epoch.
#[must_use]
pub fn a_session(user: &User, seed: u64) -> Session {
    let caller = a_caller(seed);
    Session {
        revision: 0,
        acting: None,
        id: SessionId::new(NOW, bytes("session", seed)),
        user_id: user.id,
        client_id: ClientId::web(),
        device_id: DeviceId::new(NOW, bytes("device id", seed)),
        device_hash: DeviceHash(bytes("device", seed)),
        device_shown: false,
        page_hash: Some(PageHash(bytes("page", seed))),
        remember: true,
        lineage: a_lineage(seed),
        created_at: NOW,
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        idle: IDLE,
        idle_expires_at: NOW.plus(IDLE),
        absolute_expires_at: NOW.plus(ABSOLUTE),
        ep: user.ep,
        standing: Standing::Live,
        last_address: caller.address,
        last_user_agent: caller.user_agent,
    }
}

/// A family of tokens that was never rotated.
#[must_use]
pub fn a_lineage(seed: u64) -> Lineage {
    Lineage::first(TokenHash(bytes("token", seed)), 1)
}

/// Where a family stands after one more rotation, under the same master key and with a new retry key.
#[must_use]
pub fn next(lineage: &Lineage, now: UnixMillis) -> Lineage {
    let seed = fnv1a(&[&lineage.current_hash.0, &lineage.generation.to_le_bytes()]);
    let [first, second, third, _] = lineage.retry_hashes;
    Lineage {
        generation: lineage.generation.checked_add(1).expect("a generation after the last one"),
        current_hash: TokenHash(bytes("token", seed)),
        previous_hash: Some(lineage.current_hash),
        before_hash: lineage.previous_hash,
        salt: Some(Salt(bytes("salt", seed))),
        previous_salt: lineage.salt,
        key_id: lineage.key_id,
        previous_key_id: lineage.key_id,
        rotated_at: Some(now),
        retry_hashes: [Some(RetryHash(bytes("retry", seed))), first, second, third],
    }
}

/// The next rotation of a session as it stands, by the caller of seed 0, with no event.
#[must_use]
pub fn a_rotation(session: &Session, now: UnixMillis) -> Rotating {
    Rotating {
        id: session.id,
        from_generation: session.lineage.generation,
        from_hash: session.lineage.current_hash,
        to: next(&session.lineage, now),
        now,
        idle_expires_at: now.plus(session.idle).min(session.absolute_expires_at),
        device_shown: false,
        caller: a_caller(0),
        event: None,
    }
}

/// The session as a rotation that went through leaves it.
#[must_use]
pub fn rotated(session: &Session, rotation: &Rotating) -> Session {
    Session {
        lineage: rotation.to.clone(),
        idle_expires_at: rotation.idle_expires_at,
        device_shown: session.device_shown || rotation.device_shown,
        last_address: rotation.caller.address,
        last_user_agent: rotation.caller.user_agent.clone(),
        ..session.clone()
    }
}

/// The end of one session, whatever its generation.
#[must_use]
pub fn an_end(session: &Session, ending: Ending, at: UnixMillis) -> EndingOne {
    EndingOne {
        about: None,
        id: session.id,
        at_generation: None,
        ending,
        at,
        caller: a_caller(0),
        post: Vec::new(),
    }
}

/// The session as an end that went through leaves it.
#[must_use]
pub fn ended(session: &Session, ending: Ending, at: UnixMillis) -> Session {
    Session { standing: Standing::Ended { ending, at }, ..session.clone() }
}

/// The end of all of a user's sessions, with the event that goes with it.
#[must_use]
pub fn an_end_of_all(user: &User, ending: Ending, at: UnixMillis) -> EndingAll {
    EndingAll {
        user_id: user.id,
        ending,
        at,
        state: None,
        events: vec![Event { at, ..an_event(EventKind::EpochRaised(ending), user) }],
        caller: a_caller(0),
    }
}

/// A registration, with its event.
#[must_use]
pub fn a_registration(account: &Account, session: Option<&Session>) -> Registering {
    Registering {
        first_admin: false,
        account: account.clone(),
        session: session.cloned(),
        replaces: None,
        uses: None,
        events: vec![an_event(EventKind::UserRegistered, &account.user)],
    }
}

/// A login into that session, with its event.
#[must_use]
pub fn a_login(account: &Account, session: &Session) -> LoggingIn {
    let event = Event { session_id: Some(session.id), ..an_event(EventKind::SignedIn, &account.user) };
    LoggingIn {
        session: session.clone(),
        password: account.password.clone(),
        replaces: None,
        caps: Vec::new(),
        event,
        post: Vec::new(),
    }
}

/// A change to the password hash of that seed, asked for by a session and going on in one of that seed, at [`NOW`].
#[must_use]
pub fn a_password_change(account: &Account, asking: &Session, seed: u64) -> Amending {
    let session = Session { ep: account.user.ep + 1, ..a_session(&account.user, seed) };
    Amending {
        password: Some(a_password_hash(seed)),
        ends: Ends::All { ending: Ending::PasswordChanged, at: NOW },
        session: Some(session),
        events: vec![an_event(EventKind::PasswordChanged, &account.user)],
        ..an_amendment(account, Right::Session(asking.id))
    }
}

/// A change of an account that changes nothing.
#[must_use]
pub fn an_amendment(account: &Account, right: Right) -> Amending {
    Amending {
        account: account.clone(),
        right,
        password: None,
        email: None,
        verified: false,
        ends: Ends::Nothing,
        session: None,
        events: Vec::new(),
        post: Vec::new(),
        caller: a_caller(0),
    }
}

/// A user's link, made at [`NOW`] and good for [`LINK_LIFE`].
#[must_use]
pub fn a_link(user: &User, purpose: LinkPurpose, seed: u64) -> Link {
    Link {
        id: LinkId::new(NOW, bytes("link", seed)),
        purpose,
        hash: LinkHash(bytes("link hash", seed)),
        user_id: Some(user.id),
        ep: user.ep,
        email: Some(user.email.clone()),
        session_id: None,
        newcomer: None,
        created_at: NOW,
        life: LINK_LIFE,
        expires_at: NOW.plus(LINK_LIFE),
    }
}

/// A letter to a user about what was done at [`NOW`] by the caller of that seed, without a link.
#[must_use]
pub fn a_letter(user: &User, kind: LetterKind, seed: u64) -> Letter {
    Letter {
        id: LetterId::new(NOW, bytes("letter", seed)),
        kind,
        to: Some(user.email.clone()),
        user_id: Some(user.id),
        name: user.name.clone(),
        at: NOW,
        caller: a_caller(seed),
        other: None,
        link: None,
        expires_at: NOW.plus(IDLE),
    }
}

/// A letter to a user with the link for a new password, both of that seed.
#[must_use]
pub fn a_posting(user: &User, seed: u64) -> Posting {
    let link = a_link(user, LinkPurpose::ResetPassword, seed);
    let carried = LetterLink { id: link.id, purpose: link.purpose, key_id: 1 };
    let letter = Letter { link: Some(carried), ..a_letter(user, LetterKind::ResetPassword, seed) };
    Posting { letter, link: Some(link) }
}

/// The end of a user at [`NOW`], with its event, asked for by nobody of theirs.
#[must_use]
pub fn a_deletion(user: &User) -> Deleting {
    Deleting {
        user_id: user.id,
        asking: None,
        at: NOW,
        events: vec![an_event(EventKind::UserDeleted, user)],
        post: Vec::new(),
    }
}

/// Something that happened to a user at [`NOW`], to no session, by the caller of seed 0.
#[must_use]
pub fn an_event(kind: EventKind, user: &User) -> Event {
    Event { about: None, kind, at: NOW, user_id: Some(user.id), session_id: None, caller: a_caller(0) }
}

/// Somebody on an IPv4 address kept for documents (RFC 5737); 256 of them.
#[must_use]
pub fn a_caller(seed: u64) -> Caller {
    let [host, ..] = seed.to_le_bytes();
    Caller {
        actor: None,
        reason: None,
        address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host))),
        user_agent: Some(format!("Testkit/{seed} (X11; Linux x86_64) Firefox/140.0")),
    }
}

/// An address that fits the rules.
#[must_use]
pub fn email(text: &str) -> Email {
    Email::parse(text).expect("an e-mail address")
}

/// A user name that fits the rules.
#[must_use]
pub fn username(text: &str) -> Username {
    Username::parse(text).expect("a user name")
}

/// Every kind of event, those with an ending once. The compiler asks for the new ones.
pub fn every_kind() -> impl Iterator<Item = EventKind> {
    use EventKind as K;
    std::iter::successors(Some(K::UserRegistered), |kind| match kind {
        K::UserRegistered => Some(K::SignedIn),
        K::SignedIn => Some(K::SignInFailed),
        K::SignInFailed => Some(K::SessionEnded(Ending::LoggedOut)),
        K::SessionEnded(_) => Some(K::EpochRaised(Ending::Reported)),
        K::EpochRaised(_) => Some(K::AddressMismatch),
        K::AddressMismatch => Some(K::ProofMissing),
        K::ProofMissing => Some(K::TokenAheadRefused),
        K::TokenAheadRefused => Some(K::TokenAheadAccepted),
        K::TokenAheadAccepted => Some(K::PasswordChanged),
        K::PasswordChanged => Some(K::RegistrationAsked),
        K::RegistrationAsked => Some(K::VerificationAsked),
        K::VerificationAsked => Some(K::EmailVerified),
        K::EmailVerified => Some(K::RecoveryAsked),
        K::RecoveryAsked => Some(K::PasswordReset),
        K::PasswordReset => Some(K::EmailChangeAsked),
        K::EmailChangeAsked => Some(K::EmailChanged),
        K::EmailChanged => Some(K::Reported),
        K::Reported => Some(K::Reauthenticated),
        K::Reauthenticated => Some(K::DataExported),
        K::DataExported => Some(K::UserDeleted),
        K::UserDeleted => Some(K::UserDisabled),
        K::UserDisabled => Some(K::UserEnabled),
        K::UserEnabled => Some(K::TokenRevoked),
        K::TokenRevoked => Some(K::KeyAdded),
        K::KeyAdded => Some(K::KeyRevoked),
        K::KeyRevoked => Some(K::ClientAdded),
        K::ClientAdded => Some(K::ClientSecretChanged),
        K::ClientSecretChanged => Some(K::ClientRemoved),
        K::ClientRemoved => Some(K::ClientRefused),
        K::ClientRefused => Some(K::UserEdited),
        K::UserEdited => Some(K::UserInvited),
        K::UserInvited => Some(K::RolesChanged),
        K::RolesChanged => Some(K::FirstAdmin),
        K::FirstAdmin => Some(K::ActedFor),
        K::ActedFor => Some(K::AddressChanged),
        K::AddressChanged => Some(K::LateRetry),
        K::LateRetry => Some(K::EveryoneSignedOut),
        K::EveryoneSignedOut => Some(K::RoleAdded),
        K::RoleAdded => Some(K::RoleChanged),
        K::RoleChanged => Some(K::RoleRemoved),
        K::RoleRemoved => Some(K::LimitLifted),
        K::LimitLifted => Some(K::AdminRefused),
        K::AdminRefused => Some(K::AuditExported),
        K::AuditExported => Some(K::WebhookAdded),
        K::WebhookAdded => Some(K::WebhookChanged),
        K::WebhookChanged => Some(K::WebhookRemoved),
        K::WebhookRemoved => Some(K::WebhookReplayed),
        K::WebhookReplayed => None,
    })
}

/// Bytes that belong to that seed and that use alone.
#[must_use]
pub fn bytes<const N: usize>(what: &str, seed: u64) -> [u8; N] {
    let stream = SeededEntropy::new(fnv1a(&[what.as_bytes(), &[0], &seed.to_le_bytes()]));
    random(&stream).expect("a seeded stream never fails")
}
