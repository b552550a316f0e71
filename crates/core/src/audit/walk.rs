//! The walk along the chain: events and signed places go in, in their order, and what is wrong comes out. Pure.
//!
//! 1. It begins at the floor, or at the start, and computes the hash of each event from the one before it.
//! 2. Where that is not what was chained, it is lost: whatever follows would be wrong too. It says so once and goes on at the next
//!    place that was signed.
//! 3. A signed place has to have the hash that the walk has. The signed one is believed.
//! 4. An event that came from somewhere, and has neither address, user agent nor salt any more, is remembered with its
//!    user until that one's `user.deleted` comes by.

use std::collections::BTreeMap;

use super::canonical::{self, Half};
use super::{Fault, Finding, MarkFault};
use crate::model::{AuditMark, EventKind, RecordedEvent, UserId};
use crate::store::KeptMark;

/// How many findings are told; all are counted.
pub(super) const MOST_TOLD: usize = 100;

/// Somebody who walks.
pub(super) struct Walk {
    /// The last place.
    pub(super) seq: u64,
    hash: [u8; 32],
    is_lost: bool,
    /// How many events it has seen.
    pub(super) events: u64,
    /// How many marks from elsewhere tell of what was forgotten before the beginning.
    pub(super) forgotten: u64,
    /// Users without whose address an event was seen: the first one, or nothing once the user was seen to go.
    gone: BTreeMap<UserId, Option<u64>>,
    /// The first findings.
    pub(super) findings: Vec<Finding>,
    /// How many findings there were.
    pub(super) found: u64,
}

impl Walk {
    /// Begins after that place; at the start of everything where there is none.
    pub(super) fn begin(from: Option<&AuditMark>) -> Self {
        Self {
            seq: from.map_or(0, |from| from.seq),
            hash: from.map_or(canonical::START, |from| from.hash),
            is_lost: false,
            events: 0,
            forgotten: 0,
            gone: BTreeMap::new(),
            findings: Vec::new(),
            found: 0,
        }
    }

    /// The next event.
    pub(super) fn event(&mut self, recorded: &RecordedEvent) {
        let RecordedEvent { seq, event, link } = recorded;
        let in_order = *seq > self.seq;
        if !in_order {
            self.find(*seq, Fault::Order);
        }
        (self.seq, self.events) = (*seq, self.events.saturating_add(1));
        if let (EventKind::UserDeleted, Some(user)) = (event.kind, event.user_id) {
            self.gone.insert(user, None);
        }
        let Some(link) = link else {
            self.is_lost = true;
            return self.find(*seq, Fault::Unchained);
        };
        let (chained, commitment) = canonical::halves(link);
        self.caller(recorded, link.salt, &commitment);
        self.hash = canonical::hash(&self.hash, *seq, event, &commitment);
        let expected = canonical::first_half(&self.hash);
        if !self.is_lost && expected != chained {
            self.is_lost = true;
            self.find(*seq, Fault::Altered { expected, found: chained });
        }
    }

    fn caller(&mut self, recorded: &RecordedEvent, salt: Option<[u8; 16]>, chained: &Half) {
        let (seq, event) = (recorded.seq, &recorded.event);
        match salt {
            Some(salt) if canonical::commitment(&salt, &event.caller) == *chained => {}
            None if canonical::is_nowhere(&event.caller) => {
                let forgotten = *chained != canonical::NOWHERE;
                match event.user_id.filter(|_| forgotten) {
                    Some(user) => drop(self.gone.entry(user).or_insert(Some(seq))),
                    None if forgotten => self.find(seq, Fault::Erased),
                    None => {}
                }
            }
            Some(_) | None => self.find(seq, Fault::Caller),
        }
    }

    /// A signed place that is not before the last event, and what was found of its signature.
    pub(super) fn mark(&mut self, kept: KeptMark, mark: &AuditMark, signed: Result<(), MarkFault>) {
        if let Err(fault) = signed {
            return self.find(mark.seq, Fault::Mark(kept, fault));
        }
        if mark.seq < self.seq {
            return self.find(mark.seq, Fault::Before(kept));
        }
        if mark.seq > self.seq {
            self.find(mark.seq, Fault::Missing(kept));
        } else if !self.is_lost && mark.hash != self.hash {
            self.find(mark.seq, Fault::Signed { kept, expected: self.hash, found: mark.hash });
        }
        (self.seq, self.hash, self.is_lost) = (mark.seq, mark.hash, false);
    }

    /// A mark from elsewhere of what was forgotten since, and what is wrong with it: there is nothing to compare it with.
    pub(super) fn outlived(&mut self, seq: u64, fault: Option<Fault>) {
        self.forgotten = self.forgotten.saturating_add(1);
        if let Some(fault) = fault {
            self.find(seq, fault);
        }
    }

    /// An event that the store could not read.
    pub(super) fn unreadable(&mut self, seq: u64, why: String) {
        (self.seq, self.is_lost) = (seq, true);
        self.find(seq, Fault::Unreadable(why));
    }

    /// A user who is gone by an event that is not chained yet.
    pub(super) fn deleted(&mut self, user: UserId) {
        self.gone.insert(user, None);
    }

    /// The events without a caller whose users were not seen to go.
    pub(super) fn unexplained(&self) -> Vec<u64> {
        self.gone.values().filter_map(|first| *first).collect()
    }

    /// Whether the walk is where that place was signed, and has found nothing.
    pub(super) fn agrees_with(&self, mark: &AuditMark) -> bool {
        self.found == 0 && self.seq == mark.seq && self.hash == mark.hash
    }

    /// Remembers a finding.
    pub(super) fn find(&mut self, seq: u64, fault: Fault) {
        self.found = self.found.saturating_add(1);
        if self.findings.len() < MOST_TOLD {
            self.findings.push(Finding { seq, fault });
        }
    }
}
