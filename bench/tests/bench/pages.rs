//! What people see of the figures.

use std::path::Path;

use rotunda_bench::load::chart::{Bar, chart};
use rotunda_bench::load::figures::{Figures, Machine, Row};
use rotunda_bench::load::page::{BEGIN, END, charts, put, table};

fn row(scenario: &str, part: &str, contender: &str, rates: &[f64]) -> Row {
    Row {
        scenario: scenario.to_owned(),
        contender: contender.to_owned(),
        version: "1.2".to_owned(),
        part: part.to_owned(),
        good: 1000,
        rates: rates.to_vec(),
        p99s: vec![1.5, 2.5, 9.5],
        p50: 0.5,
        p99: 2.25,
        p999: 31.4,
        statuses: std::collections::BTreeMap::new(),
        refused_p99: 0.0,
        sample: None,
        memory: Some(44.4),
        processor: None,
    }
}

fn figures() -> Figures {
    let mut refused = row("storm", "login", "Rotunda, SQLite", &[40.0, 41.0, 39.0]);
    refused.statuses.insert(503, 1200);
    refused.refused_p99 = 1.75;
    Figures {
        machine: Machine {
            date: "2026-11-22".to_owned(),
            processor: "Abacus".to_owned(),
            processors: 2,
            memory: 8,
            kernel: "6.1".to_owned(),
            load: "0.1 0.2 0.3".to_owned(),
            sources: "abc1234".to_owned(),
        },
        clients: 64,
        rounds: 3,
        seconds: 5,
        sessions: 10_000,
        settings: vec!["A=b".to_owned()],
        rows: vec![
            row("refresh", "refresh", "Rotunda, SQLite", &[20_000.0, 24_000.0, 22_000.0]),
            row("refresh", "refresh", "the <floor> & \"co\"", &[30_000.0, 24_000.0, 27_500.0]),
            row("storm", "refresh, alone", "Rotunda, SQLite", &[1.0]),
            Row {
                p99s: vec![3.0, 5.0, 28.5],
                ..row("storm", "refresh, in the storm", "Rotunda, SQLite", &[1.0])
            },
            refused,
        ],
    }
}

#[test]
fn the_table_has_ratios_of_the_same_turn_and_all_that_was_refused() {
    let table = table(&figures());
    let row = "| the <floor> & \"co\" | 27,500 | 24,000 to 30,000 | 0.50 ms | 2.25 ms | 31.4 ms | 0.80 × (0.67 to 1.00) | none |  | 44 |";
    assert!(table.contains(row), "{table}");
    assert!(table.contains("| 1200 × 503, p99 1.75 ms |"), "{table}");
    assert!(table.contains("2026-11-22: 2 × Abacus, 8 GiB, Linux 6.1, load 0.1 0.2 0.3"), "{table}");
    assert!(
        table.contains("10,000 sessions of others in Rotunda's stores. Sources: abc1234, with `A=b`.\n"),
        "{table}"
    );
    let storm = "- Rotunda, SQLite: p99 of a refresh in the storm is 2.00 × (2.00 to 3.00) that of a refresh alone, +2.5 ms.\n";
    assert!(table.contains(storm), "{table}");
    assert!(table.contains("- Rotunda, SQLite: 1.2\n"), "{table}");
    let columns: Vec<usize> =
        table.lines().filter(|l| l.starts_with('|')).map(|l| l.matches('|').count()).collect();
    assert!(columns.iter().all(|count| *count == 11), "{columns:?}");
}

#[test]
fn figures_go_between_the_marks_of_the_page_and_nowhere_else() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/performance.md");
    let page = std::fs::read_to_string(path).unwrap();
    let once = put(&page, "| figure |\n").unwrap();
    assert!(
        once.starts_with("# How fast it is") && once.contains(&format!("{BEGIN}| figure |\n{END}\n")),
        "{once}"
    );
    let page = format!("before\n{BEGIN}old\n{END}\nafter\n");
    assert_eq!(put(&page, "new\n").unwrap(), page.replace("old", "new"));
    let refused = put("no marks", "TABLE\n").unwrap_err();
    assert!(refused.to_string().contains("mark"), "{refused}");
}

#[test]
fn charts_are_well_formed_and_say_what_they_show() {
    let drawn = charts(&figures());
    let names: Vec<&str> = drawn.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["bench-refresh.svg", "bench-storm.svg"]);
    let svg = roxmltree::Document::parse(&drawn[0].1).unwrap();
    let text =
        |name: &str| svg.descendants().find(|it| it.has_tag_name(name)).unwrap().text().unwrap().to_owned();
    assert_eq!(text("desc"), "Rotunda, SQLite: 22,000; the <floor> & \"co\": 27,500");
    assert!(text("style").contains("prefers-color-scheme:dark"));
    assert!(
        drawn[1].1.contains("in the storm") && !drawn[1].1.contains("login<"),
        "hashes would dwarf the rest"
    );
    let widths: Vec<f64> = svg
        .descendants()
        .filter(|it| matches!(it.attribute("class"), Some("ours" | "bar")))
        .map(|it| it.attribute("width").unwrap().parse().unwrap())
        .collect();
    let [ours, floor] = widths[..] else { panic!("{widths:?}") };
    assert!((ours / floor - 0.8).abs() < 0.01, "lengths are as the figures: {widths:?}");
    // Nothing begins so far to the right that it would not be seen: the spread, and the text after it.
    let right =
        svg.descendants().filter_map(|it| it.attribute("x2").or(it.attribute("x"))?.parse::<f64>().ok());
    assert!(right.fold(0.0, f64::max) < 800.0);
}

#[test]
fn a_chart_of_nothing_is_still_one() {
    for bars in
        [vec![], vec![Bar { name: String::new(), value: 0.0, spread: None, text: String::new(), ours: true }]]
    {
        let drawn = chart("<nothing>", &bars);
        let svg = roxmltree::Document::parse(&drawn).unwrap();
        assert!(!drawn.contains("NaN"), "{drawn}");
        assert!(svg.root_element().has_tag_name(("http://www.w3.org/2000/svg", "svg")));
    }
}
