//! `rotunda-torture`: a run from the command line. `scripts/torture` builds what it needs.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use rotunda_torture::{Config, Report, StoreKind, find_faketime, run};

/// The real binary under fire.
#[derive(Parser)]
#[command(name = "rotunda-torture")]
struct Args {
    /// For how long.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where the servers keep their data: sqlite, postgres, redis (beside sqlite) or redis-cluster (beside postgres).
    #[arg(long, default_value = "sqlite")]
    store: StoreKind,
    /// How many servers there are on it. Kills hit one at a time.
    #[arg(long, default_value_t = 1)]
    servers: u32,
    /// Redis forgets what it has acknowledged: it is emptied, or killed with nothing on its disk.
    #[arg(long)]
    lossy: bool,
    /// Mixed load and nothing that goes wrong: then no deadlock and no busy database may reach a client.
    #[arg(long)]
    mixed: bool,
    /// All choices follow from it. [default: drawn from the process id]
    #[arg(long)]
    seed: Option<u64>,
    /// Clients send no retry keys: their sign-outs are a figure, not a violation.
    #[arg(long)]
    keyless: bool,
    /// A network later than promise 1 can stand, and clients that follow rotation.md to the letter: their sign-outs are
    /// a figure, not a violation.
    #[arg(long)]
    beyond: bool,
    /// How many sessions live at once, about.
    #[arg(long, default_value_t = 240)]
    sessions: u32,
    /// The most tabs or threads that share a session.
    #[arg(long, default_value_t = 4)]
    workers: u64,
    /// The mean time between two kills, in milliseconds.
    #[arg(long, default_value_t = 2_000)]
    kill_every: u64,
    /// W, in milliseconds.
    #[arg(long, default_value_t = 1_000)]
    window: u64,
    /// Fewer racing refreshes than this are a failure.
    #[arg(long, default_value_t = 1)]
    least_racing: u64,
    /// Fewer kills than this are a failure.
    #[arg(long, default_value_t = 1)]
    least_kills: u64,
    /// The binary under test.
    #[arg(long, env = "ROTUNDA_BIN", default_value = "target/release/rotunda")]
    rotunda: PathBuf,
    /// Leave the clock alone, because there is no libfaketime.
    #[arg(long)]
    no_clock: bool,
    /// Where traces go if a promise is broken.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    keep: PathBuf,
    /// Write the figures here, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    let seed = args.seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("torture: seed {seed}, {} s, {} servers on {:?}", args.seconds, args.servers, args.store);
    let faketime = find_faketime();
    if faketime.is_none() && !args.no_clock {
        eprintln!("libfaketime is missing (Debian package faketime). Install it, or say --no-clock.");
        return ExitCode::FAILURE;
    }
    let config = Config {
        time: Duration::from_secs(args.seconds),
        store: args.store,
        servers: args.servers,
        lossy: args.lossy,
        mixed: args.mixed,
        seed,
        keyless: args.keyless,
        beyond: args.beyond,
        households: args.sessions.div_ceil(2),
        workers: args.workers,
        kill_every: Duration::from_millis(args.kill_every),
        window: Duration::from_millis(args.window),
        theft_permille: 300,
        rotunda: args.rotunda.clone(),
        faketime: faketime.filter(|_| !args.no_clock),
        keep: args.keep.clone(),
    };
    match run(config).await {
        Ok(report) => finish(report, &args, seed),
        Err(error) => {
            eprintln!("torture: {error:?}");
            ExitCode::FAILURE
        }
    }
}

fn finish(mut report: Report, args: &Args, seed: u64) -> ExitCode {
    let figure = |name: &str| report.figures.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    let least_kills = if args.mixed { 0 } else { args.least_kills };
    let enough = [("racing", args.least_racing), ("kills", least_kills)];
    let enough =
        enough.map(|(name, least)| (format!("at least {least} {name}"), u64::from(figure(name) < least)));
    report.checks.extend(enough);
    report.figures.insert("seed".to_owned(), seed.into());
    report.figures.insert("seconds".to_owned(), args.seconds.into());
    report.figures.insert("beyond".to_owned(), args.beyond.into());
    report.figures.insert("keyless".to_owned(), args.keyless.into());
    for (name, value) in &report.figures {
        println!("  {name:<32} {value}");
    }
    for (promise, broken) in &report.checks {
        let said = if *broken == 0 { "ok  ".to_owned() } else { format!("FAILED {broken} times: ") };
        println!("  {said}{promise}");
    }
    if let Some(kept) = &report.kept {
        println!("seed {seed}; traces in {}", kept.display());
    }
    let failed = report.checks.iter().filter(|(_, broken)| *broken > 0).count();
    if let Some(path) = &args.report
        && let Err(error) =
            std::fs::write(path, serde_json::Value::Object(report.figures.clone()).to_string())
    {
        eprintln!("torture: {}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    println!("{} passed, {failed} failed", report.checks.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
