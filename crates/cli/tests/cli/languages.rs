//! Access tokens checked in other languages: `@rotunda/verify` and the pages of `docs/guide/verify`, before the real server.
//!
//! 1. Each test has a server of its own, with a service that may read the feed; its last step revokes the signing key.
//! 2. What is asked of it stands in `web/verify/test`, and is run by Node; the services of the pages are started from there,
//!    that of `python.md` with Debian's Python. The environment says where the server is.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Place;

const CONFIG: &str = "[password]\nmemory_mib = 19\niterations = 2\n[limits]\nenabled = false\n";

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/verify").canonicalize().unwrap()
}

/// Runs tests of the package before a server, and shows what they say if one of them fails.
fn run(files: &[&str], environment: &[(&str, &str)]) {
    let package = package();
    assert!(
        package.join("node_modules/jose").exists(),
        "the packages that web/verify is built on are missing: `npm ci` there, as scripts/test does"
    );
    let place = Place::new(CONFIG);
    let server = place.serve();
    let client =
        place.json(&["client", "add", "feed", "--kind", "service", "--scope", "revocations.read"], "");
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    let mut node = Command::new("node");
    node.args(["--test", "--test-timeout=120000"]).args(files).current_dir(package);
    node.env("ROTUNDA_URL", &server.url).env("ROTUNDA_LISTEN", format!("127.0.0.1:{}", place.port));
    node.env("ROTUNDA_BINARY", env!("CARGO_BIN_EXE_rotunda")).env("ROTUNDA_FOLDER", place.dir.path());
    node.env("FEED_CLIENT_ID", text("client_id")).env("FEED_CLIENT_SECRET", text("client_secret"));
    let output = node.envs(environment.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed = said.lines().filter_map(|line| line.strip_prefix("# pass ")).next_back();
    assert!(passed.is_some_and(|passed| passed != "0"), "nothing was run:\n{said}");
    // The timings, for whoever looks with `--nocapture`.
    said.lines().filter(|line| line.contains(" ms after ")).for_each(|line| println!("{line}"));
}

fn run_page(page: &str) {
    run(&["test/guide.test.js"], &[("PAGE", page)]);
}

#[test]
fn the_node_package_refuses_what_was_revoked_forged_or_meant_for_others() {
    run(&["test/rotunda.test.js"], &[]);
}

#[test]
fn the_node_package_withstands_attacks_outages_and_servers_that_misbehave() {
    let tests = ["test/attacks.test.js", "test/feed.test.js", "test/keys.test.js", "test/parts.test.js"];
    run(&tests, &[]);
}

#[test]
fn the_page_for_node_works() {
    run_page("node");
}

#[test]
fn the_page_for_express_works() {
    run_page("express");
}

#[test]
fn the_page_for_serverless_functions_works() {
    run_page("serverless");
}

#[test]
fn the_page_for_python_works() {
    run_page("python");
}

#[test]
fn services_take_tokens_of_before_beside_the_new_ones_as_the_guide_has_it() {
    run(&["test/tutorials.test.js"], &[]);
}
