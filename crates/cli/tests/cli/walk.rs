//! The README's walk, command by command, from an empty home directory.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::Place;

/// The text of all code blocks of a Markdown text that open with this line.
fn blocks(markdown: &str, opening: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if line == opening {
            found.push(
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect(),
            );
        }
    }
    found
}

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap()
}

#[test]
fn the_readme_begins_with_two_commands() {
    assert_eq!(blocks(&readme(), "```sh"), ["cargo run --release\n", "./scripts/test\n"]);
}

/// Runs every block of the walk in one shell that stops at the first failure, and compares what a reader is told to see.
#[test]
fn the_walk_in_the_readme_works() {
    let place = Place::new("");
    let server = place.serve();
    let blocks = blocks(&readme(), "```sh walk");
    assert_eq!(blocks.len(), 9, "the walk has lost or won a step: look at this test too");
    let mut script = String::from("set -euo pipefail\n");
    for (number, block) in blocks.iter().enumerate() {
        let block = block.replace("http://localhost:8080", &server.url);
        write!(script, "echo '--- {number}'\n{block}").unwrap();
    }
    let output = shell(&place, &script);
    let mut steps = output.split("--- ").map(str::to_owned);
    let mut expect = |step: &str, wanted: &[&str]| {
        let text = steps.next().unwrap_or_default();
        for wanted in wanted {
            assert!(text.contains(wanted), "{step}: {wanted:?} is not in\n{text}\n--- of ---\n{output}");
        }
    };
    expect("before the first", &[""]);
    expect("setting up", &["0"]);
    expect("register", &["\"generation\": 0", "ada@example.com"]);
    expect("call an API", &["\"email\":\"ada@example.com\"", "\"client_id\": \"native\"", "\"ep\": 0"]);
    expect("refresh", &["\n1\n"]);
    expect("lose the reply", &["the same successor"]);
    expect("second device", &["\"current\": true", "\"current\": false", "curl"]);
    expect(
        "steal",
        &["token_reused", "\"ended\": \"reused\"", "ended at", "session_ended", "ada@example.com"],
    );
    expect("sign out", &["204", "session_ended", "logged_out"]);
    expect("browser", &["access_token", "\n1\n", "204"]);
    drop(server);
}

fn shell(place: &Place, script: &str) -> String {
    let home = place.path("home");
    std::fs::create_dir_all(&home).unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_rotunda")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", script])
        .current_dir(place.dir.path())
        .env_clear()
        .env("PATH", path)
        .env("HOME", &home)
        // What makes port 8080 of the README this port, for the server and the commands alike.
        .env("ROTUNDA_SERVER__LISTEN", format!("127.0.0.1:{}", place.port))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}
