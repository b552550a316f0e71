//! The store on SQLite: one file, one writer thread with group commit, a few readers.
//!
//! 1. [`SqliteStore::open`] makes the file if there is none, brings its schema up to date and starts the threads
//!    (`schema.rs`, `connection.rs`).
//! 2. A write is a job. It goes into a bounded queue; one thread takes all that have gathered, runs them in one
//!    transaction, commits once, and only then answers each of them (`writer.rs`).
//! 3. A read is one statement on a connection that cannot write, on one of four threads (`readers.rs`). It sees all that was
//!    answered before it was asked. A read of one row is done at once, by whoever asks (`at_hand.rs`).
//! 4. What a port's verb does stands in the file of that name; `ports.rs` says which are reads and which are writes;
//!    `rows.rs` turns rows into the model and back.
//! 5. When something fails, nothing is answered that did not happen, and the connection that failed is opened anew for
//!    the next job: the store is well again as soon as the disk or the lock is (`fault.rs`). What is not durable
//!    is not read either, by this process or the next (`connection.rs`), and nothing is written to a file that has lost
//!    its place (`presence.rs`).
//!
//! Several processes may use one file: an operator's command beside a running server. SQLite's locks keep their writes
//! apart; nothing that decides is remembered outside the file.
//!
//! **Older and newer releases.** A schema may be newer than this binary: a migration that it does not know is
//! tolerated, because every migration leaves the previous release working. A migration that *differs* from the one
//! of the same number here is refused: then one of the two is not what it says.
//!
//! **The janitor has no index to help it find what has expired.** Each refresh changes the idle expiry, so an index on
//! it would double the work of the one write that matters. It walks through the table instead, a bounded number of
//! rows a call, on a reader, where nobody waits behind it (`janitor.rs`).

mod amend;
mod answers;
mod at_hand;
mod audit;
mod backup;
mod caps;
mod checkup;
mod clients;
mod connection;
mod copy;
mod delete;
mod deliveries;
mod devices;
mod edit;
mod everyone;
mod fault;
mod feed;
mod inspect;
mod janitor;
mod journal;
mod keys;
mod letters;
mod links;
mod login;
mod logout;
mod password;
mod ports;
mod presence;
mod readers;
mod refresh;
mod register;
mod restore;
mod roles;
mod rows;
mod schema;
mod search;
mod sessions;
mod skeleton;
mod stats;
mod tallies;
mod users;
mod webhooks;
mod writer;

#[cfg(test)]
mod plans;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rotunda_core::failure::Failure;
use rotunda_core::model::UnixMillis;
use rusqlite::Connection;

pub use backup::{Pace, backup};
pub use checkup::{Checkup, checkup};
pub use inspect::{Inspected, Since, ToRedo};
pub use restore::{After, Present, Restoring};
pub use stats::{AtHandNow, Stats, Waiting};

use readers::Readers;
use stats::Counters;
use writer::Writer;

/// Users, sessions, outbox and keys in one SQLite file.
///
/// A handle: clones share the threads. When the last one is dropped, what is queued is written and the threads end;
/// that drop waits for them.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Writer,
    readers: Readers,
    counters: Arc<Counters>,
    /// Closed last (`connection.rs` says why there is one).
    _kept: Mutex<Connection>,
    /// Held while nobody else may open the database.
    _alone: Option<File>,
    /// Where the janitor goes on looking for what has expired.
    walk: Mutex<janitor::Place>,
}

impl SqliteStore {
    /// Opens the database at `path`, or makes one that only this user can read, in a folder that only this user can
    /// enter if there is no folder either.
    ///
    /// # Errors
    /// The source of the [`Failure`] names the path and what stands in the way; so it does where this is a copy that was
    /// never finished.
    pub fn open(path: &Path, now: UnixMillis) -> Result<Self, Failure> {
        let path = absolute(path)?;
        let connection = schema::prepare(&path, now)?;
        copy::refuse_unfinished(&connection).map_err(|e| fault::at("opening the database", &path, &e))?;
        Self::start(path, connection, None)
    }

    /// Opens the database at `path` to copy it or to copy into it, unfinished copies too, and lets nobody else open it
    /// meanwhile. What does not exist is made.
    ///
    /// # Errors
    /// As with [`open`](Self::open), and where somebody has it open.
    pub fn open_alone(path: &Path, now: UnixMillis) -> Result<Self, Failure> {
        let path = absolute(path)?;
        let (connection, lock) = schema::prepare_alone(&path, now)?;
        Self::start(path, connection, Some(lock))
    }

    fn start(path: PathBuf, connection: Connection, alone: Option<File>) -> Result<Self, Failure> {
        let kept = connection::to_keep(&path).map_err(|e| fault::at("opening the database", &path, &e))?;
        let counters = Arc::new(Counters::default());
        let writer = Writer::start(path.clone(), connection, Arc::clone(&counters))?;
        let readers = Readers::start(&path, &counters)?;
        let inner = Inner {
            writer,
            readers,
            counters,
            _kept: Mutex::new(kept),
            _alone: alone,
            walk: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What the store has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let Inner { writer, readers, counters, .. } = &*self.inner;
        counters.read([writer.waiting(), readers.waiting()], readers.at_hand())
    }

    fn walked(&self) -> janitor::Place {
        *self.inner.walk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn walk_on_from(&self, place: janitor::Place) {
        *self.inner.walk.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    async fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.inner.writer.write(doing, job).await
    }

    /// A write that is one statement.
    async fn write_one<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.inner.writer.write_one(doing, job).await
    }

    async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.inner.readers.read(doing, job).await
    }

    /// A read of a row that is found by its key, and of no more.
    async fn read_row<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.inner.readers.read_row(doing, job).await
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|e| fault::at("opening the database", path, &e))
}
