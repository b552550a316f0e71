//! A minute of torture on SQLite and a quarter of one on each other store, against the binary that was built beside this test.
#![expect(clippy::print_stdout, reason = "the seed is worth seeing in the output of a test that failed")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rotunda_torture::{Config, Report, StoreKind, find_faketime, run};
use tokio::sync::Mutex;

/// The stores that are servers of their own take turns.
static TURN: Mutex<()> = Mutex::const_new(());

fn config(time: u64) -> Config {
    Config {
        time: Duration::from_secs(time),
        store: StoreKind::Sqlite,
        servers: 1,
        lossy: false,
        mixed: false,
        // Another seed each time: what one finds is printed, and can be asked for again.
        seed: u64::from(std::process::id()),
        keyless: false,
        beyond: false,
        households: 40,
        workers: 4,
        kill_every: Duration::from_millis(2_500),
        window: Duration::from_secs(1),
        theft_permille: 300,
        rotunda: binary(),
        faketime: faketime(),
        keep: std::env::temp_dir(),
    }
}

/// A quarter of a minute with several servers. The store breaks down some times meanwhile.
fn short(store: StoreKind) -> Config {
    let kill_every = Duration::from_millis(1_500);
    Config { store, servers: 2, households: 20, kill_every, ..config(15) }
}

/// Every promise is kept, and these figures show that there was something to keep.
async fn keeps(config: Config, shown: &[&str]) -> Report {
    let seed = config.seed;
    println!("{:?}, seed {seed}", config.store);
    let report = run(config).await.unwrap();
    let broken: Vec<_> = report.checks.iter().filter(|(_, broken)| *broken > 0).collect();
    assert!(
        broken.is_empty(),
        "seed {seed}, traces in {:?}: {broken:#?}\n{:#?}",
        report.kept,
        report.figures
    );
    for name in shown {
        assert!(figure(&report, name) > 0, "no {name}: nothing was shown\n{:#?}", report.figures);
    }
    assert_eq!(figure(&report, "honest_sign_outs"), 0);
    report
}

fn figure(report: &Report, name: &str) -> u64 {
    report.figures[name].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_under_fire_breaks_no_promise() {
    let report = keeps(config(60), &["racing", "kills", "granted", "sessions"]).await;
    assert_eq!(figure(&report, "true_replays"), figure(&report, "true_replays_caught"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_on_one_postgresql_that_breaks_down_break_no_promise() {
    let _turn = TURN.lock().await;
    keeps(short(StoreKind::Postgres), &["racing", "kills", "granted", "outages"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_with_sessions_on_redis_break_no_promise() {
    let _turn = TURN.lock().await;
    keeps(short(StoreKind::Redis), &["racing", "kills", "granted", "outages"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_with_sessions_on_a_redis_that_forgets_sign_nobody_out() {
    let _turn = TURN.lock().await;
    keeps(Config { lossy: true, ..short(StoreKind::Redis) }, &["racing", "granted", "losses"]).await;
}

/// `target/PROFILE/rotunda`, beside the folder of this test. `cargo test --workspace` builds it; otherwise it is built here.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("rotunda");
    if !binary.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--package", "rotunda", "--target-dir"]).arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the binary could not be built");
    }
    binary
}

/// libfaketime, or none where that was asked for.
fn faketime() -> Option<PathBuf> {
    let without = std::env::var_os("ROTUNDA_TORTURE_NO_CLOCK").is_some();
    let found = find_faketime();
    assert!(
        found.is_some() || without,
        "libfaketime is missing (Debian package faketime); ROTUNDA_TORTURE_NO_CLOCK=1 runs without moving the clock"
    );
    found.filter(|_| !without)
}
