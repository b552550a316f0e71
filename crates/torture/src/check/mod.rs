//! The checks of one session. Pure: a record in, violations out.
//!
//! 1. Grants of the same generation carry the identical token: there is one live leaf (`one_leaf`).
//! 2. There is an order of all calls in which each answer is right (`timeline`).
//! 3. Each answer is one that the table of rotation.md gives, at the generation, the end and the server's clock that the
//!    order leaves open (`table`). A replay that was not told so is a missed theft.
//! 4. A session that nobody had a copy of is never ended by the protocol, and never refused anything else than a stale
//!    duplicate (`honest`). For clients without retry keys, and beyond the
//!    bounds of `honest.rs`, this is a figure.
//! 5. The reason that the server gives for an end is one, and somebody did just that (`reasons`).
//!
//! Less holds where the store has lost what it had acknowledged (`lost`).

pub(crate) mod database;
mod lost;
mod table;
mod timeline;

#[cfg(test)]
mod brute;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use crate::history::{Answer, Call, Delivery, Ended, Reason};
use crate::ledger::Ledger;
use crate::moment::Moment;
use table::Table;
pub(crate) use table::Told;

/// The record of one session, and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    /// Between when it came to be.
    pub born: (Moment, Moment),
    /// Whether it had to show its device secret from the start, if known.
    pub shown_at_birth: Option<bool>,
    /// Whether somebody had a copy of its tokens.
    pub copied: bool,
    /// Of which generations a thief has copied the tokens and the keys: that of the copied token, and that which its client
    /// believed to be in. Any order: a late answer sets a browser's cookie back, an unread one sets it forward.
    pub loot: Option<(u32, u32)>,
    /// Whether an honest sign-out is a violation: its clients make retry keys, and the network is within bounds.
    pub strict: bool,
    /// Whether it lived while its store lost writes that it had acknowledged.
    pub lost: bool,
    pub deliveries: &'a [Delivery],
    /// What ended all sessions of its user.
    pub of_user: &'a [Delivery],
    pub clock: &'a Ledger,
    /// W in milliseconds.
    pub window: i64,
}

/// What can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum ViolationKind {
    /// A session that nobody copied was ended as reused.
    HonestSignOut,
    /// A client lost its session although nothing had ended it.
    HonestLost,
    /// A session that nobody copied was refused for something that honest clients cannot do.
    HonestRefused,
    /// A replay went through.
    MissedTheft,
    /// Two tokens of one generation.
    Fork,
    /// No order of the calls fits their answers.
    NotLinearizable,
    GrantAfterEnd,
    BearerAfterEnd,
    EndedTwice,
    EndedByNobody,
    /// Ended as reused where the table does not say so.
    FalseReuse,
    /// An answer that the table does not give.
    NotInTable,
    /// The reason of an end is not what happened.
    WrongReason,
    /// What the database says differs from what was answered.
    Database,
    /// The server broke.
    Broken,
}

impl ViolationKind {
    pub(crate) const ALL: [Self; 15] = [
        Self::HonestSignOut,
        Self::HonestLost,
        Self::HonestRefused,
        Self::MissedTheft,
        Self::Fork,
        Self::NotLinearizable,
        Self::GrantAfterEnd,
        Self::BearerAfterEnd,
        Self::EndedTwice,
        Self::EndedByNobody,
        Self::FalseReuse,
        Self::NotInTable,
        Self::WrongReason,
        Self::Database,
        Self::Broken,
    ];

    /// The promise, as a line of the report.
    pub(crate) fn promise(self) -> &'static str {
        match self {
            Self::HonestSignOut => "no honest user is signed out by the protocol",
            Self::HonestLost => "no client loses a session that lives on",
            Self::HonestRefused => "no honest client is refused as a thief is",
            Self::MissedTheft => "every true replay is caught",
            Self::Fork => "at most one live leaf: one token for each generation",
            Self::NotLinearizable => "each session's history is linearizable",
            Self::GrantAfterEnd => "after its end a session grants nothing, across restarts too",
            Self::BearerAfterEnd => "after its end a session's access tokens are refused",
            Self::EndedTwice => "a session ends once",
            Self::EndedByNobody => "no session ends by itself",
            Self::FalseReuse => "reuse is told only where the table says so",
            Self::NotInTable => "every answer is one that the table gives",
            Self::WrongReason => "the reason of an end is what happened",
            Self::Database => "one row a session, one event an end, and nothing that should not be there",
            Self::Broken => "the server answers and does not break",
        }
    }
}

/// Something that must not be.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub kind: ViolationKind,
    /// The places of the deliveries that show it.
    pub deliveries: Vec<usize>,
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text)
    }
}

/// What the checks of a session found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    pub violations: Vec<Violation>,
    pub told: Told,
    /// Ended as reused, although nobody had a copy.
    pub signed_out: bool,
    /// Ended so by a request that may have lain in the server until it was more than four rotations late: promise 1 does
    /// not reach that far, and no proxy can see to it.
    pub beyond: bool,
    /// Ended as reused.
    pub reused: bool,
    /// What it was told to have ended as.
    pub ended_as: Option<Ended>,
    /// Refreshes that the server had in hand while it had another one of the session.
    pub overlapped: u64,
    /// The highest generation that was granted, and whether one more may have been entered unseen.
    pub generation: (u32, u32),
    /// It has ended for sure, or may have.
    pub ended: bool,
    pub may_have_ended: bool,
}

impl Case<'_> {
    pub(crate) fn check(&self) -> Verdict {
        let ended_as = self.ended_as();
        let reused = ended_as == Some(Ended::Reused);
        let mut verdict = Verdict { reused, ended_as, overlapped: self.overlapped(), ..Verdict::default() };
        if self.lost {
            self.check_after_loss(&mut verdict.violations);
            verdict.signed_out = verdict.violations.iter().any(|v| v.kind == ViolationKind::HonestSignOut);
            (verdict.generation, verdict.may_have_ended) = ((0, u32::MAX), true);
            return verdict;
        }
        self.one_leaf(&mut verdict.violations);
        self.honest(&mut verdict);
        self.reasons(&mut verdict.violations);
        match timeline::timeline(self) {
            Ok(timeline) => {
                let granted = self.deliveries.iter().filter_map(Delivery::granted).max().unwrap_or(0);
                verdict.generation = (granted, u32::try_from(timeline.steps.len() - 1).unwrap_or(u32::MAX));
                verdict.ended = timeline.end.is_some_and(|end| end.sure);
                verdict.may_have_ended = timeline.end.is_some();
                verdict.told = Table::new(self, &timeline).ask();
                verdict.violations.append(&mut verdict.told.violations);
            }
            Err(violation) => verdict.violations.push(violation),
        }
        verdict
    }

    /// How many refreshes reached the server while another one of the session was there.
    fn overlapped(&self) -> u64 {
        let mut spans: Vec<_> =
            self.deliveries.iter().filter(|d| d.refresh().is_some()).map(|d| (d.sent, d.back)).collect();
        spans.sort_unstable();
        let mut until = Moment(0);
        let mut overlapped = 0;
        for (index, (sent, back)) in spans.iter().enumerate() {
            let next = spans.get(index + 1).is_some_and(|(next, _)| next < back);
            overlapped += u64::from(*sent < until || next);
            until = until.max(*back);
        }
        overlapped
    }

    fn one_leaf(&self, violations: &mut Vec<Violation>) {
        let mut tokens: BTreeMap<u32, (u64, usize)> = BTreeMap::new();
        for (index, delivery) in self.deliveries.iter().enumerate() {
            if let Answer::Grant { generation, token } = delivery.answer {
                let (first, at) = *tokens.entry(generation).or_insert((token, index));
                if first != token {
                    let text = format!("two tokens of generation {generation}");
                    violations.push(self.violation(ViolationKind::Fork, &[at, index], &text));
                }
            }
        }
    }

    fn honest(&self, verdict: &mut Verdict) {
        if self.copied {
            return;
        }
        let ended_as_reused =
            |d: &Delivery| matches!(d.answer, Answer::Refused { ended: Some(Ended::Reused), .. });
        if let Some(index) = self.deliveries.iter().position(ended_as_reused) {
            verdict.beyond = self.may_be_beyond(&self.deliveries[index]);
            verdict.signed_out = !verdict.beyond;
            if self.strict && verdict.signed_out {
                let text = "ended as reused, and nobody had a copy";
                verdict.violations.push(self.violation(ViolationKind::HonestSignOut, &[index], text));
            }
        }
        let refused_like_a_thief = |d: &Delivery| match d.answer {
            Answer::Refused {
                reason: Reason::TokenStale | Reason::TokenReused | Reason::SessionEnded,
                ..
            } => false,
            Answer::Refused { reason: Reason::TokenExpired, .. } => d.call != Call::Me,
            Answer::Refused { .. } => matches!(d.call, Call::Refresh(_) | Call::Me),
            _ => false,
        };
        if let Some(index) = self.deliveries.iter().position(refused_like_a_thief) {
            let text = format!("{:?}, and nobody had a copy", self.deliveries[index].answer);
            verdict.violations.push(self.violation(ViolationKind::HonestRefused, &[index], &text));
        }
    }

    /// Whether the session may have left the token of a refresh more than four rotations behind before it was judged, one of
    /// them unseen. What the table says to it is asked all the same.
    fn may_be_beyond(&self, delivery: &Delivery) -> bool {
        let by_then = self.deliveries.iter().filter(|other| other.sent <= delivery.back);
        let top = by_then.filter_map(Delivery::granted).max().unwrap_or(0);
        delivery.refresh().is_some_and(|refresh| top + 1 > refresh.generation + 4)
    }

    /// The reason of its end, if it was told.
    pub(crate) fn ended_as(&self) -> Option<Ended> {
        self.deliveries.iter().find_map(|d| match d.answer {
            Answer::Refused { ended, .. } => ended,
            _ => None,
        })
    }

    fn reasons(&self, violations: &mut Vec<Violation>) {
        let Some(told) = self.ended_as() else { return };
        let other = self
            .deliveries
            .iter()
            .position(|d| matches!(d.answer, Answer::Refused { ended: Some(ended), .. } if ended != told));
        if let Some(index) = other {
            let text =
                format!("ended as {} first, and now {:?}", told.as_str(), self.deliveries[index].answer);
            violations.push(self.violation(ViolationKind::WrongReason, &[index], &text));
        }
        let explained = told == Ended::Reused
            || self.endings().any(|(_, d)| matches!(d.call, Call::End(ending) if ending.wire() == told));
        if !explained {
            let text = format!("ended as {}, and nobody did that", told.as_str());
            violations.push(self.violation(ViolationKind::WrongReason, &[], &text));
        }
    }

    /// The endings of this session and then those of all of its user's, each with its place.
    fn endings(&self) -> impl Iterator<Item = (usize, &Delivery)> {
        let all = self.deliveries.iter().chain(self.of_user).enumerate();
        all.filter(|(_, delivery)| matches!(delivery.call, Call::End(_)))
    }

    fn violation(&self, kind: ViolationKind, deliveries: &[usize], text: &str) -> Violation {
        Violation { kind, deliveries: deliveries.to_vec(), text: text.to_owned() }
    }
}
