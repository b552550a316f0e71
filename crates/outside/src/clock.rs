//! The time, as the system tells it.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;

/// The system's clock.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock that everybody else takes")]
    fn now(&self) -> UnixMillis {
        let epoch = UnixMillis(0);
        match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => epoch.plus(since),
            Err(before) => epoch.minus(before.duration()),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the Clock that everybody else takes")]
    fn elapsed(&self) -> Duration {
        static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGINNING.elapsed()
    }
}
