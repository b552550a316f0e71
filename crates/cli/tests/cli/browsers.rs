//! The client and the cookies in real browsers: Debian's Chromium and Firefox.
//!
//! What is asked of them stands in `web/browser/test` and is run by Node, which starts the server as well, in front of it a
//! network that can be made bad. `ROTUNDA_LONG=1` has the six tabs go on for two minutes instead of twenty seconds.

use std::path::Path;
use std::process::Command;

/// Runs all tests of the package in one browser, and shows what they say if one of them fails.
fn run(browser: &str) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/browser").canonicalize().unwrap();
    for (needed, command) in [
        ("node_modules/puppeteer-core", "`npm ci` in web/browser"),
        ("../client/dist/index.js", "`npm ci && npm run build` in web/client"),
    ] {
        assert!(package.join(needed).exists(), "{needed} is missing: {command}, as scripts/test does");
    }
    let mut node = Command::new("node");
    node.args(["--test", "--test-timeout=600000", "test/all.test.js"]).current_dir(package);
    node.env("ROTUNDA_BINARY", env!("CARGO_BIN_EXE_rotunda")).env("ROTUNDA_BROWSERS", browser);
    let output = node.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed = said.lines().filter_map(|line| line.strip_prefix("# pass ")).next_back();
    assert!(passed.is_some_and(|passed| passed != "0"), "nothing was run:\n{said}");
    // The figures, for whoever looks with `--nocapture`.
    said.lines()
        .filter(|line| line.starts_with("    # ") && !line.contains("Subtest"))
        .for_each(|line| println!("{line}"));
}

#[test]
fn sessions_survive_in_chromium_and_no_other_site_gets_in() {
    run("chromium");
}

#[test]
fn sessions_survive_in_firefox_and_no_other_site_gets_in() {
    run("firefox");
}
