//! The one writer: a queue, a thread, and one commit for all that have gathered.
//!
//! 1. A write becomes a job in a bounded queue. A full queue refuses at once: whoever waits behind 4,096 others has
//!    given up by the time it is their turn.
//! 2. The thread takes the first job and whatever else is there, at most 512, sees that the file is still in its place
//!    (`presence.rs`), and begins one `IMMEDIATE` transaction, so that what a job reads still holds when it writes,
//!    whatever other processes do.
//! 3. Each job runs in a savepoint of its own: one that fails undoes itself and nobody else. A job that is one statement, as
//!    a rotation is, has none: the statement is done or not, and two more beside it would only cost time.
//!    It does not fail by itself; if it ever does, its group is undone with it.
//! 4. Commit. Whoever waits for revocations is woken only now, if there are any (`feed.rs`), and the callers are answered,
//!    each with its own outcome.
//! 5. If the transaction does not begin or does not commit, every caller in it is told *unavailable*, and the connection
//!    is dropped, which rolls back whatever is left. The next group opens a new one.
//!
//! A caller that goes away cancels nothing: its job belongs to the queue. A job that panics counts as one that failed,
//! and the thread goes on: unwinding stops at the job, and its savepoint undoes whatever it had done by then, or the group is
//! undone as a whole.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rotunda_core::failure::Failure;
use rusqlite::{Connection, Result as SqlResult, ffi};
use tokio::sync::{Notify, oneshot};

use crate::feed::{self, Mark};
use crate::presence::Presence;
use crate::stats::{Counters, Waiting};
use crate::{connection, fault};

/// How many jobs may wait.
const QUEUE: usize = 4_096;

/// How many jobs share a transaction at most: the last of them waits for all the others.
const GROUP: usize = 512;

pub(crate) struct Writer {
    /// `None` only while it is being dropped: the thread ends when nobody can send to it any more.
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
    bell: Arc<Notify>,
}

impl Writer {
    pub(crate) fn start(
        path: PathBuf,
        connection: Connection,
        counters: Arc<Counters>,
    ) -> Result<Self, Failure> {
        const STARTING: &str = "starting the writer";
        let presence = Presence::of(path).map_err(|e| Failure::unavailable(STARTING, e))?;
        let mark = feed::mark(&connection).map_err(|e| fault::failure(STARTING, e))?;
        let (sender, jobs) = bounded(QUEUE);
        let bell = Arc::new(Notify::new());
        let told = Told { mark, bell: Arc::clone(&bell), counters: Arc::clone(&counters) };
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || run(&presence, connection, &jobs, told))
            .map_err(|e| Failure::unavailable("starting the writer thread", e))?;
        Ok(Self { jobs: Some(sender), thread: Some(thread), counters, bell })
    }

    /// How many jobs wait.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting { now: self.jobs.as_ref().map_or(0, Sender::len), most: QUEUE }
    }

    /// Returns when something was revoked since the last call returned.
    pub(crate) async fn something_revoked(&self) {
        self.bell.notified().await;
    }

    /// Runs `work` in a transaction and answers when it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.queue(doing, work, Extent::Any).await
    }

    /// The same for `work` that is one statement.
    pub(crate) async fn write_one<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.queue(doing, work, Extent::OneStatement).await
    }

    async fn queue<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
        extent: Extent,
    ) -> Result<T, Failure> {
        let (reply, answer) = oneshot::channel();
        let task = Task { doing, work: Some(work), extent, outcome: None, reply };
        match self.jobs.as_ref().map(|jobs| jobs.try_send(Box::new(task))) {
            Some(Ok(())) => answer.await.unwrap_or_else(|_| Err(fault::gone(doing))),
            Some(Err(TrySendError::Full(_))) => {
                self.counters.refused.add(1);
                Err(Failure::overload(doing))
            }
            Some(Err(TrySendError::Disconnected(_))) | None => Err(fault::gone(doing)),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs.take();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer thread panicked");
        }
    }
}

/// Who hears of a commit, besides those who asked for it.
struct Told {
    mark: Mark,
    bell: Arc<Notify>,
    counters: Arc<Counters>,
}

impl Told {
    fn committed(&mut self, writes: usize, mark: Mark) {
        self.counters.commits.add(1);
        self.counters.writes.add(writes as u64);
        self.counters.groups.add(writes as u64);
        if std::mem::replace(&mut self.mark, mark) != mark {
            // All who wait, and the next one who comes: they may have been busy with what was before this.
            self.bell.notify_waiters();
            self.bell.notify_one();
        }
    }
}

fn run(presence: &Presence, connection: Connection, jobs: &Receiver<Box<dyn Job>>, mut told: Told) {
    let mut connection = Some(connection);
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter().take(GROUP - 1));
        let open = presence.check().and_then(|()| match connection.take() {
            Some(open) => Ok(open),
            None => connection::for_writing(presence.path()),
        });
        let committed = open.and_then(|open| commit(&open, &mut group).map(|mark| (open, mark)));
        match committed {
            Ok((healthy, mark)) => {
                connection = Some(healthy);
                told.committed(group.len(), mark);
                group.into_iter().for_each(|job| job.answer(Ok(())));
            }
            Err(error) => {
                told.counters.failed_commits.add(1);
                tracing::error!(%error, jobs = group.len(), "a group of writes failed");
                let error = Arc::new(error);
                group.into_iter().for_each(|job| job.answer(Err(Arc::clone(&error))));
            }
        }
    }
}

/// Steps 2 to 4. Some faults (a full disk, an I/O error) end the whole transaction: the savepoint is gone then, and
/// the statement that should go back to it fails, as it must.
fn commit(db: &Connection, group: &mut [Box<dyn Job>]) -> SqlResult<Mark> {
    let execute = |sql| db.prepare_cached(sql).and_then(|mut statement| statement.execute([]).map(drop));
    execute("BEGIN IMMEDIATE")?;
    for job in group {
        match job.extent() {
            Extent::OneStatement if job.run(db) => {}
            Extent::OneStatement => return Err(undone(job.doing())),
            Extent::Any => {
                execute("SAVEPOINT job")?;
                if !job.run(db) {
                    execute("ROLLBACK TO job")?;
                }
                execute("RELEASE job")?;
            }
        }
    }
    let mark = feed::mark(db)?;
    execute("COMMIT")?;
    Ok(mark)
}

/// Why a group is undone of which a statement has failed that has no savepoint.
fn undone(doing: &str) -> rusqlite::Error {
    let text = format!("{doing} failed, and all writes of the same group were undone");
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ABORT), Some(text))
}

/// How much a job does.
#[derive(Clone, Copy)]
enum Extent {
    /// One statement.
    OneStatement,
    /// However much.
    Any,
}

trait Job: Send {
    /// How much it does.
    fn extent(&self) -> Extent;

    /// What it does, for people.
    fn doing(&self) -> &'static str;

    /// Does its work and keeps the outcome; `false` when it has to be undone.
    fn run(&mut self, db: &Connection) -> bool;

    /// Tells the caller: the outcome, if it was committed.
    fn answer(self: Box<Self>, committed: Result<(), Arc<rusqlite::Error>>);
}

struct Task<T, W> {
    doing: &'static str,
    work: Option<W>,
    extent: Extent,
    outcome: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T, Failure>>,
}

impl<T, W> Job for Task<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> SqlResult<T> + Send,
{
    fn extent(&self) -> Extent {
        self.extent
    }

    fn doing(&self) -> &'static str {
        self.doing
    }

    fn run(&mut self, db: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        // Safe to go on after: whatever the closure left half done is in the savepoint, or goes with the group.
        let outcome = match catch_unwind(AssertUnwindSafe(|| work(db))) {
            Ok(result) => result.map_err(|error| fault::failure(self.doing, error)),
            Err(panic) => Err(fault::panicked(self.doing, &*panic)),
        };
        self.outcome.insert(outcome).is_ok()
    }

    fn answer(self: Box<Self>, committed: Result<(), Arc<rusqlite::Error>>) {
        let answer = match (committed, self.outcome) {
            // A job that failed by itself keeps its own reason.
            (_, Some(Err(failure))) => Err(failure),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => Err(fault::gone(self.doing)),
            (Err(error), _) => Err(Failure::unavailable(self.doing, error)),
        };
        // The caller may have gone away; what was asked is done all the same.
        drop(self.reply.send(answer));
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::SeqCst;
    use std::task::{Context, Waker};

    use rotunda_core::model::UnixMillis;
    use rusqlite::params;

    use super::*;
    use crate::schema;

    /// A revocation, and then whatever else the job does.
    fn revoking(
        jti: &'static str,
        then: impl FnOnce(&Connection) -> SqlResult<()>,
    ) -> impl FnOnce(&Connection) -> SqlResult<()> {
        move |db| {
            let entry = params![UnixMillis(0).0, "token", jti, None::<i64>, None::<&str>];
            db.execute(feed::ENTER, entry)?;
            then(db)
        }
    }

    fn hears(writer: &Writer) -> bool {
        let mut waiting = pin!(writer.something_revoked());
        waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_what_is_committed_and_by_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotunda.db");
        let connection = schema::prepare(&path, UnixMillis(0)).unwrap();
        let writer = Writer::start(path.clone(), connection, Arc::default()).unwrap();
        let fails = |db: &Connection| db.execute("DELETE FROM nothing", []).map(drop);
        assert!(writer.write("testing", revoking("undone", fails)).await.is_err());
        assert!(!hears(&writer), "a job that undid itself");

        // A group that cannot commit: the statement that fails ends the transaction.
        let ends = |db: &Connection| db.execute_batch("ROLLBACK");
        assert!(writer.write("testing", revoking("lost", ends)).await.is_err());
        assert!(!hears(&writer), "a transaction that was lost");

        // One that fails at the commit itself, and no sooner.
        let orphan = "PRAGMA defer_foreign_keys = ON; \
            INSERT INTO client_secret (client_id, place, hash, created_at) VALUES ('nobody', 0, x'', 0)";
        let refused = |db: &Connection| db.execute_batch(orphan);
        assert!(writer.write("testing", revoking("refused", refused)).await.is_err());
        assert!(!hears(&writer), "a commit that was refused");

        let seen = Arc::new(AtomicBool::new(false));
        let (told, bell) = (Arc::clone(&seen), Arc::clone(&writer.bell));
        let listens = move |_: &Connection| {
            let mut waiting = pin!(bell.notified());
            told.store(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready(), SeqCst);
            Ok(())
        };
        writer.write("testing", revoking("done", listens)).await.unwrap();
        assert!(!seen.load(SeqCst), "not before the commit");
        assert!(hears(&writer) && !hears(&writer), "and once it is there");
        writer
            .write("testing", |db| db.execute("UPDATE meta SET value = 1 WHERE name = 'x'", []))
            .await
            .unwrap();
        assert!(!hears(&writer), "another write");
    }

    #[tokio::test]
    async fn a_job_that_panics_undoes_itself_and_the_writer_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotunda.db");
        let connection = schema::prepare(&path, UnixMillis(0)).unwrap();
        let writer = Writer::start(path, connection, Arc::default()).unwrap();
        let note = |name: &'static str| {
            move |db: &Connection| {
                db.execute("INSERT INTO meta (name, value) VALUES (?1, 1)", [name])?;
                if name == "second" { panic!("on purpose") } else { Ok(()) }
            }
        };
        writer.write("testing", note("first")).await.unwrap();
        let failure = writer.write("testing", note("second")).await.unwrap_err();
        assert!(!failure.is_temporary() && format!("{failure:?}").contains("on purpose"), "{failure:?}");
        writer.write("testing", note("third")).await.unwrap();
        let noted = |db: &Connection| {
            let count = "SELECT count(*) FROM meta WHERE name IN ('first', 'second', 'third')";
            db.query_row(count, [], |row| row.get::<_, i64>(0))
        };
        assert_eq!(writer.write("testing", noted).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_statement_that_fails_without_a_savepoint_takes_its_group_along_and_half_of_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotunda.db");
        let connection = schema::prepare(&path, UnixMillis(0)).unwrap();
        let writer = Writer::start(path, connection, Arc::default()).unwrap();
        let note = |name: &'static str| {
            move |db: &Connection| db.execute("INSERT INTO meta (name, value) VALUES (?1, 1)", [name])
        };
        // The first has begun before the others come, and ends when both are in the queue: they are a group.
        let (open, gate) = crossbeam_channel::bounded::<()>(0);
        let (begins, has_begun) = oneshot::channel();
        let first = writer.write("testing", move |_: &Connection| {
            let _ = begins.send(());
            let _ = gate.recv();
            Ok(())
        });
        let rest = async {
            has_begun.await.unwrap();
            let with_it = writer.write("testing", note("with it"));
            let fails = writer.write_one("testing", |db: &Connection| db.execute("DELETE FROM nothing", []));
            tokio::join!(biased; with_it, fails, async { drop(open) })
        };
        let (first, (with_it, fails, ())) = tokio::join!(first, rest);
        assert!(first.is_ok(), "a group of its own");
        assert!(with_it.unwrap_err().is_temporary(), "an outage: it may be tried again");
        assert!(!fails.unwrap_err().is_temporary());
        let panics = |_: &Connection| -> SqlResult<()> { panic!("on purpose") };
        assert!(
            format!("{:?}", writer.write_one("testing", panics).await.unwrap_err()).contains("on purpose")
        );
        writer.write_one("testing", note("after it")).await.unwrap();
        let noted = "SELECT group_concat(name) FROM meta WHERE name IN ('with it', 'after it')";
        let noted = move |db: &Connection| db.query_row(noted, [], |row| row.get::<_, String>(0));
        assert_eq!(writer.write("testing", noted).await.unwrap(), "after it");
    }
}
