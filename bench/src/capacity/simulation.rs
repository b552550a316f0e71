//! The same habits, played out event by event for many sessions: what the closed formulas are checked against.

use super::Habits;
use crate::seed::mixed;

/// What was seen, for one live session on average.
#[derive(Clone, Copy, Debug)]
pub struct Simulated {
    /// Sign-ins a second.
    pub sign_ins: f64,
    /// Refreshes a second.
    pub refreshes: f64,
    /// Sign-outs a second.
    pub sign_outs: f64,
    /// Of all ends, how many were an idle expiry.
    pub idle_expired: f64,
}

/// Lets so many sessions begin, spread over three lives of the longest-lived, and watches from the end of the first of
/// these to the end of the last: by then as many end as begin.
#[must_use]
pub fn simulate(habits: &Habits, sessions: u32, seed: u64) -> Simulated {
    let (from, to) = (habits.absolute, habits.absolute * 3.0);
    let mut seen = Seen { from, to, ..Seen::default() };
    let mut chance = Chance(seed);
    for _ in 0..sessions {
        let begins = chance.share() * to;
        if begins >= from {
            seen.begun += 1.0;
        }
        play(habits, begins, &mut chance, &mut seen);
    }
    Simulated {
        sign_ins: seen.begun / seen.lived,
        refreshes: seen.refreshes / seen.lived,
        sign_outs: seen.signed_out / seen.lived,
        idle_expired: seen.idle_expired / seen.ended,
    }
}

/// The life of one session.
fn play(habits: &Habits, begins: f64, chance: &mut Chance, seen: &mut Seen) {
    let absolute = begins + habits.absolute;
    // The sign-in is no refresh, but begins a visit like one.
    let (mut at, mut is_first) = (begins, true);
    loop {
        let visit_ends = at + chance.exponential(habits.visit);
        let mut refreshed = at;
        loop {
            if refreshed >= absolute {
                return seen.ends(begins, absolute, Why::Absolute);
            }
            if !is_first {
                seen.refresh(refreshed);
            }
            is_first = false;
            let next = refreshed + habits.access_ttl * (0.6 + 0.3 * chance.share());
            if next > visit_ends {
                break;
            }
            refreshed = next;
        }
        let idle = refreshed + habits.idle;
        let is_lost = chance.share() < habits.last;
        if is_lost && chance.share() < habits.signing_out {
            let out = visit_ends.min(absolute);
            return seen.ends(begins, out, if out < absolute { Why::SignedOut } else { Why::Absolute });
        }
        at = visit_ends + chance.exponential(habits.away);
        if is_lost || at >= idle {
            let end = idle.min(absolute);
            return seen.ends(begins, end, if end < absolute { Why::Idle } else { Why::Absolute });
        }
    }
}

#[derive(Clone, Copy)]
enum Why {
    SignedOut,
    Idle,
    Absolute,
}

/// What is counted between two moments.
#[derive(Default)]
struct Seen {
    from: f64,
    to: f64,
    begun: f64,
    refreshes: f64,
    /// Session-seconds.
    lived: f64,
    signed_out: f64,
    idle_expired: f64,
    ended: f64,
}

impl Seen {
    fn is_inside(&self, at: f64) -> bool {
        (self.from..self.to).contains(&at)
    }

    fn refresh(&mut self, at: f64) {
        if self.is_inside(at) {
            self.refreshes += 1.0;
        }
    }

    fn ends(&mut self, begins: f64, at: f64, why: Why) {
        self.lived += (at.min(self.to) - begins.max(self.from)).max(0.0);
        if self.is_inside(at) {
            self.ended += 1.0;
            match why {
                Why::SignedOut => self.signed_out += 1.0,
                Why::Idle => self.idle_expired += 1.0,
                Why::Absolute => {}
            }
        }
    }
}

/// Chance that can be repeated.
struct Chance(u64);

impl Chance {
    /// Evenly from 0 up to 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(1);
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let bits = (mixed(self.0) >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::super::USUAL;
    use super::*;

    fn close(formula: f64, seen: f64, within: f64, what: &str) {
        let off = (seen / formula - 1.0).abs();
        assert!(
            off < within,
            "{what}: {formula:e} by the formula, {seen:e} played, {:.1} % apart",
            off * 100.0
        );
    }

    #[test]
    fn the_formulas_say_what_is_played() {
        let rare = Habits { visit: 1_800.0, away: 172_800.0, last: 0.05, ..USUAL };
        let short = Habits { access_ttl: 300.0, idle: 7.0 * super::super::DAY, signing_out: 0.6, ..USUAL };
        for (habits, name) in [(USUAL, "usual"), (rare, "rare"), (short, "short")] {
            let (formula, seen) = (habits.per_session(), simulate(&habits, 60_000, 7));
            close(formula.sign_ins, seen.sign_ins, 0.03, name);
            close(formula.refreshes, seen.refreshes, 0.03, name);
            close(formula.sign_outs, seen.sign_outs, 0.05, name);
        }
    }
}
