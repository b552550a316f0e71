//! What the tests begin with.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rotunda_core::failure::Failure;
use rotunda_core::model::{Account, Session};
use rotunda_core::store::{Accounts, Registered, Sessions};
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::fixtures::{NOW, a_registration, a_session, an_account};
use rusqlite::Connection;
use tempfile::TempDir;

/// A folder with a database.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("rotunda.db")
    }

    pub(crate) fn open(&self) -> SqliteStore {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<SqliteStore, Failure> {
        SqliteStore::open(&self.path(), NOW)
    }

    /// A connection of somebody else.
    pub(crate) fn stranger(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    /// A connection of somebody else who is in the middle of a write.
    pub(crate) fn writing_stranger(&self) -> Connection {
        let stranger = self.stranger();
        stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
        stranger
    }

    /// Adds rows like the first session, each with its own id.
    pub(crate) fn copy_the_session(&self, times: u32) {
        let db = self.stranger();
        let names = "SELECT group_concat(name, ', ') FROM pragma_table_info('session') WHERE name NOT IN ('id', 'page_hash')";
        let names: String = db.query_row(names, [], |row| row.get(0)).unwrap();
        let copy = format!(
            "INSERT INTO session (id, {names}) \
             WITH RECURSIVE copies (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copies WHERE number < {times}) \
             SELECT randomblob(16), {names} FROM session, copies WHERE session.rowid = 1"
        );
        db.execute_batch(&copy).unwrap();
    }

    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.stranger().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// A user with one live session, both of that seed, and the event of the registration.
pub(crate) async fn a_signed_in_user(store: &SqliteStore, seed: u64) -> (Account, Session) {
    let account = an_account(seed);
    let session = a_session(&account.user, seed);
    let done = store.register(a_registration(&account, Some(&session))).await.unwrap();
    assert_eq!(done, Registered::Done);
    (account, session)
}

/// The same session as the store has it.
pub(crate) async fn row(store: &SqliteStore, session: &Session) -> Session {
    store.facts(session.id).await.unwrap().unwrap().session
}

/// Asks for many things while somebody else is writing, who only stops when all have been asked: so the writer
/// finds them together. For a runtime of one thread. The answers come in the order of their numbers.
pub(crate) async fn gathered<T, F>(place: &Place, many: usize, ask: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let stranger = place.writing_stranger();
    let asked = Arc::new(AtomicUsize::new(0));
    let start = |question: F| {
        let asked = Arc::clone(&asked);
        // Counted and queued in one poll: nothing else runs in between.
        tokio::spawn(async move {
            asked.fetch_add(1, Ordering::SeqCst);
            question.await
        })
    };
    let tasks: Vec<_> = (0..many).map(|number| start(ask(number))).collect();
    while asked.load(Ordering::SeqCst) < many {
        tokio::task::yield_now().await;
    }
    stranger.execute_batch("COMMIT").unwrap();
    let mut answers = Vec::with_capacity(many);
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}
