//! The page that Prometheus reads: its text format, version 0.0.4.
//!
//! Beside a line for each number it has what is in a [`Family`]. All of it is written here, in a hundred lines, because the numbers
//! are counted where no library for metrics is known (`docs/decisions/0025-metrics.md`).

use std::fmt::{Display, Write as _};

use rotunda_core::counts::Counts;

use super::families::{Family, Kind};

/// A page in the making.
#[derive(Default)]
pub(super) struct Exposition {
    text: String,
    /// The family that was written last: all its numbers stand together.
    last: Option<&'static str>,
}

impl Exposition {
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// One number of a family, with the values of its labels in their order.
    pub(super) fn put(&mut self, family: &'static Family, labels: &[&str], number: impl Display) {
        self.head(family);
        self.line(family, "", (labels, None), number);
    }

    /// A named number each.
    pub(super) fn each<N: Display>(
        &mut self,
        family: &'static Family,
        numbers: impl IntoIterator<Item = (&'static str, N)>,
    ) {
        for (name, number) in numbers {
            self.put(family, &[name], number);
        }
    }

    /// A histogram of values of which so many are one of the family's unit.
    pub(super) fn histogram(&mut self, family: &'static Family, labels: &[&str], counts: &Counts, unit: f64) {
        self.head(family);
        let mut so_far = 0_u64;
        let bounds = counts.bounds.iter().map(|bound| (in_units(*bound, unit)).to_string());
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(&counts.counts) {
            so_far = so_far.saturating_add(*count);
            self.line(family, "_bucket", (labels, Some(&bound)), so_far);
        }
        self.line(family, "_sum", (labels, None), in_units(counts.sum, unit));
        self.line(family, "_count", (labels, None), so_far);
    }

    fn head(&mut self, family: &'static Family) {
        if self.last != Some(family.name) {
            self.last = Some(family.name);
            let Family { name, kind, meaning, .. } = family;
            // Writing into a text does not fail.
            let _ = writeln!(self.text, "# HELP {name} {}", escaped(meaning, false));
            let _ = writeln!(self.text, "# TYPE {name} {}", kind.as_str());
        }
    }

    fn line(
        &mut self,
        family: &'static Family,
        ending: &str,
        (labels, bound): (&[&str], Option<&str>),
        number: impl Display,
    ) {
        debug_assert!(family.labels.len() == labels.len(), "{}", family.name);
        debug_assert!(bound.is_none() || family.kind == Kind::Histogram, "{}", family.name);
        let named = family.labels.iter().copied().zip(labels.iter().copied());
        let pairs: Vec<String> = named
            .chain(bound.map(|bound| ("le", bound)))
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value, true)))
            .collect();
        let labels = if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) };
        let _ = writeln!(self.text, "{}{ending}{labels} {number}", family.name);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is lost of sums beyond 2^53 is less than anybody can measure"
)]
fn in_units(value: u64, unit: f64) -> f64 {
    value as f64 / unit
}

/// A backslash and a new line are told by two characters, in a label a quotation mark as well.
fn escaped(text: &str, is_label: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if is_label { text.replace('"', "\\\"") } else { text }
}

#[cfg(test)]
mod tests {
    use rotunda_core::counts::Histogram;

    use super::*;

    static LETTERS: Family = Family {
        name: "letters_total",
        kind: Kind::Counter,
        labels: &["to"],
        meaning: "Letters,\nby \"whom\".",
    };
    static TOOK: Family =
        Family { name: "took_seconds", kind: Kind::Histogram, labels: &[], meaning: "How long." };

    #[test]
    fn the_page_is_what_the_format_asks_for() {
        let mut page = Exposition::default();
        page.each(&LETTERS, [("ada", 1), ("a \"b\" \\ c\n", 2)]);
        let histogram = Histogram::new(&[250_000, 1_000_000_000]);
        [1, 250_000, 250_001, 3_000_000_000].into_iter().for_each(|nanos| histogram.add(nanos));
        page.histogram(&TOOK, &[], &histogram.read(), 1e9);
        let expected = r#"# HELP letters_total Letters,\nby "whom".
# TYPE letters_total counter
letters_total{to="ada"} 1
letters_total{to="a \"b\" \\ c\n"} 2
# HELP took_seconds How long.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.00025"} 2
took_seconds_bucket{le="1"} 3
took_seconds_bucket{le="+Inf"} 4
took_seconds_sum 3.000500002
took_seconds_count 4
"#;
        assert_eq!(page.into_text(), expected);
    }
}
