//! The reference, the dashboard and the alerts are held to the one list.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use rotunda_core::model::{Ending, EventKind};
use rotunda_core::refresh::Decision;
use serde_json::Value;

use super::families::{ALL, Family, Kind};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn families() -> impl Iterator<Item = &'static Family> {
    ALL.iter().flat_map(|(_, families)| families.iter().copied())
}

/// The page, as it follows from the list.
fn reference() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         Made from `crates/cli/src/telemetry/families.rs`; a test compares the two, and `ROTUNDA_WRITE=1` has it write this page. How to\n\
         read them, and what to do about them: [operating](../guide/operating.md#metrics-dashboards-and-alerts).\n\n\
         Counters begin at 0 with each start. The unit is what the name ends with; without one it is a number of things. A histogram has\n\
         `_bucket`, `_sum` and `_count`. Names, labels and their values are added to and never renamed. No label has a value that\n\
         somebody outside could choose.\n",
    );
    for (about, families) in ALL {
        write!(page, "\n## {about}\n\n| name | kind | labels | meaning |\n|---|---|---|---|\n").unwrap();
        for Family { name, kind, labels, meaning } in *families {
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            writeln!(page, "| `{name}` | {} | {} | {meaning} |", kind.as_str(), labels.join(", ")).unwrap();
        }
    }
    page.push_str("\n## Values of labels\n\n| label | values |\n|---|---|\n");
    let mut values = |label: &str, values: Vec<&str>| {
        let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        writeln!(page, "| `{label}` | {} |", values.join(", ")).unwrap();
    };
    values("decision", Decision::ROWS.to_vec());
    values("ending", Ending::ALL.iter().map(|ending| ending.as_str()).collect());
    values("kind", EventKind::names().collect());
    page.push_str(
        "| `route` | the templates of all routes, such as `/auth/sessions/{id}`; `none` |\n\
         | `reason` | the reasons of refusals, [as clients get them](../guide/rotation.md#what-each-answer-means-to-the-client); else the `error` of the answer |\n",
    );
    page
}

#[test]
fn the_reference_is_what_is_in_the_list() {
    let (path, made) = ("docs/reference/metrics.md", reference());
    if std::env::var_os("ROTUNDA_WRITE").is_some() {
        fs::write(root().join(path), &made).unwrap();
    }
    assert!(
        read(path) == made,
        "{path} is not what follows from the list: run this test with ROTUNDA_WRITE=1"
    );
}

#[test]
fn names_say_what_they_are_and_come_once() {
    let mut names = BTreeSet::new();
    for Family { name, kind, labels, meaning } in families() {
        assert!(names.insert(*name), "{name} comes twice");
        assert!(name.starts_with("rotunda_") || name.starts_with("process_"), "{name}");
        assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
        assert!(!labels.contains(&"le") && meaning.ends_with('.'), "{name}");
    }
    assert!(names.len() > 50);
}

/// The metrics that a query names: words that begin as ours do.
fn named(query: &str) -> Vec<String> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|it| it.starts_with("rotunda_") || it.starts_with("process_")).map(str::to_owned).collect()
}

/// What is wrong with a query.
fn faults(query: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for name in named(query) {
        let is_it = |family: &&Family| match family.kind {
            Kind::Histogram => {
                ["_bucket", "_sum", "_count"].iter().any(|end| name == format!("{}{end}", family.name))
            }
            Kind::Counter | Kind::Gauge => name == family.name,
        };
        let Some(family) = families().find(is_it) else {
            faults.push(format!("{name} is not there"));
            continue;
        };
        let (_, after) = query.split_once(&name).unwrap();
        let selectors =
            after.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(it, _)| it);
        for selector in selectors.split(',').filter(|it| !it.is_empty()) {
            let label = selector.split(['=', '!']).next().unwrap().trim();
            if !family.labels.contains(&label) && !["le", "job", "instance"].contains(&label) {
                faults.push(format!("{name} has no label {label}"));
            }
        }
    }
    faults
}

#[test]
fn a_query_of_what_is_not_there_is_found() {
    assert_eq!(faults("sum(rate(rotunda_http_requests_total{status=~\"5..\"}[5m]))"), [""; 0]);
    assert_eq!(faults("rotunda_nonsense > 1"), ["rotunda_nonsense is not there"]);
    assert_eq!(faults("rotunda_sqlite_group_size"), ["rotunda_sqlite_group_size is not there"]);
    assert_eq!(faults("rotunda_users{color=\"red\"}"), ["rotunda_users has no label color"]);
}

#[test]
fn the_dashboard_shows_what_is_there() {
    let board: Value = serde_json::from_str(&read("packaging/grafana/rotunda.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let (mut ids, mut taken, mut shown) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id comes twice");
        let of = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        for place in
            (of("x")..of("x") + of("w")).flat_map(|x| (of("y")..of("y") + of("h")).map(move |y| (x, y)))
        {
            assert!(place.0 < 24 && taken.insert(place), "{title} lies over another panel");
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(
            panel["description"].as_str().is_some_and(|it| it.ends_with('.')),
            "{title} says what it shows"
        );
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title} is empty");
        for target in targets {
            let query = target["expr"].as_str().unwrap();
            assert_eq!(faults(query), [""; 0], "{title}: {query}");
            assert!(query.contains("$job") && query.contains("$instance"), "{title}: {query}");
            shown.extend(named(query));
        }
    }
    let variables = board["templating"]["list"].as_array().unwrap();
    let variables: Vec<_> = variables.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(variables, ["datasource", "job", "instance"]);
    assert!(shown.len() > 30, "{shown:?}");
}

#[test]
fn each_alert_asks_what_is_there_and_says_what_to_do() {
    let (rules, guide) = (read("packaging/prometheus/rotunda.rules.yml"), read("docs/guide/operating.md"));
    let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
    assert!(alerts.len() >= 15, "{}", alerts.len());
    for alert in &alerts {
        let name = alert.lines().next().unwrap();
        let of = |key: &str| {
            let value = alert.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}: ")));
            value.unwrap_or_else(|| panic!("{name} has no {key}")).trim_matches('\'').to_owned()
        };
        assert_eq!(faults(&of("expr")), [""; 0], "{name}");
        assert!(["page", "ticket"].contains(&&*of("severity")), "{name}");
        assert!(of("summary").ends_with('.') && of("description").ends_with('.'), "{name}");
        assert_eq!(of("runbook"), "docs/guide/operating.md#metrics-dashboards-and-alerts", "{name}");
        assert!(
            guide.contains(&format!("\n| **{name}** | ")),
            "docs/guide/operating.md says nothing of {name}"
        );
    }
    assert!(guide.contains("\n## Metrics, dashboards and alerts\n"));
    let told = guide.lines().filter(|line| line.starts_with("| **Rotunda")).count();
    assert_eq!(told, alerts.len(), "docs/guide/operating.md has other alerts");
}
