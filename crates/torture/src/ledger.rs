//! What the server's clock showed, as far as the harness can know.
//!
//! 1. The server's clock is the harness's monotonic clock plus an offset: the machine's own, plus what the harness has
//!    told libfaketime. Each change of the offset is entered here with the moment before and the moment after it.
//! 2. Between those two moments either offset may be in force. So what the server saw in a span of time is not a number
//!    but some ranges, and whether two moments of its clock were less than W apart has three answers.

use crate::moment::Moment;

/// The server reads its clock in milliseconds, and two clocks are not read in the same instant.
const BLUR: i64 = 4;

/// The offsets of the server's clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    /// From when it may be in force.
    from: Moment,
    /// From when it is.
    settled: Moment,
    /// Milliseconds to add to the monotonic clock.
    offset: i64,
}

/// Ranges of milliseconds by the server's clock.
pub(crate) type Ranges = Vec<(i64, i64)>;

/// Whether two moments lay less than W apart, as far as can be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Apart {
    pub inside: bool,
    pub outside: bool,
}

impl Ledger {
    /// Enters an offset that was set between two moments.
    pub(crate) fn enter(&mut self, from: Moment, settled: Moment, offset: i64) {
        self.steps.push(Step { from, settled, offset });
    }

    /// The last offset that was entered.
    pub(crate) fn offset(&self) -> i64 {
        self.steps.last().map_or(0, |step| step.offset)
    }

    /// When the last offset was entered.
    pub(crate) fn settled(&self) -> Moment {
        self.steps.last().map_or(Moment(0), |step| step.settled)
    }

    /// What the server's clock may have shown between two moments.
    pub(crate) fn shown(&self, from: Moment, to: Moment) -> Ranges {
        // The last step that was settled by `from` is in force there, and every later one that began by `to`.
        let first = self.steps.partition_point(|step| step.settled <= from).saturating_sub(1);
        let steps = self.steps.get(first..).unwrap_or_default().iter();
        let began = steps.take_while(|step| step.from <= to || step.settled <= from);
        let ranges: Ranges = began.map(|s| (from.millis() + s.offset, to.millis() + s.offset)).collect();
        if ranges.is_empty() { vec![(from.millis(), to.millis())] } else { ranges }
    }
}

/// Compares two readings of the server's clock with a window in milliseconds.
pub(crate) fn apart(one: &Ranges, other: &Ranges, window: i64) -> Apart {
    let mut apart = Apart { inside: false, outside: false };
    for &(a, b) in one {
        for &(c, d) in other {
            let least = (c - b).max(a - d).max(0);
            let most = (b - c).abs().max((d - a).abs());
            apart.inside |= least < window + BLUR;
            apart.outside |= most >= window - BLUR;
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment(millis * 1_000_000)
    }

    #[test]
    fn a_step_counts_from_when_it_may_be_in_force() {
        let mut ledger = Ledger::default();
        ledger.enter(at(0), at(0), 1_000);
        ledger.enter(at(500), at(510), 6_000);
        assert_eq!(ledger.shown(at(100), at(110)), [(1_100, 1_110)]);
        assert_eq!(ledger.shown(at(495), at(505)), [(1_495, 1_505), (6_495, 6_505)]);
        assert_eq!(ledger.shown(at(505), at(506)), [(1_505, 1_506), (6_505, 6_506)]);
        assert_eq!(ledger.shown(at(510), at(520)), [(6_510, 6_520)]);
        assert_eq!(ledger.offset(), 6_000);
    }

    #[test]
    fn three_answers() {
        let apart = |a, b| apart(&vec![a], &vec![b], 1_000);
        assert_eq!(apart((0, 10), (500, 520)), Apart { inside: true, outside: false });
        assert_eq!(apart((0, 10), (2_000, 2_020)), Apart { inside: false, outside: true });
        assert_eq!(apart((0, 10), (950, 1_050)), Apart { inside: true, outside: true });
        assert_eq!(apart((5_000, 5_010), (0, 10)), Apart { inside: false, outside: true });
    }
}
