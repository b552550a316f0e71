//! The walks of the README and the guide, command by command, from an empty home directory.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::Place;

/// The text of all code blocks of a Markdown text that open with this line.
pub(crate) fn blocks(markdown: &str, opening: &str) -> Vec<String> {
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

/// A document, by its path from the top.
pub(crate) fn page(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

#[test]
fn the_readme_begins_with_two_commands() {
    assert_eq!(blocks(&page("README.md"), "```sh"), ["cargo run --release\n", "./scripts/test\n"]);
}

/// Steps of a walk, in order: what each is about, and what a reader is told to see of it.
type Steps<'a> = &'a [(&'a str, &'a [&'a str])];

/// Runs every block of a page's walk in one shell that stops at the first failure, and compares what it prints.
fn walk(markdown: &str, config: &str, steps: Steps<'_>) {
    let place = Place::new(config);
    let server = place.serve();
    let blocks = blocks(markdown, "```sh walk");
    assert_eq!(blocks.len(), steps.len(), "the walk has lost or won a step: look at this test too");
    let mut script = String::from("set -euo pipefail\n");
    for (number, block) in blocks.iter().enumerate() {
        let block = block.replace("http://localhost:8080", &server.url);
        write!(script, "echo '--- {number}'\n{block}").unwrap();
    }
    let output = shell(&place, &script, &[]);
    let printed: Vec<&str> = output.split("--- ").skip(1).collect();
    assert_eq!(printed.len(), steps.len(), "{output}");
    for (text, (step, wanted)) in printed.iter().zip(steps) {
        let mut rest = *text;
        for wanted in *wanted {
            let Some((_, after)) = rest.split_once(wanted) else {
                panic!("{step}: {wanted:?} is not in\n{rest}\n--- of ---\n{output}");
            };
            rest = after;
        }
    }
    drop(server);
}

#[test]
fn the_walk_in_the_readme_works() {
    let steps: Steps<'_> = &[
        ("setting up", &["0"]),
        ("register", &["\"generation\": 0", "ada@example.com"]),
        ("call an API", &["\"email\":\"ada@example.com\"", "\"client_id\": \"native\"", "\"ep\": 0"]),
        ("refresh", &["\n1\n"]),
        ("lose the reply", &["the same successor"]),
        ("second device", &["\"curl\"", "\"current\": true", "\"curl\"", "\"current\": false"]),
        ("steal", &["token_reused", "\"ended\": \"reused\"", "ended at", "session_ended", "ada@example.com"]),
        ("sign out", &["204", "session_ended", "logged_out"]),
        ("browser", &["access_token", "\n1\n", "204"]),
    ];
    walk(&page("README.md"), "", steps);
}

#[test]
fn the_walk_in_the_guide_to_accounts_works() {
    let sent = "If this address can be written to, a letter is on its way. Look into the mailbox.";
    let steps: Steps<'_> = &[
        ("register", &[sent]),
        ("verify", &["<title>Confirm your address", "</title>", "true", "\"link_invalid\""]),
        ("forget", &[sent, sent, "\n0\n"]),
        ("report", &["\"session_ended\"", "\"reported\"", "\"credentials_invalid\""]),
        (
            "look and sign out the others",
            &[
                "\nuser.password_reset\n",
                "204\n",
                "\"session_ended\"",
                "\"revoked_by_user\"",
                "\nada@example.com\n",
            ],
        ),
        (
            "leave",
            &[sent, "\nada@elsewhere.example\n", "[\"devices\",\"events\",\"sessions\",\"user\"]", "\n204\n"],
        ),
    ];
    walk(&page("docs/guide/accounts.md"), "[accounts]\nregistration = \"verified\"\n", steps);
}

#[test]
fn the_walk_in_the_guide_to_services_works() {
    let steps: Steps<'_> = &[
        ("a client", &["\"client_id\": \"reports\"", "\"kind\": \"service\"", "revocations.read"]),
        ("the feed", &["\"full\": true", "\"entries\": []"]),
        ("in and out", &["the signature is good", "204", "the signature is still good"]),
        ("told", &["false", "\"session\"", "\"logged_out\""]),
        ("introspect", &["false"]),
        ("rotate", &["New signing key", "signing", "coming"]),
    ];
    walk(&page("docs/guide/services.md"), "", steps);
}

#[test]
fn the_walk_in_the_guide_to_roles_works() {
    let steps: Steps<'_> = &[
        (
            "a role",
            &[
                "added editor; it permits: articles.read articles.write",
                "\nadmin ",
                "\neditor ",
                "Writes the magazine",
            ],
        ),
        (
            "held",
            &[
                "ada@example.com holds editor",
                r#"{"roles":["editor"],"scope":"articles.read articles.write","ce":1,"rv":1}"#,
            ],
        ),
        (
            "and no more",
            &[
                "changed editor; it permits: articles.read\n",
                "ada@example.com holds no role",
                r#"{"roles":[],"scope":null,"ce":2,"rv":"#,
                "removed editor",
            ],
        ),
        ("its own", &["audit.read", "users.write", "webhooks.read"]),
        ("the first admin", &["ada@example.com holds admin"]),
    ];
    walk(&page("docs/guide/roles.md"), "", steps);
}

#[test]
fn the_walk_in_the_guide_to_the_pages_works() {
    let steps: Steps<'_> = &[
        ("return addresses", &["\n200\n", "400\n"]),
        ("languages", &["<title>Sign in · Rotunda</title>", "<title>Anmelden · Rotunda</title>"]),
        ("headers", &["cache-control: no-store", "default-src 'none'", "referrer-policy: strict-origin"]),
    ];
    walk(&page("docs/guide/pages.md"), "", steps);
}

/// Runs a script in the folder of a server, with the commands that a reader has, and answers what it prints.
pub(crate) fn shell(place: &Place, script: &str, environment: &[(&str, String)]) -> String {
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
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}
