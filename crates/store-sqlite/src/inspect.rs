//! A copy of the database, looked through: whether it is whole, what is in it, and which release and which master keys it
//! takes. It is opened as what cannot be written to, and nothing in it is believed.

use std::collections::BTreeSet;
use std::path::Path;

use rotunda_core::failure::Failure;
use rotunda_core::keys::KeyCheck;
use rotunda_core::model::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Result};

use crate::{connection, copy, fault, schema};

const LOOKING: &str = "looking through the copy";

pub(crate) const MOMENT: &str = "SELECT value FROM meta WHERE name = ?1";
pub(crate) const USERS: &str = "SELECT count(*) FROM user";
pub(crate) const SESSIONS: &str = "SELECT count(*) FROM session WHERE status = 'live'";
pub(crate) const LAST_EVENT: &str = "SELECT seq, at_ms FROM outbox ORDER BY seq DESC LIMIT 1";
pub(crate) const SEALED_UNDER: &str = "SELECT DISTINCT master_id FROM signing_key";
/// Those of a kind and those of it with an ending, apart. By the places, and not by the index of kinds.
pub(crate) const SINCE: &str = "\
    SELECT kind, ending, count(*) FROM outbox NOT INDEXED WHERE seq > ?1 GROUP BY kind, ending ORDER BY kind, ending";

/// What is in a copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inspected {
    /// The newest migration that it has.
    pub schema: i64,
    /// When the database was made: it tells one from another.
    pub made_at: Option<UnixMillis>,
    /// When the copy was taken, where Rotunda took it.
    pub taken_at: Option<UnixMillis>,
    /// The last event, and when it happened.
    pub last_event: Option<(u64, UnixMillis)>,
    /// How many users there are.
    pub users: u64,
    /// How many sessions had not ended, or nobody had written that down.
    pub live_sessions: u64,
    /// What tells whether a master key is the right one.
    pub checks: Vec<(u8, KeyCheck)>,
    /// The master keys that signing keys are sealed under.
    pub sealed_under: BTreeSet<u8>,
}

impl Inspected {
    /// As of when it is.
    #[must_use]
    pub fn as_of(&self) -> Option<UnixMillis> {
        self.taken_at.or(self.last_event.map(|(_, at)| at))
    }
}

/// Looks through a file that nobody uses.
pub(crate) fn inspect(path: &Path) -> std::result::Result<Inspected, Failure> {
    let at = |e: &dyn std::fmt::Display| fault::at(LOOKING, path, e);
    let db = connection::for_looking(path).map_err(|e| at(&e))?;
    let found = integrity(&db).map_err(|e| at(&e))?;
    if found != ["ok"] {
        return Err(at(&format!("it is damaged: {}", found.join("; "))));
    }
    let inspected = read(&db).map_err(|e| at(&format!("it is no database of Rotunda: {e}")))?;
    copy::refuse_unfinished(&db).map_err(|e| at(&e))?;
    Ok(inspected)
}

/// The first of what is wrong.
fn integrity(db: &Connection) -> Result<Vec<String>> {
    db.prepare("PRAGMA integrity_check(3)")?.query_map([], |row| row.get(0))?.collect()
}

/// What a database says of itself.
pub(crate) fn read(db: &Connection) -> Result<Inspected> {
    let moment = |name: &str| -> Result<Option<UnixMillis>> {
        db.query_row(MOMENT, [name], |row| row.get(0).map(UnixMillis)).optional()
    };
    let count = |sql| db.query_row(sql, [], |row| row.get::<_, i64>(0).map(i64::cast_unsigned));
    let event =
        |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?.cast_unsigned(), UnixMillis(row.get(1)?)));
    let check = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, KeyCheck(row.get(1)?)));
    Ok(Inspected {
        schema: schema::version(db)?,
        made_at: moment("created_at")?,
        taken_at: moment("backup_at")?,
        last_event: db.query_row(LAST_EVENT, [], event).optional()?,
        users: count(USERS)?,
        live_sessions: count(SESSIONS)?,
        checks: db.prepare(copy::whole::CHECKS)?.query_map([], check)?.collect::<Result<_>>()?,
        sealed_under: db.prepare(SEALED_UNDER)?.query_map([], |row| row.get(0))?.collect::<Result<_>>()?,
    })
}

/// What has happened after a place, and how often: `session.ended (logged_out)`.
pub(crate) fn since(db: &Connection, seq: u64) -> Result<Vec<(String, u64)>> {
    let told = |row: &rusqlite::Row<'_>| {
        let (kind, ending): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        let what = ending.map_or_else(|| kind.clone(), |ending| format!("{kind} ({ending})"));
        Ok((what, row.get::<_, i64>(2)?.cast_unsigned()))
    };
    db.prepare(SINCE)?.query_map([i64::try_from(seq).unwrap_or(i64::MAX)], told)?.collect()
}
