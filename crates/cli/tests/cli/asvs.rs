//! `docs/reference/asvs.md` against what is there: each requirement once, with its level and a verdict; the tests, files and
//! keys that it names; its figures. Whether a test shows what is said of it, only a reader can tell.

use std::collections::BTreeMap;
use std::path::Path;

use rotunda_core::limits::Limits;

use crate::walk::page;

const PAGE: &str = "docs/reference/asvs.md";

/// The sections of OWASP ASVS 5.0.0, chapters 6, 7, 9 and 10, each with the levels of its requirements in their order.
const SECTIONS: [(&str, &str); 23] = [
    ("6.1", "122"),
    ("6.2", "111111112222"),
    ("6.3", "11223333"),
    ("6.4", "112233"),
    ("6.5", "22222333"),
    ("6.6", "2223"),
    ("6.7", "33"),
    ("6.8", "2222"),
    ("7.1", "222"),
    ("7.2", "1111"),
    ("7.3", "22"),
    ("7.4", "11222"),
    ("7.5", "223"),
    ("7.6", "22"),
    ("9.1", "111"),
    ("9.2", "1222"),
    ("10.1", "22"),
    ("10.2", "223"),
    ("10.3", "22223"),
    ("10.4", "1111122222233333"),
    ("10.5", "22222"),
    ("10.6", "22"),
    ("10.7", "222"),
];

/// In the order of the columns of figures.
const VERDICTS: [&str; 5] = ["Met", "Met in part", "Not yet", "The operator's", "Not applicable"];

/// What the page says of one requirement.
struct Requirement {
    number: String,
    level: String,
    verdict: String,
    text: String,
}

impl Requirement {
    /// `- **6.1.1** L1 · what is asked. **Met**: what is so. What shows it`
    fn read(text: String) -> Self {
        let parts: Vec<&str> = text.splitn(5, "**").collect();
        let [_, number, asked, verdict, _] = parts[..] else { panic!("there is no verdict: {text}") };
        let level = asked.trim_start().strip_prefix('L').and_then(|rest| rest.get(..1)).unwrap_or_default();
        let (number, level, verdict) = (number.to_owned(), level.to_owned(), verdict.to_owned());
        Self { number, level, verdict, text }
    }

    fn is_met(&self) -> bool {
        self.verdict.starts_with("Met")
    }

    fn falls_short(&self) -> bool {
        self.verdict == "Met in part" || self.verdict == "Not yet"
    }

    /// The tests that it names: path and function.
    fn tests(&self) -> Vec<(&str, &str)> {
        let named = spans(&self.text).into_iter().filter(|span| span.starts_with("crates/"));
        named.filter_map(|span| span.split_once("::")).collect()
    }
}

/// A bullet is a requirement, and goes on as long as lines are indented.
fn requirements(page: &str) -> Vec<Requirement> {
    let mut texts: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in page.lines() {
        if line.starts_with("- **") {
            texts.push(line.to_owned());
            goes_on = true;
        } else if goes_on && line.starts_with("  ") {
            let text = texts.last_mut().unwrap();
            text.push(' ');
            text.push_str(line.trim());
        } else {
            goes_on = false;
        }
    }
    texts.into_iter().map(Requirement::read).collect()
}

/// What stands between backticks.
fn spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Whether there is a test of that name which is not left out of the ordinary run.
fn is_test(code: &str, function: &str) -> bool {
    let name = format!("fn {function}(");
    // What stands above the line: attributes and comments.
    let mut above: Vec<&str> = Vec::new();
    for line in code.lines().map(str::trim) {
        if line.contains(&name) {
            let has = |attribute: &str| above.iter().any(|line| line.starts_with(attribute));
            return (has("#[test]") || has("#[tokio::test")) && !has("#[ignore");
        }
        if line.starts_with("#[") || line.starts_with("//") {
            above.push(line);
        } else {
            above.clear();
        }
    }
    false
}

#[test]
fn each_requirement_is_there_once_with_its_level_and_a_verdict() {
    let mut expected = Vec::new();
    for (section, levels) in SECTIONS {
        let numbered = levels.chars().enumerate();
        expected.extend(numbered.map(|(at, level)| (format!("{section}.{}", at + 1), level.to_string())));
    }
    let all = requirements(&page(PAGE));
    let found: Vec<_> = all.iter().map(|it| (it.number.clone(), it.level.clone())).collect();
    assert_eq!(found, expected);
    assert_eq!(found.len(), 109);
    for it in &all {
        assert!(VERDICTS.contains(&it.verdict.as_str()), "{} is {:?}", it.number, it.verdict);
    }
}

#[test]
fn what_is_met_is_shown_by_tests_that_are_there() {
    let mut files = BTreeMap::new();
    for it in requirements(&page(PAGE)) {
        let tests = it.tests();
        assert!(!it.is_met() || !tests.is_empty(), "{} is met, and no test is named", it.number);
        for (path, function) in tests {
            let code: &String = files.entry(path.to_owned()).or_insert_with(|| page(path));
            assert!(is_test(code, function), "{}: {function} is no test in {path}", it.number);
        }
    }
    assert!(files.len() > 30, "only {} files were looked at", files.len());
}

#[test]
fn files_and_keys_that_it_names_are_there() {
    let (text, configuration) = (page(PAGE), page("crates/cli/src/config/file.rs"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut keys = 0;
    for span in spans(&text) {
        if ["crates/", "docs/", "scripts/", "web/"].iter().any(|top| span.starts_with(top)) {
            let path = span.split_once("::").map_or(span, |(path, _)| path);
            assert!(root.join(path).exists(), "{path} is not there");
        }
        if let Some((_, key)) = span.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            let key = key.split_once(' ').map_or(key, |(key, _)| key);
            assert!(configuration.contains(&format!("pub {key}: Key<")), "nothing is configured by {span}");
            keys += 1;
        }
    }
    assert!(keys > 20, "only {keys} keys were found");
}

#[test]
fn its_figures_are_those_of_its_requirements() {
    let text = page(PAGE);
    let all = requirements(&text);
    for level in ["1", "2", "3"] {
        let of_level: Vec<&Requirement> = all.iter().filter(|it| it.level == level).collect();
        let count = |verdict: &str| of_level.iter().filter(|it| it.verdict == verdict).count().to_string();
        let short = of_level.iter().filter(|it| it.falls_short());
        let short: Vec<&str> = short.map(|it| it.number.as_str()).collect();
        let row = format!("| {level} | {} | {} |", VERDICTS.map(count).join(" | "), short.join(", "));
        assert!(text.lines().any(|line| line == row), "this row is missing: {row}");
    }
}

#[test]
fn limits_are_those_that_the_page_tells() {
    let (text, limits) = (page(PAGE), Limits::default());
    let quotas = [
        ("login_per_address", limits.login_per_address),
        ("login_per_account", limits.login_per_account),
        ("login_per_device", limits.login_per_device),
        ("reauthenticate", limits.reauthenticate),
        ("register_per_address", limits.register_per_address),
        ("forgot_per_address", limits.forgot_per_address),
        ("forgot_per_account", limits.forgot_per_account),
        ("codes_per_address", limits.codes_per_address),
        ("refresh_per_session", limits.refresh_per_session),
        ("client_per_address", limits.client_per_address),
    ];
    for (key, quota) in quotas {
        let row = format!("| `[limits] {key}` | {} | {} s |", quota.burst(), quota.per().as_secs());
        assert!(text.contains(&row), "no row begins with {row}");
    }
}
