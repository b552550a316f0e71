//! `rotunda config`: what it shows, and `docs/reference`, which is what it prints.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Place, rotunda};
use crate::walk::page;

fn printed(arguments: &[&str]) -> String {
    let output = rotunda().arg("config").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_reference_is_what_the_program_prints() {
    for (verb, path) in [
        ("reference", "docs/reference/configuration.md"),
        ("schema", "docs/reference/rotunda.schema.json"),
        ("example", "docs/reference/rotunda.toml"),
    ] {
        let (printed, there) = (printed(&[verb]), page(path));
        let differs = printed.lines().zip(there.lines()).find(|(one, other)| one != other);
        assert!(
            printed == there,
            "{path} is not what the program prints, first at {differs:?}. Renew it: cargo run -- config {verb} > {path}"
        );
    }
}

#[test]
fn the_guide_names_every_preset_with_what_it_sets() {
    let guide = page("docs/guide/configuration.md");
    for preset in ["everyday", "bank", "nist-aal1", "asvs"] {
        assert!(guide.contains(&format!("| `{preset}` |")), "{preset}");
        assert_eq!(
            printed(&["preset", preset]),
            page(&format!("crates/cli/src/config/presets/{preset}.toml"))
        );
    }
}

/// Each in a place of its own.
const SECRETS: [&str; 5] =
    ["hunter-in-file", "hunter-in-variable", "hunter-in-url-file", "hunter-by-file", "hunter-user"];

const CONFIGURED: &str = "[policy]
preset = \"bank\"
[server]
public_url = \"https://auth.example.com\"
[store]
url = \"postgres://hunter-user:hunter-in-file@one:5433,two/rotunda?sslmode=require&application_name=hunter-in-file\"
[sessions]
store_file = \"sessions-url\"
[mail]
from = \"Acme <no-reply@acme.example>\"
[clients.web]
idle = \"10m\"
return_urls = [\"https://app.example.com/in\", \"https://app.example.com/too\"]
";

/// A configuration with secrets in its file, in the environment, and in files that both name.
fn place_with_secrets() -> (Place, Vec<(&'static str, String)>) {
    let place = Place::new(CONFIGURED);
    std::fs::write(place.path("sessions-url"), "rediss://hunter-user:hunter-in-url-file@cache.example.com\n")
        .unwrap();
    std::fs::write(place.path("audience"), "https://hunter-by-file.example\n").unwrap();
    let variables = vec![
        ("ROTUNDA_MAIL__URL", "smtps://hunter-user:hunter-in-variable@mail.example.com".to_owned()),
        ("ROTUNDA_PAGES__NAME_FILE", place.path("audience").display().to_string()),
        ("ROTUNDA_REFRESH__WINDOW", "5s".to_owned()),
    ];
    (place, variables)
}

fn show(place: &Place, variables: &[(&str, String)], more: &[&str]) -> String {
    let mut command = place.command(&[&["config", "show"], more].concat());
    let output = command.envs(variables.iter().map(|(name, value)| (*name, value))).output().unwrap();
    let (said, complaints) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && complaints.is_empty(), "{said}{complaints}");
    for secret in SECRETS {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    said
}

#[test]
fn every_value_is_shown_with_its_source_and_no_secret_is() {
    let (place, variables) = place_with_secrets();
    let shown: Value =
        serde_json::from_str(&show(&place, &variables, &["--json", "--data", "here"])).unwrap();
    let all: BTreeMap<String, (String, String)> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |name: &str| it[name].as_str().unwrap_or_default().to_owned();
            let from = format!("{} {}", text("from"), text("at")).trim().to_owned();
            let value = if it["value"].is_null() { format!("({})", text("words")) } else { text("value") };
            (format!("{}.{}", text("section"), text("key")), (value, from))
        })
        .collect();
    for (key, value, from) in [
        (".data", "here", "flag --data"),
        ("policy.preset", "bank", "file rotunda.toml:2"),
        ("server.listen", &*format!("127.0.0.1:{}", place.port), "environment ROTUNDA_SERVER__LISTEN"),
        ("server.trusted_proxies", "(none)", "default"),
        ("keys.master_file", "here/master.key", "default"),
        ("store.url", "postgres://one:5433,two/rotunda", "file rotunda.toml:6"),
        ("store.connections", "16", "default"),
        ("sessions.store", "rediss://cache.example.com", "file rotunda.toml:8"),
        ("sessions.store_file", "sessions-url", "file rotunda.toml:8"),
        ("limits.store", "sessions", "default"),
        ("mail.url", "mail.example.com:465", "environment ROTUNDA_MAIL__URL"),
        ("mail.from", "Acme <no-reply@acme.example>", "file rotunda.toml:10"),
        ("pages.name", "(set, and not shown)", "environment ROTUNDA_PAGES__NAME_FILE"),
        ("accounts.registration", "verified", "default"),
        ("password.min_length", "15", "preset bank"),
        ("refresh.window", "5s", "environment ROTUNDA_REFRESH__WINDOW"),
        ("refresh.idle", "(as each client has it)", "default"),
        ("clients.web.idle", "10m", "file rotunda.toml:12"),
        ("clients.web.absolute", "12h", "preset bank"),
        ("clients.web.window", "5s", "environment ROTUNDA_REFRESH__WINDOW"),
        (
            "clients.web.return_urls",
            "https://app.example.com/in, https://app.example.com/too",
            "file rotunda.toml:13",
        ),
        ("clients.native.idle", "5m", "preset bank"),
        ("clients.native.bind_address", "off", "preset bank"),
        ("clients.native.late_retry", "key", "preset bank"),
        ("clients.native.when_full", "evict_oldest", "default"),
    ] {
        let expected = (value.to_owned(), from.to_owned());
        assert_eq!(all.get(key), Some(&expected), "{key} of {all:#?}");
    }
}

#[test]
fn it_is_shown_for_people_too_and_flags_count() {
    let (place, variables) = place_with_secrets();
    let said = show(&place, &variables, &["--listen", "127.0.0.1:9"]);
    let lines: Vec<String> =
        said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "[tokens]",
        "[clients.native]",
        "listen 127.0.0.1:9 --listen",
        "access_ttl 2m preset bank",
        "public_url https://auth.example.com rotunda.toml:4",
        "trusted_proxies (none) default",
    ] {
        assert!(lines.iter().any(|it| it == line), "{line} in\n{said}");
    }
    std::fs::write(place.path("rotunda.toml"), "[log]\nlevle = \"info\"").unwrap();
    let output = place.run(&["config", "show"], "");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint.contains("did you mean \"level\"?"), "{complaint}");
}
