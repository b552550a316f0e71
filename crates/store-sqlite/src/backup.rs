//! A copy of the database, taken beside whoever uses it.
//!
//! 1. All pages are copied as they are, within one read transaction: what was committed before is in the copy, and nothing of
//!    what comes after. A reader keeps no writer waiting; only the log grows meanwhile, because nothing of it goes back into
//!    the file before the reader is done. It does so here, in this thread, as soon as the reader is: otherwise the next commit would
//!    have all of it to do. Where the log grows too far, because the disk of the copy is slow, there is no backup.
//! 2. The moment is noted in the copy, which is made one file: it needs no log beside it. It is brought onto the disk.
//! 3. It is opened and looked through, as that of a stranger (`inspect.rs`).
//!
//! The copy is made where the caller says, under a name that is nobody's yet, and is for its owner only. Whoever is interrupted
//! leaves that draft behind, and never half a copy under the name of a whole one.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rotunda_core::failure::Failure;
use rotunda_core::model::UnixMillis;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Result, params};

use crate::inspect::{self, Inspected};
use crate::{connection, copy, fault};

const COPYING: &str = "copying the database";

/// Pages are copied in steps of 4 MB.
const STEP: i32 = 1_024;
/// After so many steps what was copied is brought onto the disk, so that it does not all go there at once, before a commit.
const SYNC: u32 = 8;
/// By how much the log may grow meanwhile.
const LOG_GROWS: u64 = 1 << 30;

/// How much of the disk it may take from others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// All that there is: somebody waits for it.
    Full,
    /// A pause after each step.
    Gentle,
}

impl Pace {
    fn rest(self) {
        const PAUSE: Duration = Duration::from_millis(10);
        if self == Self::Gentle {
            // Nobody wakes this thread; if somebody did, the pause would be shorter, and nothing else.
            std::thread::park_timeout(PAUSE);
        }
    }
}

pub(crate) const NOTE_TAKEN: &str = "\
    INSERT INTO meta (name, value) VALUES ('backup_at', ?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// Copies the database at `database`, which may be in use, into a new file at `draft`, and looks whether the copy is whole.
///
/// # Errors
/// The source of the [`Failure`] names the file and what stands in the way. What is at `draft` is of no use then.
pub fn backup(
    database: &Path,
    draft: &Path,
    pace: Pace,
    now: UnixMillis,
) -> std::result::Result<Inspected, Failure> {
    let log = Log::of(database);
    let from = connection::for_reading(database).map_err(|e| fault::at(COPYING, database, &e))?;
    copy::refuse_unfinished(&from).map_err(|e| fault::at(COPYING, database, &e))?;
    let file = new_private_file(draft).map_err(|e| fault::at(COPYING, draft, &e))?;
    // Held until the end: whoever finds a draft that nobody holds may remove it.
    file.lock().map_err(|e| fault::at(COPYING, draft, &e))?;
    pages(&from, (database, draft), &file, (pace, &log))?;
    // What others read or write just now it leaves for the next one. The copy is whole without it, also where the disk of the
    // database is full: then above all it is wanted.
    let _ = from.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    drop(from);
    standalone(draft, Some(now)).map_err(|e| fault::at(COPYING, draft, &e))?;
    file.sync_all().map_err(|e| fault::at(COPYING, draft, &e))?;
    inspect::inspect(draft)
}

pub(crate) fn new_private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Step 1. The transaction is what keeps it one moment: a copy in several steps would begin anew with each write.
fn pages(
    from: &Connection,
    (database, draft): (&Path, &Path),
    file: &File,
    (pace, log): (Pace, &Log),
) -> std::result::Result<(), Failure> {
    let unread = |e: rusqlite::Error| fault::at(COPYING, database, &e);
    // SQLite does not say which of the two it was.
    let told = |e: rusqlite::Error| fault::at(COPYING, database, &format!("to {}: {e}", draft.display()));
    let mut to = connection::for_copying_into(draft).map_err(|e| fault::at(COPYING, draft, &e))?;
    let moment = from.unchecked_transaction().map_err(unread)?;
    moment.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(unread)?;
    let copying = Backup::new(&moment, &mut to).map_err(told)?;
    for step in 1.. {
        log.has_grown_too_far()?;
        match copying.step(STEP).map_err(told)? {
            StepResult::Done => break,
            // A write that failed is told once only, to whoever asks first.
            StepResult::More if step % SYNC == 0 => {
                file.sync_data().map_err(|e| fault::at(COPYING, draft, &e))?;
            }
            StepResult::More => {}
            // Nobody else knows of the draft, and a reader waits for nobody: something is wrong that does not pass.
            _ => return Err(fault::at(COPYING, draft, &"somebody else has locked it")),
        }
        pace.rest();
    }
    Ok(())
}

/// The log of a database that is being copied.
struct Log {
    path: PathBuf,
    before: u64,
}

impl Log {
    fn of(database: &Path) -> Self {
        let mut name = database.canonicalize().unwrap_or_else(|_| database.to_owned()).into_os_string();
        name.push("-wal");
        let path = PathBuf::from(name);
        Self { before: length(&path), path }
    }

    fn has_grown_too_far(&self) -> std::result::Result<(), Failure> {
        let by = length(&self.path).saturating_sub(self.before);
        if by <= LOG_GROWS {
            return Ok(());
        }
        let what = format!(
            "it has grown by {by} bytes while the backup was taken, which was given up: the disk of the backup is too slow for what is \
             written meanwhile. Take it to a faster one, and elsewhere from there"
        );
        Err(fault::at(COPYING, &self.path, &what))
    }
}

/// By its name: to open and close it would take SQLite's locks away.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}

/// Step 2: to open a file so is to make it one without a log.
pub(crate) fn standalone(path: &Path, taken: Option<UnixMillis>) -> Result<()> {
    let db = connection::for_copying_into(path)?;
    if let Some(at) = taken {
        db.execute(NOTE_TAKEN, params![at.0])?;
    }
    db.close().map_err(|(_, e)| e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_grows_without_end_ends_the_backup() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("rotunda.db");
        let log = File::create(folder.path().join("rotunda.db-wal")).unwrap();
        // Without any blocks on the disk.
        log.set_len(9).unwrap();
        let seen = Log::of(&database);
        log.set_len(9 + LOG_GROWS).unwrap();
        seen.has_grown_too_far().unwrap();
        log.set_len(10 + LOG_GROWS).unwrap();
        let why = format!("{:?}", seen.has_grown_too_far().unwrap_err());
        assert!(why.contains("rotunda.db-wal: it has grown by 1073741825 bytes"), "{why}");
    }
}
