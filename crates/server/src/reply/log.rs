//! What of a problem goes to the log.

use std::sync::atomic::{AtomicU64, Ordering};

use rotunda_core::failure::Failure;

/// An overload is daily life for a public server; anything else is news, but not thousands of times a second.
pub(super) fn failure(failure: &Failure) {
    static FAILURES: AtomicU64 = AtomicU64::new(0);
    if failure.is_overload() {
        tracing::debug!(?failure, "a request was shed");
    } else if let Some(so_far) = worth_a_line(&FAILURES) {
        tracing::error!(?failure, so_far, "a request failed");
    } else {
        tracing::debug!(?failure, "a request failed");
    }
}

/// Counts, and says how many there were when it is worth a line: the first ones, and then fewer and fewer.
pub(crate) fn worth_a_line(count: &AtomicU64) -> Option<u64> {
    let so_far = count.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    (so_far <= 10 || so_far.is_power_of_two() || so_far.is_multiple_of(10_000)).then_some(so_far)
}
