//! A session that lived while its store lost writes that it had acknowledged: Redis was emptied, or a replica took over
//! that had not heard them. What an answer showed may be gone, so the generations have no one history any more, and a thief
//! may pass whose conflict was forgotten. This holds even then:
//!
//! 1. Nobody with the right device secret is signed out by the protocol.
//! 2. An end that was acknowledged stands: nothing is granted that was asked after it, because ends are in SQL.
//! 3. The reason of an end is what happened, and it is one.

use super::{Case, Violation, ViolationKind as K};
use crate::history::{Answer, Call, Delivery, Device, Ended, Reason};

impl Case<'_> {
    pub(super) fn check_after_loss(&self, violations: &mut Vec<Violation>) {
        self.reasons(violations);
        let reuse = |d: &&Delivery| {
            matches!(d.answer, Answer::Refused { ended: Some(Ended::Reused), .. })
                && !self.copied
                && self.deliveries.iter().all(|d| d.refresh().is_none_or(|r| r.device == Device::Same))
        };
        if let Some(index) = self.deliveries.iter().position(|delivery| reuse(&delivery)) {
            let text = "ended as reused after a loss, and nobody had a copy";
            violations.push(self.violation(K::HonestSignOut, &[index], text));
        }
        let ended = self.ended_for_sure();
        let alive = |d: &Delivery| match d.call {
            Call::Refresh(_) => d.granted().is_some(),
            Call::Me => d.answer == Answer::Done,
            Call::End(_) | Call::Begin => false,
        };
        let late = |d: &Delivery| alive(d) && ended.is_some_and(|by| d.sent > by);
        if let Some(index) = self.deliveries.iter().position(late) {
            let text = "alive after an end that was acknowledged, and after a loss";
            violations.push(self.violation(K::GrantAfterEnd, &[index], text));
        }
    }

    /// By when it had ended, as somebody was told.
    fn ended_for_sure(&self) -> Option<crate::moment::Moment> {
        let own = self.deliveries.len();
        let by_call = self.endings().filter(|(index, d)| {
            matches!(d.answer, Answer::Done | Answer::Grant { .. }) && (*index < own || d.sent >= self.born.1)
        });
        let told = self.deliveries.iter().filter(|d| {
            matches!(d.answer, Answer::Refused { reason: Reason::TokenReused | Reason::SessionEnded, .. })
        });
        by_call.map(|(_, d)| d.back).chain(told.map(|d| d.back)).min()
    }
}
