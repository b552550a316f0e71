//! Rows and the model: the one place that knows how a type is stored.
//!
//! Strict both ways: a stored value that makes no sense is an error with the name of its column, never a guess and
//! never a panic.

mod event;
mod feed;
mod operators;
mod shelf;

use std::fmt;
use std::time::Duration;

use rotunda_core::model::{
    Account, Caller, ClientId, Device, DeviceHash, DeviceId, Email, Ending, Everyone, Facts, Letter,
    LetterId, LetterKind, LetterLink, Lineage, Link, LinkHash, LinkId, LinkPurpose, PageHash, PasswordHash,
    PendingUser, QueuedLetter, RetryHash, RetryKeys, Salt, Session, SessionId, Standing, Subject, TokenHash,
    UnixMillis, User, UserId, UserState, Username,
};
use rusqlite::types::FromSql;
use rusqlite::{Error, Result, Row};

pub(crate) use event::{outbox_columns, recorded_event};
pub(crate) use feed::{revocation, revoked};
pub(crate) use operators::{
    delivery, delivery_columns, mark, mark_columns, role, role_names, roles_held, roles_of, tally, webhook,
    webhook_columns,
};
pub(crate) use shelf::{client, client_secret, signing_key};

/// The columns of [`user`], in its order.
macro_rules! user_columns {
    () => {
        "user.id, user.email, user.username, user.name, user.email_verified, user.state, user.ep, user.created_at, \
         user.subject, user.ce, user.roles"
    };
}

/// The columns of [`session`], in its order.
macro_rules! session_columns {
    () => {
        "session.id, session.user_id, session.client_id, session.device_id, session.device_hash, \
         session.device_shown, session.page_hash, session.remember, session.generation, session.current_hash, \
         session.previous_hash, session.before_hash, session.salt, session.previous_salt, session.key_id, \
         session.previous_key_id, session.rotated_at_ms, session.retry_hashes, session.created_at, \
         session.auth_time, session.amr, session.idle_ms, session.idle_expires_at, session.absolute_expires_at, \
         session.ep, session.status, session.ended, session.ended_at, session.last_ip, session.last_user_agent, \
         session.revision, session.acting"
    };
}

/// The columns of [`device`], in its order.
macro_rules! device_columns {
    () => {
        "id, user_id, hash, first_seen_at, last_seen_at, last_ip, last_user_agent"
    };
}

/// The columns of [`link`], in its order.
macro_rules! link_columns {
    () => {
        "id, purpose, hash, user_id, ep, email, session_id, newcomer_username, newcomer_name, \
         newcomer_password_hash, created_at, life_ms, expires_at"
    };
}

/// The columns of [`queued_letter`], in its order.
macro_rules! letter_columns {
    () => {
        "id, kind, recipient, user_id, name, at_ms, address, user_agent, other, link_id, link_purpose, link_key_id, \
         expires_at, attempts, next_attempt_at, last_error"
    };
}

pub(crate) use {device_columns, letter_columns, link_columns, session_columns, user_columns};

/// Four retry hashes of 16 bytes.
const RETRY_BYTES: usize = RetryKeys::MOST * 16;

/// Reads a row from left to right.
pub(crate) struct Columns<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl<'r, 's> Columns<'r, 's> {
    pub(crate) fn of(row: &'r Row<'s>) -> Self {
        Self { row, next: 0 }
    }

    /// The next column as it is.
    fn take<T: FromSql>(&mut self) -> Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.get(column).map_err(|_| self.senseless(column))
    }

    /// The next column, if it has a meaning.
    fn parse<S: FromSql, T>(&mut self, meaning: impl FnOnce(S) -> Option<T>) -> Result<T> {
        let column = self.next;
        let stored = self.take()?;
        meaning(stored).ok_or_else(|| self.senseless(column))
    }

    /// The next column, which is empty or has a meaning.
    fn parse_some<S: FromSql, T>(&mut self, meaning: impl FnOnce(S) -> Option<T>) -> Result<Option<T>> {
        self.parse(|stored: Option<S>| stored.map_or(Some(None), |value| meaning(value).map(Some)))
    }

    fn id<T>(&mut self, id: impl FnOnce([u8; 16]) -> T) -> Result<T> {
        self.take().map(id)
    }

    fn some_id<T>(&mut self, id: impl FnOnce([u8; 16]) -> T) -> Result<Option<T>> {
        self.take().map(|stored: Option<_>| stored.map(id))
    }

    fn time(&mut self) -> Result<UnixMillis> {
        self.take().map(UnixMillis)
    }

    fn some_time(&mut self) -> Result<Option<UnixMillis>> {
        self.take().map(|stored: Option<i64>| stored.map(UnixMillis))
    }

    fn ending(&mut self) -> Result<Ending> {
        self.parse(|name: String| name.parse().ok())
    }

    fn number(&mut self) -> Result<u64> {
        self.parse(|stored: i64| u64::try_from(stored).ok())
    }

    fn email(&mut self) -> Result<Option<Email>> {
        self.parse_some(|text: String| Email::parse(&text))
    }

    fn caller(&mut self) -> Result<Caller> {
        let address = self.parse_some(|text: String| text.parse().ok())?;
        Ok(Caller { actor: None, reason: None, address, user_agent: self.take()? })
    }

    fn senseless(&self, column: usize) -> Error {
        let row: &rusqlite::Statement<'_> = self.row.as_ref();
        let name = row.column_name(column).unwrap_or_default().to_owned();
        let kind = self.row.get_ref(column).map_or(rusqlite::types::Type::Null, |value| value.data_type());
        Error::FromSqlConversionFailure(column, kind, Box::new(Senseless { name }))
    }
}

#[derive(Debug)]
struct Senseless {
    name: String,
}

impl fmt::Display for Senseless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the column {} holds what this version does not know", self.name)
    }
}

impl std::error::Error for Senseless {}

/// From [`user_columns`].
pub(crate) fn user(row: &mut Columns<'_, '_>) -> Result<User> {
    let id = row.id(UserId::from_bytes)?;
    let email = row.parse(|text: String| Email::parse(&text))?;
    let username = row.parse_some(|text: String| Username::parse(&text))?;
    let name = row.take()?;
    let email_verified = row.take()?;
    let state = row.parse(|text: String| state_named(&text))?;
    let (ep, created_at) = (row.number()?, row.time()?);
    let subject = row.parse_some(|text: String| Subject::parse(&text))?;
    let (ce, roles) = (row.number()?, row.parse(|held: Option<String>| roles_of(held.as_deref()))?);
    Ok(User { ce, roles, id, subject, email, username, name, email_verified, state, ep, created_at })
}

/// From [`user_columns`] and the password hash.
pub(crate) fn account(row: &mut Columns<'_, '_>) -> Result<Account> {
    Ok(Account { user: user(row)?, password: PasswordHash::new(row.take()?) })
}

/// From [`session_columns`].
pub(crate) fn session(row: &mut Columns<'_, '_>) -> Result<Session> {
    Ok(Session {
        id: row.id(SessionId::from_bytes)?,
        user_id: row.id(UserId::from_bytes)?,
        client_id: ClientId(row.take()?),
        device_id: row.id(DeviceId::from_bytes)?,
        device_hash: DeviceHash(row.take()?),
        device_shown: row.take()?,
        page_hash: row.take::<Option<_>>()?.map(PageHash),
        remember: row.take()?,
        lineage: lineage(row)?,
        created_at: row.time()?,
        auth_time: row.time()?,
        amr: row.parse(|text: String| serde_json::from_str(&text).ok())?,
        idle: Duration::from_millis(row.number()?),
        idle_expires_at: row.time()?,
        absolute_expires_at: row.time()?,
        ep: row.number()?,
        standing: standing(row)?,
        last_address: row.parse_some(|text: String| text.parse().ok())?,
        last_user_agent: row.take()?,
        revision: row.number()?,
        acting: row.some_id(UserId::from_bytes)?,
    })
}

fn lineage(row: &mut Columns<'_, '_>) -> Result<Lineage> {
    Ok(Lineage {
        generation: row.take()?,
        current_hash: TokenHash(row.take()?),
        previous_hash: row.take::<Option<_>>()?.map(TokenHash),
        before_hash: row.take::<Option<_>>()?.map(TokenHash),
        salt: row.take::<Option<_>>()?.map(Salt),
        previous_salt: row.take::<Option<_>>()?.map(Salt),
        key_id: row.take()?,
        previous_key_id: row.take()?,
        rotated_at: row.take::<Option<_>>()?.map(UnixMillis),
        retry_hashes: retry_hashes_from(row.take()?),
    })
}

fn standing(row: &mut Columns<'_, '_>) -> Result<Standing> {
    let live = row.parse(|text: String| match text.as_str() {
        "live" => Some(true),
        "ended" => Some(false),
        _ => None,
    })?;
    if live {
        row.parse(|ending: Option<String>| ending.is_none().then_some(()))?;
        return row.parse(|at: Option<i64>| at.is_none().then_some(Standing::Live));
    }
    let ending = row.parse(|text: String| text.parse::<Ending>().ok())?;
    Ok(Standing::Ended { ending, at: row.time()? })
}

/// From [`session_columns`], [`user_columns`], until when newer tokens are believed, and who was signed out when.
pub(crate) fn facts(row: &Row<'_>) -> Result<Facts> {
    let mut row = Columns::of(row);
    Ok(Facts {
        session: session(&mut row)?,
        user: user(&mut row)?,
        accept_ahead_until: row.take::<Option<_>>()?.map(UnixMillis),
        may_lose_writes: false,
        everyone: everyone(&mut row)?,
    })
}

/// From below which revision everyone was signed out, and when; both are empty where that has never happened.
pub(crate) fn everyone(row: &mut Columns<'_, '_>) -> Result<Option<Everyone>> {
    let below = row.parse_some(|stored: i64| u64::try_from(stored).ok())?;
    let at = row.some_time()?;
    Ok(below.zip(at).map(|(below, at)| Everyone { below, at }))
}

/// From [`device_columns`].
pub(crate) fn device(row: &mut Columns<'_, '_>) -> Result<Device> {
    Ok(Device {
        id: row.id(DeviceId::from_bytes)?,
        user_id: row.id(UserId::from_bytes)?,
        hash: DeviceHash(row.take()?),
        first_seen_at: row.time()?,
        last_seen_at: row.time()?,
        caller: row.caller()?,
    })
}

/// From [`link_columns`].
pub(crate) fn link(row: &mut Columns<'_, '_>) -> Result<Link> {
    Ok(Link {
        id: row.id(LinkId::from_bytes)?,
        purpose: row.parse(|name: String| LinkPurpose::parse(&name))?,
        hash: LinkHash(row.take()?),
        user_id: row.some_id(UserId::from_bytes)?,
        ep: row.number()?,
        email: row.email()?,
        session_id: row.some_id(SessionId::from_bytes)?,
        newcomer: newcomer(row)?,
        created_at: row.time()?,
        life: Duration::from_millis(row.number()?),
        expires_at: row.time()?,
    })
}

fn newcomer(row: &mut Columns<'_, '_>) -> Result<Option<PendingUser>> {
    let username = row.parse_some(|text: String| Username::parse(&text))?;
    let name = row.take()?;
    let password = row.take::<Option<_>>()?.map(PasswordHash::new);
    Ok(password.map(|password| PendingUser { username, name, password }))
}

/// From [`letter_columns`].
pub(crate) fn queued_letter(row: &mut Columns<'_, '_>) -> Result<QueuedLetter> {
    let letter = Letter {
        id: row.id(LetterId::from_bytes)?,
        kind: row.parse(|name: String| LetterKind::parse(&name))?,
        to: row.email()?,
        user_id: row.some_id(UserId::from_bytes)?,
        name: row.take()?,
        at: row.time()?,
        caller: row.caller()?,
        other: row.email()?,
        link: letter_link(row)?,
        expires_at: row.time()?,
    };
    Ok(QueuedLetter { letter, attempts: row.take()?, next_attempt_at: row.time()?, last_error: row.take()? })
}

fn letter_link(row: &mut Columns<'_, '_>) -> Result<Option<LetterLink>> {
    let Some(id) = row.some_id(LinkId::from_bytes)? else {
        row.next += 2;
        return Ok(None);
    };
    let purpose = row.parse(|name: String| LinkPurpose::parse(&name))?;
    Ok(Some(LetterLink { id, purpose, key_id: row.take()? }))
}

/// A list of texts in one column.
pub(crate) fn json(texts: &[String]) -> Result<String> {
    serde_json::to_string(texts).map_err(|e| Error::ToSqlConversionFailure(e.into()))
}

/// How a user's state is called in its column.
pub(crate) fn state_name(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Disabled => "disabled",
    }
}

fn state_named(name: &str) -> Option<UserState> {
    [UserState::Active, UserState::Disabled].into_iter().find(|state| state_name(*state) == name)
}

/// An address as text; SQLite has no type for it.
pub(crate) fn address(caller: &Caller) -> Option<String> {
    caller.address.map(|address| address.to_string())
}

/// Who did it, as text, where it was somebody else.
pub(crate) fn actor(caller: &Caller) -> Option<String> {
    caller.actor.as_ref().map(ToString::to_string)
}

/// A count or a place as SQLite has it; what does not fit is beyond every row anyway.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A span as SQLite has it; one that does not fit is longer than any.
pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The retry hashes side by side; zeros for none.
pub(crate) fn retry_hashes(hashes: &[Option<RetryHash>; RetryKeys::MOST]) -> [u8; RETRY_BYTES] {
    let mut bytes = [0; RETRY_BYTES];
    for (place, hash) in bytes.as_chunks_mut().0.iter_mut().zip(hashes) {
        *place = hash.map_or([0; 16], |hash| hash.0);
    }
    bytes
}

fn retry_hashes_from(bytes: [u8; RETRY_BYTES]) -> [Option<RetryHash>; RetryKeys::MOST] {
    let mut hashes = [None; RetryKeys::MOST];
    for (hash, place) in hashes.iter_mut().zip(bytes.as_chunks().0) {
        *hash = (*place != [0; 16]).then_some(RetryHash(*place));
    }
    hashes
}
