//! Checksums of rows: SHA-256 (FIPS 180-4) over every field, in one form whatever the store.
//!
//! A text or a list goes in with its length before it and what may be absent with a byte that says so: no two different
//! rows look the same. Rows are taken apart field by field without a rest, so that the compiler asks for a new one.

mod desk;

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use crate::keys::SealedSigningKey;
use crate::model::{
    Account, Caller, ChainLink, Device, Email, Event, Everyone, KeptClientSecret, Letter, Lineage, Link,
    PendingUser, QueuedLetter, RecordedEvent, RegisteredClient, Revocation, Revoked, Session, Standing,
    Subject, UnixMillis, User, UserState, Username,
};
use crate::store::{Batch, Key, Numbers};

/// The checksum of a row, or of a whole part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checksum([u8; 32]);

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

/// Takes in fields, or the checksums of rows one after the other.
pub(super) struct Sum(Context);

impl Sum {
    pub(super) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(super) fn add(&mut self, row: Checksum) {
        self.0.update(&row.0);
    }

    pub(super) fn finish(self) -> Checksum {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.finish().as_ref());
        Checksum(out)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.update(&number.to_be_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.0.update(&[u8::from(flag)]);
    }

    fn time(&mut self, at: UnixMillis) {
        self.number(at.0.cast_unsigned());
    }

    fn span(&mut self, span: std::time::Duration) {
        self.number(u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    }

    fn some<T>(&mut self, value: Option<T>, add: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            add(self, value);
        }
    }

    fn some_text(&mut self, text: Option<&str>) {
        self.some(text, Self::text);
    }

    fn texts(&mut self, texts: &[String]) {
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }
}

impl Batch {
    /// The key and the checksum of each row.
    #[must_use]
    pub fn checksums(&self) -> Vec<(Key, Checksum)> {
        let numbered = |place: usize| Key::Place(place as u64 + 1);
        match self {
            Self::Users(rows) => each(rows, |_, row| Key::of_user(row), account),
            Self::Sessions(rows) => each(rows, |_, row| Key::of_session(row), session),
            Self::Devices(rows) => each(rows, |_, row| Key::of_device(row), device),
            Self::Links(rows) => each(rows, |_, row| Key::of_link(row), link),
            Self::Letters(rows) => each(rows, |_, row| Key::of_letter(row), queued_letter),
            Self::Events(rows) => each(rows, |_, row| Key::Place(row.seq), recorded_event),
            Self::Revocations(rows) => each(rows, |_, row| Key::Place(row.0), revocation),
            Self::Keeps(rows) => each(
                rows,
                |place, _| numbered(place),
                |sum, (keep, seen_at)| {
                    sum.span(*keep);
                    sum.time(*seen_at);
                },
            ),
            // Their order counts: the last one is the newest.
            Self::SigningKeys(rows) => each(rows, |place, _| numbered(place), signing_key),
            Self::KeyChecks(rows) => each(
                rows,
                |_, row| Key::Place(row.0.into()),
                |sum, (id, check)| {
                    sum.number((*id).into());
                    sum.bytes(&check.0);
                },
            ),
            Self::Clients(rows) => each(rows, |_, row| Key::Name(row.id.0.clone()), client),
            Self::Numbers(rows) => each(rows, |place, _| numbered(place), numbers),
            Self::Roles(rows) => each(rows, |_, row| Key::Name(row.name.as_str().to_owned()), desk::role),
            Self::Webhooks(rows) => each(rows, |place, _| numbered(place), desk::webhook),
            Self::Deliveries(rows) => each(rows, |_, row| Key::of_delivery(row), desk::delivery),
            Self::Marks(rows) => each(rows, |place, _| numbered(place), desk::mark),
            Self::Tallies(rows) => each(rows, |place, _| numbered(place), desk::tally),
        }
    }
}

fn each<T>(rows: &[T], key: impl Fn(usize, &T) -> Key, add: impl Fn(&mut Sum, &T)) -> Vec<(Key, Checksum)> {
    let one = |(place, row)| {
        let mut sum = Sum::new();
        add(&mut sum, row);
        (key(place, row), sum.finish())
    };
    rows.iter().enumerate().map(one).collect()
}

fn account(sum: &mut Sum, Account { user, password }: &Account) {
    let User { id, subject, email, username, name, email_verified, state, ep, ce, roles, created_at } = user;
    sum.bytes(id.as_bytes());
    sum.some_text(subject.as_ref().map(Subject::as_str));
    sum.text(email.as_str());
    sum.some_text(username.as_ref().map(Username::as_str));
    sum.some_text(name.as_deref());
    sum.flag(*email_verified);
    sum.flag(*state == UserState::Active);
    sum.number(*ep);
    sum.number(*ce);
    sum.number(roles.len() as u64);
    roles.iter().for_each(|role| sum.text(role.as_str()));
    sum.time(*created_at);
    sum.text(password.expose());
}

fn session(sum: &mut Sum, session: &Session) {
    let Session {
        id,
        user_id,
        client_id,
        device_id,
        device_hash,
        device_shown,
        page_hash,
        remember,
        lineage: family,
        created_at,
        auth_time,
        amr,
        idle,
        idle_expires_at,
        absolute_expires_at,
        ep,
        revision,
        acting,
        standing,
        last_address,
        last_user_agent,
    } = session;
    sum.bytes(id.as_bytes());
    sum.bytes(user_id.as_bytes());
    sum.text(&client_id.0);
    sum.bytes(device_id.as_bytes());
    sum.bytes(&device_hash.0);
    sum.flag(*device_shown);
    sum.some(page_hash.as_ref(), |sum, hash| sum.bytes(&hash.0));
    sum.flag(*remember);
    lineage(sum, family);
    sum.time(*created_at);
    sum.time(*auth_time);
    sum.texts(amr);
    sum.span(*idle);
    sum.time(*idle_expires_at);
    sum.time(*absolute_expires_at);
    sum.number(*ep);
    sum.number(*revision);
    sum.some(acting.as_ref(), |sum, id| sum.bytes(id.as_bytes()));
    match standing {
        Standing::Live => sum.flag(true),
        Standing::Ended { ending, at } => {
            sum.flag(false);
            sum.text(ending.as_str());
            sum.time(*at);
        }
    }
    sum.some(*last_address, |sum, address| sum.text(&address.to_string()));
    sum.some_text(last_user_agent.as_deref());
}

fn lineage(sum: &mut Sum, lineage: &Lineage) {
    let Lineage {
        generation,
        current_hash,
        previous_hash,
        before_hash,
        salt,
        previous_salt,
        key_id,
        previous_key_id,
        rotated_at,
        retry_hashes,
    } = lineage;
    sum.number((*generation).into());
    sum.bytes(&current_hash.0);
    sum.some(previous_hash.as_ref(), |sum, hash| sum.bytes(&hash.0));
    sum.some(before_hash.as_ref(), |sum, hash| sum.bytes(&hash.0));
    sum.some(salt.as_ref(), |sum, salt| sum.bytes(&salt.0));
    sum.some(previous_salt.as_ref(), |sum, salt| sum.bytes(&salt.0));
    sum.number((*key_id).into());
    sum.number((*previous_key_id).into());
    sum.some(*rotated_at, Sum::time);
    for hash in retry_hashes {
        sum.some(hash.as_ref(), |sum, hash| sum.bytes(&hash.0));
    }
}

/// Who acted and why is kept with events only.
fn caller(sum: &mut Sum, Caller { address, user_agent, actor: _, reason: _ }: &Caller) {
    sum.some(*address, |sum, address| sum.text(&address.to_string()));
    sum.some_text(user_agent.as_deref());
}

fn device(sum: &mut Sum, device: &Device) {
    let Device { id, user_id, hash, first_seen_at, last_seen_at, caller: seen } = device;
    sum.bytes(id.as_bytes());
    sum.bytes(user_id.as_bytes());
    sum.bytes(&hash.0);
    sum.time(*first_seen_at);
    sum.time(*last_seen_at);
    caller(sum, seen);
}

fn link(sum: &mut Sum, link: &Link) {
    let Link { id, purpose, hash, user_id, ep, email, session_id, newcomer, created_at, life, expires_at } =
        link;
    sum.bytes(id.as_bytes());
    sum.text(purpose.as_str());
    sum.bytes(&hash.0);
    sum.some(user_id.as_ref(), |sum, id| sum.bytes(id.as_bytes()));
    sum.number(*ep);
    sum.some_text(email.as_ref().map(Email::as_str));
    sum.some(session_id.as_ref(), |sum, id| sum.bytes(id.as_bytes()));
    sum.some(newcomer.as_ref(), |sum, PendingUser { username, name, password }| {
        sum.some_text(username.as_ref().map(Username::as_str));
        sum.some_text(name.as_deref());
        sum.text(password.expose());
    });
    sum.time(*created_at);
    sum.span(*life);
    sum.time(*expires_at);
}

fn queued_letter(sum: &mut Sum, queued: &QueuedLetter) {
    let QueuedLetter { letter, attempts, next_attempt_at, last_error } = queued;
    let Letter { id, kind, to, user_id, name, at, caller: called, other, link, expires_at } = letter;
    sum.bytes(id.as_bytes());
    sum.text(kind.as_str());
    sum.some_text(to.as_ref().map(Email::as_str));
    sum.some(user_id.as_ref(), |sum, id| sum.bytes(id.as_bytes()));
    sum.some_text(name.as_deref());
    sum.time(*at);
    caller(sum, called);
    sum.some_text(other.as_ref().map(Email::as_str));
    sum.some(*link, |sum, link| {
        sum.bytes(link.id.as_bytes());
        sum.text(link.purpose.as_str());
        sum.number(link.key_id.into());
    });
    sum.time(*expires_at);
    sum.number((*attempts).into());
    sum.time(*next_attempt_at);
    sum.some_text(last_error.as_deref());
}

fn recorded_event(sum: &mut Sum, RecordedEvent { seq, event, link }: &RecordedEvent) {
    let Event { kind, at, user_id, session_id, about, caller: called } = event;
    sum.number(*seq);
    sum.text(kind.as_str());
    sum.some_text(kind.ending().map(|ending| ending.as_str()));
    sum.time(*at);
    sum.some(user_id.as_ref(), |sum, id| sum.bytes(id.as_bytes()));
    sum.some(session_id.as_ref(), |sum, id| sum.bytes(id.as_bytes()));
    sum.some_text(about.as_deref());
    caller(sum, called);
    sum.some(called.actor.as_ref(), |sum, actor| sum.text(&actor.to_string()));
    sum.some_text(called.reason.as_deref());
    sum.some(link.as_ref(), |sum, ChainLink { hash, salt }| {
        sum.bytes(hash);
        sum.some(salt.as_ref(), |sum, salt| sum.bytes(salt));
    });
}

fn revocation(sum: &mut Sum, (place, Revocation { what, at }): &(u64, Revocation)) {
    sum.number(*place);
    sum.time(*at);
    match what {
        Revoked::Session { id, ending } => {
            sum.text("session");
            sum.bytes(id.as_bytes());
            sum.text(ending.as_str());
        }
        Revoked::User { sub, ep, ending } => {
            sum.text("user");
            sum.text(sub);
            sum.number(*ep);
            sum.text(ending.as_str());
        }
        Revoked::Token { jti } => {
            sum.text("token");
            sum.text(jti);
        }
        Revoked::Key { kid } => {
            sum.text("key");
            sum.text(kid);
        }
        Revoked::Everyone { rv } => {
            sum.text("everyone");
            sum.number(*rv);
        }
        Revoked::Claims { sub, ce } => {
            sum.text("claims");
            sum.text(sub);
            sum.number(*ce);
        }
        Revoked::Role { name, rv } => {
            sum.text("role");
            sum.text(name.as_str());
            sum.number(*rv);
        }
    }
}

fn signing_key(sum: &mut Sum, key: &SealedSigningKey) {
    let SealedSigningKey { kid, algorithm, master_id, sealed, created_at, signs_from, revoked_at } = key;
    sum.text(kid);
    sum.text(algorithm);
    sum.number((*master_id).into());
    sum.bytes(sealed);
    sum.time(*created_at);
    sum.time(*signs_from);
    sum.some(*revoked_at, Sum::time);
}

fn client(sum: &mut Sum, client: &RegisteredClient) {
    let RegisteredClient { id, kind, scopes, secrets, created_at } = client;
    sum.text(&id.0);
    sum.text(kind.as_str());
    sum.texts(scopes);
    sum.number(secrets.len() as u64);
    for KeptClientSecret { hash, created_at, ends_at } in secrets {
        sum.bytes(&hash.0);
        sum.time(*created_at);
        sum.some(*ends_at, Sum::time);
    }
    sum.time(*created_at);
}

fn numbers(sum: &mut Sum, numbers: &Numbers) {
    let Numbers {
        feed,
        last_event,
        last_revocation,
        shelf_version,
        accept_ahead_until,
        revision,
        everyone,
        first_admin_at,
    } = numbers;
    sum.number(feed.0);
    sum.number(*last_event);
    sum.number(*last_revocation);
    sum.number(*shelf_version);
    sum.some(*accept_ahead_until, Sum::time);
    sum.number(*revision);
    sum.some(*everyone, |sum, Everyone { below, at }| {
        sum.number(below);
        sum.time(at);
    });
    sum.some(*first_admin_at, Sum::time);
}
