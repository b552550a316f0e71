//! Answers to requests that may come twice: whoever comes first notes that, answers, and keeps the answer.

use rotunda_core::model::{Sealed, UnixMillis};
use rotunda_core::store::{AnswerBegun, AnswerKey, KeptAnswer};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

pub(crate) const BY_KEY: &str = "SELECT request, at_ms, status, key_id, body FROM kept_answer WHERE key = ?1";
pub(crate) const BEGIN: &str = "\
    INSERT INTO kept_answer (key, request, at_ms) VALUES (?1, ?2, ?3) \
    ON CONFLICT (key) DO UPDATE SET request = excluded.request, at_ms = excluded.at_ms";
pub(crate) const FINISH: &str = "\
    UPDATE kept_answer SET status = ?3, key_id = ?4, body = ?5 WHERE key = ?1 AND request = ?2 AND status IS NULL";
pub(crate) const DROP: &str = "DELETE FROM kept_answer WHERE key = ?1 AND request = ?2 AND status IS NULL";
pub(crate) const FORGET: &str = "\
    DELETE FROM kept_answer WHERE rowid IN (SELECT rowid FROM kept_answer WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)";

/// What was noted of a request.
struct Note {
    request: [u8; 32],
    at: UnixMillis,
    answer: Option<KeptAnswer>,
}

impl Note {
    fn read(row: &Row<'_>) -> Result<Self> {
        let answer = match row.get::<_, Option<u16>>(2)? {
            Some(status) => {
                Some(KeptAnswer { status, body: Sealed { key_id: row.get(3)?, bytes: row.get(4)? } })
            }
            None => None,
        };
        Ok(Self { request: row.get(0)?, at: UnixMillis(row.get(1)?), answer })
    }
}

pub(crate) fn begin(
    db: &Connection,
    key: AnswerKey,
    now: UnixMillis,
    lost: UnixMillis,
) -> Result<AnswerBegun> {
    let note = db.prepare_cached(BY_KEY)?.query_row(params![key.key], Note::read).optional()?;
    match note.filter(|note| note.answer.is_some() || note.at >= lost) {
        Some(note) if note.request != key.request => Ok(AnswerBegun::Another),
        Some(Note { answer: Some(answer), .. }) => Ok(AnswerBegun::Again(answer)),
        Some(Note { answer: None, .. }) => Ok(AnswerBegun::UnderWay),
        None => {
            db.prepare_cached(BEGIN)?.execute(params![key.key, key.request, now.0])?;
            Ok(AnswerBegun::New)
        }
    }
}

pub(crate) fn finish(db: &Connection, key: AnswerKey, answer: &KeptAnswer) -> Result<()> {
    let Sealed { key_id, bytes } = &answer.body;
    db.prepare_cached(FINISH)?.execute(params![key.key, key.request, answer.status, key_id, bytes]).map(drop)
}

pub(crate) fn drop_note(db: &Connection, key: AnswerKey) -> Result<()> {
    db.prepare_cached(DROP)?.execute(params![key.key, key.request]).map(drop)
}

pub(crate) fn forget(db: &Connection, before: UnixMillis, limit: u32) -> Result<u32> {
    let gone = db.prepare_cached(FORGET)?.execute(params![before.0, limit])?;
    Ok(u32::try_from(gone).unwrap_or(limit))
}
