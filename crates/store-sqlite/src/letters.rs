//! The queue of letters.
//!
//! 1. A letter comes in with the change that it tells of, in the same transaction, its link beside it; it is due at once.
//! 2. [`claim`] takes what is due and puts its next attempt off, all in one transaction: of two servers one gets it. If
//!    that one dies, it is due again when the time is up.
//! 3. A letter that was sent is deleted; one that was not is put off once more.
//!
//! A row that this version cannot read, since a newer one wrote it, must not stand in the way of all others: it is put
//! off like any other, and logged.

use rotunda_core::model::{Email, Event, Letter, LetterId, QueuedLetter, UnixMillis};
use rotunda_core::store::Posting;
use rusqlite::{Connection, Error, Result, named_params, params};

use crate::rows::{self, Columns, letter_columns};
use crate::{journal, links};

pub(crate) const INSERT: &str = "\
    INSERT INTO letter (id, kind, recipient, user_id, name, at_ms, address, user_agent, other, link_id, link_purpose, \
        link_key_id, expires_at, attempts, next_attempt_at) \
    VALUES (:id, :kind, :recipient, :user_id, :name, :at_ms, :address, :user_agent, :other, :link_id, :link_purpose, \
        :link_key_id, :expires_at, 0, :at_ms)";
pub(crate) const DUE: &str =
    "SELECT id FROM letter WHERE next_attempt_at <= ?1 ORDER BY next_attempt_at, id LIMIT ?2";
pub(crate) const CLAIM: &str = concat!(
    "UPDATE letter SET attempts = attempts + 1, next_attempt_at = ?1 WHERE id = ?2 RETURNING ",
    letter_columns!()
);
pub(crate) const DONE: &str = "DELETE FROM letter WHERE id = ?1";
pub(crate) const FAILED: &str = "UPDATE letter SET next_attempt_at = ?1, last_error = ?2 WHERE id = ?3";
pub(crate) const LIST: &str =
    concat!("SELECT ", letter_columns!(), " FROM letter ORDER BY next_attempt_at, id LIMIT ?1");

/// Letters, links and events as one.
pub(crate) fn post(db: &Connection, postings: &[Posting], events: &[Event]) -> Result<()> {
    post_all(db, postings)?;
    events.iter().try_for_each(|event| journal::record(db, event))
}

/// Writes letters with their links, as part of whatever transaction this is.
pub(crate) fn post_all(db: &Connection, postings: &[Posting]) -> Result<()> {
    postings.iter().try_for_each(|posting| {
        insert(db, &posting.letter)?;
        posting.link.iter().try_for_each(|link| links::insert(db, link))
    })
}

pub(crate) fn insert(db: &Connection, letter: &Letter) -> Result<()> {
    let link = letter.link.as_ref();
    db.prepare_cached(INSERT)?
        .execute(named_params! {
            ":id": letter.id.as_bytes(),
            ":kind": letter.kind.as_str(),
            ":recipient": letter.to.as_ref().map(Email::as_str),
            ":user_id": letter.user_id.as_ref().map(|id| id.as_bytes()),
            ":name": letter.name,
            ":at_ms": letter.at.0,
            ":address": rows::address(&letter.caller),
            ":user_agent": letter.caller.user_agent,
            ":other": letter.other.as_ref().map(Email::as_str),
            ":link_id": link.map(|link| link.id.as_bytes()),
            ":link_purpose": link.map(|link| link.purpose.as_str()),
            ":link_key_id": link.map(|link| link.key_id),
            ":expires_at": letter.expires_at.0,
        })
        .map(drop)
}

pub(crate) fn claim(
    db: &Connection,
    now: UnixMillis,
    until: UnixMillis,
    limit: u32,
) -> Result<Vec<QueuedLetter>> {
    let due: Vec<[u8; 16]> =
        db.prepare_cached(DUE)?.query_map(params![now.0, limit], |row| row.get(0))?.collect::<Result<_>>()?;
    let mut claimed = Vec::with_capacity(due.len());
    for id in due {
        let mut statement = db.prepare_cached(CLAIM)?;
        let found =
            statement.query_row(params![until.0, id], |row| rows::queued_letter(&mut Columns::of(row)));
        let letter = match found {
            Ok(letter) => letter,
            Err(error @ Error::FromSqlConversionFailure(..)) => {
                tracing::error!(letter = %LetterId::from_bytes(id), %error, "this letter cannot be read");
                continue;
            }
            Err(error) => return Err(error),
        };
        if let Some(link) = letter.letter.link {
            links::begin(db, link.id, now)?;
        }
        claimed.push(letter);
    }
    Ok(claimed)
}

pub(crate) fn done(db: &Connection, id: LetterId) -> Result<()> {
    db.prepare_cached(DONE)?.execute(params![id.as_bytes()]).map(drop)
}

pub(crate) fn failed(db: &Connection, id: LetterId, again_at: UnixMillis, why: &str) -> Result<()> {
    let why = why.get(..why.floor_char_boundary(QueuedLetter::ERROR_BYTES));
    db.prepare_cached(FAILED)?.execute(params![again_at.0, why, id.as_bytes()]).map(drop)
}

pub(crate) fn letters(db: &Connection, limit: u32) -> Result<Vec<QueuedLetter>> {
    let mut list = db.prepare_cached(LIST)?;
    let found = list.query_map(params![limit], |row| rows::queued_letter(&mut Columns::of(row)))?;
    // One that a newer release wrote hides no other.
    let is_read = |found: &Result<_>| !matches!(found, Err(rusqlite::Error::FromSqlConversionFailure(..)));
    found.filter(is_read).collect()
}
