//! A minute of torture, against the binary that was built beside this test.
#![expect(clippy::print_stdout, reason = "the seed is worth seeing in the output of a test that failed")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rotunda_torture::{Config, find_faketime, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_under_fire_breaks_no_promise() {
    let config = |seed| Config {
        time: Duration::from_secs(60),
        seed,
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
    };
    // Another seed each time: what one finds is printed, and can be asked for again.
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let report = run(config(seed)).await.unwrap();
    let broken: Vec<_> = report.checks.iter().filter(|(_, broken)| *broken > 0).collect();
    assert!(
        broken.is_empty(),
        "seed {seed}, traces in {:?}: {broken:#?}\n{:#?}",
        report.kept,
        report.figures
    );
    let figure = |name: &str| report.figures[name].as_u64().unwrap();
    for name in ["racing", "kills", "granted", "sessions"] {
        assert!(figure(name) > 0, "no {name}: nothing was shown\n{:#?}", report.figures);
    }
    assert_eq!(figure("true_replays"), figure("true_replays_caught"));
    assert_eq!(figure("honest_sign_outs"), 0);
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
