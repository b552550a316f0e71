//! Production's rules, and the same with one of them broken on purpose.
//!
//! [`Rule::decide`] always calls the production [`decide`]. A broken rule changes what goes in, or one answer that
//! comes out; the others are broken where the [`server`](crate::server) writes.

use std::time::Duration;

use rotunda_core::model::{Client, Facts, LateRetry, UnixMillis};
use rotunda_core::refresh::{Decision, DeviceShown, Presented, decide};

/// Which rule is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// None.
    Production,

    /// Nothing is ever answered twice: no window.
    NoWindow,
    /// *Debounce* and *replay* start the window anew.
    SlidingWindow,
    /// The previous token is always good.
    PreviousAlways,
    /// The previous token is always good, and moves on to a successor of its own.
    PreviousMovesOn,
    /// No *in flight* rule.
    NoInFlight,
    /// No *late retry* rule.
    NoLateRetry,
    /// No *stale* rule.
    StaleIsReuse,
    /// After the window, *in flight* is *stale*.
    LateInFlightIsStale,
    /// While tokens newer than the store are believed, the used ones are judged as ever.
    UsedIsReuseWhileAhead,
    /// Which generation the client believes to be in is not looked at.
    DeclarationIgnored,
    /// Any retry key at all excuses a used token.
    AnyKeyExcuses,
    /// No *unproven* rule.
    UnprovenIgnored,
    /// No *moved* rule.
    MovedIgnored,
    /// The end of a session is not looked at.
    EndIgnored,
    /// Strict mode still listens to retry keys.
    StrictExcuses,
    /// A replay makes a new successor.
    ReplayMakesSibling,
    /// A late retry makes a new successor in place of the lost one.
    LateRetryDisplaces,

    /// *Reuse* refuses, but does not end the session.
    ReuseRefusesOnly,
    /// A rotation is written whatever the row says by then.
    WriteUnguarded,
    /// A rotation is written also where the session has ended since.
    WriteWhateverEnded,
    /// The rotation does not remember the retry key.
    KeyForgotten,
    /// A key that the row remembers already is remembered for another rotation too.
    OldKeyCounts,
    /// An *ahead* move remembers the newest retry key only.
    AheadForgetsKeys,
    /// The row keeps one salt only.
    OneSalt,
    /// A rotation adds a row.
    AddsRows,
}

impl Rule {
    /// Every broken rule.
    pub const BROKEN: &'static [Self] = &[
        Self::NoWindow,
        Self::SlidingWindow,
        Self::PreviousAlways,
        Self::PreviousMovesOn,
        Self::NoInFlight,
        Self::NoLateRetry,
        Self::StaleIsReuse,
        Self::LateInFlightIsStale,
        Self::UsedIsReuseWhileAhead,
        Self::DeclarationIgnored,
        Self::AnyKeyExcuses,
        Self::UnprovenIgnored,
        Self::MovedIgnored,
        Self::EndIgnored,
        Self::StrictExcuses,
        Self::ReplayMakesSibling,
        Self::LateRetryDisplaces,
        Self::ReuseRefusesOnly,
        Self::WriteUnguarded,
        Self::WriteWhateverEnded,
        Self::KeyForgotten,
        Self::OldKeyCounts,
        Self::AheadForgetsKeys,
        Self::OneSalt,
        Self::AddsRows,
    ];

    /// What production decides, but for the broken rule.
    #[must_use]
    pub fn decide(self, facts: &Facts, shown: &Presented<'_>, client: &Client, now: UnixMillis) -> Decision {
        match self {
            Self::NoWindow => decide(facts, shown, &Client { window: Duration::ZERO, ..client.clone() }, now),
            Self::StrictExcuses => {
                decide(facts, shown, &Client { late_retry: LateRetry::Key, ..client.clone() }, now)
            }
            Self::NoInFlight => {
                let mut facts = facts.clone();
                facts.session.lineage.before_hash = None;
                decide(&facts, shown, client, now)
            }
            Self::DeclarationIgnored => {
                decide(facts, &Presented { believes: None, ..shown.clone() }, client, now)
            }
            Self::EndIgnored => decide(&never_ended(facts), shown, client, now),
            Self::UnprovenIgnored if shown.device == DeviceShown::Absent => {
                decide(facts, &Presented { device: DeviceShown::Same, ..shown.clone() }, client, now)
            }
            Self::MovedIgnored if shown.device == DeviceShown::Different => {
                decide(facts, &Presented { device: DeviceShown::Same, ..shown.clone() }, client, now)
            }
            Self::UsedIsReuseWhileAhead => match decide(facts, shown, client, now) {
                Decision::Stale => {
                    let known = Facts { accept_ahead_until: None, may_lose_writes: false, ..facts.clone() };
                    decide(&known, shown, client, now)
                }
                decision => decision,
            },
            Self::LateInFlightIsStale => match decide(facts, shown, client, now) {
                Decision::InFlight if outside(facts, shown, client) => Decision::Stale,
                decision => decision,
            },
            _ => self.instead_of(decide(facts, shown, client, now), facts, shown),
        }
    }

    fn instead_of(self, decision: Decision, facts: &Facts, shown: &Presented<'_>) -> Decision {
        let previous = facts.session.lineage.previous_hash == Some(shown.hash);
        match (self, decision) {
            (Self::PreviousAlways, Decision::Reuse) if previous => Decision::LateRetry,
            (Self::PreviousMovesOn, Decision::Reuse) if previous => Decision::Ahead,
            (Self::NoLateRetry, Decision::LateRetry) | (Self::StaleIsReuse, Decision::Stale) => {
                Decision::Reuse
            }
            (Self::AnyKeyExcuses, Decision::Reuse) if !shown.retry.is_empty() => {
                if previous {
                    Decision::LateRetry
                } else {
                    Decision::Stale
                }
            }
            // *Ahead* moves on from whatever was presented: just what a displacing rule does.
            (Self::ReplayMakesSibling, Decision::Replay)
            | (Self::LateRetryDisplaces, Decision::LateRetry) => Decision::Ahead,
            _ => decision,
        }
    }
}

fn outside(facts: &Facts, shown: &Presented<'_>, client: &Client) -> bool {
    let rotated_at = facts.session.lineage.rotated_at;
    rotated_at.is_none_or(|rotated| shown.arrived.distance(rotated) >= client.window)
}

fn never_ended(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    facts.session.standing = rotunda_core::model::Standing::Live;
    facts.session.idle_expires_at = facts.session.absolute_expires_at;
    facts.user.state = rotunda_core::model::UserState::Active;
    facts.user.ep = facts.session.ep;
    facts
}
