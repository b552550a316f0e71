//! What an operator should know of the Redis that sessions are kept in: for `rotunda doctor`, beside servers or without any.
//!
//! A connection of its own; nothing is written. What Redis does not tell, because it was told not to, is `None`. In a cluster
//! each node tells of itself, and the worst counts; the round trips and the clock are those of the nodes that happen to answer.

use std::time::Duration;

use redis::{Cmd, Value};
use rotunda_core::failure::Failure;
use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;

use crate::RedisOptions;
use crate::connection::Redis;
use crate::warnings::{each_text, info, values};

const DOING: &str = "looking at Redis";
/// How many round trips are timed.
const TRIPS: usize = 9;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkup {
    /// Whether what it is told goes into a file at all (`appendonly`).
    pub appends: Option<bool>,
    /// How soon that is on the disk (`appendfsync`).
    pub append_fsync: Option<String>,
    /// Whether its last write to the disk failed.
    pub failed_to_write: bool,
    /// How many keys it has dropped for want of memory since it started.
    pub evicted: u64,
    /// How full its memory is, in hundredths of what it may have; `None` where it may have all there is.
    pub memory_percent: Option<u64>,
    /// The median of some round trips.
    pub round_trip: Duration,
    /// How far its clock is from ours at least, whatever the way there took.
    pub clocks_apart: Duration,
}

/// Looks at it.
///
/// # Errors
/// As with [`RedisSessions::open`](crate::RedisSessions::open).
pub async fn checkup(options: &RedisOptions, clock: &dyn Clock) -> Result<Checkup, Failure> {
    let redis = Redis::open(options).await?;
    let lines = info(&redis).await.unwrap_or_default();
    let mut trips = Vec::with_capacity(TRIPS);
    for _ in 0..TRIPS {
        let before = clock.now();
        redis.is_there(DOING).await?;
        trips.push(before.distance(clock.now()));
    }
    trips.sort_unstable();
    let before = clock.now();
    let theirs = time(&redis).await?;
    let after = clock.now();
    Ok(Checkup {
        append_fsync: append_fsync(&redis).await,
        round_trip: trips.get(TRIPS / 2).copied().unwrap_or_default(),
        // Somewhere between the two it was read.
        clocks_apart: theirs.map_or(Duration::ZERO, |at| at.until(before).max(after.until(at))),
        ..told(&lines)
    })
}

/// What the lines of `INFO` tell.
fn told(lines: &[String]) -> Checkup {
    let appends = values(lines, "aof_enabled");
    let failed = ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"];
    let numbers =
        |name| values(lines, name).into_iter().map(|it| it.parse().unwrap_or(0)).collect::<Vec<u64>>();
    let (used, most) = (numbers("used_memory"), numbers("maxmemory"));
    let percent = |(used, most): (&u64, &u64)| used.saturating_mul(100).checked_div(*most);
    Checkup {
        appends: (!appends.is_empty()).then(|| !appends.contains(&"0")),
        append_fsync: None,
        failed_to_write: failed.iter().any(|name| values(lines, name).contains(&"err")),
        evicted: numbers("evicted_keys").iter().sum(),
        memory_percent: used.iter().zip(&most).filter_map(percent).max(),
        round_trip: Duration::ZERO,
        clocks_apart: Duration::ZERO,
    }
}

/// Managed ones often do not let anybody ask.
async fn append_fsync(redis: &Redis) -> Option<String> {
    let mut ask = Cmd::new();
    ask.arg("CONFIG").arg("GET").arg("appendfsync");
    let answer = redis.ask::<Value>(DOING, &ask).await.ok()?;
    let mut found = None;
    each_text(&answer, &mut |text| {
        if text != "appendfsync" {
            found = Some(text.to_owned());
        }
    });
    found
}

async fn time(redis: &Redis) -> Result<Option<UnixMillis>, Failure> {
    let mut ask = Cmd::new();
    ask.arg("TIME");
    let answer = redis.ask::<Value>(DOING, &ask).await?;
    let mut parts = Vec::new();
    each_text(&answer, &mut |text| parts.extend(text.parse::<i64>()));
    // Seconds, and microseconds of the current one. Several nodes that answer are not told apart.
    Ok(match parts.as_slice() {
        [seconds, micros] => Some(UnixMillis(seconds.saturating_mul(1000).saturating_add(micros / 1000))),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::told;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_a_node_says_of_itself_is_read_and_the_worst_of_several_counts() {
        let silent = told(&[]);
        assert_eq!((silent.appends, silent.memory_percent, silent.failed_to_write), (None, None, false));
        let one = told(&lines(
            "aof_enabled:1\nused_memory:100\nused_memory_human:1K\nmaxmemory:0\naof_last_write_status:ok\nevicted_keys:0",
        ));
        assert_eq!((one.appends, one.memory_percent, one.evicted), (Some(true), None, 0));
        let two = told(&lines(
            "aof_enabled:1\nused_memory:30\nmaxmemory:100\nevicted_keys:0\naof_last_write_status:ok\n\
             aof_enabled:0\nused_memory:95\nmaxmemory:100\nevicted_keys:7\naof_last_write_status:err",
        ));
        assert_eq!(
            (two.appends, two.memory_percent, two.evicted, two.failed_to_write),
            (Some(false), Some(95), 7, true)
        );
    }
}
