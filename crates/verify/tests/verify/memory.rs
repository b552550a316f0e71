//! A hundred thousand ended sessions cost a service less than 20 MB and less than a microsecond per check.
//!
//! The service is a process of its own, this very program run again, so that what is measured is what it costs; the
//! issuer stays here, and sends the feed over a socket.

use std::hint::black_box;
use std::process::Command;

use rotunda_token::Claims;
use rotunda_verify::{Clock, SystemClock};
use serde_json::json;

use crate::issuer::{AUDIENCE, Issuer, credentials, heartbeat, key, revocations};
use crate::support::{NOW_MS, until};

const SESSIONS: usize = 100_000;
const CHECKS: u32 = 200_000;
const ISSUER: &str = "ROTUNDA_TEST_ISSUER";
const TOKEN: &str = "ROTUNDA_TEST_TOKEN";
const FAR: i64 = 4_000_000_000;

fn sid(nth: usize) -> String {
    format!("019a7d3c-2b1e-7c40-9f00-{nth:012x}")
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_revocations_cost_20_mb_and_a_microsecond_at_most() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let token = key.sign(&Claims { exp: FAR, ..issuer.claims() }).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "memory::the_service", "--ignored", "--nocapture"])
        .env(ISSUER, &issuer.url)
        .env(TOKEN, token);
    let service = tokio::task::spawn_blocking(move || command.output().unwrap());

    until("a stream", || !issuer.world().open.is_empty()).await;
    issuer.send(&revocations("c1", true, NOW_MS, json!([]))).await;
    for piece in 0..SESSIONS / 5000 {
        let entries: Vec<_> = (piece * 5000..(piece + 1) * 5000)
            .map(|nth| json!({"type": "session", "sid": sid(nth), "at": FAR, "exp": FAR, "ending": "logged_out"}))
            .collect();
        issuer.send(&revocations("c1", false, NOW_MS, json!(entries))).await;
    }
    issuer.send(&heartbeat("c1", NOW_MS)).await;
    let output = service.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let told = |name: &str| -> f64 {
        let (_, rest) = text.split_once(name).unwrap_or_else(|| panic!("{text}"));
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    let (megabytes, nanoseconds) = (told("MEGABYTES "), told("NANOSECONDS "));
    println!("100,000 ended sessions: {megabytes} MB, {nanoseconds} ns per check");
    assert!(megabytes < 20.0, "{megabytes} MB");
    // Without optimisation it takes several times as long; the figure that counts is that of a release build.
    let most = if cfg!(debug_assertions) { 10_000.0 } else { 1000.0 };
    assert!(nanoseconds < most, "{nanoseconds} ns");
}

/// The other process; does nothing on its own.
#[tokio::test]
#[ignore = "the test above runs this in a process of its own"]
async fn the_service() {
    let (Ok(issuer), Ok(token)) = (std::env::var(ISSUER), std::env::var(TOKEN)) else { return };
    let verifier =
        rotunda_verify::Verifier::builder(&issuer).audience(AUDIENCE).follow(credentials()).build().unwrap();
    let accepted = verifier.authenticate(&token).await.unwrap();
    let before = resident();
    verifier.ready().await;
    let after = resident();
    assert_eq!(verifier.health().feed.unwrap().entries, SESSIONS);

    let clock = SystemClock::new();
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = clock.elapsed();
        for _ in 0..CHECKS {
            black_box(verifier.still_good(black_box(&accepted))).unwrap();
        }
        best = best.min((clock.elapsed() - start).as_secs_f64() / f64::from(CHECKS));
    }
    let megabytes = after.saturating_sub(before) as f64 / 1e6;
    println!("\nMEGABYTES {megabytes:.1}\nNANOSECONDS {:.0}", best * 1e9);
}
