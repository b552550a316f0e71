//! From an empty folder to an open database with today's schema.
//!
//! 1. Make the folder, for this user only, if there is none.
//! 2. Take the lock file beside the database: of two processes that start at once, one waits for the other.
//! 3. Make the file, for this user only, if there is none; the log files beside it get the same mode. If there was one,
//!    as the lock file knows, it is not made again: a database that vanished must not come back empty.
//! 4. Switch it to WAL, bring what an earlier process left in the log onto the disk, and apply what is missing of
//!    `migrations/`, each in its own transaction.
//! 5. Note in the lock file that there is a database now.
//!
//! The lock file stays where it is: to remove it would let a third process lock another file of the same name.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use refinery::error::Kind;
use rotunda_core::failure::Failure;
use rotunda_core::model::UnixMillis;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use crate::{connection, fault};

mod embedded {
    refinery::embed_migrations!("migrations");
}

const OPENING: &str = "opening the database";
const LOCKING: &str = "locking the database";

/// The number of the newest migration of this release.
pub(crate) fn newest() -> i64 {
    let runner = embedded::migrations::runner();
    runner.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}

/// The first connection to a database that is ready for use.
pub(crate) fn prepare(path: &Path, now: UnixMillis) -> Result<Connection, Failure> {
    // The lock is held until the end of this function.
    prepare_locked(path, now, false).map(|(connection, _)| connection)
}

/// The same for one who wants to be alone with it, and is as long as the lock is held: whoever opens the database then waits.
pub(crate) fn prepare_alone(path: &Path, now: UnixMillis) -> Result<(Connection, File), Failure> {
    prepare_locked(path, now, true)
}

/// Only the lock, for one who puts another database in the place of this one, which may be damaged.
pub(crate) fn lock_alone(path: &Path) -> Result<File, Failure> {
    let locked = locked(path, true)?;
    match connection::see_nobody(path) {
        Err(e) if is_in_use(&e) => Err(fault::at(OPENING, path, &in_use(&e))),
        Ok(()) | Err(_) => Ok(locked),
    }
}

fn locked(path: &Path, alone: bool) -> Result<File, Failure> {
    make_folder(path).map_err(|e| fault::at("making the folder of the database", path, &e))?;
    let lock = lock_path(path);
    take_lock(&lock, alone).map_err(|e| match e.kind() {
        io::ErrorKind::WouldBlock => {
            let who = "a server is starting, or another command has the database to itself: try again when it is done";
            fault::at(LOCKING, &lock, &who)
        }
        _ => fault::at(LOCKING, &lock, &e),
    })
}

fn prepare_locked(path: &Path, now: UnixMillis, alone: bool) -> Result<(Connection, File), Failure> {
    let (locked, lock) = (locked(path, alone)?, lock_path(path));
    if alone {
        connection::see_nobody(path).map_err(|e| fault::at(OPENING, path, &in_use(&e)))?;
    }
    make_file(path, &locked).map_err(|e| fault::at(OPENING, path, &e))?;
    let mut connection = open(path).map_err(|e| fault::at(OPENING, path, &e))?;
    connection::settle(&connection).map_err(|e| {
        let what =
            format!("{e}. What is in its log has to reach the disk first: see to the disk, then start again");
        fault::at("bringing the database's log onto the disk", path, &what)
    })?;
    migrate(&mut connection).map_err(|e| fault::at("migrating the database", path, &e))?;
    note_birth(&connection, now).map_err(|e| fault::at(OPENING, path, &e))?;
    note_presence(&locked).map_err(|e| fault::at(OPENING, &lock, &e))?;
    Ok((connection, locked))
}

fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !fs::exists(folder)? => DirBuilder::new().recursive(true).mode(0o700).create(folder),
        _ => Ok(()),
    }
}

/// Only ever opens a file that is not there yet. To open and close one that this process already uses would take away
/// SQLite's locks on it: POSIX drops them with *any* descriptor of the file.
fn make_file(path: &Path, lock: &File) -> io::Result<()> {
    let had_one = lock.metadata()?.len() > 0;
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(io::Error::other("this is not a file")),
        Ok(found) if found.len() == 0 && had_one => Err(lost("is empty, and was not before", path)),
        Ok(_) => Ok(()),
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        Err(_) if had_one => Err(lost("is gone", path)),
        Err(_) => private().create_new(true).open(path).map(drop),
    }
}

fn lost(how: &str, path: &Path) -> io::Error {
    let (put_back, lock) = (put_back(path), lock_path(path));
    io::Error::other(format!(
        "the database {how}. {put_back}. To begin with an empty one, remove {} as well",
        lock.display()
    ))
}

/// A log that stays beside an older copy would be laid over it, and spoil it.
fn put_back(path: &Path) -> String {
    let path = path.display();
    format!("Put the right file back; if it comes from a backup, remove {path}-wal and {path}-shm first")
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn take_lock(path: &Path, alone: bool) -> io::Result<File> {
    let file = private().create(true).truncate(false).open(path)?;
    match alone {
        true => file.try_lock().map_err(io::Error::from)?,
        false => file.lock()?,
    }
    Ok(file)
}

/// What to say where somebody else has the database open.
fn in_use(error: &rusqlite::Error) -> String {
    match is_in_use(error) {
        true => "the database is in use: stop the server and every command that uses it".to_owned(),
        false => error.to_string(),
    }
}

fn is_in_use(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// From now on its absence is a loss (step 5).
pub(crate) fn note_presence(mut lock: &File) -> io::Result<()> {
    const NOTE: &[u8] = b"There is a database beside this file. Without this file, an empty one would be made in its place.\n";
    match lock.metadata()?.len() {
        0 => lock.write_all(NOTE),
        _ => Ok(()),
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

fn open(path: &Path) -> Result<Connection, Box<dyn std::error::Error>> {
    let switch = |connection: &Connection| {
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
    };
    let opened = connection::for_writing(path).and_then(|db| switch(&db).map(|mode| (db, mode)));
    match opened {
        Ok((connection, mode)) if mode == "wal" => Ok(connection),
        Ok(_) => Err(
            "this file system cannot share memory between processes, which WAL needs: is it a network mount?"
                .into(),
        ),
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(format!("{e}. {}", put_back(path)).into())
        }
        Err(e) => Err(e.into()),
    }
}

/// A newer release's migrations are tolerated (the crate's documentation says why), differing ones are not.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Box<dyn std::error::Error>> {
    let runner = embedded::migrations::runner().set_abort_missing(false).set_abort_divergent(true);
    let report = runner.run(connection).map_err(|e| match e.kind() {
        Kind::DivergentVersion(..) => {
            format!("{e}. Start the release that made it, or put back a backup that this release made")
        }
        _ => e.to_string(),
    })?;
    for migration in report.applied_migrations() {
        tracing::info!(%migration, "the database was migrated");
    }
    Ok(())
}

/// The newest migration that a database has.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    const VERSION: &str = "SELECT coalesce(max(version), 0) FROM refinery_schema_history";
    connection.query_row(VERSION, [], |row| row.get(0))
}

/// Writes down when the database was made: it tells one file from its successor.
fn note_birth(connection: &Connection, now: UnixMillis) -> rusqlite::Result<()> {
    const KNOWN: &str = "SELECT value FROM meta WHERE name = 'created_at'";
    const NOTE: &str = "INSERT INTO meta (name, value) VALUES ('created_at', ?1) ON CONFLICT DO NOTHING";
    // Asked first, because even an insert that changes nothing waits for other writers.
    if connection.query_row(KNOWN, [], |row| row.get::<_, i64>(0)).optional()?.is_none() {
        connection.execute(NOTE, params![now.0])?;
    }
    Ok(())
}
