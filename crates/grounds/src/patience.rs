//! Waiting for what other processes do.

use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(10);

/// Asks until it is so, at most about this many seconds. Answers whether it became so.
pub(crate) fn until(seconds: u32, mut so: impl FnMut() -> bool) -> bool {
    for _ in 0..seconds * 100 {
        if so() {
            return true;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "another process gives no sign; asked again, and bounded"
        )]
        std::thread::sleep(PAUSE);
    }
    so()
}
