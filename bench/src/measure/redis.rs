//! Redis before SQLite, in turns with SQLite by itself.

use std::time::Duration;

use anyhow::Context;
use rotunda_grounds::Redis;
use serde_json::{Value, json};

use super::{Options, Site, site, sqlite};
use crate::fill;
use crate::server::{Server, Stores};

/// As the guide has it: what was answered is on the disk within a second.
const LINES: [&str; 3] = ["maxmemory-policy noeviction", "appendonly yes", "appendfsync everysec"];

pub(super) fn measure(options: &Options, tell: &impl Fn(&str)) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let start = || LINES.iter().fold(Redis::builder(), |it, line| it.line(line)).start();
    let (redis_few, redis_many) = (start(), start());
    let site = |redis: &Redis, name: &str, sessions| {
        let stores = Stores { sessions: Some(redis.url()), ..Stores::default() };
        let filled = |it: &Server, seed| fill::redis(seed, &it.database(), redis.url(), sessions);
        Site::new(options, &folder.path().join(name), &stores, sessions, filled)
    };
    let mut few = site(&redis_few, "few-redis", options.few)?;
    let mut alone = sqlite::small(options, folder.path())?;
    let empty = used(&redis_many)?;
    let mut many = site(&redis_many, "many-redis", options.many)?;
    let bytes = (used(&redis_many)? - empty) / options.many.max(1);
    for it in [&mut few, &mut alone, &mut many] {
        it.warm_up(Duration::from_secs(options.warm_up.min(3)))?;
    }
    many.warm_up(Duration::from_secs(options.warm_up.saturating_sub(3)))?;
    for _ in 0..options.turns {
        few.turn(options.turn())?;
        alone.turn(options.turn())?;
        many.turn(options.turn())?;
    }
    let (listing, ratio) = (many.listing()?, few.rate() / alone.rate());
    let moved = (used(&redis_many)? - empty) / options.many.max(1);
    tell(&format!("redis: {}", site::sizes(&few, &many)));
    tell(&format!("redis: {:.0} refreshes/s, SQLite {:.0}: {ratio:.2} ×", few.rate(), alone.rate()));
    tell(&format!("redis: {bytes} bytes a session just signed in, {moved} after the run; listing {listing}"));
    Ok(json!({
        "few": few.json(), "many": many.json(), "p99_ratio": many.p99() / few.p99(), "sqlite": alone.json(),
        "refreshes_to_sqlite": ratio, "bytes_per_session": { "signed_in": bytes, "after": moved }, "listing": listing,
    }))
}

/// `used_memory`.
fn used(redis: &Redis) -> anyhow::Result<u64> {
    let told = redis.cli(&["INFO", "memory"]);
    let line = told.lines().find_map(|line| line.strip_prefix("used_memory:"));
    line.and_then(|bytes| bytes.trim().parse().ok()).context("Redis does not say how much it uses")
}
