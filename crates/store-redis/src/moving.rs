//! The moving part of a session as the fields of a hash, and back.
//!
//! | field | what | how |
//! |---|---|---|
//! | `g` | generation | decimal |
//! | `h`, `p`, `b` | current, previous and before-previous hash | 32 bytes, or none |
//! | `s`, `q` | salt and previous salt | 32 bytes, or none |
//! | `k` | the key ids of the current and the previous token | 2 bytes |
//! | `r` | when it was rotated last | decimal milliseconds, or none |
//! | `t` | retry hashes, the latest first | 64 bytes; zeros for none |
//! | `i`, `x` | idle and absolute expiry | decimal milliseconds |
//! | `d` | whether the device secret was shown | `0` or `1` |
//! | `a`, `u` | address and user agent of the last refresh | text, or none; a `+` before the user agent |
//! | `o` | who is about to end it | the mark of a hold (`hold.lua`) |
//! | `e` | it has ended | `1` |
//!
//! Reading is strict: what this version does not write is [`Failure::broken`], by the name of its field.

use std::str::FromStr;

use redis::Cmd;
use rotunda_core::failure::Failure;
use rotunda_core::model::{
    Facts, Lineage, RetryHash, RetryKeys, Salt, Session, SessionId, Standing, TokenHash, UnixMillis,
};
use rotunda_core::store::Moved;

/// What a session is read by, in this order.
pub(crate) const FIELDS: [&str; 13] = ["g", "h", "p", "b", "s", "q", "k", "r", "t", "i", "d", "a", "u"];

const RETRY_BYTES: usize = 16 * RetryKeys::MOST;

/// The current hash of a session of which nothing is known: it fits no token.
pub(crate) const NO_TOKEN: TokenHash = TokenHash([0; 32]);

/// What came back for [`FIELDS`].
pub(crate) type Fields = Vec<Option<Vec<u8>>>;

/// Appends the fields that every rotation writes.
pub(crate) fn write_lineage(to: &Lineage, call: &mut Cmd) {
    fn bytes(value: Option<&[u8; 32]>) -> &[u8] {
        value.map_or(&[], |value| value)
    }
    let retry = retry_bytes(&to.retry_hashes);
    call.arg("g").arg(to.generation).arg("h").arg(&to.current_hash.0);
    call.arg("p").arg(bytes(to.previous_hash.as_ref().map(|hash| &hash.0)));
    call.arg("b").arg(bytes(to.before_hash.as_ref().map(|hash| &hash.0)));
    call.arg("s").arg(bytes(to.salt.as_ref().map(|salt| &salt.0)));
    call.arg("q").arg(bytes(to.previous_salt.as_ref().map(|salt| &salt.0)));
    call.arg("k").arg(&[to.key_id, to.previous_key_id]);
    call.arg("r");
    match to.rotated_at {
        Some(at) => call.arg(at.0),
        None => call.arg(""),
    };
    call.arg("t").arg(&retry);
}

/// Appends who was there last.
pub(crate) fn write_caller(address: Option<std::net::IpAddr>, user_agent: Option<&str>, call: &mut Cmd) {
    call.arg("a").arg(address.map(|address| address.to_string()).unwrap_or_default());
    call.arg("u").arg(user_agent.map(|agent| format!("+{agent}")).unwrap_or_default());
}

/// Appends everything.
pub(crate) fn write(moved: &Moved, absolute: UnixMillis, call: &mut Cmd) {
    write_lineage(&moved.lineage, call);
    write_caller(moved.last_address, moved.last_user_agent.as_deref(), call);
    call.arg("i").arg(moved.idle_expires_at.0).arg("x").arg(absolute.0);
    call.arg("d").arg(u8::from(moved.device_shown));
}

/// What a hash holds; `None` where there is none, or nothing in it but a hold.
///
/// # Errors
/// [`Failure::broken`] names the session and the field that makes no sense.
pub(crate) fn read(id: SessionId, fields: Fields) -> Result<Option<Moved>, Failure> {
    let mut row = Row { id, fields: fields.into_iter(), next: 0 };
    if row.fields.as_slice().first().is_none_or(Option::is_none) {
        return Ok(None);
    }
    let generation = row.parse::<u32>()?;
    let current_hash = TokenHash(row.bytes()?);
    let (previous_hash, before_hash) = (row.some_bytes()?.map(TokenHash), row.some_bytes()?.map(TokenHash));
    let (salt, previous_salt) = (row.some_bytes()?.map(Salt), row.some_bytes()?.map(Salt));
    let [key_id, previous_key_id] = row.bytes::<2>()?;
    let rotated_at = row.parse_some::<i64>()?.map(UnixMillis);
    let retry_hashes = retry_hashes(row.bytes::<RETRY_BYTES>()?);
    let idle_expires_at = UnixMillis(row.parse()?);
    let device_shown = row.parse::<u8>()? == 1;
    let last_address = row.parse_some()?;
    let last_user_agent = row.text()?.strip_prefix('+').map(str::to_owned);
    let lineage = Lineage {
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
    };
    Ok(Some(Moved { id, lineage, idle_expires_at, device_shown, last_address, last_user_agent }))
}

/// The session as it stands: the skeleton with its moving part, or as one of which nothing is known any more. Either may
/// be behind, so of two moments when it has been idle for too long the later one is right.
pub(crate) fn whole(skeleton: Session, moved: Option<Moved>) -> Session {
    match moved {
        Some(moved) => {
            let idle_expires_at = moved.idle_expires_at.max(skeleton.idle_expires_at);
            Session { idle_expires_at, ..moved.put_into(skeleton) }
        }
        None if skeleton.standing == Standing::Live => lost(skeleton),
        None => skeleton,
    }
}

/// The same for facts. What is kept here may be lost at any time.
pub(crate) fn facts(facts: Facts, moved: Option<Moved>) -> Facts {
    Facts { session: whole(facts.session, moved), may_lose_writes: true, ..facts }
}

/// A live session whose moving part is gone. Every token of it is newer than this, and when it was used last is not
/// known: until somebody has come with one, it lives as long as it may at all.
pub(crate) fn lost(skeleton: Session) -> Session {
    let lineage = Lineage::first(NO_TOKEN, skeleton.lineage.key_id);
    Session { lineage, idle_expires_at: skeleton.absolute_expires_at, ..skeleton }
}

/// Whether nothing is known of a session but that it was lost.
pub(crate) fn is_lost(lineage: &Lineage) -> bool {
    lineage.current_hash == NO_TOKEN
}

struct Row {
    id: SessionId,
    fields: std::vec::IntoIter<Option<Vec<u8>>>,
    next: usize,
}

impl Row {
    fn take(&mut self) -> Result<Vec<u8>, Failure> {
        self.next += 1;
        self.fields.next().flatten().ok_or_else(|| self.senseless())
    }

    fn text(&mut self) -> Result<String, Failure> {
        String::from_utf8(self.take()?).map_err(|_| self.senseless())
    }

    fn parse<T: FromStr>(&mut self) -> Result<T, Failure> {
        self.text()?.parse().map_err(|_| self.senseless())
    }

    fn parse_some<T: FromStr>(&mut self) -> Result<Option<T>, Failure> {
        match self.text()?.as_str() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.senseless()),
        }
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        self.take()?.try_into().map_err(|_| self.senseless())
    }

    fn some_bytes(&mut self) -> Result<Option<[u8; 32]>, Failure> {
        match self.take()? {
            none if none.is_empty() => Ok(None),
            bytes => bytes.try_into().map(Some).map_err(|_| self.senseless()),
        }
    }

    fn senseless(&self) -> Failure {
        let field = FIELDS.get(self.next.saturating_sub(1)).copied().unwrap_or_default();
        let why =
            format!("the field {field:?} of session {} holds what this version does not write", self.id);
        Failure::broken("reading a session from Redis", why)
    }
}

fn retry_bytes(hashes: &[Option<RetryHash>; RetryKeys::MOST]) -> [u8; RETRY_BYTES] {
    let mut bytes = [0; RETRY_BYTES];
    for (place, hash) in bytes.as_chunks_mut().0.iter_mut().zip(hashes) {
        *place = hash.map_or([0; 16], |hash| hash.0);
    }
    bytes
}

fn retry_hashes(bytes: [u8; RETRY_BYTES]) -> [Option<RetryHash>; RetryKeys::MOST] {
    let mut hashes = [None; RetryKeys::MOST];
    for (hash, place) in hashes.iter_mut().zip(bytes.as_chunks().0) {
        *hash = (*place != [0; 16]).then_some(RetryHash(*place));
    }
    hashes
}
