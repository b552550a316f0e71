//! Real servers come, answer, go and leave nothing behind.

#![expect(clippy::unwrap_used, reason = "a test stops where it breaks")]

mod ends;
mod postgres;
mod proxy;
mod redis;
mod redis_cluster;

/// Waits, at most about ten seconds, until it is so.
#[expect(clippy::disallowed_methods, reason = "another process gives no sign; asked again, and bounded")]
fn until(mut so: impl FnMut() -> bool) -> bool {
    (0..1_000).any(|_| {
        so() || {
            std::thread::sleep(std::time::Duration::from_millis(10));
            false
        }
    })
}

/// Whether there is such a process, and not only its entry until somebody reaps it.
fn is_there(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}
