//! The revocation feed, as the store has it: whether a server can read it, how fast, and whether it is of this time.

use rotunda_core::failure::Failure;
use rotunda_core::model::{FeedPage, UnixMillis};
use rotunda_core::outside::Clock;
use rotunda_core::store::Store;
use rotunda_outside::SystemClock;
use std::time::Duration;
use tokio::time::timeout;

use super::clocks::SECONDS;
use super::here::PATIENCE;
use super::report::{Fault, Report};
use crate::output::moment;

const PLACE: &str = "revocations";
/// Older entries are of no use to anybody: access tokens from before have run out.
const AN_HOUR: Duration = Duration::from_secs(3600);
/// The most entries that are read.
const MOST: u32 = 1_000;
/// Services are to hear of an end within a second.
const SLOW: Duration = Duration::from_secs(1);

/// Looks at it.
pub(super) async fn check(store: &dyn Store, report: &mut Report) {
    let at = ("feed", PLACE);
    let advice =
        "see to the store: services that follow the feed hear of no end of a session until it can be read";
    let began = SystemClock.now();
    match timeout(PATIENCE, read(store, began)).await {
        Ok(Ok((entries, newest))) => {
            let faults = of(began, SystemClock.now(), newest);
            report.faults(at, faults, format!("can be read; it has {entries} entries of the last hour"));
        }
        Ok(Err(failure)) => {
            report.bad(at, format!("cannot be read: {:#}", anyhow::Error::new(failure)), advice);
        }
        Err(_) => report.bad(at, format!("cannot be read within {} seconds", PATIENCE.as_secs()), advice),
    }
}

/// How many entries there are of the last hour, and the newest of the future.
async fn read(store: &dyn Store, now: UnixMillis) -> Result<(usize, Option<UnixMillis>), Failure> {
    let FeedPage { entries, .. } = store.revocations(None, now.minus(AN_HOUR), MOST).await?;
    let to_come = store.revocations(None, now, MOST).await?.entries;
    Ok((entries.len(), to_come.into_iter().map(|(_, entry)| entry.at).max()))
}

fn of(began: UnixMillis, ended: UnixMillis, newest: Option<UnixMillis>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if began.distance(ended) > SLOW {
        let what = format!(
            "reading it takes {} ms: services hear of the end of a session that much later",
            began.distance(ended).as_millis()
        );
        faults.push(Fault::warning(what, "see what keeps the store busy, and how far away it is"));
    }
    if let Some(newest) = newest.filter(|newest| *newest > ended.plus(SECONDS)) {
        let what = format!("its newest entry is from {}, which is still to come", moment(newest));
        faults.push(Fault::warning(what, "set the clocks of all machines, and keep them right (NTP)"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_feed_and_one_from_the_future_are_told() {
        let at = |millis: i64| UnixMillis(1_000_000 + millis);
        assert_eq!(of(at(0), at(1_000), Some(at(3_000))), []);
        let told = of(at(0), at(1_001), Some(at(3_002)));
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].what.contains("1001 ms") && told[1].what.contains("still to come"), "{told:?}");
    }
}
