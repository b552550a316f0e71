//! Charts of what happened hour by hour: bars that are drawn on the server, and the same figures as a table.
//!
//! 1. What went well stands above the line, what was refused hangs below it: nobody has to tell colours apart.
//! 2. A picture is as wide as its place, so it has no words in it: a chart says its figures beside it.

use askama::Template;
use rotunda_core::model::{Tally, UnixMillis};

use super::moments;

/// How many hours are shown.
pub(super) const HOURS: usize = 48;
const HOUR_MILLIS: i64 = 3_600_000;

/// Width of the picture in its own units: a bar and the gap behind it for each hour.
const STEP: usize = 10;
const BAR: usize = 7;
/// Height of what stands above the line, and of what hangs below it.
const ABOVE: u64 = 70;
const BELOW: u64 = 26;

/// A chart.
#[derive(Template, Clone, PartialEq, Eq, Debug)]
#[template(path = "console/chart.html")]
pub(super) struct Chart {
    /// What it is of.
    pub heading: &'static str,
    /// Its figures, in a sentence.
    pub told: String,
    /// The most of one hour.
    pub most: String,
    pub bars: Vec<Bar>,
    /// The first and the last hour.
    pub from: String,
    pub until: String,
}

/// One hour of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bar {
    pub x: usize,
    pub y: u64,
    pub height: u64,
    /// Whether it is what was refused, or stolen.
    pub is_wrong: bool,
}

impl Chart {
    /// Where the line is.
    pub(super) const LINE: u64 = ABOVE + 2;
    /// The whole height.
    pub(super) const HEIGHT: u64 = Self::LINE + BELOW + 2;
    /// The whole width.
    pub(super) const WIDTH: usize = HOURS * STEP;
    /// How wide a bar is.
    pub(super) const BAR: usize = BAR;
}

/// What happened in each of the last hours, oldest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Hours(Vec<Hour>);

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Hour {
    pub at: UnixMillis,
    counts: [u64; Tally::ALL.len()],
}

impl Hour {
    /// How often it happened.
    pub(super) fn count(&self, what: Tally) -> u64 {
        let index = Tally::ALL.iter().position(|it| *it == what);
        index.and_then(|index| self.counts.get(index)).copied().unwrap_or(0)
    }

    /// When, in words.
    pub(super) fn named(&self) -> String {
        moments::short(self.at)
    }

    /// All its figures, in the order of [`Tally::ALL`].
    pub(super) fn figures(&self) -> [String; Tally::ALL.len()] {
        self.counts.map(moments::figure)
    }
}

impl Hours {
    /// What the figures are called, in the order of [`Tally::ALL`].
    pub(super) const NAMES: [&'static str; Tally::ALL.len()] =
        ["Sign-ins", "Sign-ins refused", "Refreshes", "Refreshes refused", "Thefts"];

    /// From what was counted; hours without any are there as well.
    pub(super) fn of(tallies: &[(UnixMillis, Tally, u64)], now: UnixMillis) -> Self {
        let last = now.0.div_euclid(HOUR_MILLIS);
        let hours = (0..HOURS).rev().map(|ago| {
            let hour = last.saturating_sub(i64::try_from(ago).unwrap_or(0));
            let mut counts = [0; Tally::ALL.len()];
            for (_, what, count) in tallies.iter().filter(|(at, _, _)| at.0.div_euclid(HOUR_MILLIS) == hour) {
                let index = Tally::ALL.iter().position(|it| it == what);
                if let Some(sum) = index.and_then(|index| counts.get_mut(index)) {
                    *sum = u64::saturating_add(*sum, *count);
                }
            }
            Hour { at: UnixMillis(hour.saturating_mul(HOUR_MILLIS)), counts }
        });
        Self(hours.collect())
    }

    /// The hours.
    pub(super) fn all(&self) -> &[Hour] {
        &self.0
    }

    /// How often it happened in the last `hours` of them.
    pub(super) fn sum(&self, what: Tally, hours: usize) -> u64 {
        self.0.iter().rev().take(hours).map(|hour| hour.count(what)).fold(0, u64::saturating_add)
    }

    /// Draws what went well, and what was refused, each where there is such a thing.
    pub(super) fn chart(&self, heading: &'static str, well: Option<Tally>, refused: Option<Tally>) -> Chart {
        let most_of = |what: Option<Tally>| {
            what.map_or(0, |what| self.0.iter().map(|hour| hour.count(what)).max().unwrap_or(0))
        };
        // One scale for both, so that their lengths can be compared; unless most of it hung out below.
        let most = most_of(well).max(most_of(refused)).max(1);
        let mut bars = Vec::new();
        for (index, hour) in self.0.iter().enumerate() {
            let x = index * STEP + 1;
            let long = |what: Tally| scaled(hour.count(what), most, ABOVE);
            if let Some(height) = well.map(long).filter(|height| *height > 0) {
                bars.push(Bar { x, y: Chart::LINE - height, height, is_wrong: false });
            }
            if let Some(height) = refused.map(long).filter(|height| *height > 0) {
                let height = if well.is_some() { height.min(BELOW) } else { height };
                let y = if well.is_some() { Chart::LINE } else { Chart::LINE - height };
                bars.push(Bar { x, y, height, is_wrong: true });
            }
        }
        let sums = [(well, ""), (refused, if well.is_some() { " refused" } else { "" })];
        let told = sums.iter().filter_map(|(what, word)| {
            let sum = moments::figure(self.sum((*what)?, HOURS));
            Some(format!("{sum}{word}"))
        });
        let [from, until] =
            [self.0.first(), self.0.last()].map(|hour| hour.map_or(String::new(), Hour::named));
        Chart {
            heading,
            told: told.collect::<Vec<_>>().join(", "),
            most: moments::figure(most_of(well).max(most_of(refused))),
            bars,
            from,
            until,
        }
    }
}

/// A length for a count; what has happened at all is seen.
fn scaled(count: u64, most: u64, height: u64) -> u64 {
    let exact = u128::from(count) * u128::from(height) / u128::from(most.max(1));
    u64::try_from(exact).unwrap_or(height).max(u64::from(count > 0) * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_767_448_925_000);

    fn ago(hours: i64) -> UnixMillis {
        UnixMillis(NOW.0 / HOUR_MILLIS * HOUR_MILLIS - hours * HOUR_MILLIS)
    }

    #[test]
    fn every_hour_is_there_and_what_is_older_is_not() {
        let hours = Hours::of(
            &[
                (ago(48), Tally::SignIns, 9),
                (ago(47), Tally::SignIns, 3),
                (ago(0), Tally::SignIns, 1),
                (ago(0), Tally::Thefts, 2),
            ],
            NOW,
        );
        assert_eq!(hours.all().len(), HOURS);
        assert_eq!((hours.all()[0].at, hours.all()[47].at), (ago(47), ago(0)));
        assert_eq!((hours.sum(Tally::SignIns, HOURS), hours.sum(Tally::SignIns, 24)), (4, 1));
        assert_eq!(hours.all()[47].figures(), ["1", "0", "0", "0", "2"]);
    }

    #[test]
    fn what_went_well_stands_and_what_was_refused_hangs() {
        let tallies = [
            (ago(1), Tally::SignIns, 700),
            (ago(1), Tally::SignInsRefused, 100),
            (ago(0), Tally::SignIns, 1),
            (ago(0), Tally::SignInsRefused, 690),
        ];
        let chart =
            Hours::of(&tallies, NOW).chart("Sign-ins", Some(Tally::SignIns), Some(Tally::SignInsRefused));
        let bar = |x, y, height, is_wrong| Bar { x, y, height, is_wrong };
        assert_eq!(
            chart.bars,
            [bar(461, 2, 70, false), bar(461, 72, 10, true), bar(471, 70, 2, false), bar(471, 72, 26, true)]
        );
        assert_eq!((chart.told.as_str(), chart.most.as_str()), ("701, 790 refused", "700"));
        let nothing = Hours::of(&[], NOW).chart("Thefts", None, Some(Tally::Thefts));
        assert_eq!((nothing.bars.len(), nothing.told.as_str()), (0, "0"));
    }

    #[test]
    fn a_chart_is_a_picture_without_words() {
        let drawn = Hours::of(&[(ago(0), Tally::Thefts, 1)], NOW)
            .chart("Thefts", None, Some(Tally::Thefts))
            .render()
            .unwrap();
        assert!(
            drawn.contains("<rect class=\"wrong\" x=\"471\" y=\"2\" width=\"7\" height=\"70\"/>"),
            "{drawn}"
        );
        assert!(!drawn.contains("<text") && !drawn.contains("style="), "{drawn}");
    }
}
