//! The load generator against the binary that was built beside this test. For figures the build is wrong and the time too short.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rotunda_bench::load::contender::Contender;
use rotunda_bench::load::drive::{Load, Measured, drive};
use rotunda_bench::load::schedule::Pace;
use rotunda_bench::load::talk::Talk;

const CLIENTS: u64 = 4;

fn run(it: &Contender, talks: Vec<Box<dyn Talk>>) -> Measured {
    let mut load = Load::new(Pace::Closed, talks);
    drive(it.address(), &mut [&mut load], Duration::from_millis(300)).unwrap().remove(0)
}

#[test]
fn rotunda_is_refreshed_verified_introspected_and_signed_in_to() {
    let folder = tempfile::tempdir().unwrap();
    let it = Contender::rotunda(&binary(), folder.path(), "sqlite", &[], (CLIENTS, 3)).unwrap();
    let talks =
        [it.rotations(CLIENTS), it.verifications(CLIENTS), it.introspections(CLIENTS), it.logins(CLIENTS)];
    for (n, talks) in talks.into_iter().enumerate() {
        let measured = run(&it, talks.unwrap());
        assert!(measured.statuses.is_empty(), "{n}: {:?} {:?}", measured.statuses, measured.sample);
        // Hashes stand back for everything else on the machine: there may be no second login.
        let fewest = if n < 3 { CLIENTS + 1 } else { CLIENTS };
        assert!(measured.latencies.len() >= fewest, "{n}: {} replies", measured.latencies.len());
    }
    assert!(it.memory().unwrap() > 1.0 && it.processor_time().unwrap() > Duration::ZERO);
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
