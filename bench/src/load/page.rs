//! The figures as a page for people: `docs/reference/performance.md`, between its two marks, and a chart of each scenario.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;

use super::chart::{Bar, chart};
use super::figures::{Figures, Machine, Row, spread};
use super::scenario::{ALONE, IN_STORM, LOGIN};

/// What stands before the figures.
pub const BEGIN: &str = "<!-- figures: written by scripts/bench -->\n";
/// What stands after them.
pub const END: &str = "<!-- end of figures -->";

/// Each scenario: its name in figures, the heading, and whether its chart is about times.
const SECTIONS: [(&str, &str, bool); 7] = [
    ("refresh", "Refresh, as fast as it goes", false),
    ("paced", "Refresh, at half of that rate", true),
    ("login", "Login", false),
    ("verify", "Verify an access token", false),
    ("introspect", "Introspect an access token", false),
    ("day", "A mixed day", true),
    ("storm", "A storm of logins", true),
];

/// Puts the figures into a page, and the charts into `pictures` beside it.
///
/// # Errors
/// When the page cannot be read or written, or has lost its marks.
pub fn write(figures: &Figures, page: &Path) -> anyhow::Result<()> {
    let shown = || page.display().to_string();
    let text = std::fs::read_to_string(page).with_context(shown)?;
    std::fs::write(page, put(&text, &table(figures)).with_context(shown)?).with_context(shown)?;
    let folder = page.parent().context("a page without a folder")?.join("pictures");
    std::fs::create_dir_all(&folder)?;
    for (name, svg) in charts(figures) {
        std::fs::write(folder.join(name), svg)?;
    }
    Ok(())
}

/// A page with another table between its marks.
///
/// # Errors
/// When a mark is missing.
pub fn put(page: &str, table: &str) -> anyhow::Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("the mark before the figures is missing")?;
    let (_, after) = rest.split_once(END).context("the mark after the figures is missing")?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

/// All tables, in Markdown.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "fewer than 2^53")]
pub fn table(figures: &Figures) -> String {
    let Machine { date, processor, processors, memory, kernel, load, sources } = &figures.machine;
    let Figures { clients, rounds, seconds, sessions, settings, .. } = figures;
    let mut text = format!(
        "Taken on {date}: {processors} × {processor}, {memory} GiB, Linux {kernel}, load {load} before the run. {clients} \
         clients, {rounds} turns of {seconds} s each; {} sessions of others in Rotunda's stores. Sources: {sources}{}.\n\n",
        thousands(*sessions as f64),
        settings.iter().map(|set| format!(", with `{set}`")).collect::<String>()
    );
    for (name, heading, times) in SECTIONS {
        let rows = of(figures, name);
        if rows.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "### {heading}\n\n![{heading}](pictures/bench-{name}.svg)\n\n\
             | | a second | spread | p50 | p99 | p99.9 | {} | otherwise answered | µs a reply | MiB |\n\
             |---|---:|---:|---:|---:|---:|---:|---|---:|---:|\n",
            if times { "p99 by turn" } else { "Rotunda is" }
        );
        for row in &rows {
            let compared = if times {
                by_turn(row)
            } else {
                ours(&rows).map_or_else(String::new, |ours| beside(row, ours))
            };
            text.push_str(&line(row, &compared));
        }
        text.push('\n');
        text.push_str(&storms(&rows));
    }
    text.push_str(&versions(figures));
    text
}

fn of<'a>(figures: &'a Figures, scenario: &str) -> Vec<&'a Row> {
    figures.rows.iter().filter(|row| row.scenario == scenario).collect()
}

/// Rotunda on the first store that was measured, which others are compared with.
fn ours<'a>(rows: &[&'a Row]) -> Option<&'a Row> {
    rows.iter().copied().find(|row| is_ours(row))
}

/// How Rotunda's rate is beside another's.
fn beside(row: &Row, ours: &Row) -> String {
    if ours.contender == row.contender { String::new() } else { ratio(ours.times(row)) }
}

fn by_turn(row: &Row) -> String {
    let [_, least, most] = spread(&row.p99s);
    format!("{} to {} ms", digits(least), digits(most))
}

fn ratio([middle, least, most]: [f64; 3]) -> String {
    format!("{} × ({} to {})", digits(middle), digits(least), digits(most))
}

/// What a storm does to those who are signed in, a line each.
fn storms(rows: &[&Row]) -> String {
    let mut text = String::new();
    for beside in rows.iter().filter(|row| row.part == IN_STORM) {
        let Some(alone) = rows.iter().find(|row| row.part == ALONE && row.contender == beside.contender)
        else {
            continue;
        };
        let (times, longer) = beside.slower(alone);
        // Into a text, which takes everything.
        let _ = writeln!(
            text,
            "- {}: p99 of a refresh in the storm is {} that of a refresh alone, {longer:+.1} ms.",
            beside.contender,
            ratio(times)
        );
    }
    if text.is_empty() { text } else { text + "\n" }
}

fn is_ours(row: &Row) -> bool {
    row.contender.starts_with("Rotunda")
}

fn line(row: &Row, compared: &str) -> String {
    let [rate, least, most] = spread(&row.rates);
    let others: Vec<String> =
        row.statuses.iter().map(|(status, count)| format!("{count} × {}", told(*status))).collect();
    let others = match others.as_slice() {
        [] => "none".to_owned(),
        some => format!("{}, p99 {} ms", some.join(", "), digits(row.refused_p99)),
    };
    let cost = |figure: Option<f64>| figure.map_or_else(String::new, |figure| format!("{figure:.0}"));
    format!(
        "| {} | {} | {} to {} | {} ms | {} ms | {} ms | {compared} | {others} | {} | {} |\n",
        named(row),
        thousands(rate),
        thousands(least),
        thousands(most),
        digits(row.p50),
        digits(row.p99),
        digits(row.p999),
        cost(row.processor),
        cost(row.memory)
    )
}

fn told(status: u16) -> String {
    if status == 0 { "no reply".to_owned() } else { status.to_string() }
}

fn named(row: &Row) -> String {
    match row.scenario.as_str() {
        "day" | "storm" => format!("{}: {}", row.contender, row.part),
        _ => row.contender.clone(),
    }
}

fn versions(figures: &Figures) -> String {
    let rows = figures.rows.iter().filter(|row| !row.version.is_empty());
    let versions: BTreeMap<&str, &str> = rows.map(|row| (&*row.contender, &*row.version)).collect();
    versions
        .into_iter()
        .fold("Versions:\n\n".to_owned(), |text, (name, version)| format!("{text}- {name}: {version}\n"))
}

/// The charts, by the names of their files.
#[must_use]
pub fn charts(figures: &Figures) -> Vec<(String, String)> {
    let sections = SECTIONS.into_iter().filter(|(name, ..)| !of(figures, name).is_empty());
    let drawn = sections.map(|(name, heading, times)| {
        // A hash takes as long as a hundred refreshes: beside it nobody would see these.
        let rows = of(figures, name).into_iter().filter(|row| !times || row.part != LOGIN);
        let bars: Vec<Bar> = rows.map(|row| bar(row, times)).collect();
        let unit = if times { "p99 in milliseconds" } else { "answers a second" };
        (format!("bench-{name}.svg"), chart(&format!("{heading}: {unit}"), &bars))
    });
    drawn.collect()
}

fn bar(row: &Row, times: bool) -> Bar {
    let [value, least, most] = spread(if times { &row.p99s } else { &row.rates });
    let text = if times { format!("{} ms", digits(value)) } else { thousands(value) };
    Bar { name: named(row), value, spread: Some([least, most]), text, ours: is_ours(row) }
}

/// With three digits that count, or all before the point.
fn digits(figure: f64) -> String {
    let places = if figure >= 100.0 {
        0
    } else if figure >= 10.0 {
        1
    } else {
        2
    };
    format!("{figure:.places$}")
}

/// Without a fraction from ten on, and with commas.
fn thousands(figure: f64) -> String {
    if figure < 10.0 {
        return format!("{figure:.1}");
    }
    let plain = format!("{figure:.0}");
    let mut text = String::new();
    for (n, digit) in plain.chars().enumerate() {
        if n > 0 && (plain.len() - n) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
