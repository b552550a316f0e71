//! All figures of the stores in one go: what `scripts/measure-stores` prints.
//!
//! 1. SQLite: ten thousand sessions and a million, each with a server of its own, in turns.
//! 2. PostgreSQL: the same, and pgbench with the bare rotation in turns with them, against the same PostgreSQL.
//! 3. Redis: the same, in turns with SQLite; behind Redis is SQLite as well.
//!
//! What is compared runs in turns, A B A B …, for a few seconds each: so that whatever else the machine does meets both. Each
//! figure is the median of its turns; p99 is that of all turns together. Before the turns each site is warmed up.

mod postgres;
mod redis;
mod site;
mod sqlite;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use site::Site;

/// What is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The server.
    #[arg(long, env = "ROTUNDA_BIN", default_value = "target/release/rotunda")]
    pub rotunda: PathBuf,
    /// The smaller number of sessions.
    #[arg(long, default_value_t = 10_000)]
    pub few: u64,
    /// The larger number of sessions.
    #[arg(long, default_value_t = 1_000_000)]
    pub many: u64,
    /// How many clients refresh at once.
    #[arg(long, default_value_t = 64)]
    pub clients: u64,
    /// How many turns each has.
    #[arg(long, default_value_t = 5)]
    pub turns: u32,
    /// How many seconds a turn takes.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// How many seconds each warms up before the first turn. The larger number needs them: until a page has been written once
    /// since the last checkpoint, PostgreSQL logs all of it.
    #[arg(long, default_value_t = 20)]
    pub warm_up: u64,
    /// Only these stores.
    #[arg(long, value_delimiter = ',', default_values = ["sqlite", "postgres", "redis"])]
    pub stores: Vec<String>,
}

impl Options {
    fn turn(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Measures, and tells each figure as it comes.
///
/// # Errors
/// When a server does not start, or an answer to a refresh is not 200.
pub fn measure(options: &Options, tell: impl Fn(&str)) -> anyhow::Result<Value> {
    // Servers run in folders of their own.
    let rotunda = std::fs::canonicalize(&options.rotunda)
        .with_context(|| format!("there is no binary at {}", options.rotunda.display()))?;
    let options = &Options { rotunda, ..options.clone() };
    let mut figures = json!({ "sessions": [options.few, options.many], "clients": options.clients });
    for store in &options.stores {
        tell(&format!("{store}: filling"));
        let found = match store.as_str() {
            "sqlite" => sqlite::measure(options, &tell)?,
            "postgres" => postgres::measure(options, &tell)?,
            "redis" => redis::measure(options, &tell)?,
            other => anyhow::bail!("there is no store {other:?}; there are sqlite, postgres and redis"),
        };
        figures[store.as_str()] = found;
    }
    Ok(figures)
}
