//! The chain of the audit log.

use std::ops::Bound;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{AuditMark, Caller, ChainLink};
use rotunda_core::store::{Audit, AuditEnds, Chaining, KeptMark};

use super::{MemoryState, MemoryStore};

#[async_trait]
impl Audit for MemoryStore {
    async fn audit_ends(&self) -> Result<AuditEnds, Failure> {
        Ok(self.open()?.audit.clone())
    }

    async fn chain(&self, chaining: Chaining) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let unchained = |seq: u64| state.events.iter().any(|known| known.seq == seq && known.link.is_none());
        if state.audit.head != chaining.from || !chaining.links.iter().all(|(seq, _)| unchained(*seq)) {
            return Ok(false);
        }
        for (seq, link) in chaining.links {
            for known in state.events.iter_mut().filter(|known| known.seq == seq) {
                let Caller { address, user_agent, .. } = &known.event.caller;
                let is_known = address.is_some() || user_agent.is_some();
                known.link = Some(ChainLink { salt: link.salt.filter(|_| is_known), ..link.clone() });
            }
        }
        if let Some(checkpoint) = chaining.checkpoint {
            state.checkpoints.insert(checkpoint.seq, checkpoint);
        }
        state.audit.head = Some(chaining.head);
        Ok(true)
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<AuditMark>, Failure> {
        let state = self.open()?;
        let later = state.checkpoints.range((Bound::Excluded(after), Bound::Unbounded));
        Ok(later.map(|(_, mark)| mark.clone()).take(limit as usize).collect())
    }

    async fn forget_events(&self, from: Option<AuditMark>, floor: AuditMark) -> Result<Option<u32>, Failure> {
        let mut state = self.open()?;
        if state.audit.floor != from {
            return Ok(None);
        }
        let before = state.events.len();
        state.events.retain(|known| known.seq > floor.seq);
        state.checkpoints.retain(|seq, _| *seq >= floor.seq);
        state.audit.floor = Some(floor);
        Ok(Some(u32::try_from(before - state.events.len()).unwrap_or(u32::MAX)))
    }
}

impl MemoryState {
    /// All marks in the order in which databases have them: by the name of what they are kept as, and place.
    pub(super) fn marks(&self) -> Vec<(KeptMark, AuditMark)> {
        let checkpoints = self.checkpoints.values().map(|mark| (KeptMark::Checkpoint, mark));
        let floor = self.audit.floor.iter().map(|mark| (KeptMark::Floor, mark));
        let head = self.audit.head.iter().map(|mark| (KeptMark::Head, mark));
        checkpoints.chain(floor).chain(head).map(|(kept, mark)| (kept, mark.clone())).collect()
    }

    pub(super) fn put_marks(&mut self, marks: Vec<(KeptMark, AuditMark)>) {
        self.audit = AuditEnds::default();
        self.checkpoints.clear();
        for (kept, mark) in marks {
            match kept {
                KeptMark::Floor => self.audit.floor = Some(mark),
                KeptMark::Head => self.audit.head = Some(mark),
                KeptMark::Checkpoint => drop(self.checkpoints.insert(mark.seq, mark)),
            }
        }
    }
}
