//! The readers: a few threads, each with a connection that cannot write.
//!
//! 1. A read becomes a job in a bounded queue that all readers take from. A full queue refuses at once.
//! 2. Each read that decides is one statement, hence one moment of the database; it begins after it was asked, so it sees every
//!    write that was answered before.
//! 3. A reader whose connection failed opens a new one for its next job, if the file is still the one that the writer has.
//! 4. A read of one row is done by whoever asks, where that is possible at once (`at_hand.rs`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rotunda_core::failure::Failure;
use rusqlite::{Connection, Result as SqlResult};
use tokio::sync::oneshot;

use crate::at_hand::{AtHand, Here};
use crate::presence::Presence;
use crate::stats::{AtHandNow, Counters, Waiting};
use crate::{connection, fault};

/// How many reads run at once. They take microseconds from memory; more threads would mostly wait for a core.
const THREADS: usize = 4;

/// How many reads may wait.
const QUEUE: usize = 4_096;

/// Answers its caller; `false` when the connection should not be used again.
type Job = Box<dyn FnOnce(SqlResult<&Connection>) -> bool + Send>;

pub(crate) struct Readers {
    /// `None` only while they are being dropped.
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    at_hand: AtHand,
    presence: Arc<Presence>,
    counters: Arc<Counters>,
}

impl Readers {
    pub(crate) fn start(path: &Path, counters: &Arc<Counters>) -> Result<Self, Failure> {
        const STARTING: &str = "starting the readers";
        let (sender, jobs) = bounded(QUEUE);
        let presence = Presence::of(path.to_owned());
        let presence = Arc::new(presence.map_err(|e| Failure::unavailable(STARTING, e))?);
        let at_hand = AtHand::open(&presence).map_err(|e| fault::failure(STARTING, e))?;
        let counters = Arc::clone(counters);
        let mut readers = Self { jobs: Some(sender), threads: Vec::new(), at_hand, presence, counters };
        for _ in 0..THREADS {
            let (presence, jobs) = (Arc::clone(&readers.presence), jobs.clone());
            let thread = thread::Builder::new()
                .name("sqlite-reader".to_owned())
                .spawn(move || run(&presence, &jobs))
                .map_err(|e| Failure::unavailable("starting a reader thread", e))?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// How many jobs wait.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting { now: self.jobs.as_ref().map_or(0, Sender::len), most: QUEUE }
    }

    /// How many connections lie at hand.
    pub(crate) fn at_hand(&self) -> AtHandNow {
        AtHandNow { free: self.at_hand.free(), all: self.at_hand.all() }
    }

    /// Runs `work` on a connection that cannot write.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, Failure> {
        self.ask(doing, work, || ()).await
    }

    /// Reads one row, on the thread that asks where that is possible at once.
    pub(crate) async fn read_row<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl Fn(&Connection) -> SqlResult<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let lent = match self.at_hand.read(doing, &work) {
            Here::Done(outcome) => {
                self.counters.reads.add(1);
                return outcome;
            }
            Here::Not(lent) => lent,
        };
        let presence = Arc::clone(&self.presence);
        // If that fails, the next one who comes to the place has it tried again.
        let mend = move || drop(lent.map(|mut lent| lent.open(&presence)));
        self.ask(doing, work, mend).await
    }

    /// Has a reader run `work`, and `then` what nobody waits for.
    async fn ask<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> SqlResult<T> + Send + 'static,
        then: impl FnOnce() + Send + 'static,
    ) -> Result<T, Failure> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            let outcome = match catch_unwind(AssertUnwindSafe(|| db.and_then(work))) {
                Ok(result) => result.map_err(|error| fault::failure(doing, error)),
                Err(panic) => Err(fault::panicked(doing, &*panic)),
            };
            let healthy = outcome.is_ok();
            // The caller may have gone away.
            drop(reply.send(outcome));
            then();
            healthy
        });
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => {
                self.counters.reads.add(1);
                answer.await.unwrap_or_else(|_| Err(fault::gone(doing)))
            }
            Some(Err(TrySendError::Full(_))) => {
                self.counters.refused.add(1);
                Err(Failure::overload(doing))
            }
            Some(Err(TrySendError::Disconnected(_))) | None => Err(fault::gone(doing)),
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs.take();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a reader thread panicked");
            }
        }
    }
}

fn run(presence: &Presence, jobs: &Receiver<Job>) {
    // Opened at once: when file descriptors have run out, it would be too late.
    let mut connection = connect(presence).ok();
    while let Ok(job) = jobs.recv() {
        let open = match connection.take() {
            Some(open) => Ok(open),
            None => connect(presence),
        };
        match open {
            Ok(open) => connection = job(Ok(&open)).then_some(open),
            Err(error) => drop(job(Err(error))),
        }
    }
}

/// Opens the file that the writer has, and no other that has taken its place: nobody in an empty one would be known.
pub(crate) fn connect(presence: &Presence) -> SqlResult<Connection> {
    presence.check()?;
    let open = connection::for_reading(presence.path())?;
    presence.check()?;
    Ok(open)
}

#[cfg(test)]
mod tests {
    use rotunda_core::model::UnixMillis;

    use super::*;
    use crate::schema;

    const COUNT: &str = "SELECT count(*) FROM meta WHERE name = 'created_at'";

    #[tokio::test]
    async fn a_read_that_writes_or_panics_fails_and_the_readers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotunda.db");
        drop(schema::prepare(&path, UnixMillis(0)).unwrap());
        let readers = Readers::start(&path, &Arc::default()).unwrap();
        for _ in 0..2 * THREADS {
            let write = |db: &Connection| db.execute("DELETE FROM meta", []);
            assert!(readers.read("testing", write).await.is_err());
            let panic = |_: &Connection| -> SqlResult<()> { panic!("on purpose") };
            assert!(!readers.read("testing", panic).await.unwrap_err().is_temporary());
        }
        let count = |db: &Connection| db.query_row(COUNT, [], |row| row.get::<_, i64>(0));
        assert_eq!(readers.read("testing", count).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn another_file_in_the_place_of_ours_is_an_outage_and_not_an_empty_store() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("rotunda.db"), folder.path().join("away.db"));
        drop(schema::prepare(&path, UnixMillis(0)).unwrap());
        let readers = Readers::start(&path, &Arc::default()).unwrap();
        let count = |db: &Connection| db.query_row(COUNT, [], |row| row.get::<_, i64>(0));
        assert_eq!(readers.read("testing", count).await.unwrap(), 1);
        // Emptied before it gets the name: whoever writes to it under that name writes into the log that the readers look at.
        let other = folder.path().join("other.db");
        std::fs::copy(&path, &other).unwrap();
        Connection::open(&other).unwrap().execute("DELETE FROM meta", []).unwrap();
        std::fs::rename(&path, &away).unwrap();
        std::fs::rename(&other, &path).unwrap();
        // A reader loses its connection by a write, and has to open another. Until each has, one that is left may answer, from
        // the file that it has: never from the other one.
        let outage = loop {
            let write = |db: &Connection| db.execute("DELETE FROM meta", []);
            assert!(readers.read("testing", write).await.is_err());
            match readers.read("testing", count).await {
                Ok(counted) => assert_eq!(counted, 1, "the other file was read"),
                Err(failure) => break failure,
            }
        };
        assert!(outage.is_temporary());
        std::fs::rename(&away, &path).unwrap();
        assert_eq!(readers.read("testing", count).await.unwrap(), 1);
    }

    /// Many more than there are places at hand.
    const MANY: usize = 40;

    #[tokio::test]
    async fn a_read_at_hand_that_fails_or_panics_leaves_its_place_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rotunda.db");
        drop(schema::prepare(&path, UnixMillis(0)).unwrap());
        let readers = Readers::start(&path, &Arc::default()).unwrap();
        let places = readers.at_hand.free();
        assert!(places > 0);
        let count = |db: &Connection| db.query_row(COUNT, [], |row| row.get::<_, i64>(0));
        for _ in 0..MANY {
            assert!(readers.read_row("testing", |db| db.execute("DELETE FROM meta", [])).await.is_err());
            let panic = |_: &Connection| -> SqlResult<()> { panic!("on purpose") };
            assert!(!readers.read_row("testing", panic).await.unwrap_err().is_temporary());
            assert_eq!(readers.read_row("testing", count).await.unwrap(), 1);
        }
        // A reader puts the last one back when its caller was answered already.
        while readers.at_hand.free() < places {
            tokio::task::yield_now().await;
        }
        let here = std::thread::current().id();
        // A place that is empty is filled when somebody comes to it; then none of so many reads makes a hop.
        let mut in_a_row = 0;
        while in_a_row < MANY {
            let read = readers.read_row("testing", |_| Ok(std::thread::current().id())).await.unwrap();
            in_a_row = if read == here { in_a_row + 1 } else { 0 };
        }
    }

    #[tokio::test]
    async fn a_place_at_hand_never_gets_another_file_and_heals_when_ours_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("rotunda.db"), folder.path().join("away.db"));
        drop(schema::prepare(&path, UnixMillis(0)).unwrap());
        let readers = Readers::start(&path, &Arc::default()).unwrap();
        let count = |db: &Connection| db.query_row(COUNT, [], |row| row.get::<_, i64>(0));
        // Emptied before it gets the name: whoever writes to it under that name writes into the log that the readers look at.
        let other = folder.path().join("other.db");
        std::fs::copy(&path, &other).unwrap();
        Connection::open(&other).unwrap().execute("DELETE FROM meta", []).unwrap();
        std::fs::rename(&path, &away).unwrap();
        std::fs::rename(&other, &path).unwrap();
        let outage = loop {
            assert!(readers.read_row("testing", |db| db.execute("DELETE FROM meta", [])).await.is_err());
            match readers.read_row("testing", count).await {
                Ok(counted) => assert_eq!(counted, 1, "the other file was read"),
                Err(failure) => break failure,
            }
        };
        assert!(outage.is_temporary());
        std::fs::rename(&away, &path).unwrap();
        let here = std::thread::current().id();
        while readers.read_row("testing", |_| Ok(std::thread::current().id())).await.unwrap() != here {
            tokio::task::yield_now().await;
        }
        assert_eq!(readers.read_row("testing", count).await.unwrap(), 1);
    }
}
