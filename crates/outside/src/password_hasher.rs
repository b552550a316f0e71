//! Password hashing with Argon2id (RFC 9106), on threads of its own.
//!
//! 1. A fixed number of threads hash, each in memory of its own (`hash_memory.rs`).
//! 2. A bounded queue waits before them. When it is full, the answer is "too much at once", immediately.
//! 3. A thread belongs to the hash, not to the request: a client that goes away in the middle frees nothing, so that
//!    no more hashes run than there are threads, however many connections come and go.
//! 4. What still waits when its client has gone is skipped.
//! 5. Its threads stand back for others that want the processor (on Linux): those who are signed in refresh while passwords
//!    are guessed at.
//! 6. Without a stored hash, the work is done on a dummy made with today's parameters, and the answer is no: time does
//!    not tell whether an account exists.
//! 7. A wrong password for a hash of another system (`stored_hash/mod.rs`) costs the dummy's work as well: such an account
//!    is not told by an answer that comes too soon. Where the other system's hash is slow by itself, the answer takes longer
//!    until the first login has replaced it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use rotunda_core::failure::Failure;
use rotunda_core::model::{Password, PasswordHash};
use rotunda_core::outside::{Entropy, PasswordHasher, PasswordVerdict, random};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::argon_parameters::ArgonParameters;
use crate::hash_memory::{HashMemory, KEPT};
use crate::stored_hash::{Argon2Hash, NotComputed, OUTPUT_LEN, SALT_LEN, StoredHash, foreign_hash};

const HASHING: &str = "hashing a password";
const VERIFYING: &str = "verifying a password";

/// How far a hash stands back for everything else on this machine. On a core with a busy thread that does not, it still
/// gets a thirtieth of the time.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 15;

/// How many hashes run and wait at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolSize {
    /// Threads, each hashing one password at a time; 0 counts as 1.
    pub threads: usize,
    /// How many may wait for a thread; 0 counts as 1.
    pub queue: usize,
}

impl Default for PoolSize {
    /// A thread for each core that this process may use, and 64 waiting.
    fn default() -> Self {
        Self { threads: thread::available_parallelism().map_or(1, usize::from), queue: 64 }
    }
}

type Job = Box<dyn FnOnce(&mut HashMemory) + Send>;

/// What the pool has done, and how it is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolStats {
    /// How many threads there are.
    pub threads: usize,
    /// How many of them hash just now.
    pub busy: usize,
    /// How many wait for a thread.
    pub waiting: usize,
    /// How many may wait.
    pub most_waiting: usize,
    /// How many hashes were made since the start.
    pub hashed: u64,
    /// How many were refused because as many were waiting as may.
    pub shed: u64,
}

#[derive(Default)]
struct Counters {
    busy: AtomicUsize,
    hashed: AtomicU64,
    shed: AtomicU64,
}

/// The real [`PasswordHasher`]. Its threads end when it is dropped.
pub struct ArgonPool {
    parameters: ArgonParameters,
    entropy: Arc<dyn Entropy>,
    /// Stands in for a hash where there is none, in the form that one is stored in.
    nobody: PasswordHash,
    // `None` only while dropping: without a sender, the threads come to their end.
    queue: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl ArgonPool {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no thread or no randomness.
    pub fn start(
        parameters: ArgonParameters,
        size: PoolSize,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Failure> {
        let salt = random::<SALT_LEN>(&*entropy)?;
        let output = random::<OUTPUT_LEN>(&*entropy)?;
        let nobody = Argon2Hash::dummy(parameters, salt, output).to_hash();
        let (queue, jobs) = bounded(size.queue.max(1));
        // From here on, a pool: if a thread does not start, those that did are ended by its `drop`.
        let counters = Arc::default();
        let mut pool =
            Self { parameters, entropy, nobody, queue: Some(queue), threads: Vec::new(), counters };
        for number in 1..=size.threads.max(1) {
            let jobs = jobs.clone();
            let thread = thread::Builder::new().name(format!("argon2-{number}")).spawn(move || {
                give_way();
                work(&jobs, parameters.blocks(), KEPT);
            });
            pool.threads.push(thread.map_err(|e| Failure::unavailable("starting a hashing thread", e))?);
        }
        Ok(pool)
    }

    /// What it has done, and how it is now.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        let Counters { busy, hashed, shed } = &*self.counters;
        PoolStats {
            threads: self.threads.len(),
            busy: busy.load(Ordering::Relaxed),
            waiting: self.queue.as_ref().map_or(0, Sender::len),
            most_waiting: self.queue.as_ref().and_then(Sender::capacity).unwrap_or_default(),
            hashed: hashed.load(Ordering::Relaxed),
            shed: shed.load(Ordering::Relaxed),
        }
    }

    /// Has a thread do it, and waits for the answer.
    async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&mut HashMemory) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (answer, answered) = oneshot::channel();
        let counters = Arc::clone(&self.counters);
        let job: Job = Box::new(move |memory| {
            if !answer.is_closed() {
                let busy = Busy::begin(&counters);
                let done = job(memory);
                drop(busy);
                // The client may leave during the hash: then there is nobody to tell.
                let _ = answer.send(done);
            }
        });
        match self.queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => {}
            Some(Err(TrySendError::Full(_))) => {
                self.counters.shed.fetch_add(1, Ordering::Relaxed);
                return Err(Failure::overload(doing));
            }
            Some(Err(TrySendError::Disconnected(_))) | None => {
                return Err(Failure::broken(doing, "the hashing threads have ended"));
            }
        }
        answered.await.unwrap_or_else(|_| Err(Failure::broken(doing, "a hashing thread panicked")))
    }
}

/// A thread that hashes; one that panics is done with it as well.
struct Busy<'a>(&'a Counters);

impl<'a> Busy<'a> {
    fn begin(counters: &'a Counters) -> Self {
        counters.busy.fetch_add(1, Ordering::Relaxed);
        Self(counters)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
        self.0.hashed.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a thread does all its life: it keeps up to `most` blocks of memory from hash to hash, and none of them once there was no
/// hash for as long as `kept`.
fn work(jobs: &Receiver<Job>, most: usize, kept: Duration) {
    let mut memory = HashMemory::default();
    loop {
        let next = if memory.is_empty() {
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            jobs.recv_timeout(kept)
        };
        match next {
            Ok(job) => {
                // A panic must not cost the pool a thread. What the job leaves in the memory is never read, and whoever waits
                // for its answer learns that none will come.
                let _ = catch_unwind(AssertUnwindSafe(|| job(&mut memory)));
                memory.keep_at_most(most);
            }
            Err(RecvTimeoutError::Timeout) => memory.give_back(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Has this thread stand back for others that want the processor: a refresh takes a millisecond, a hash fifty. On Linux
/// niceness is a thread's own; elsewhere it is the process's, which would slow down the refreshes as well.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        // Whoever may not be nice is as fast as before.
        let _ = rustix::process::setpriority_process(None, NICENESS);
    }
}

impl Drop for ArgonPool {
    /// Waits for the hashes that are running, one a thread at most: whatever still waited has nobody left to ask for it.
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[async_trait]
impl PasswordHasher for ArgonPool {
    async fn hash(&self, password: Password) -> Result<PasswordHash, Failure> {
        let parameters = self.parameters;
        let salt = Zeroizing::new(random::<SALT_LEN>(&*self.entropy)?);
        self.run(HASHING, move |memory| {
            let hash =
                Argon2Hash::make(&password, parameters, &salt, memory).map_err(|e| failed(HASHING, e))?;
            Ok(hash.to_hash())
        })
        .await
    }

    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordVerdict, Failure> {
        let today = self.parameters;
        let exists = hash.is_some();
        // Nobody's hash is read from its text as well: that takes long enough to be noticed.
        let nobody = self.nobody.clone();
        let hash = hash.unwrap_or_else(|| nobody.clone());
        let stored = StoredHash::parse(&hash).map_err(|e| Failure::broken(VERIFYING, e))?;
        self.run(VERIFYING, move |memory| {
            let right = stored.verify(&password, memory).map_err(|e| failed(VERIFYING, e))? && exists;
            if !right && !matches!(stored, StoredHash::Argon2(_)) {
                let nobody = StoredHash::parse(&nobody).map_err(|e| Failure::broken(VERIFYING, e))?;
                nobody.verify(&password, memory).map_err(|e| failed(VERIFYING, e))?;
            }
            let outdated = stored.is_outdated(today);
            Ok(PasswordVerdict { right, outdated })
        })
        .await
    }

    fn read_foreign(&self, text: &str) -> Result<PasswordHash, String> {
        foreign_hash(text).map_err(|error| error.to_string())
    }
}

/// Memory may be there again in a moment; everything else was checked beforehand.
fn failed(doing: &'static str, error: NotComputed) -> Failure {
    match error {
        NotComputed::Memory => Failure::unavailable(doing, error),
        NotComputed::Refused => Failure::broken(doing, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thread that works, and what it is asked for.
    fn thread(most: usize, kept: Duration) -> (Sender<Job>, JoinHandle<()>) {
        let (queue, jobs) = bounded(1);
        (queue, thread::spawn(move || work(&jobs, most, kept)))
    }

    /// Whether it has memory when a job begins; the job takes so many blocks.
    fn found_some(queue: &Sender<Job>, taking: usize) -> bool {
        let (answer, answered) = bounded(1);
        let job: Job = Box::new(move |memory| {
            let found = !memory.is_empty();
            memory.room(taking).unwrap();
            answer.send(found).unwrap();
        });
        queue.send(job).unwrap();
        answered.recv().unwrap()
    }

    #[test]
    fn memory_stays_from_hash_to_hash_and_goes_back_when_none_comes() {
        let (queue, busy) = thread(8, Duration::from_secs(3600));
        assert_eq!(
            [8, 8, 9, 8, 8].map(|taking| found_some(&queue, taking)),
            [false, true, true, false, true]
        );
        drop(queue);
        busy.join().unwrap();

        let (queue, idle) = thread(8, Duration::ZERO);
        assert!(!found_some(&queue, 8));
        while found_some(&queue, 8) {}
        drop(queue);
        idle.join().unwrap();
    }
}
