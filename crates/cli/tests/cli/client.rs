//! `@rotunda/client` before the real server: what is asked of it stands in `web/client/test`, and is run by Node.
//!
//! 1. The package was built from its sources by scripts/test, as it would be published: others import it meanwhile.
//! 2. Its tests start servers of their own, with the binary that this environment names.

use std::path::Path;
use std::process::Command;

#[test]
fn the_client_keeps_sessions_whatever_happens() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/client").canonicalize().unwrap();
    assert!(
        package.join("dist/index.js").exists(),
        "web/client is not built: `npm ci && npm run build` there, as scripts/test does"
    );
    let tests = package.join("test").read_dir().unwrap().map(|entry| entry.unwrap().path());
    let tests = tests.filter(|path| path.to_string_lossy().ends_with(".test.js"));
    let mut node = Command::new("node");
    node.args(["--test", "--test-timeout=240000"]).args(tests).current_dir(&package);
    let output = node.env("ROTUNDA_BINARY", env!("CARGO_BIN_EXE_rotunda")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let count =
        |what: &str| said.lines().filter_map(|line| line.strip_prefix(what)).next_back().map(str::to_owned);
    assert!(count("# pass ").is_some_and(|passed| passed != "0"), "nothing was run:\n{said}");
    assert_eq!(count("# skipped ").as_deref(), Some("0"), "{said}");
    // The figures, for whoever looks with `--nocapture`.
    said.lines()
        .filter(|line| line.contains(" gzipped") || line.contains(" hours: "))
        .for_each(|line| println!("{line}"));
}
