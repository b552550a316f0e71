//! PostgreSQL, and pgbench in turns with it.

use std::time::Duration;

use rotunda_grounds::Postgres;
use serde_json::{Value, json};

use super::{Options, Site, site};
use crate::fill::{self, sql};
use crate::latency::median;
use crate::pgbench::Pgbench;
use crate::server::{Server, Stores};

/// What a server of this size gets; all else is as PostgreSQL has it. `fsync`, `full_page_writes` and `synchronous_commit`
/// are on.
const SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "2GB"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "15min"),
    ("synchronous_commit", "on"),
    ("random_page_cost", "1.1"),
];

pub(super) fn measure(options: &Options, tell: &impl Fn(&str)) -> anyhow::Result<Value> {
    let builder = Postgres::builder().durable(true);
    let postgres = SETTINGS.iter().fold(builder, |it, (name, value)| it.setting(name, value)).start();
    let folder = tempfile::tempdir()?;
    let urls = ["few", "bare", "many"].map(|name| postgres.database(name));
    let site = |url: &str, name: &str, sessions| {
        let stores = Stores { main: Some(url.to_owned()), ..Stores::default() };
        let filled = |_: &Server, seed| fill::postgres(&seed, url, sessions);
        Site::new(options, &folder.path().join(name), &stores, sessions, filled)
    };
    let [few_url, bare_url, many_url] = &urls;
    let mut few = site(few_url, "few", options.few)?;
    // The rows of pgbench have a database of their own: it would take our clients' generations away from under them.
    drop(site(bare_url, "bare", options.few)?);
    let bare = Pgbench::new(folder.path(), bare_url.clone(), options.clients, options.few)?;
    let mut many = site(many_url, "many", options.many)?;
    let sizes = sizes(many_url, options.many)?;
    few.warm_up(Duration::from_secs(options.warm_up.min(3)))?;
    bare.run(Duration::from_secs(options.warm_up.clamp(1, 3)))?;
    many.warm_up(Duration::from_secs(options.warm_up))?;
    let (mut bare_rates, mut logs) = (Vec::new(), [0.0; 3]);
    let mut refreshes = [0.0; 3];
    for _ in 0..options.turns {
        let turns: [&mut dyn FnMut() -> anyhow::Result<f64>; 3] = [
            &mut || few.turn(options.turn()),
            &mut || {
                let (rate, count) = bare.run(options.turn())?;
                bare_rates.push(rate);
                Ok(count)
            },
            &mut || many.turn(options.turn()),
        ];
        for (n, turn) in turns.into_iter().enumerate() {
            let before = logged(&postgres.url())?;
            refreshes[n] += turn()?;
            logs[n] += logged(&postgres.url())? - before;
        }
    }
    let (listing, bare_rate) = (many.listing()?, median(&bare_rates));
    let ratio = few.rate() / bare_rate;
    let [log_few, log_bare, log_many] = [0, 1, 2].map(|n| (logs[n] / refreshes[n]).round());
    tell(&format!("postgres: {}", site::sizes(&few, &many)));
    tell(&format!(
        "postgres: {:.0} refreshes/s, pgbench {bare_rate:.0} bare rotations/s: {ratio:.2} ×",
        few.rate()
    ));
    tell(&format!(
        "postgres: {log_few} bytes of log a refresh ({log_bare} by pgbench, {log_many} with more sessions)"
    ));
    tell(&format!("postgres: bytes a session {sizes}; listing {listing}"));
    Ok(json!({
        "few": few.json(), "many": many.json(), "p99_ratio": many.p99() / few.p99(), "settings": settings(&postgres)?,
        "pgbench_per_second": bare_rate.round(), "pgbench_turns": bare_rates, "refreshes_to_pgbench": ratio,
        "log_bytes": { "few": log_few, "pgbench": log_bare, "many": log_many },
        "bytes_per_session": sizes, "listing": listing,
    }))
}

/// How many bytes were ever written to the log.
fn logged(url: &str) -> anyhow::Result<f64> {
    Ok(sql(url, "SELECT pg_current_wal_insert_lsn() - '0/0'")?.parse()?)
}

/// Bytes a session, by table with its indexes.
fn sizes(url: &str, sessions: u64) -> anyhow::Result<Value> {
    let mut found = json!({});
    for (name, what) in [("row", "pg_table_size('session')"), ("indexes", "pg_indexes_size('session')")]
        .into_iter()
        .chain([("device", "pg_total_relation_size('device')"), ("user", "pg_total_relation_size('users')")])
    {
        let bytes: u64 = sql(url, &format!("SELECT {what}"))?.parse()?;
        found[name] = json!(bytes / sessions.max(1));
    }
    Ok(found)
}

/// What the server says of itself.
fn settings(postgres: &Postgres) -> anyhow::Result<Value> {
    let mut found = json!({});
    for name in ["server_version", "fsync", "full_page_writes", "synchronous_commit", "shared_buffers"] {
        found[name] = sql(&postgres.url(), &format!("SHOW {name}"))?.into();
    }
    Ok(found)
}
