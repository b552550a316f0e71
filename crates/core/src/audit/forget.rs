//! What is older than events are kept is forgotten, and the chain stays whole.
//!
//! 1. The log is forgotten up to a checkpoint, the next one after the floor: a step of little more than a thousand events. A
//!    checkpoint is signed, so nobody has old events forgotten by writing another date to new ones.
//! 2. It is due when it was signed long enough ago. Or when all events up to it are old enough and are what was chained: so a log
//!    that was chained long after it was written does not stay for another year.
//! 3. The place is signed as the new floor, and one write deletes the events up to it and puts it there, if the floor still is the one
//!    that was read. What is not chained is not deleted.

use super::chain::AT_ONCE;
use super::walk::Walk;
use crate::Rotunda;
use crate::failure::Failure;
use crate::model::{AuditMark, UnixMillis};
use crate::store::KeptMark;

impl Rotunda {
    /// One step. Answers how many events were forgotten: if any, there may be more.
    ///
    /// # Errors
    /// When the store does not answer, or the checkpoint that is next was altered: then nothing is forgotten.
    pub(crate) async fn forget_audit(&self) -> Result<u32, Failure> {
        let now = self.clock.now();
        let before = now.minus(self.policy.keep_events);
        let from = self.store.audit_ends().await?.floor;
        let place = from.as_ref().map_or(0, |floor| floor.seq);
        let Some(next) = self.store.checkpoints(place, 1).await?.pop() else { return Ok(0) };
        let checked = self.keys.check_mark(KeptMark::Checkpoint, &next);
        checked.map_err(|fault| Failure::broken("forgetting old events up to a checkpoint", fault))?;
        if next.at >= before && !self.are_old(from.as_ref(), &next, before).await? {
            return Ok(0);
        }
        let floor = self.keys.sign_mark(KeptMark::Floor, (next.seq, next.hash), now)?;
        Ok(self.store.forget_events(from, floor).await?.unwrap_or(0))
    }

    /// Whether all events between are from before, and are those that were chained.
    async fn are_old(
        &self,
        floor: Option<&AuditMark>,
        until: &AuditMark,
        before: UnixMillis,
    ) -> Result<bool, Failure> {
        let mut walk = Walk::begin(floor);
        // The first one says it on most days.
        let mut limit = 1;
        while walk.seq < until.seq {
            let events = self.store.events(walk.seq, limit).await?;
            let between: Vec<_> = events.iter().filter(|event| event.seq <= until.seq).collect();
            if between.is_empty() || between.iter().any(|event| event.event.at >= before) {
                return Ok(false);
            }
            between.into_iter().for_each(|event| walk.event(event));
            limit = AT_ONCE;
        }
        Ok(walk.agrees_with(until))
    }
}
