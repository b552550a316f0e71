//! What the guide shows is what comes.
//!
//! 1. A block `sh walk` is run: all of a page's in one shell, beside a server of their own, in a folder of their own.
//! 2. The block `text shows` behind it is what it prints, where `…` stands for anything. Where there is none, it prints nothing.
//! 3. `text banner` is what the server prints at its start, `toml rotunda` a configuration that it takes, `rust` a piece of an
//!    example that is compiled and run, and what a table quotes of the program stands in the program.
//! 4. Links lead somewhere, and the guide's list has every page.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::support::{Place, example, free_port, get, post, register};
use crate::walk::{blocks, page, shell};

/// Stands before what each step prints.
const MARK: &str = "=-=-= step ";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The fenced blocks of a text in their order: what each opens with, and what is in it.
fn fenced(markdown: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let text =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            found.push((kind, text));
        }
    }
    found
}

/// The commands of a page's walk, and what each is said to print.
fn steps(markdown: &str) -> Vec<(String, Option<String>)> {
    let mut steps: Vec<(String, Option<String>)> = Vec::new();
    for (kind, text) in fenced(markdown) {
        match kind {
            "sh walk" => steps.push((text, None)),
            "text shows" => {
                let (command, shown) = steps.last_mut().unwrap();
                assert!(shown.is_none(), "two texts are shown behind\n{command}");
                *shown = Some(text);
            }
            _ => {}
        }
    }
    steps
}

/// Whether this is what was printed, where `…` stands for anything.
fn fits(shown: &str, printed: &str) -> bool {
    let mut parts = shown.trim().split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.trim().strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(*part) else { return false };
        rest = after;
    }
    rest.ends_with(*last)
}

#[test]
fn what_is_shown_fits_what_is_printed_and_nothing_else() {
    for (shown, printed) in [
        ("a\nb\n", "a\nb"),
        ("", "\n"),
        ("a … c", "a b c"),
        ("…x…", "1x2"),
        ("a…", "abc"),
        ("… b … d", "a b c d"),
    ] {
        assert!(fits(shown, printed), "{shown:?} {printed:?}");
    }
    for (shown, printed) in
        [("a", "ab"), ("", "a"), ("a … c", "a b d"), ("a…c", "b c"), ("…x…", "12"), ("a … b … c", "a b")]
    {
        assert!(!fits(shown, printed), "{shown:?} {printed:?}");
    }
}

/// Runs a page's walk and compares.
fn walk_as_shown(path: &str, config: &str) {
    let markdown = page(path);
    let metrics = free_port();
    let place = Place::new(&format!("{config}[telemetry]\nmetrics_listen = \"127.0.0.1:{metrics}\"\n"));
    std::os::unix::fs::symlink(root().join("web"), place.path("web")).unwrap();
    let server = place.serve();
    let own = free_port();
    // The ports of the page are those of this test.
    let here = |text: &str| {
        text.replace("localhost:8080", &format!("localhost:{}", place.port))
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{}", place.port))
            .replace("127.0.0.1:9464", &format!("127.0.0.1:{metrics}"))
            .replace("localhost:4000", &format!("localhost:{own}"))
    };
    let steps = steps(&markdown);
    assert!(!steps.is_empty(), "{path} has no walk any more");
    // What was begun in the background ends with the shell.
    let mut script = String::from("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n");
    for (number, (command, _)) in steps.iter().enumerate() {
        write!(script, "printf '\\n{MARK}{number}\\n'\n{}", here(command)).unwrap();
    }
    let printed = shell(&place, &script, &[("PORT", own.to_string())]);
    let printed: Vec<&str> =
        printed.split(MARK).skip(1).filter_map(|text| text.split_once('\n')).map(|(_, text)| text).collect();
    assert_eq!(printed.len(), steps.len(), "{printed:?}");
    for ((command, shown), printed) in steps.iter().zip(printed) {
        let shown = here(shown.as_deref().unwrap_or_default());
        assert!(
            fits(&shown, printed),
            "{path}:\n{command}--- is said to print\n{shown}--- and printed\n{printed}"
        );
    }
    let banner = server.banner();
    for shown in blocks(&markdown, "```text banner") {
        assert!(fits(&here(&shown), &banner), "{path}: the server said\n{banner}");
    }
}

#[test]
fn the_page_to_start_with_leads_to_a_protected_request() {
    assert!(
        root().join("web/verify/node_modules/jose").exists(),
        "the packages that web/verify is built on are missing: `npm ci` there, as scripts/test does"
    );
    walk_as_shown("docs/guide/start.md", "");
}

#[test]
fn the_concepts_can_be_seen() {
    walk_as_shown("docs/guide/concepts.md", "");
}

#[test]
fn users_of_the_tutorial_come_over() {
    walk_as_shown("docs/guide/from-the-tutorials.md", "");
}

#[test]
fn an_app_that_loses_a_reply_goes_on_as_the_guide_has_it() {
    walk_as_shown("docs/guide/mobile.md", "[refresh]\nwindow = \"0s\"\n");
}

#[test]
fn operators_do_what_the_guide_has_them_do() {
    walk_as_shown("docs/guide/operating.md", "");
}

#[test]
fn the_configuration_is_begun_and_shown_as_the_guide_has_it() {
    walk_as_shown("docs/guide/configuration.md", "");
}

#[test]
fn what_is_asked_before_an_upgrade_is_answered() {
    walk_as_shown("docs/guide/upgrading.md", "");
}

#[test]
fn the_configuration_of_the_guide_to_operating_is_read() {
    let found = blocks(&page("docs/guide/operating.md"), "```toml rotunda");
    assert_eq!(found.len(), 3);
    for block in found {
        let place = Place::new(&block);
        let output = place.run(&["config", "check"], "");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.starts_with("the configuration is good"), "{said}");
    }
}

/// The sources of the programs, in which a string that is broken with a backslash is whole.
fn sources() -> String {
    let (mut folders, mut text) = (vec![root().join("crates")], String::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    text.split("\\\n").map(str::trim_start).collect()
}

#[test]
fn what_the_guide_to_operating_quotes_is_what_the_program_says() {
    let (sources, page) = (sources(), page("docs/guide/operating.md"));
    let quoted: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert!(quoted.len() > 12, "{quoted:?}");
    for text in quoted {
        assert!(sources.contains(text), "no program says {text:?}");
    }
}

/// The application of the guide to embedding.
struct Embedded {
    child: Child,
    url: String,
}

impl Embedded {
    fn start(place: &Place) -> Self {
        let mut command = Command::new(example("rotunda-server", "embedded", None));
        command.env("PORT", place.port.to_string()).env("DATA", place.path("data"));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = format!("http://localhost:{}", place.port);
        assert_eq!(line, format!("listening on {url}\n"));
        Self { child, url }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_guide_to_embedding_shows_what_is_compiled() {
    let code = page("crates/server/examples/embedded.rs");
    let found = blocks(&page("docs/guide/embedding.md"), "```rust");
    assert!(found.len() > 3, "{}", found.len());
    for block in found {
        assert!(code.contains(&block), "the example has no longer\n{block}");
    }
}

#[tokio::test]
async fn an_application_with_the_router_in_it_knows_who_is_signed_in() {
    let place = Place::new("");
    let embedded = Embedded::start(&place);
    let client = reqwest::Client::new();
    let at = |path: &str| format!("{}{path}", embedded.url);
    let session = register(&client, &embedded.url, "ada@example.com").await;
    let token = session.text("/access_token");
    let answer = get(&client, &at("/hello"), &token).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({"hello": session.text("/user/id")})));
    let nobody = get(&client, &at("/hello"), "x.y.z").await;
    assert_eq!((nobody.status, nobody.text("/reason").as_str()), (401, "token_unknown"));
    assert_eq!(get(&client, &at("/nowhere"), &token).await.status, 404, "Rotunda's own answer");
    let bearer = format!("Bearer {token}");
    let out = post(&client, &at("/auth/logout"), &json!({}), &[("authorization", bearer.as_str())]).await;
    assert_eq!(out.status, 204, "{out:?}");
    let after = get(&client, &at("/hello"), &token).await;
    assert_eq!((after.status, after.text("/reason").as_str()), (401, "session_ended"));
}

/// The documents that people read, by their paths.
fn documents() -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![root().join("docs")], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    let others = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "web/client/README.md",
        "web/verify/README.md",
    ];
    found.extend(others.map(|name| root().join(name)));
    found
}

/// The lines of a text that are in no fenced block.
fn prose(markdown: &str) -> Vec<&str> {
    let mut is_code = false;
    let outside = |line: &&str| {
        let fence = line.starts_with("```");
        is_code ^= fence;
        !is_code && !fence
    };
    markdown.lines().filter(outside).collect()
}

/// What the headings of a text are called in links to them.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let headings = prose(markdown).into_iter().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let text = line.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
        kept.map(|it| if it == ' ' { '-' } else { it }).collect::<String>()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut followed = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let links = prose(&text).into_iter().flat_map(|line| line.split("](").skip(1));
        for link in links.filter_map(|rest| rest.split(')').next()) {
            if ["http:", "https:", "mailto:"].iter().any(|scheme| link.starts_with(scheme)) {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => document.clone(),
                path => document.parent().unwrap().join(path),
            };
            assert!(target.exists(), "{}: {link} leads nowhere", document.display());
            if !anchor.is_empty() && target.extension().is_some_and(|extension| extension == "md") {
                let there = anchors(&std::fs::read_to_string(&target).unwrap());
                assert!(there.contains(anchor), "{}: {link}: no such heading", document.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 200, "only {followed} links were followed: is this test still looking?");
}

#[test]
fn the_list_of_the_guide_has_every_page() {
    let list = page("docs/guide/README.md");
    for entry in std::fs::read_dir(root().join("docs/guide")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") && name != "README.md" {
            assert!(list.contains(&format!("]({name})")), "docs/guide/README.md does not list {name}");
        }
    }
}
