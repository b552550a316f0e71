//! The database: one SQLite file, one connection, the settings that `crates/store-sqlite/src/connection.rs` writes with.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// How long to wait for another process' transaction.
const PATIENCE: Duration = Duration::from_secs(2);

/// `FULL`: with WAL, a commit is on the disk when it returns.
const SETTINGS: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF; \
    PRAGMA temp_store=MEMORY; PRAGMA secure_delete=FAST; PRAGMA cache_size=-4096; PRAGMA wal_autocheckpoint=500;";

/// A session is found by its id alone and its row is narrow, hence `WITHOUT ROWID`.
const SCHEMA: &str = "\
    CREATE TABLE IF NOT EXISTS session ( \
        id BLOB PRIMARY KEY, user BLOB NOT NULL, since INTEGER NOT NULL, generation INTEGER NOT NULL, hash BLOB NOT NULL \
    ) STRICT, WITHOUT ROWID; \
    CREATE TABLE IF NOT EXISTS signing_key (place INTEGER PRIMARY KEY CHECK (place = 1), pkcs8 BLOB NOT NULL) STRICT;";

/// Opens the database in a folder; makes both where there is none.
///
/// # Errors
/// When the folder cannot be written, or what is in it is not a database.
pub(crate) fn open(folder: &Path) -> anyhow::Result<Connection> {
    std::fs::create_dir_all(folder).context("making the folder")?;
    let database = Connection::open(folder.join("floor.db"))?;
    database.busy_timeout(PATIENCE)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    database.execute_batch(SETTINGS)?;
    database.execute_batch(SCHEMA)?;
    Ok(database)
}

/// The key that signs: the one that is there, or this new one from now on.
///
/// # Errors
/// When the database cannot be written.
pub(crate) fn signing_key(database: &Connection, new: Vec<u8>) -> rusqlite::Result<Vec<u8>> {
    database.execute(
        "INSERT INTO signing_key (place, pkcs8) VALUES (1, ?1) ON CONFLICT (place) DO NOTHING",
        [new],
    )?;
    database.query_row("SELECT pkcs8 FROM signing_key", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_on_the_disk_when_it_returns() {
        let folder = tempfile::tempdir().unwrap();
        let database = open(folder.path()).unwrap();
        let mode: String = database.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let synchronous: u8 = database.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!((&*mode, synchronous), ("wal", 2), "2 is FULL");
    }
}
