//! The table of rotation.md, written a second time: which answers can a refresh get, given what is known of the session's
//! generations, its end, and the server's clock?
//!
//! Every combination that the record leaves open is tried. An answer that none of them gives is a violation; where all of
//! them give *reuse*, somebody replays a token, and must be found.

use super::timeline::{Step, Timeline};
use super::{Case, Violation, ViolationKind as K};
use crate::history::{Answer, Delivery, Device, Reason, Refresh};
use crate::ledger::{Ranges, apart};
use crate::moment::Moment;

/// What the table can say to a refresh.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Says {
    Grant(u32),
    Stale,
    /// Reuse, or a device secret that is not the session's.
    Reuse,
    Unproven,
    Ahead,
    Ended,
}

/// What was found out about the refreshes of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub violations: Vec<Violation>,
    /// Refreshes that could only be a reuse, and were answered.
    pub replays: u64,
    /// Those of them that were told so.
    pub caught: u64,
    /// Grants by how they came about, where only one rule fits.
    pub rotations: u64,
    pub repeats: u64,
    pub in_flight: u64,
    pub late: u64,
    /// Generations that somebody went through outside of the window with a key that somebody else had made.
    pub passed_by_key: Vec<u32>,
}

/// Whether something can be, and can not be.
#[derive(Clone, Copy)]
struct May {
    be: bool,
    not: bool,
}

pub(crate) struct Table<'a> {
    case: &'a Case<'a>,
    steps: &'a [Step],
    /// The end: from when it may have ended.
    may_have_ended: Option<Moment>,
    /// For each generation: by the server's clock, when it was entered.
    entered: Vec<Ranges>,
    /// For each generation: whether the device secret had been shown in a rotation by then.
    shown: Vec<May>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(case: &'a Case<'a>, timeline: &'a Timeline) -> Self {
        let steps = &timeline.steps;
        let birth = match case.shown_at_birth {
            Some(shown) => May { be: shown, not: !shown },
            None => May { be: true, not: true },
        };
        let mut shown = vec![birth];
        for step in steps.iter().skip(1) {
            let with = |device: fn(Device) -> bool| {
                step.candidates()
                    .any(|c| case.deliveries[c.delivery].refresh().is_some_and(|r| device(r.device)))
            };
            let last = shown[shown.len() - 1];
            let (present, absent) = (with(|d| d != Device::Absent), with(|d| d == Device::Absent));
            shown.push(May { be: last.be || present, not: last.not && absent });
        }
        let entered = steps.iter().map(|step| {
            // The clock is read before the write: not before the earliest cause was sent.
            let from = step.candidates().map(|c| c.from).min().unwrap_or(step.earliest);
            let until = step.latest.min(step.candidates().map(|c| c.until).max().unwrap_or(step.latest));
            case.clock.shown(from, until)
        });
        let entered = entered.collect();
        Self { case, steps, may_have_ended: timeline.end.map(|end| end.earliest), entered, shown }
    }

    /// Asks about every refresh.
    pub(crate) fn ask(&self) -> Told {
        let mut told = Told::default();
        for (index, delivery) in self.case.deliveries.iter().enumerate() {
            if let Some(refresh) = delivery.refresh()
                && delivery.unknown_until().is_none()
            {
                self.ask_one(&mut told, index, delivery, refresh);
            }
        }
        self.ask_rotations(&mut told);
        self.ask_copy(&mut told);
        told
    }

    /// Whoever copied everything in the middle of an attempt holds keys that excuse it: those that were made by then for
    /// the copied token and for what came after it. No other.
    fn ask_copy(&self, told: &mut Told) {
        let (from, until) = (self.case.loot)
            .map_or((0, u32::MAX), |(token, believed)| (token.min(believed), token.max(believed)));
        let beyond = told.passed_by_key.iter().any(|generation| !(from..=until).contains(generation));
        if beyond || self.case.loot.is_none() && told.passed_by_key.len() > 1 {
            let passed = &told.passed_by_key;
            let text = format!(
                "a copy of generations {:?} went along at {passed:?}, each time outside of W",
                self.case.loot
            );
            told.violations.push(self.case.violation(K::MissedTheft, &[], &text));
        }
    }

    /// Somebody has moved the session on from each generation outside of its window.
    fn ask_rotations(&self, told: &mut Told) {
        let granted = self.case.deliveries.iter().filter_map(Delivery::granted).max().unwrap_or(0);
        for (n, step) in self.steps.iter().enumerate().skip(1).take(granted as usize) {
            if !step.candidates().any(|cause| self.inside(n - 1, cause.from, cause.until).not) {
                let shown: Vec<usize> = step.candidates().map(|cause| cause.delivery).collect();
                let text = format!("generation {n} was entered inside of the window of the one before");
                told.violations.push(self.case.violation(K::NotInTable, &shown, &text));
            }
        }
    }

    fn ask_one(&self, told: &mut Told, index: usize, delivery: &Delivery, refresh: &Refresh) {
        let says = self.says(delivery, refresh);
        let live = || says.iter().filter(|says| **says != Says::Ended);
        let replay = live().count() > 0 && live().all(|says| *says == Says::Reuse);
        let answered = match delivery.answer {
            Answer::Grant { generation, .. } => Some(Says::Grant(generation)),
            Answer::Refused { reason: Reason::TokenStale, .. } => Some(Says::Stale),
            Answer::Refused { reason: Reason::TokenReused, .. } => Some(Says::Reuse),
            Answer::Refused { reason: Reason::ProofMissing, .. } => Some(Says::Unproven),
            Answer::Refused { reason: Reason::TokenUnknown, .. } => Some(Says::Ahead),
            Answer::Refused { reason: Reason::SessionEnded, ended: Some(_) } => Some(Says::Ended),
            _ => None,
        };
        if replay && answered != Some(Says::Ended) {
            told.replays += 1;
            told.caught += u64::from(answered == Some(Says::Reuse));
        }
        if let Some(answer) = answered.filter(|answer| says.contains(answer)) {
            self.count(told, delivery, refresh, answer);
            return;
        }
        let kind = match answered {
            Some(Says::Grant(_) | Says::Stale) if replay => K::MissedTheft,
            Some(Says::Reuse) => K::FalseReuse,
            Some(Says::Ended) => K::EndedByNobody,
            _ => K::NotInTable,
        };
        let text = format!("answered {:?}, and the table says {says:?}", delivery.answer);
        told.violations.push(self.case.violation(kind, &[index], &text));
    }

    /// Which rule it was, for the figures; and whether a copy went through with somebody else's key.
    fn count(&self, told: &mut Told, delivery: &Delivery, refresh: &Refresh, answer: Says) {
        let Says::Grant(granted) = answer else { return };
        let n = granted as usize;
        let inside = self.inside(n, delivery.sent, delivery.back);
        let stood_before = self.steps[n].latest < delivery.sent;
        match granted - refresh.generation {
            0 => told.repeats += 1,
            1 if stood_before && inside.be && !inside.not => told.repeats += 1,
            1 | 2 if stood_before && !inside.be => {
                told.late += 1;
                let others = self.steps[refresh.generation as usize + 1]
                    .candidates()
                    .all(|c| !same(self.case.deliveries[c.delivery].by, delivery.by));
                if others && !told.passed_by_key.contains(&refresh.generation) {
                    told.passed_by_key.push(refresh.generation);
                }
            }
            1 => told.rotations += u64::from(self.steps[n].candidates().count() == 1),
            _ => told.in_flight += 1,
        }
    }

    /// Everything that the table may have said.
    fn says(&self, delivery: &Delivery, refresh: &Refresh) -> Vec<Says> {
        let mut says = Vec::with_capacity(4);
        let mut add = |one: Says| {
            if !says.contains(&one) {
                says.push(one);
            }
        };
        if self.may_have_ended.is_some_and(|end| end <= delivery.back) {
            add(Says::Ended);
        }
        let first = self.steps.iter().skip(1).take_while(|step| step.latest < delivery.sent).count();
        for n in first..self.steps.len() {
            if self.steps[n].earliest > delivery.back {
                break;
            }
            self.at(n, delivery, refresh, &mut add);
        }
        says
    }

    /// The table, if the session is live and stands at generation `n`.
    fn at(&self, n: usize, delivery: &Delivery, refresh: &Refresh, add: &mut impl FnMut(Says)) {
        let Some(place) = u32::try_from(n).ok().and_then(|n| n.checked_sub(refresh.generation)) else {
            return add(Says::Ahead);
        };
        if refresh.device == Device::Different {
            return add(Says::Reuse);
        }
        if refresh.device == Device::Absent {
            if self.shown[n].be {
                add(Says::Unproven);
            }
            if !self.shown[n].not {
                return;
            }
        }
        let current = refresh.generation + place;
        let inside = self.inside(n, delivery.sent, delivery.back);
        let key = self.key(refresh, place);
        if place <= 2 && inside.be {
            add(Says::Grant(current));
        }
        match place {
            0 if inside.not => add(Says::Grant(current + 1)),
            0 => {}
            1 | 2 if !inside.not => {}
            1 | 2 if key.be => add(Says::Grant(current)),
            _ if key.be => add(Says::Stale),
            _ => {}
        }
        if (place > 2 || (place > 0 && inside.not)) && key.not {
            add(Says::Reuse);
        }
    }

    /// Whether something between two moments came inside of the window after generation `n` was entered.
    fn inside(&self, n: usize, sent: Moment, back: Moment) -> May {
        if n == 0 {
            return May { be: false, not: true };
        }
        let then = self.case.clock.shown(sent, back);
        let apart = apart(&then, &self.entered[n], self.case.window);
        May { be: apart.inside, not: apart.outside }
    }

    /// Whether a refresh has the retry key of the rotation that consumed its generation.
    fn key(&self, refresh: &Refresh, place: u32) -> May {
        if place == 0 || place > 4 {
            return May { be: false, not: true };
        }
        let Some(step) = self.steps.get(refresh.generation as usize + 1) else {
            return May { be: true, not: true };
        };
        let mut key = May { be: false, not: false };
        for cause in step.candidates() {
            let newest = self.newest_key(cause);
            let fits = newest != 0 && refresh.keys.contains(&newest);
            key.be |= fits;
            // A key that one of the four rotations before may have brought already was not remembered again.
            key.not |= !fits || self.may_be_old(newest, refresh.generation);
        }
        key
    }

    fn newest_key(&self, cause: &super::timeline::Cause) -> u32 {
        self.case.deliveries[cause.delivery].refresh().map_or(0, Refresh::newest_key)
    }

    /// Whether a rotation that the row remembers when it leaves `generation` may have brought this key.
    fn may_be_old(&self, key: u32, generation: u32) -> bool {
        let last = generation as usize + 1;
        let remembered = self.steps.get(last.saturating_sub(4)..last).unwrap_or_default();
        remembered.iter().any(|step| step.candidates().any(|cause| self.newest_key(cause) == key))
    }
}

impl Step {
    /// The causes that fit between the earliest and the latest moment.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = &super::timeline::Cause> {
        self.causes.iter().filter(|c| c.from <= self.latest && c.until >= self.earliest)
    }
}

/// Whether two calls are made by the same side. The auditor asks with what the owner has last.
fn same(one: crate::history::By, other: crate::history::By) -> bool {
    use crate::history::By;
    let owns = |by| matches!(by, By::Owner(_) | By::Auditor);
    owns(one) && owns(other) || one == other
}
