//! What so many sessions ask of a store: closed formulas, with [`simulate`] as their witness.
//!
//! How people behave ([`Habits`]):
//!
//! 1. Sign-ins come at random, at a steady rate λ.
//! 2. A signed-in user comes by for a visit of length *V*, stays away for *G*, and comes again; both lengths are exponential.
//!    A visit begins with a refresh, since the access token has long run out, and goes on with one after each 60 % to 90 %
//!    of an access token's life *T*, evenly spread, as the server tells its clients (`refresh_after`).
//! 3. After a visit they never come back with probability *q*. Of these, a share signs out; the others' sessions end by the
//!    idle expiry *I* after their last refresh.
//! 4. Whatever happens, a session ends *A* after its sign-in.
//!
//! Hence, with M = (V + G) / q − G, the mean time until the end of the last visit:
//!
//! - a session is in use for U = M (1 − e^(−A/M)) and lives for L = U where it is signed out of, otherwise for
//!   I + M (1 − e^(−(A−I)/M));
//! - live sessions = λ L (Little's law), and those that ended and are still kept = λ K;
//! - a visit brings 1 / (1 − φ) refreshes, where φ = (e^(−0.6 T/V) − e^(−0.9 T/V)) V / (0.3 T) is the chance that a visit is
//!   not over before the next refresh. The sign-in stands for the first of all. So refreshes per second =
//!   λ (U / (q M (1 − φ)) − 1).
//!
//! An app that never rests refreshes once in 0.75 T on average: the other end of the scale.

mod simulation;
mod table;

pub use simulation::{Simulated, simulate};
pub use table::table;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
/// A day, in seconds.
pub const DAY: f64 = 24.0 * HOUR;

/// How people behave, and how long things live; times in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// The mean length of a visit, *V*.
    pub visit: f64,
    /// The mean time between two visits, *G*.
    pub away: f64,
    /// How likely a visit is the last one, *q*.
    pub last: f64,
    /// How many of those that never come back sign out.
    pub signing_out: f64,
    /// How long an access token lives, *T*.
    pub access_ttl: f64,
    /// How long a session lives without a refresh, *I*.
    pub idle: f64,
    /// How long a session lives at most, *A*.
    pub absolute: f64,
    /// How long ended sessions are kept, *K*.
    pub keep_ended: f64,
    /// How much busier the busiest hour is than the mean one.
    pub peak: f64,
}

/// What the table in the guide assumes: ten minutes three times a day, sixty visits until somebody is lost, every fifth of
/// whom signs out; and the server's defaults for a native client.
pub const USUAL: Habits = Habits {
    visit: 10.0 * MINUTE,
    away: 8.0 * HOUR - 10.0 * MINUTE,
    last: 1.0 / 60.0,
    signing_out: 0.2,
    access_ttl: 15.0 * MINUTE,
    idle: 30.0 * DAY,
    absolute: 90.0 * DAY,
    keep_ended: 30.0 * DAY,
    peak: 3.0,
};

/// What one live session is worth, on average.
#[derive(Clone, Copy, Debug)]
pub struct PerSession {
    /// Sign-ins a second.
    pub sign_ins: f64,
    /// Refreshes a second.
    pub refreshes: f64,
    /// Ended sessions that are still kept.
    pub kept: f64,
    /// Sign-outs a second, each of them an entry of the revocation feed.
    pub sign_outs: f64,
}

impl Habits {
    /// The closed formulas, for one live session.
    #[must_use]
    pub fn per_session(&self) -> PerSession {
        let until_lost = (self.visit + self.away) / self.last - self.away;
        let saturating = |limit: f64| until_lost * -(-limit / until_lost).exp_m1();
        let in_use = saturating(self.absolute);
        let forgotten = self.idle + saturating(self.absolute - self.idle);
        let life = self.signing_out * in_use + (1.0 - self.signing_out) * forgotten;
        let sign_ins = 1.0 / life;
        let share = self.access_ttl / self.visit;
        let goes_on = ((-0.6 * share).exp() - (-0.9 * share).exp()) / (0.3 * share);
        let visits = in_use / (self.last * until_lost);
        let refreshes = sign_ins * (visits / (1.0 - goes_on) - 1.0);
        let lost_in_time = -(-self.absolute / until_lost).exp_m1();
        let sign_outs = sign_ins * self.signing_out * lost_in_time;
        PerSession { sign_ins, refreshes, kept: sign_ins * self.keep_ended, sign_outs }
    }

    /// Refreshes a second of a session whose app never rests.
    #[must_use]
    pub fn restless(&self) -> f64 {
        1.0 / (0.75 * self.access_ttl)
    }
}
