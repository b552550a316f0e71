//! `rotunda-bench`: figures from the command line. `scripts/bench` and `scripts/measure-stores` build what they need.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser};
use rotunda_bench::clients::Clients;
use rotunda_bench::seed::Seed;
use rotunda_bench::{capacity, fill, hot, load, measure};

/// Figures about Rotunda.
#[derive(Parser)]
#[command(name = "rotunda-bench")]
enum Command {
    /// Measure all stores, one after the other.
    Stores(measure::Options),
    /// Refresh in a closed loop, and say how fast.
    Refresh(Refresh),
    /// Put sessions into a store; its server has been started once.
    Fill(Fill),
    /// Rotunda beside the floor and its peers.
    #[command(subcommand)]
    Load(load::Command),
    /// Print the table of docs/guide/scaling.md.
    Capacity,
    /// Run a pure function of the hot path, for counting its instructions.
    Hot(Hot),
}

#[derive(Args)]
struct Hot {
    /// Which.
    function: hot::Hot,
    /// How many times.
    #[arg(long)]
    times: u64,
}

#[derive(Args)]
struct Refresh {
    /// Where the server listens; its `[refresh] window` must be `0s`.
    #[arg(long)]
    server: SocketAddr,
    /// Its master-key file.
    #[arg(long)]
    keys: PathBuf,
    /// How many sessions were filled in.
    #[arg(long, default_value_t = 10_000)]
    sessions: u64,
    /// How many clients there are.
    #[arg(long, default_value_t = 64)]
    clients: u64,
    /// For how long.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often.
    #[arg(long, default_value_t = 1)]
    rounds: u32,
}

#[derive(Args)]
struct Fill {
    /// A `postgres://` URL, or the path of a SQLite file.
    #[arg(long)]
    store: String,
    /// The server's master-key file.
    #[arg(long)]
    keys: PathBuf,
    /// How many.
    #[arg(long, default_value_t = 10_000)]
    sessions: u64,
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Stores(options) => {
            let figures = measure::measure(&options, |text| eprintln!("{text}"))?;
            println!("{figures:#}");
        }
        Command::Refresh(refresh) => {
            let seed = Seed::load(&refresh.keys)?;
            let mut clients = Clients::connect(seed, refresh.server, refresh.clients, refresh.sessions)?;
            for _ in 0..refresh.rounds {
                println!("{}", clients.run(Duration::from_secs(refresh.seconds))?.json());
            }
        }
        Command::Fill(Fill { store, keys, sessions }) => {
            let seed = Seed::load(&keys)?;
            if store.starts_with("postgres") {
                fill::postgres(&seed, &store, sessions)?;
            } else {
                fill::sqlite(seed, store.as_ref(), sessions).context("filling SQLite")?;
            }
        }
        Command::Load(load::Command::Run(options)) => {
            let figures = load::run(&options, |text| eprintln!("{text}"))?;
            println!("{}", serde_json::to_string_pretty(&figures)?);
        }
        Command::Load(load::Command::Page(page)) => load::page(&page)?,
        Command::Capacity => print!("{}", capacity::table()),
        Command::Hot(Hot { function, times }) => hot::run(function, times)?,
    }
    Ok(())
}
