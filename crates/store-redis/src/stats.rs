//! What an operator wants to see of the connection to Redis.

use std::sync::atomic::{AtomicU64, Ordering};

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Counts since the connection was opened.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Stats {
    /// Commands that were answered.
    pub answered: u64,
    /// Commands that were not answered in time, or with an error.
    pub failed: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    answered: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    /// One more. That a script is not known yet is an answer: it is sent as a whole then.
    pub(crate) fn count(&self, error: Option<&RedisError>) {
        let is_answered = error.is_none_or(|e| e.kind() == ErrorKind::Server(ServerErrorKind::NoScript));
        let number = if is_answered { &self.answered } else { &self.failed };
        // Relaxed: the counts order nothing.
        number.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Stats {
        let [answered, failed] = [&self.answered, &self.failed].map(|number| number.load(Ordering::Relaxed));
        Stats { answered, failed }
    }
}
