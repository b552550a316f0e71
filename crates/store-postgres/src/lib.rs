//! The store on PostgreSQL: many servers, one database.
//!
//! 1. [`PostgresStore::open`] brings the schema up to date (`schema.rs`) and makes two pools of connections (`pool.rs`).
//! 2. A read is one statement on one connection. A write is one READ COMMITTED transaction that takes its locks in one order:
//!    a link, the user, their sessions by id, the rest, and at last a row of `meta`. One that stood in another one's way all
//!    the same (a deadlock) came to nothing and is run once more, five times at most; the caller hears nothing of it.
//! 3. Rotations and facts that gather meanwhile share a statement (`together.rs`).
//! 4. What a port's verb does stands in the file of that name; `ports.rs` says which are reads and which are writes;
//!    `rows/` turns rows into the model and back.
//! 5. Every call of a port answers within five seconds. When something fails, nothing is answered that did not happen; a
//!    commit whose outcome is not known is *unavailable*, and is never tried again. A connection that failed is not used
//!    again: the store is well as soon as a server is there that can be written to (`fault.rs`).
//! 6. What has begun goes on when its caller goes away.
//!
//! **Only what every PostgreSQL has.** Rows, unique constraints and row locks: no advisory locks, no `LISTEN`, no table locks, nothing that
//! a distributed database would not keep. How connections are set (`pool.rs`) is for speed and deadlines, but has to stay with them.
//!
//! **Older and newer releases** may use one database: a migration that this binary does not know is tolerated, because every
//! migration leaves the previous release working.

mod amend;
mod answers;
mod audit;
mod caps;
mod checkup;
mod clients;
mod copy;
mod db;
mod delete;
mod deliveries;
mod devices;
mod edit;
mod everyone;
mod fault;
mod feed;
mod hosts;
mod janitor;
mod journal;
mod keys;
mod letters;
mod limits;
mod links;
mod login;
mod logout;
mod password;
mod places;
mod pool;
mod ports;
mod refresh;
mod register;
mod roles;
mod rows;
mod schema;
mod search;
mod sessions;
mod skeleton;
mod stats;
mod tallies;
mod together;
mod users;
mod webhooks;

#[cfg(test)]
mod plans;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Facts, SessionId, UnixMillis};
use rotunda_core::store::Rotating;
use tokio::sync::Notify;
use tokio::time::timeout;

pub use checkup::{Checkup, checkup};
pub use stats::{Connections, Stats};

use db::{Db, Error};
use fault::Remedy;
use places::Sequence;
use pool::Pool;
use stats::{Counters, Now};
use together::{Kind, Together};

/// How long a call of a port may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// How often a transaction is run that stands in another one's way.
const TRIES: u32 = 5;
/// The pause before the second run; it doubles with each.
const PAUSE: Duration = Duration::from_millis(5);

/// How many connections run rotations, and as many facts: while the statement of one is under way, the next batch gathers for the
/// other.
const LANES: usize = 2;

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Where the database is, and how to speak to it. There is a password in it, so it cannot be printed.
#[derive(Clone)]
pub struct Options {
    /// `postgres://user:password@host[:port][,host2]/database?sslmode=…`. With several hosts, whichever can be written to.
    /// Without `sslmode`, TLS is required unless all hosts are this machine; with TLS, certificates are always verified.
    pub url: String,
    /// How many connections there may be, beside a handful for what shares a statement; at least 1. 16 are plenty for one server.
    pub connections: usize,
    /// The certificates to believe, in PEM; without one, those that the system believes.
    pub ca_file: Option<PathBuf>,
}

impl Options {
    /// What can be said of the URL without connecting: options that do not exist, values that make no sense.
    ///
    /// # Errors
    /// What is wrong, for people; nothing of user or password.
    pub fn check(&self) -> Result<(), String> {
        pool::config(self).map(drop)
    }
}

/// Users, sessions, outbox and keys in one PostgreSQL database.
///
/// A handle: clones share the connections, which close when the last one is dropped.
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

/// What a database is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// To live on it; an empty one gets the schema.
    Any,
    /// The same where there is one.
    Existing,
    /// To copy.
    Alone,
    /// The same, where there are tables already.
    AloneExisting,
}

struct Inner {
    pool: Pool,
    /// For what shares a statement.
    lanes: Pool,
    rotations: Together<Rotating, bool>,
    facts: Together<SessionId, Option<Facts>>,
    counters: Arc<Counters>,
    bell: Notify,
    /// Where the janitor goes on looking for what has expired.
    walk: Mutex<janitor::Place>,
}

impl PostgresStore {
    /// Opens a database and brings its schema up to date; an empty one gets it.
    ///
    /// # Errors
    /// The source of the [`Failure`] names host and database and what stands in the way, never the password.
    pub async fn open(options: &Options, now: UnixMillis) -> Result<Self, Failure> {
        Self::begin(options, now, Opening::Any).await
    }

    /// The same, where there is a Rotunda already: whoever mistypes a URL must not make an empty one.
    ///
    /// # Errors
    /// As [`open`](Self::open), and where there are no tables.
    pub async fn open_existing(options: &Options, now: UnixMillis) -> Result<Self, Failure> {
        Self::begin(options, now, Opening::Existing).await
    }

    /// Opens a database to copy it or to copy into it, unfinished copies too. An empty one gets the schema.
    ///
    /// # Errors
    /// As [`open`](Self::open), and where servers or commands can be seen to be connected. One whose URL gives it a name of
    /// its own (`application_name`), or that comes through a pooler, may not be seen.
    pub async fn open_alone(options: &Options, now: UnixMillis) -> Result<Self, Failure> {
        Self::begin(options, now, Opening::Alone).await
    }

    /// The same where there must be tables already: a copy's source. Nothing is made in a database that is none.
    ///
    /// # Errors
    /// As with [`Self::open_existing`] and [`Self::open_alone`].
    pub async fn open_alone_existing(options: &Options, now: UnixMillis) -> Result<Self, Failure> {
        Self::begin(options, now, Opening::AloneExisting).await
    }

    async fn begin(options: &Options, now: UnixMillis, opening: Opening) -> Result<Self, Failure> {
        const OPENING: &str = "opening the database";
        let mut config = pool::config(options).map_err(|e| Failure::broken(OPENING, e))?;
        let is_alone = matches!(opening, Opening::Alone | Opening::AloneExisting);
        let must_exist = matches!(opening, Opening::Existing | Opening::AloneExisting);
        if is_alone {
            config.application_name("rotunda copy");
        }
        let shown = pool::shown(&config);
        let at = |e: String| Failure::unavailable(OPENING, format!("{shown}: {e}"));
        let tls = pool::tls(&config, options.ca_file.as_deref()).map_err(at)?;
        let pool = Pool::new(&config, &tls, options.connections.max(1)).map_err(at)?;
        if must_exist && !schema::is_there(&pool).await.map_err(at)? {
            return Err(at(
                "there are no tables of Rotunda; is it the right one? A server makes them at its start"
                    .to_owned(),
            ));
        }
        schema::prepare(&pool, now).await.map_err(at)?;
        copy::may_open(&pool, opening).await.map_err(at)?;
        let lanes = Pool::new(&config, &tls, 2 * LANES).map_err(at)?;
        Ok(Self { inner: Arc::new(Inner::start(pool, lanes)) })
    }

    /// What the store has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let Inner { pool, lanes, rotations, facts, counters, .. } = &*self.inner;
        counters.read(Now {
            rotations_waiting: rotations.waiting(),
            facts_waiting: facts.waiting(),
            pool: pool.state(),
            lanes: lanes.state(),
        })
    }

    /// One statement, or several that are no worse for being apart. Run once more where the connection turns out to have
    /// ended: nothing is changed by it.
    async fn read<A, T, F>(&self, doing: &'static str, given: A, work: F) -> Result<T, Failure>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a Db<'a>, &'a A) -> BoxFuture<'a, db::Result<T>> + Send + Sync + 'static,
    {
        self.inner.counters.reads.add(1);
        let inner = Arc::clone(&self.inner);
        self.apart(doing, async move {
            match inner.read_once(&given, &work).await {
                Err(e) if fault::remedy(&e) == Remedy::OtherConnection => {
                    inner.counters.retries.add(1);
                    inner.read_once(&given, &work).await
                }
                other => other,
            }
        })
        .await
    }

    /// A transaction. What the work has found and written holds at its end, or it is run again.
    async fn write<A, T, F>(&self, doing: &'static str, given: A, work: F) -> Result<T, Failure>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'a> Fn(&'a Db<'a>, &'a A) -> BoxFuture<'a, db::Result<T>> + Send + Sync + 'static,
    {
        let inner = Arc::clone(&self.inner);
        self.apart(doing, async move { inner.write_again(&given, &work).await }).await
    }

    /// In a task of its own, within the deadline: it goes on when the caller goes away. A connection whose work is dropped half
    /// way has to be closed, and nobody who hangs up is to make us do that.
    async fn apart<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl Future<Output = db::Result<T>> + Send + 'static,
    ) -> Result<T, Failure> {
        let working = tokio::spawn(timeout(DEADLINE, work));
        let outcome = working.await.map_err(|e| Failure::broken(doing, e))?;
        outcome.unwrap_or(Err(Error::Late(doing))).map_err(|e| self.inner.failed(doing, &e))
    }
}

impl PostgresStore {
    /// Several calls that are one to whoever asked, and have the time of one.
    async fn within_time<T>(
        &self,
        doing: &'static str,
        calls: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match timeout(DEADLINE, calls).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.inner.failed(doing, &Error::Late(doing))),
        }
    }

    /// Gives places to what has none yet (`places.rs`), in as many transactions as a call has time for.
    async fn place(&self, doing: &'static str, of: Sequence) -> Result<(), Failure> {
        if !self.read(doing, of, |db, of| Box::pin(places::is_something_unplaced(db, *of))).await? {
            return Ok(());
        }
        for _ in 0..places::ROUNDS {
            if !self.write(doing, of, |db, of| Box::pin(places::place(db, *of))).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Where the walk of this process stands (`janitor.rs`).
    fn walked(&self) -> janitor::Place {
        *self.inner.walk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn walk_on_from(&self, place: janitor::Place) {
        *self.inner.walk.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    /// Sessions that are over, and where to go on (`janitor.rs`).
    async fn due_from(
        &self,
        doing: &'static str,
        now: UnixMillis,
        limit: u32,
        from: janitor::Place,
    ) -> Result<janitor::Due, Failure> {
        let given = (now, limit, from);
        self.read(doing, given, |db, &(now, limit, from)| Box::pin(janitor::due(db, now, limit, from))).await
    }
}

impl Inner {
    fn start(pool: Pool, lanes: Pool) -> Self {
        let counters = Arc::new(Counters::default());
        let rotations = Kind {
            doing: "rotating a session",
            repeatable: false,
            run: |db, asked| Box::pin(refresh::rotate_some(db, asked)),
            counts: |counters| (&counters.rotations, &counters.rotation_statements),
            sizes: |counters| &counters.rotation_batches,
        };
        let facts = Kind {
            doing: "reading a session",
            repeatable: true,
            run: |db, asked| Box::pin(refresh::facts(db, asked)),
            counts: |counters| (&counters.facts, &counters.facts_statements),
            sizes: |counters| &counters.facts_batches,
        };
        Self {
            pool,
            rotations: Together::start(rotations, &lanes, LANES, &counters),
            facts: Together::start(facts, &lanes, LANES, &counters),
            lanes,
            counters,
            bell: Notify::new(),
            walk: Mutex::default(),
        }
    }

    async fn read_once<A, T>(
        &self,
        given: &A,
        work: &(impl for<'a> Fn(&'a Db<'a>, &'a A) -> BoxFuture<'a, db::Result<T>> + Sync),
    ) -> db::Result<T> {
        let held = self.pool.get().await?;
        let outcome = work(&Db::of(held.get()?), given).await;
        match &outcome {
            Err(e) if fault::remedy(e) == Remedy::OtherConnection => {}
            _ => held.done(),
        }
        outcome
    }

    async fn write_again<A, T>(
        &self,
        given: &A,
        work: &(impl for<'a> Fn(&'a Db<'a>, &'a A) -> BoxFuture<'a, db::Result<T>> + Sync),
    ) -> db::Result<T> {
        let (mut pause, mut is_first_connection) = (PAUSE, true);
        for _ in 1..TRIES {
            let outcome = self.write_once(given, work).await;
            match outcome.as_ref().err().map(fault::remedy) {
                Some(Remedy::Again) => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Some(Remedy::OtherConnection) if is_first_connection => is_first_connection = false,
                _ => return outcome,
            }
            self.counters.retries.add(1);
        }
        self.write_once(given, work).await
    }

    async fn write_once<A, T>(
        &self,
        given: &A,
        work: &(impl for<'a> Fn(&'a Db<'a>, &'a A) -> BoxFuture<'a, db::Result<T>> + Sync),
    ) -> db::Result<T> {
        let held = self.pool.get().await?;
        let db = Db::of(held.get()?);
        db.batch(BEGIN).await?;
        let done = match work(&db, given).await {
            Ok(done) => done,
            Err(e) => {
                // Whatever it was, the connection is as good as before once this is through.
                if fault::remedy(&e) != Remedy::OtherConnection && db.batch("ROLLBACK").await.is_ok() {
                    held.done();
                }
                return Err(e);
            }
        };
        match db.batch("COMMIT").await {
            Ok(()) => self.committed(&db),
            Err(Error::Sql(e)) if fault::remedy_of(&e) == Remedy::OtherConnection => {
                return Err(Error::Unknown(e));
            }
            Err(e) => return Err(e),
        }
        held.done();
        Ok(done)
    }

    fn committed(&self, db: &Db<'_>) {
        self.counters.commits.add(1);
        if db.tells() {
            // All who wait, and the next one who comes: they may have been busy with what was before this.
            self.bell.notify_waiters();
            self.bell.notify_one();
        }
    }

    fn failed(&self, doing: &'static str, error: &Error) -> Failure {
        match error {
            Error::Busy => self.counters.refused.add(1),
            _ => self.counters.failures.add(1),
        }
        fault::failure(doing, error)
    }
}
