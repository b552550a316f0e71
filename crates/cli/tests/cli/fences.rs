//! Every block that README and guide show is run or compiled by a test, or stands on a list with the reason why it is not.
//!
//! 1. A block whose fence says more than a language (`sh walk`, `js session.js`) is run by the test that looks for that fence; that
//!    there is one is not looked at here.
//! 2. A block `toml` is a configuration, and has to be a good one.
//! 3. Every other block is of a page and a kind that [`LEFT`] names, as many times as it says. What is shell in it can be parsed,
//!    and what calls `rotunda` in it is called so: its flags and values are known.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{Place, rotunda};
use crate::walk::page;

/// Where a block is, what its fence says, and what is in it.
struct Block {
    page: String,
    kind: String,
    text: String,
}

/// Blocks that are run by tests that look for their language alone, and how many of them there are on a page.
const RUN: [(&str, &str, usize); 8] = [
    ("docs/guide/embedding.md", "rust", 4),
    ("docs/guide/gateways.md", "caddyfile", 1),
    ("docs/guide/gateways.md", "haproxy", 1),
    ("docs/guide/gateways.md", "lua", 1),
    ("docs/guide/gateways.md", "nginx", 1),
    ("docs/guide/scaling.md", "sql", 1),
    ("docs/guide/scaling.md", "haproxy", 1),
    ("docs/guide/webhooks.md", "python", 1),
];

/// Blocks that no test runs, and why.
const LEFT: [(&str, &str, usize, &str); 36] = [
    ("README.md", "sh", 2, "this test is a part of what they start"),
    ("docs/guide/accounts.md", "sh", 1, "it starts a server; parsed"),
    ("docs/guide/acting.md", "http", 1, "a request, for reading"),
    ("docs/guide/acting.md", "json", 1, "an answer, for reading"),
    ("docs/guide/admin-api.md", "sh", 2, "parsed; the API's own tests ask the same"),
    ("docs/guide/doctor.md", "sh", 1, "parsed; the doctor has tests of its own"),
    ("docs/guide/gateways.md", "yaml", 2, "Traefik and Envoy: the page says that they were not run"),
    (
        "docs/guide/install.md",
        "sh",
        5,
        "installations, for root; parsed. The package and the unit have tests of their own",
    ),
    ("docs/guide/mobile.md", "sh", 1, "it starts a server; the walk of the page has one with this window"),
    ("docs/guide/moving.md", "sh", 2, "parsed; copying has tests of its own"),
    ("docs/guide/operating.md", "sh", 1, "another build: `scripts/long traces`"),
    ("docs/guide/operating.md", "yaml", 1, "for Prometheus, which is not installed"),
    ("docs/guide/pages.md", "html", 1, "a link"),
    ("docs/guide/passwords.md", "sh", 1, "parsed; the lists have tests of their own"),
    ("docs/guide/roles.md", "http", 1, "an answer, for reading"),
    ("docs/guide/roles.md", "js", 1, "the tests of web/verify call the same"),
    ("docs/guide/roles.md", "rust", 1, "the tests of crates/verify call the same"),
    ("docs/guide/rotation.md", "text", 2, "an algorithm, and an answer"),
    ("docs/guide/server-rendered.md", "js", 1, "for Next.js, which is not installed"),
    ("docs/guide/server-rendered.md", "sh", 1, "parsed; the example's own test starts it"),
    ("docs/guide/serving.md", "sh", 2, "for certbot and systemd; parsed"),
    ("docs/guide/start.md", "sh", 2, "the build and an installation; scripts/test does both"),
    ("docs/guide/threat-model.md", "text", 1, "a picture"),
    ("docs/guide/verify/README.md", "json", 1, "an answer, for reading"),
    ("docs/guide/verify/README.md", "sh", 1, "parsed"),
    ("docs/guide/verify/dotnet.md", "csharp", 1, "the page says that it was not run"),
    ("docs/guide/verify/express.md", "json", 1, "an answer, for reading"),
    ("docs/guide/verify/express.md", "sh", 1, "an installation; parsed"),
    ("docs/guide/verify/go.md", "go", 1, "the page says that it was not run"),
    ("docs/guide/verify/java.md", "java", 2, "the page says that it was not run"),
    ("docs/guide/verify/node.md", "sh", 1, "an installation; parsed"),
    ("docs/guide/verify/python.md", "sh", 1, "an installation; parsed"),
    ("docs/guide/verify/serverless.md", "js", 1, "the page says that it was not run"),
    ("docs/guide/verify/serverless.md", "sh", 1, "an installation; parsed"),
    ("docs/guide/webhooks.md", "console", 1, "parsed; webhooks have tests of their own"),
    ("docs/guide/webhooks.md", "http", 1, "a request, for reading"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The pages below a folder, from the top.
fn pages(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|end| end == "md") {
            found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
        }
    }
}

/// All blocks, those in lists too.
fn blocks() -> Vec<Block> {
    let mut names = vec!["README.md".to_owned()];
    pages(&root().join("docs/guide"), &mut names);
    let mut found = Vec::new();
    for name in names {
        let text = page(&name);
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some((indent, kind)) = line.split_once("```").filter(|(indent, _)| indent.trim().is_empty())
            else {
                continue;
            };
            let inside = lines.by_ref().take_while(|line| line.trim() != "```");
            let text =
                inside.map(|line| format!("{}\n", line.strip_prefix(indent).unwrap_or(line))).collect();
            found.push(Block { page: name.clone(), kind: kind.to_owned(), text });
        }
    }
    assert!(found.len() > 150, "{}", found.len());
    found
}

#[test]
fn what_is_not_run_is_known() {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for Block { page, kind, .. } in blocks() {
        assert!(!kind.is_empty(), "{page}: a block without a language");
        if !kind.contains(' ') && kind != "toml" {
            *seen.entry((page, kind)).or_default() += 1;
        }
    }
    let of_lists = RUN.iter().copied().chain(LEFT.iter().map(|(page, kind, many, why)| {
        assert!(!why.is_empty(), "{page}");
        (*page, *kind, *many)
    }));
    let listed: BTreeMap<_, _> =
        of_lists.map(|(page, kind, many)| ((page.to_owned(), kind.to_owned()), many)).collect();
    assert_eq!(seen, listed, "run or compile a new block, or say in this list why not");
}

#[test]
fn every_configuration_is_a_good_one() {
    let configurations = blocks().into_iter().filter(|block| block.kind.starts_with("toml"));
    for Block { page, text, .. } in configurations {
        // That of a crate that checks tokens, and one for another build.
        if text.starts_with("rotunda-verify =") || text.contains("otlp_endpoint") {
            continue;
        }
        let output = Place::new(&text).run(&["config", "check"], "");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        // The files that it names are the reader's.
        let wrong = told
            .lines()
            .filter(|line| line.starts_with("  ") && !line.contains("cannot be read: No such file"));
        assert_eq!(wrong.collect::<Vec<_>>(), Vec::<&str>::new(), "{page}:\n{text}");
        assert!(output.status.success() || told.contains("No such file"), "{page}: {told}");
    }
}

/// The commands of a block, each in one line.
fn commands(block: &Block) -> Vec<String> {
    let text = block.text.replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| match block.kind.as_str() {
        "console" => line.strip_prefix("$ "),
        _ => Some(line),
    });
    lines.map(str::to_owned).collect()
}

#[test]
fn what_is_shown_as_shell_can_be_parsed_and_rotunda_is_called_as_it_is() {
    let mut called = 0;
    for block in blocks() {
        if block.kind != "sh" && block.kind != "console" {
            continue;
        }
        let script = commands(&block).join("\n");
        let mut bash = std::process::Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
        bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(bash.wait().unwrap().success(), "{}:\n{script}", block.page);
        let parts = script
            .lines()
            .filter_map(|line| line.split(" # ").next())
            .flat_map(|line| line.split(['|', ';']));
        let parts = parts.map(|part| part.trim().trim_start_matches("sudo -u rotunda "));
        for command in parts.filter_map(|part| part.strip_prefix("rotunda ")) {
            let words = command.split_whitespace();
            let words = words.map(|word| word.trim_matches(['\'', '"']));
            let output = rotunda().args(words).arg("--help").output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: rotunda {command}\n{told}", block.page);
            called += 1;
        }
    }
    assert!(called >= 12, "{called}");
}
