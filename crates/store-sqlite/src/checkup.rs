//! What an operator should know of a database file: for `rotunda doctor`, beside a server or without one.
//!
//! 1. Nothing is written. It takes a connection that cannot write, of a database that is there.
//! 2. What takes long, SQLite's own look through the file, is stopped when its time is up: on a large file it says nothing
//!    then, and a server's log is not kept from going back into the file for longer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rotunda_core::failure::Failure;
use rusqlite::{Connection, Error, ErrorCode};

use crate::{connection, fault, schema};

const DOING: &str = "looking at the database";
/// How many faults are told; one is enough to act.
const QUICK_CHECK: &str = "PRAGMA quick_check(3)";
const VERSION: &str = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";

/// How often a look whose time is up is stopped until it has heard.
const AGAIN: Duration = Duration::from_millis(20);

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkup {
    /// How commits get to the disk; this store sets `wal`.
    pub journal_mode: String,
    /// The number of the newest migration in the file.
    pub schema: i64,
    /// The number of the newest migration that this release has.
    pub known_schema: i64,
    /// The size of the file.
    pub file_bytes: u64,
    /// The size of the log beside it.
    pub log_bytes: u64,
    /// What is wrong with the file, in SQLite's words; `None` where there was no time for all of it.
    pub damage: Option<Vec<String>>,
}

/// Looks at the database at `path`. Blocks, for not much longer than `patience`.
///
/// # Errors
/// Where the file cannot be opened or read.
pub fn checkup(path: &Path, patience: Duration) -> Result<Checkup, Failure> {
    let at = |error: Error| fault::at(DOING, path, &error);
    let size = |path: &Path| fs::metadata(path).map_or(0, |about| about.len());
    let db = connection::for_reading(path).map_err(at)?;
    let journal_mode = db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(at)?;
    let schema = db.query_row(VERSION, [], |row| row.get(0)).map_err(at)?;
    let damage = damage(&db, patience).map_err(at)?;
    Ok(Checkup {
        journal_mode,
        schema,
        known_schema: schema::newest(),
        file_bytes: size(path),
        log_bytes: size(&log_path(path)),
        damage,
    })
}

fn log_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// What `PRAGMA quick_check` says; `None` when its time was up.
fn damage(db: &Connection, patience: Duration) -> rusqlite::Result<Option<Vec<String>>> {
    let handle = db.get_interrupt_handle();
    let (is_done, done) = channel::<()>();
    thread::scope(|scope| {
        let watch = move || {
            let mut rest = patience;
            // Again and again: one that comes before the statement has begun stops nothing.
            while done.recv_timeout(rest) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
                rest = AGAIN;
            }
        };
        // Without a watch it would not be bounded.
        if thread::Builder::new().spawn_scoped(scope, watch).is_err() {
            return Ok(None);
        }
        let asked = quick_check(db);
        drop(is_done);
        match asked {
            Ok(lines) => Ok(Some(lines.into_iter().filter(|line| line != "ok").collect())),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::OperationInterrupted) => Ok(None),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    Ok(Some(vec![error.to_string()]))
                }
                _ => Err(error),
            },
        }
    })
}

fn quick_check(db: &Connection) -> rusqlite::Result<Vec<String>> {
    db.prepare(QUICK_CHECK)?.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use rotunda_core::model::UnixMillis;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn database(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("rotunda.db");
        drop(schema::prepare(&path, UnixMillis(0)).unwrap());
        path
    }

    #[test]
    fn a_good_file_is_good_and_nothing_is_made_where_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nothing.db");
        assert!(checkup(&missing, LONG).is_err());
        assert!(!missing.exists());
        let found = checkup(&database(&folder), LONG).unwrap();
        assert_eq!((found.journal_mode.as_str(), found.damage), ("wal", Some(Vec::new())));
        assert_eq!(found.schema, found.known_schema);
        assert!(found.known_schema >= 10 && found.file_bytes > 4096);
    }

    #[test]
    fn a_damaged_page_and_a_newer_schema_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        let db = Connection::open(&path).unwrap();
        db.execute_batch(
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
             SELECT 999, 'later', applied_on, checksum FROM refinery_schema_history LIMIT 1;
             CREATE TABLE spoilt (text TEXT); PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'spoilt'";
        let page: i64 = db.query_row(root, [], |row| row.get(0)).unwrap();
        let page = usize::try_from(page).unwrap();
        drop(db);
        let mut bytes = fs::read(&path).unwrap();
        bytes[(page - 1) * 4096..page * 4096].fill(0xff);
        fs::write(&path, bytes).unwrap();
        let found = checkup(&path, LONG).unwrap();
        assert_eq!(found.schema, 999);
        assert_ne!(found.damage.unwrap(), [""; 0]);
    }

    #[test]
    fn a_look_that_takes_too_long_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(&folder);
        let db = Connection::open(&path).unwrap();
        // Far more than is looked through in no time at all.
        db.execute_batch(
            "CREATE TABLE much (text TEXT); CREATE INDEX of_much ON much (text);
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200000)
             INSERT INTO much SELECT hex(n * 2654435761 % 4294967296) FROM n;",
        )
        .unwrap();
        assert_eq!(checkup(&path, Duration::ZERO).unwrap().damage, None);
    }
}
