//! A site whose server holds the sessions of its users: `web/examples/node-site`, before the real server.
//!
//! 1. Its tests stand beside it, and are run by Node. They start and kill the server themselves, on free ports and in folders
//!    of their own; the environment says where the binary is.
//! 2. It is built on `@rotunda/client` as it stands in `web/client`, built by scripts/test.

use std::path::Path;
use std::process::Command;

fn run(file: &str) {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/examples/node-site");
    assert!(
        site.join("node_modules/@rotunda/client/dist/index.js").exists(),
        "web/client is not built, or the example not installed: `npm ci` in both, and `npm run build` in web/client, as \
         scripts/test does"
    );
    let output = Command::new("node")
        .args(["--test", "--test-timeout=240000", file])
        .current_dir(site)
        .env("ROTUNDA_BINARY", env!("CARGO_BIN_EXE_rotunda"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed = said.lines().filter_map(|line| line.strip_prefix("# pass ")).next_back();
    assert!(passed.is_some_and(|passed| passed != "0"), "nothing was run:\n{said}");
    // The figures, for whoever looks with `--nocapture`.
    said.lines().filter(|line| line.contains(" refreshes")).for_each(|line| println!("{line}"));
}

#[test]
fn a_site_that_holds_sessions_keeps_its_users_signed_in() {
    run("test/site.test.js");
}

#[test]
fn a_site_that_holds_sessions_takes_no_outage_for_a_sign_out() {
    run("test/faults.test.js");
}

#[test]
fn a_site_that_holds_sessions_gives_browsers_a_ticket_and_nothing_else() {
    run("test/browser.test.js");
}

#[test]
fn tokens_in_a_cookie_of_the_site_work_inside_the_window() {
    run("test/middleware.test.js");
}

#[test]
fn the_guide_to_server_rendered_sites_shows_what_is_run() {
    run("test/guide.test.js");
}
