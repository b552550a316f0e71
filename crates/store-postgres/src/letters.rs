//! The queue of letters.
//!
//! 1. A letter comes in with the change that it tells of, in the same transaction, its link beside it; it is due at once.
//! 2. [`claim`] takes what is due and puts its next attempt off, all in one transaction. Of two servers that come at once, each
//!    passes over what the other is taking: so each letter goes to one, and none waits for the other. If that one dies, the
//!    letter is due again when the time is up.
//! 3. A letter that was sent is deleted; one that was not is put off once more.
//!
//! A row that this version cannot read, since a newer one wrote it, must not stand in the way of all others: it is put
//! off like any other, and logged.

use rotunda_core::model::{Email, Event, Letter, LetterId, LinkId, QueuedLetter, UnixMillis};
use rotunda_core::store::Posting;
use tokio_postgres::Row;

use crate::db::{Db, Error, Param, Result};
use crate::rows::{self, Columns, letter_columns};
use crate::{journal, links};

pub(crate) const INSERT: &str = "\
    INSERT INTO letter (id, kind, recipient, user_id, name, at_ms, address, user_agent, other, link_id, link_purpose, \
        link_key_id, expires_at, attempts, next_attempt_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $6)";
/// A letter that somebody else took a moment ago is read again as it is now, and is not due.
pub(crate) const CLAIM: &str = concat!(
    "WITH due AS (SELECT id AS due_id, next_attempt_at AS due_since FROM letter WHERE next_attempt_at <= $1 \
         ORDER BY next_attempt_at, id LIMIT $3 FOR UPDATE SKIP LOCKED), \
     claimed AS (UPDATE letter SET attempts = attempts + 1, next_attempt_at = $2 FROM due \
         WHERE letter.id = due.due_id RETURNING letter.*, due.due_since) \
     SELECT ",
    letter_columns!(),
    " FROM claimed ORDER BY due_since, id"
);
pub(crate) const DONE: &str = "DELETE FROM letter WHERE id = $1";
pub(crate) const FAILED: &str = "UPDATE letter SET next_attempt_at = $1, last_error = $2 WHERE id = $3";
pub(crate) const LIST: &str =
    concat!("SELECT ", letter_columns!(), " FROM letter ORDER BY next_attempt_at, id LIMIT $1");

/// Letters, links and events as one.
pub(crate) async fn post(db: &Db<'_>, postings: &[Posting], events: &[Event]) -> Result<()> {
    post_all(db, postings).await?;
    for event in events {
        journal::record(db, event).await?;
    }
    Ok(())
}

/// Writes letters with their links, as part of whatever transaction this is. A letter whose link is of somebody who has gone
/// meanwhile is not written: there is nobody to write to.
pub(crate) async fn post_all(db: &Db<'_>, postings: &[Posting]) -> Result<()> {
    for Posting { letter, link } in postings {
        let is_for_somebody = match link {
            Some(link) => links::insert(db, link).await?,
            None => true,
        };
        if is_for_somebody {
            insert(db, letter).await?;
        }
    }
    Ok(())
}

pub(crate) async fn insert(db: &Db<'_>, letter: &Letter) -> Result<()> {
    let link = letter.link.as_ref();
    let row: [Param<'_>; 13] = [
        &rows::uuid(letter.id.as_bytes()),
        &letter.kind.as_str(),
        &letter.to.as_ref().map(Email::as_str),
        &letter.user_id.map(|id| rows::uuid(id.as_bytes())),
        &letter.name,
        &letter.at.0,
        &rows::address(&letter.caller),
        &letter.caller.user_agent,
        &letter.other.as_ref().map(Email::as_str),
        &link.map(|link| rows::uuid(link.id.as_bytes())),
        &link.map(|link| link.purpose.as_str()),
        &link.map(|link| i16::from(link.key_id)),
        &letter.expires_at.0,
    ];
    db.execute(INSERT, &row).await.map(drop)
}

pub(crate) async fn claim(
    db: &Db<'_>,
    now: UnixMillis,
    until: UnixMillis,
    limit: u32,
) -> Result<Vec<QueuedLetter>> {
    let claimed = db.rows(CLAIM, &[&now.0, &until.0, &i64::from(limit)]).await?;
    let letters = readable(&claimed, |row, error| {
        let letter = Columns::of(row).id(LetterId::from_bytes).ok();
        tracing::error!(letter = letter.map(tracing::field::display), %error, "this letter cannot be read");
    })?;
    let sent: Vec<LinkId> = letters.iter().filter_map(|queued| Some(queued.letter.link?.id)).collect();
    if !sent.is_empty() {
        links::begin(db, &sent, now).await?;
    }
    Ok(letters)
}

pub(crate) async fn done(db: &Db<'_>, id: LetterId) -> Result<()> {
    db.execute(DONE, &[&rows::uuid(id.as_bytes())]).await.map(drop)
}

pub(crate) async fn failed(db: &Db<'_>, id: LetterId, again_at: UnixMillis, why: &str) -> Result<()> {
    let why = why.get(..why.floor_char_boundary(QueuedLetter::ERROR_BYTES));
    db.execute(FAILED, &[&again_at.0, &why, &rows::uuid(id.as_bytes())]).await.map(drop)
}

pub(crate) async fn letters(db: &Db<'_>, limit: u32) -> Result<Vec<QueuedLetter>> {
    let found = db.rows(LIST, &[&i64::from(limit)]).await?;
    // One that a newer release wrote hides no other.
    readable(&found, |_, _| {})
}

/// The letters that this version can read; of each other one the row is handed over.
fn readable(found: &[Row], mut unreadable: impl FnMut(&Row, &Error)) -> Result<Vec<QueuedLetter>> {
    let mut letters = Vec::with_capacity(found.len());
    for row in found {
        match rows::queued_letter(&mut Columns::of(row)) {
            Ok(letter) => letters.push(letter),
            Err(error @ Error::Row(..)) => unreadable(row, &error),
            Err(error) => return Err(error),
        }
    }
    Ok(letters)
}
