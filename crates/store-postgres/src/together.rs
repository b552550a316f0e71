//! What shares a statement: rotations, and facts.
//!
//! 1. A call goes into a bounded queue. A full queue refuses at once: whoever waits behind 4,096 others has given up by the
//!    time it is their turn.
//! 2. A few tasks, each with a connection of its own, take all that has gathered, at most 256, and run it as one statement. While one
//!    waits for PostgreSQL, the next batch gathers. It goes when the one before it has come back, when it is large enough to be
//!    worth another statement beside that, or after a millisecond, because the one before it may be held up by somebody else's lock.
//!    Small statements side by side would cost more than one that carries both: half of what a batch costs is the same
//!    for any size (measured). With no statement under way nobody waits at all.
//! 3. Whoever has gone away, or has waited too long, before their turn is passed over: nothing has happened then.
//! 4. A batch that stood in another one's way is run once more. If that, too, comes to nothing, or there is something wrong with one
//!    of it, each is run alone and has an outcome of its own.
//! 5. A batch of facts whose connection turns out to have ended is asked again on another; one of rotations is not, because nobody
//!    knows whether it was committed: each of its callers is told *unavailable*.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use rotunda_core::counts::Histogram;
use rotunda_core::failure::Failure;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::DEADLINE;
use crate::db::{Db, Error, Result};
use crate::fault::{self, Remedy};
use crate::pool::{Held, Pool};
use crate::stats::{Counter, Counters};

/// How many calls may wait.
const QUEUE: usize = 4_096;
/// How many share a statement at most: the last of them waits for all the others.
const BATCH: usize = 256;
/// How many are worth another statement while one is under way.
const CROWD: usize = 32;
/// How long fewer wait for company, or for the one that is under way.
const COMPANY: Duration = Duration::from_millis(1);

/// As many answers as there were questions, by one statement.
type Run<Q, A> = for<'a> fn(&'a Db<'a>, &'a [Q]) -> BoxFuture<'a, Result<Vec<A>>>;

/// What is asked together, and how.
pub(crate) struct Kind<Q, A> {
    /// For failures.
    pub(crate) doing: &'static str,
    /// Whether a second run can do no harm that nobody hears of.
    pub(crate) repeatable: bool,
    /// Runs one statement for all.
    pub(crate) run: Run<Q, A>,
    /// Which count tells how many were asked, and which how many statements that took.
    pub(crate) counts: fn(&Counters) -> (&Counter, &Counter),
    /// Which one tells how many were asked together.
    pub(crate) sizes: fn(&Counters) -> &Histogram,
}

/// A queue of questions that share statements.
pub(crate) struct Together<Q, A> {
    queue: mpsc::Sender<Asked<Q, A>>,
    kind: Arc<Kind<Q, A>>,
    counters: Arc<Counters>,
}

struct Asked<Q, A> {
    question: Q,
    reply: oneshot::Sender<std::result::Result<A, Failure>>,
}

impl<Q: Send + Sync + 'static, A: Send + 'static> Together<Q, A> {
    /// Starts that many tasks; they end when this is dropped.
    pub(crate) fn start(kind: Kind<Q, A>, pool: &Pool, tasks: usize, counters: &Arc<Counters>) -> Self {
        let (queue, questions) = mpsc::channel(QUEUE);
        let kind = Arc::new(kind);
        let under_way = (AtomicUsize::new(0), Notify::new());
        let gathering = Arc::new(Gathering { questions: Mutex::new(questions), under_way });
        for _ in 0..tasks {
            let task = Task {
                kind: Arc::clone(&kind),
                gathering: Arc::clone(&gathering),
                pool: pool.clone(),
                counters: Arc::clone(counters),
                connection: None,
            };
            drop(tokio::spawn(task.serve()));
        }
        Self { queue, kind, counters: Arc::clone(counters) }
    }

    /// How many wait for a statement.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.max_capacity().saturating_sub(self.queue.capacity())
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, question: Q) -> std::result::Result<A, Failure> {
        let doing = self.kind.doing;
        let (reply, answer) = oneshot::channel();
        if self.queue.try_send(Asked { question, reply }).is_err() {
            self.counters.refused.add(1);
            return Err(Failure::overload(doing));
        }
        match timeout(DEADLINE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Failure::unavailable(doing, "the store is shutting down")),
            Err(_) => {
                self.counters.failures.add(1);
                Err(fault::failure(doing, &Error::Late(doing)))
            }
        }
    }
}

/// Where the next batch comes from.
struct Gathering<Q, A> {
    questions: Mutex<mpsc::Receiver<Asked<Q, A>>>,
    /// How many statements are under way, and who is told when one has come back.
    under_way: (AtomicUsize, Notify),
}

impl<Q, A> Gathering<Q, A> {
    /// Step 2: the next batch, which counts as under way from now on. Empty when nobody will ask any more.
    async fn next(&self, asked: &mut Vec<Asked<Q, A>>) {
        let (under_way, back) = &self.under_way;
        let mut questions = self.questions.lock().await;
        questions.recv_many(asked, BATCH).await;
        // Listens before it looks, so that it cannot miss the last one.
        let back = back.notified();
        if under_way.load(Ordering::Acquire) > 0 {
            let crowd = async {
                while !asked.is_empty() && asked.len() < CROWD {
                    let room = BATCH - asked.len();
                    if questions.recv_many(asked, room).await == 0 {
                        return;
                    }
                }
            };
            tokio::select! {
                () = crowd => {}
                () = back => {}
                () = sleep(COMPANY) => {}
            }
        }
        under_way.fetch_add(1, Ordering::AcqRel);
    }

    fn is_back(&self) {
        let (under_way, back) = &self.under_way;
        under_way.fetch_sub(1, Ordering::AcqRel);
        back.notify_waiters();
    }
}

struct Task<Q, A> {
    kind: Arc<Kind<Q, A>>,
    gathering: Arc<Gathering<Q, A>>,
    pool: Pool,
    counters: Arc<Counters>,
    connection: Option<Held>,
}

impl<Q: Send + Sync, A: Send> Task<Q, A> {
    async fn serve(mut self) {
        let mut asked = Vec::with_capacity(BATCH);
        loop {
            self.gathering.next(&mut asked).await;
            if asked.is_empty() {
                return;
            }
            asked.retain(|asked| !asked.reply.is_closed());
            let (questions, replies): (Vec<Q>, Vec<_>) =
                asked.drain(..).map(|asked| (asked.question, asked.reply)).unzip();
            if questions.is_empty() {
                self.gathering.is_back();
                continue;
            }
            (self.kind.counts)(&self.counters).0.add(questions.len() as u64);
            (self.kind.sizes)(&self.counters).add(questions.len() as u64);
            let outcomes = match timeout(DEADLINE, self.answer(&questions)).await {
                Ok(Ok(outcomes)) => outcomes,
                Ok(Err(error)) => self.same_for_all(questions.len(), &error),
                Err(_) => self.same_for_all(questions.len(), &Error::Late(self.kind.doing)),
            };
            self.gathering.is_back();
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // The caller may have gone away.
                drop(reply.send(outcome));
            }
        }
    }

    /// Steps 2, 4 and 5.
    async fn answer(&mut self, questions: &[Q]) -> Result<Vec<std::result::Result<A, Failure>>> {
        let first = self.run(questions).await;
        let second = match &first {
            Err(e) if self.is_worth_another_run(e) => {
                self.counters.retries.add(1);
                self.run(questions).await
            }
            _ => first,
        };
        match second {
            Ok(answers) => Ok(answers.into_iter().map(Ok).collect()),
            Err(e) if questions.len() > 1 && is_of_one(&e) => Ok(self.one_by_one(questions).await),
            Err(e) => Err(e),
        }
    }

    async fn one_by_one(&mut self, questions: &[Q]) -> Vec<std::result::Result<A, Failure>> {
        let mut outcomes = Vec::with_capacity(questions.len());
        for question in questions.chunks(1) {
            let answer = self.run(question).await.map(|mut answers| answers.pop());
            outcomes.push(match answer {
                Ok(Some(answer)) => Ok(answer),
                Ok(None) => Err(Failure::broken(self.kind.doing, "no answer")),
                Err(e) => Err(self.failed(&e)),
            });
        }
        outcomes
    }

    /// One statement. The connection is kept for the next one unless something is wrong with it; while the statement is under way it is
    /// not in its place, so that it is closed if nobody waits for the end.
    async fn run(&mut self, questions: &[Q]) -> Result<Vec<A>> {
        let held = match self.connection.take().filter(Held::is_open) {
            Some(held) => held,
            None => self.pool.get().await?,
        };
        (self.kind.counts)(&self.counters).1.add(1);
        let outcome = (self.kind.run)(&Db::of(held.get()?), questions).await;
        if !outcome.as_ref().is_err_and(|e| fault::remedy(e) == Remedy::OtherConnection) {
            self.connection = Some(held);
        }
        outcome
    }

    fn is_worth_another_run(&self, error: &Error) -> bool {
        match fault::remedy(error) {
            Remedy::Again => true,
            Remedy::OtherConnection => self.kind.repeatable,
            Remedy::None => false,
        }
    }

    fn same_for_all(&self, many: usize, error: &Error) -> Vec<std::result::Result<A, Failure>> {
        (0..many).map(|_| Err(self.failed(error))).collect()
    }

    fn failed(&self, error: &Error) -> Failure {
        self.counters.failures.add(1);
        fault::failure(self.kind.doing, error)
    }
}

/// Whether it may be one of many that is to blame, and the others would go through without it.
fn is_of_one(error: &Error) -> bool {
    match fault::remedy(error) {
        Remedy::Again => true,
        Remedy::OtherConnection => false,
        Remedy::None => matches!(error, Error::Row(_) | Error::Sql(_)),
    }
}
