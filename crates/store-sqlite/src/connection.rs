//! Connections, and why each setting is what it is.
//!
//! | setting | why |
//! |---|---|
//! | `synchronous=FULL` | with WAL, a commit is on the disk when it is answered; group commit pays for it |
//! | `busy_timeout` 2 s | another process' transaction is waited for, yet not longer than a caller has patience |
//! | `wal_autocheckpoint` 500 pages | the log goes back into the file in 2 MB steps: the writer's pause stays in milliseconds, and a reader looks through one block of the log's index. Measured: 4,000 pages are no faster than 1,000, and pause twice as long; with a million sessions, where each page of a step is another one, 500 are as fast as 1,000, and the p99 of a refresh is closer to that with ten thousand (1.2 times, not 1.4) |
//! | `journal_size_limit` 16 MB | a log that a slow reader let grow is cut back at the next checkpoint |
//! | `cache_size` 4 MB, readers 1 MB | 16 MB in all at most, 9 MB on two cores; the operating system caches the file anyway |
//! | `temp_store=MEMORY` | no temporary files, so nothing of a session lands elsewhere on the disk |
//! | `secure_delete=FAST` | deleted hashes and addresses are overwritten where that costs no extra write |
//! | `trusted_schema=OFF` | a file that somebody else has altered cannot make us run its functions |
//! | query planner stability | the plan of a statement does not depend on what is bound to it. Otherwise SQLite compiles a kept statement anew whenever something else is bound that a plan could depend on: with each read of a refresh (a quarter of the samples of a profile) |
//! | `query_only=ON` (readers) | a read that writes is a bug, and fails |

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Result};

/// How long to wait for another process' transaction.
const PATIENCE: Duration = Duration::from_secs(2);

/// More than there are statements, so that each is prepared once.
const STATEMENTS: usize = 256;

const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

const BOTH: &str = "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; \
    PRAGMA temp_store=MEMORY; PRAGMA secure_delete=FAST;";
const WRITING: &str =
    "PRAGMA cache_size=-4096; PRAGMA wal_autocheckpoint=500; PRAGMA journal_size_limit=16777216;";
const READING: &str = "PRAGMA cache_size=-1024; PRAGMA query_only=ON;";

/// A connection that writes.
pub(crate) fn for_writing(path: &Path) -> Result<Connection> {
    open(path, WRITING)
}

/// A connection that cannot write.
pub(crate) fn for_reading(path: &Path) -> Result<Connection> {
    open(path, READING)
}

/// A connection to a copy that nobody else uses, while it is made. No log beside it: what goes wrong is begun anew. Whoever made
/// it brings it onto the disk.
pub(crate) fn for_copying_into(path: &Path) -> Result<Connection> {
    let connection = open(path, WRITING)?;
    connection.execute_batch("PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY;")?;
    Ok(connection)
}

/// A connection to a copy that is only looked at, and not changed by that: no log is made beside it.
pub(crate) fn for_looking(path: &Path) -> Result<Connection> {
    const LOOKING: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = Connection::open_with_flags(path, LOOKING)?;
    connection.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA query_only=ON; PRAGMA cache_size=-4096;")?;
    Ok(connection)
}

/// A connection that is never asked anything, only kept. When the last connection of all closes, SQLite forgets where the
/// log ends, and the next one reads the log anew: with a transaction at its end whose `fsync` failed, of which the caller
/// was told that it is not done. As long as this one is open, other connections may fail and close as they like.
pub(crate) fn to_keep(path: &Path) -> Result<Connection> {
    let connection = for_reading(path)?;
    // The first read is what opens the log.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Answers when nobody else has the database open, or when there is none. In this mode a connection shares no memory, so
/// its first read needs the file for itself, which every other connection has locked for as long as it is open.
pub(crate) fn see_nobody(path: &Path) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let connection = Connection::open_with_flags(path, FLAGS)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// Brings what is in the log into the file, and both onto the disk. After a crash the log may end with transactions that
/// never reached the disk: whoever reads them might give out a token that a power cut takes back.
///
/// Waits for nobody. Where other processes are at work, the first of them has done this, and the log is in use.
pub(crate) fn settle(connection: &Connection) -> Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.busy_timeout(PATIENCE)
}

/// Never creates the file: one that vanished must not come back empty.
fn open(path: &Path, settings: &str) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, FLAGS)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(BOTH)?;
    connection.execute_batch(settings)?;
    Ok(connection)
}
