//! The Redis that sessions are kept in: what is set there, and how well it is.

use std::time::Duration;

use rotunda_outside::SystemClock;
use rotunda_store_redis::{Checkup, RedisOptions, checkup};
use tokio::time::timeout;

use super::clocks;
use super::database::round_trip;
use super::here::PATIENCE;
use super::report::{Fault, Report};
use crate::config::{RedisSettings, Settings};

/// How full its memory may be, in hundredths.
const FULL: u64 = 90;

/// Looks at it, where there is one. What servers are told at their start is told with the store.
pub(super) async fn check(settings: &Settings, report: &mut Report) {
    let Some(RedisSettings { url, ca_file }) = &settings.store.sessions else { return };
    let place = url.to_string();
    let at = ("redis", place.as_str());
    let options = RedisOptions { ca_file: ca_file.clone(), ..RedisOptions::new(url.expose()) };
    let found = match timeout(PATIENCE, checkup(&options, &SystemClock)).await {
        Ok(Ok(found)) => found,
        Ok(Err(failure)) => {
            let what = format!("could not be asked: {:#}", anyhow::Error::new(failure));
            return report.bad(at, what, "see what it says, and its own log");
        }
        Err(_) => {
            let what = format!("did not answer within {} seconds", PATIENCE.as_secs());
            return report.bad(at, what, "see its own log, and the way there");
        }
    };
    if found.appends == Some(true) && found.append_fsync.is_none() {
        let what = "does not let itself be asked how soon it writes to the disk: appendfsync should be everysec or always";
        report.skipped(at.0, at.1, what);
    }
    report.faults(at, of(&found), format!("is well; a round trip takes {}", told(found.round_trip)));
    let clock = clocks::of_store(found.clocks_apart).into_iter().collect();
    report.faults(("clock", &place), clock, "the clock of Redis is this machine's");
}

/// A span for people, as fine as the clock that measured it.
pub(super) fn told(span: Duration) -> String {
    match span.as_millis() {
        0 => "less than a millisecond".to_owned(),
        millis => format!("{millis} ms"),
    }
}

fn of(found: &Checkup) -> Vec<Fault> {
    let mut faults = Vec::new();
    if found.failed_to_write {
        let what = "could not write to its disk the last time it tried: it may take no writes any more, and forgets when it stops";
        faults.push(Fault::bad(what, "see its log, and the room on its disk"));
    }
    if found.append_fsync.as_deref() == Some("no") {
        let what = "leaves it to its machine when it writes to the disk (appendfsync no): a crash takes the last half a minute";
        faults.push(Fault::warning(what, "set appendfsync to everysec or always"));
    }
    if found.evicted > 0 {
        let what =
            format!("has dropped {} keys for want of memory since it started, sessions maybe", found.evicted);
        faults.push(Fault::warning(what, "set maxmemory-policy to noeviction, and give it more memory"));
    }
    if let Some(percent) = found.memory_percent.filter(|percent| *percent >= FULL) {
        let what = format!(
            "uses {percent} % of the memory that it may have: beyond that it refuses writes, and so sign-ins and refreshes fail"
        );
        faults.push(Fault::warning(what, "raise maxmemory; docs/guide/scaling.md says what a session takes"));
    }
    faults.extend(round_trip(found.round_trip));
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_that_is_wrong_with_a_redis_is_told_once() {
        let good = Checkup {
            appends: Some(true),
            append_fsync: Some("everysec".to_owned()),
            failed_to_write: false,
            evicted: 0,
            memory_percent: Some(89),
            round_trip: Duration::from_millis(1),
            clocks_apart: Duration::ZERO,
        };
        assert_eq!(of(&good), []);
        for (bad, words) in [
            (Checkup { failed_to_write: true, ..good.clone() }, "could not write"),
            (Checkup { append_fsync: Some("no".to_owned()), ..good.clone() }, "appendfsync no"),
            (Checkup { evicted: 3, ..good.clone() }, "dropped 3 keys"),
            (Checkup { memory_percent: Some(90), ..good.clone() }, "uses 90 %"),
            (Checkup { round_trip: Duration::from_millis(25), ..good.clone() }, "25 ms"),
        ] {
            let [fault] = &of(&bad)[..] else { panic!("one: {:?}", of(&bad)) };
            assert!(fault.what.contains(words), "{fault:?}");
        }
    }
}
