//! The one writer: a bounded queue, a thread, and one commit for all that wait.
//!
//! 1. A change goes into the queue with a channel for its outcome. A full queue refuses at once.
//! 2. The thread takes the first change and whatever else is there, and does all of it in one transaction.
//! 3. Commit; then each is told its outcome. Where any of it fails, nothing of it was done, and all are told so: their
//!    channels close.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension as _, Result as SqlResult, TransactionBehavior, params};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::refresh_token::{Hash, RefreshToken};

/// How many changes may wait, hence how many share a transaction at most.
const QUEUE: usize = 4_096;

const BEGIN: &str = "INSERT INTO session (id, user, since, generation, hash) VALUES (?1, ?2, ?3, 0, ?4)";
const ROTATE: &str = "\
    UPDATE session SET hash = ?1, generation = generation + 1 WHERE id = ?2 AND hash = ?3 RETURNING user, since";

/// What never changes about a session.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user: Uuid,
    /// When it began, in seconds since 1970-01-01T00:00:00Z.
    pub since: i64,
}

/// Nothing was done: too many wait, or the database cannot be written.
pub(crate) struct Unavailable;

/// The way to the writer. Its thread ends when this is dropped.
pub(crate) struct Writer(SyncSender<Job>);

struct Job {
    change: Change,
    reply: oneshot::Sender<Option<Session>>,
}

enum Change {
    Begin { session: Session, hash: Hash },
    Rotate { id: Uuid, from: Hash, to: Hash },
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub(crate) fn start(database: Connection) -> anyhow::Result<Self> {
        let (jobs, queue) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("sqlite-writer".to_owned());
        thread.spawn(move || run(database, &queue)).context("starting the writer")?;
        Ok(Self(jobs))
    }

    /// Stores a session with its first token.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub(crate) async fn begin(&self, session: Session, first: &RefreshToken) -> Result<(), Unavailable> {
        self.change(Change::Begin { session, hash: first.hash() }).await.map(drop)
    }

    /// Puts one token in the place of another, durably; `None` where that is not the session's token.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub(crate) async fn rotate(
        &self,
        from: &RefreshToken,
        to: &RefreshToken,
    ) -> Result<Option<Session>, Unavailable> {
        self.change(Change::Rotate { id: from.session, from: from.hash(), to: to.hash() }).await
    }

    async fn change(&self, change: Change) -> Result<Option<Session>, Unavailable> {
        let (reply, outcome) = oneshot::channel();
        self.0.try_send(Job { change, reply }).map_err(|_| Unavailable)?;
        outcome.await.map_err(|_| Unavailable)
    }
}

fn run(mut database: Connection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let group: Vec<Job> = std::iter::once(first).chain(queue.try_iter().take(QUEUE - 1)).collect();
        match commit(&mut database, &group) {
            Ok(outcomes) => {
                for (job, outcome) in group.into_iter().zip(outcomes) {
                    // Whoever asked may have gone away; it is done all the same.
                    let _ = job.reply.send(outcome);
                }
            }
            Err(error) => eprintln!("{} changes were not written: {error}", group.len()),
        }
    }
}

fn commit(database: &mut Connection, group: &[Job]) -> SqlResult<Vec<Option<Session>>> {
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let outcomes = group.iter().map(|job| apply(&transaction, &job.change)).collect::<SqlResult<_>>()?;
    transaction.commit()?;
    Ok(outcomes)
}

fn apply(database: &Connection, change: &Change) -> SqlResult<Option<Session>> {
    match change {
        Change::Begin { session, hash } => {
            let Session { id, user, since } = session;
            database.prepare_cached(BEGIN)?.execute(params![id.as_bytes(), user.as_bytes(), since, hash])?;
            Ok(Some(*session))
        }
        Change::Rotate { id, from, to } => {
            let session = |row: &rusqlite::Row<'_>| {
                Ok(Session { id: *id, user: Uuid::from_bytes(row.get(0)?), since: row.get(1)? })
            };
            database.prepare_cached(ROTATE)?.query_row(params![to, id.as_bytes(), from], session).optional()
        }
    }
}
