//! Rows and the model: the one place that knows how a type is stored.
//!
//! Strict both ways: a stored value that makes no sense is an error with the name of its column, never a guess and
//! never a panic.

mod desk;
mod feed;
mod letters;
mod links;
mod shelf;

use std::collections::BTreeSet;
use std::time::Duration;

use rotunda_core::model::{
    Account, Actor, Caller, ChainLink, ClientId, Device, DeviceHash, DeviceId, Email, Ending, Event,
    EventKind, Everyone, Facts, Lineage, PageHash, PasswordHash, RecordedEvent, RetryHash, RetryKeys,
    RoleName, Salt, Session, SessionId, Standing, Subject, TokenHash, UnixMillis, User, UserId, UserState,
    Username,
};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use crate::db::{Error, Result};

pub(crate) use desk::{audit_mark, delivery, delivery_columns, kept_answer, mark_columns, role, webhook};
pub(crate) use feed::{revocation, revoked};
pub(crate) use letters::{letter_columns, queued_letter};
pub(crate) use links::{link, link_columns};
pub(crate) use shelf::{client, client_secret, signing_key};

/// The columns of [`user`], in its order.
macro_rules! user_columns {
    () => {
        "users.id, users.email, users.username, users.name, users.email_verified, users.state, users.ep, \
         users.created_at, users.subject, users.ce, users.roles"
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

/// The columns of [`recorded_event`], in its order.
macro_rules! outbox_columns {
    () => {
        "seq, at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about, hash, salt"
    };
}

pub(crate) use {device_columns, outbox_columns, session_columns, user_columns};

/// Four retry hashes of 16 bytes.
const RETRY_BYTES: usize = RetryKeys::MOST * 16;

/// Reads a row from left to right.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r Row) -> Self {
        Self { row, next: 0 }
    }

    /// From the column behind the first `many`.
    pub(crate) fn after(row: &'r Row, many: usize) -> Self {
        Self { row, next: many }
    }

    /// The next column as it is.
    pub(crate) fn take<T: FromSql<'r>>(&mut self) -> Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.try_get(column).map_err(|_| self.senseless(column))
    }

    /// The next column, if it has a meaning.
    pub(crate) fn parse<S: FromSql<'r>, T>(&mut self, meaning: impl FnOnce(S) -> Option<T>) -> Result<T> {
        let column = self.next;
        let stored = self.take()?;
        meaning(stored).ok_or_else(|| self.senseless(column))
    }

    /// The next column, which is empty or has a meaning.
    pub(crate) fn parse_some<S: FromSql<'r>, T>(
        &mut self,
        meaning: impl FnOnce(S) -> Option<T>,
    ) -> Result<Option<T>> {
        self.parse(|stored: Option<S>| stored.map_or(Some(None), |value| meaning(value).map(Some)))
    }

    pub(crate) fn id<T>(&mut self, id: impl FnOnce([u8; 16]) -> T) -> Result<T> {
        self.take().map(|stored: Uuid| id(stored.into_bytes()))
    }

    pub(crate) fn some_id<T>(&mut self, id: impl FnOnce([u8; 16]) -> T) -> Result<Option<T>> {
        self.take().map(|stored: Option<Uuid>| stored.map(|stored| id(stored.into_bytes())))
    }

    /// A digest, or whatever else is so many bytes.
    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.parse(|stored: &[u8]| stored.try_into().ok())
    }

    pub(crate) fn some_bytes<const N: usize>(&mut self) -> Result<Option<[u8; N]>> {
        self.parse_some(|stored: &[u8]| stored.try_into().ok())
    }

    pub(crate) fn time(&mut self) -> Result<UnixMillis> {
        self.take().map(UnixMillis)
    }

    pub(crate) fn some_time(&mut self) -> Result<Option<UnixMillis>> {
        self.take().map(|stored: Option<i64>| stored.map(UnixMillis))
    }

    pub(crate) fn ending(&mut self) -> Result<Ending> {
        self.parse(|name: &str| name.parse().ok())
    }

    pub(crate) fn number(&mut self) -> Result<u64> {
        self.parse(|stored: i64| u64::try_from(stored).ok())
    }

    /// A count or a generation.
    pub(crate) fn small_number(&mut self) -> Result<u32> {
        self.parse(|stored: i64| u32::try_from(stored).ok())
    }

    /// Which master key.
    pub(crate) fn key_id(&mut self) -> Result<u8> {
        self.parse(|stored: i16| u8::try_from(stored).ok())
    }

    pub(crate) fn email(&mut self) -> Result<Option<Email>> {
        self.parse_some(Email::parse)
    }

    pub(crate) fn caller(&mut self) -> Result<Caller> {
        let address = self.parse_some(|text: &str| text.parse().ok())?;
        Ok(Caller { actor: None, reason: None, address, user_agent: self.take()? })
    }

    /// Passes over columns.
    pub(crate) fn skip(&mut self, columns: usize) {
        self.next += columns;
    }

    /// The last column that was read makes no sense.
    pub(crate) fn senseless_before(&self) -> Error {
        self.senseless(self.next.saturating_sub(1))
    }

    fn senseless(&self, column: usize) -> Error {
        let name = self.row.columns().get(column).map_or("beyond the last", |column| column.name());
        Error::Row(format!("the column {name} holds what this version does not know"))
    }
}

/// From [`user_columns`].
pub(crate) fn user(row: &mut Columns<'_>) -> Result<User> {
    let id = row.id(UserId::from_bytes)?;
    let email = row.parse(Email::parse)?;
    let username = row.parse_some(Username::parse)?;
    let name = row.take()?;
    let email_verified = row.take()?;
    let state = row.parse(state_named)?;
    let (ep, created_at) = (row.number()?, row.time()?);
    let subject = row.parse_some(Subject::parse)?;
    let ce = row.number()?;
    let roles = row.parse_some(role_names)?.unwrap_or_default();
    Ok(User { ce, roles, id, subject, email, username, name, email_verified, state, ep, created_at })
}

/// From [`user_columns`] and the password hash.
pub(crate) fn account(row: &mut Columns<'_>) -> Result<Account> {
    Ok(Account { user: user(row)?, password: PasswordHash::new(row.take()?) })
}

/// From [`session_columns`].
pub(crate) fn session(row: &mut Columns<'_>) -> Result<Session> {
    Ok(Session {
        id: row.id(SessionId::from_bytes)?,
        user_id: row.id(UserId::from_bytes)?,
        client_id: ClientId(row.take()?),
        device_id: row.id(DeviceId::from_bytes)?,
        device_hash: DeviceHash(row.bytes()?),
        device_shown: row.take()?,
        page_hash: row.some_bytes()?.map(PageHash),
        remember: row.take()?,
        lineage: lineage(row)?,
        created_at: row.time()?,
        auth_time: row.time()?,
        amr: row.parse(|text: &str| serde_json::from_str(text).ok())?,
        idle: Duration::from_millis(row.number()?),
        idle_expires_at: row.time()?,
        absolute_expires_at: row.time()?,
        ep: row.number()?,
        standing: standing(row)?,
        last_address: row.parse_some(|text: &str| text.parse().ok())?,
        last_user_agent: row.take()?,
        revision: row.number()?,
        acting: row.some_id(UserId::from_bytes)?,
    })
}

fn lineage(row: &mut Columns<'_>) -> Result<Lineage> {
    Ok(Lineage {
        generation: row.small_number()?,
        current_hash: TokenHash(row.bytes()?),
        previous_hash: row.some_bytes()?.map(TokenHash),
        before_hash: row.some_bytes()?.map(TokenHash),
        salt: row.some_bytes()?.map(Salt),
        previous_salt: row.some_bytes()?.map(Salt),
        key_id: row.key_id()?,
        previous_key_id: row.key_id()?,
        rotated_at: row.some_time()?,
        retry_hashes: retry_hashes_from(row.bytes()?),
    })
}

fn standing(row: &mut Columns<'_>) -> Result<Standing> {
    let live = row.parse(|text: &str| match text {
        "live" => Some(true),
        "ended" => Some(false),
        _ => None,
    })?;
    if live {
        row.parse(|ending: Option<&str>| ending.is_none().then_some(()))?;
        return row.parse(|at: Option<i64>| at.is_none().then_some(Standing::Live));
    }
    Ok(Standing::Ended { ending: row.ending()?, at: row.time()? })
}

/// From [`session_columns`], [`user_columns`], until when newer tokens are believed, and the columns of [`everyone`].
pub(crate) fn facts(row: &mut Columns<'_>) -> Result<Facts> {
    Ok(Facts {
        session: session(row)?,
        user: user(row)?,
        accept_ahead_until: row.some_time()?,
        may_lose_writes: false,
        everyone: everyone(row)?,
    })
}

/// From `everyone_below` and `everyone_at` of `meta`.
pub(crate) fn everyone(row: &mut Columns<'_>) -> Result<Option<Everyone>> {
    let (below, at) = (row.parse_some(|below: i64| u64::try_from(below).ok())?, row.some_time()?);
    Ok(below.zip(at).map(|(below, at)| Everyone { below, at }))
}

/// From [`device_columns`].
pub(crate) fn device(row: &mut Columns<'_>) -> Result<Device> {
    Ok(Device {
        id: row.id(DeviceId::from_bytes)?,
        user_id: row.id(UserId::from_bytes)?,
        hash: DeviceHash(row.bytes()?),
        first_seen_at: row.time()?,
        last_seen_at: row.time()?,
        caller: row.caller()?,
    })
}

/// From [`outbox_columns`].
pub(crate) fn recorded_event(row: &Row) -> Result<RecordedEvent> {
    event(&mut Columns::of(row))
}

/// The same, where other columns follow.
pub(crate) fn event(row: &mut Columns<'_>) -> Result<RecordedEvent> {
    let seq = row.number()?;
    let at = row.time()?;
    let name: &str = row.take()?;
    let kind = row.parse(|ending: Option<&str>| EventKind::parse(name, ending))?;
    let (user_id, session_id) = (row.some_id(UserId::from_bytes)?, row.some_id(SessionId::from_bytes)?);
    let caller = row.caller()?;
    let actor = row.parse_some(|text: &str| text.parse().ok())?;
    let caller = Caller { actor, reason: row.take()?, ..caller };
    let about = row.take()?;
    let link = chain_link(row)?;
    Ok(RecordedEvent { seq, event: Event { kind, at, user_id, session_id, about, caller }, link })
}

/// A salt that was forgotten before the event was chained is empty.
fn chain_link(row: &mut Columns<'_>) -> Result<Option<ChainLink>> {
    let hash = row.some_bytes()?;
    let salt = row.parse(|stored: Option<&[u8]>| match stored {
        None | Some([]) => Some(None),
        Some(salt) => salt.try_into().ok().map(Some),
    })?;
    Ok(hash.map(|hash| ChainLink { hash, salt }))
}

/// A list of texts in one column.
pub(crate) fn json(texts: &[String]) -> Result<String> {
    serde_json::to_string(texts).map_err(|e| Error::Row(e.to_string()))
}

/// The roles of a user as they are stored; nothing for none.
pub(crate) fn role_list(roles: &BTreeSet<RoleName>) -> Result<Option<String>> {
    let names: Vec<&str> = roles.iter().map(RoleName::as_str).collect();
    (!names.is_empty())
        .then(|| serde_json::to_string(&names).map_err(|e| Error::Row(e.to_string())))
        .transpose()
}

/// The other way round.
pub(crate) fn role_names(json: &str) -> Option<BTreeSet<RoleName>> {
    let names: Vec<String> = serde_json::from_str(json).ok()?;
    names.iter().map(|name| RoleName::parse(name)).collect()
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

/// An id as PostgreSQL has it.
pub(crate) fn uuid(id: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*id)
}

/// An address as text, as a person would write it.
pub(crate) fn address(caller: &Caller) -> Option<String> {
    caller.address.map(|address| address.to_string())
}

/// Who acted, as text.
pub(crate) fn actor(caller: &Caller) -> Option<String> {
    caller.actor.as_ref().map(Actor::to_string)
}

/// A count or a place as PostgreSQL has it; what does not fit is beyond every row anyway.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A span as PostgreSQL has it; one that does not fit is longer than any.
pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// How many rows changed, of at most `limit`.
pub(crate) fn counted(changed: u64, limit: u32) -> u32 {
    u32::try_from(changed).unwrap_or(limit)
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
