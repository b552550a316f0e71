//! From an empty folder to an open database with today's schema.
//!
//! 1. Make the folder, for this user only, if there is none.
//! 2. Take the lock file beside the database: of two processes that start at once, one waits for the other.
//! 3. Make the file, for this user only, if there is none; the log files beside it get the same mode.
//! 4. Switch it to WAL, and apply what is missing of `migrations/`, each in its own transaction.
//!
//! The lock file stays where it is: to remove it would let a third process lock another file of the same name.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rotunda_core::failure::Failure;
use rotunda_core::model::UnixMillis;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{connection, fault};

mod embedded {
    refinery::embed_migrations!("migrations");
}

const OPENING: &str = "opening the database";

/// The first connection to a database that is ready for use.
pub(crate) fn prepare(path: &Path, now: UnixMillis) -> Result<Connection, Failure> {
    make_folder(path).map_err(|e| fault::at("making the folder of the database", path, &e))?;
    let lock = lock_path(path);
    // Held until the end of this function.
    let _lock =
        take_lock(&lock).map_err(|e| fault::at("locking the database for its migration", &lock, &e))?;
    make_file(path).map_err(|e| fault::at(OPENING, path, &e))?;
    let mut connection = open(path).map_err(|e| fault::at(OPENING, path, &e))?;
    migrate(&mut connection).map_err(|e| fault::at("migrating the database", path, &e))?;
    note_birth(&connection, now).map_err(|e| fault::at(OPENING, path, &e))?;
    Ok(connection)
}

fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !fs::exists(folder)? => DirBuilder::new().recursive(true).mode(0o700).create(folder),
        _ => Ok(()),
    }
}

/// Only ever opens a file that is not there yet. To open and close one that this process already uses would take away
/// SQLite's locks on it: POSIX drops them with *any* descriptor of the file.
fn make_file(path: &Path) -> io::Result<()> {
    match private().create_new(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            let is_file = fs::metadata(path)?.is_file();
            if is_file { Ok(()) } else { Err(io::Error::other("this is not a file")) }
        }
        made => made.map(drop),
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn take_lock(path: &Path) -> io::Result<File> {
    let file = private().create(true).truncate(false).open(path)?;
    file.lock()?;
    Ok(file)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

fn open(path: &Path) -> Result<Connection, Box<dyn std::error::Error>> {
    let connection = connection::for_writing(path)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(
            "this file system cannot share memory between processes, which WAL needs: is it a network mount?"
                .into(),
        );
    }
    Ok(connection)
}

/// A newer release's migrations are tolerated (the crate's documentation says why), differing ones are not.
fn migrate(connection: &mut Connection) -> Result<(), refinery::Error> {
    let report =
        embedded::migrations::runner().set_abort_missing(false).set_abort_divergent(true).run(connection)?;
    for migration in report.applied_migrations() {
        tracing::info!(%migration, "the database was migrated");
    }
    Ok(())
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
