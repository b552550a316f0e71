//! Where a walk begins: the floor, and what there is at it and before it.
//!
//! 1. The floor's signature is checked. With a good one, what was before it was forgotten by us: nobody else signs a floor.
//! 2. Of what was signed there and is kept elsewhere, nothing is left to compare with. Its own signature is checked, and that it
//!    was old enough. Whoever has the database and no key can write everything anew while no server runs, with old
//!    dates: the next one chains that, forgets it, and signs a floor beyond whatever was kept elsewhere. So a good floor is not enough.
//! 3. No event is there. The walk would not come by one, and searches would show it.

use super::export::SLACK;
use super::reading::told;
use super::walk::Walk;
use super::{Fault, MarkFault};
use crate::Rotunda;
use crate::failure::Failure;
use crate::model::AuditMark;
use crate::store::{EventSearch, KeptMark};

/// How many events before the floor are told.
const MOST_TOLD: u32 = 10;

impl Rotunda {
    /// Begins at the floor. Takes those marks from elsewhere that are not after it.
    pub(super) async fn begin_walk(
        &self,
        floor: Option<&AuditMark>,
        elsewhere: &mut Vec<(KeptMark, AuditMark)>,
    ) -> Result<Walk, Failure> {
        let mut walk = Walk::begin(floor);
        let place = walk.seq;
        let signed = floor.map_or(Ok(()), |floor| self.keys.check_mark(KeptMark::Floor, floor));
        if let Some(floor) = floor {
            walk.mark(KeptMark::Floor, floor, signed);
        }
        if signed.is_ok() {
            self.look_before(&mut walk).await?;
        }
        // The first one is at the floor, which was made of it, or after it.
        for mark in self.store.checkpoints(0, 1).await? {
            if mark.seq <= place {
                walk.mark(KeptMark::Checkpoint, &mark, self.keys.check_mark(KeptMark::Checkpoint, &mark));
            }
        }
        for (kept, mark) in elsewhere.extract_if(.., |(_, mark)| mark.seq <= place) {
            match floor.filter(|floor| signed.is_ok() && mark.seq < floor.seq) {
                Some(floor) => walk.outlived(mark.seq, self.outlived(floor, kept, &mark)),
                None => walk.mark(kept, &mark, self.keys.check_mark(kept, &mark)),
            }
        }
        Ok(walk)
    }

    /// Step 2: what is wrong with a mark from before a floor that we have signed. Its key may be gone, like all else that it has signed.
    fn outlived(&self, floor: &AuditMark, kept: KeptMark, mark: &AuditMark) -> Option<Fault> {
        if self.keys.check_mark(kept, mark) == Err(MarkFault::Signature) {
            return Some(Fault::Mark(kept, MarkFault::Signature));
        }
        let old = floor.at.minus(self.policy.keep_events).plus(SLACK);
        // A floor tells when something was forgotten, any other mark that it was the last that had happened.
        (kept != KeptMark::Floor && mark.at >= old).then_some(Fault::TooSoon(kept))
    }

    /// Step 3, by a search: so whatever one shows is found.
    async fn look_before(&self, walk: &mut Walk) -> Result<(), Failure> {
        let before = walk.seq.saturating_add(1);
        match self.store.search_events(EventSearch::default(), Some(before), MOST_TOLD).await {
            Ok(page) => page.rows.iter().for_each(|event| walk.find(event.seq, Fault::Forgotten)),
            Err(failure) if failure.is_temporary() => return Err(failure),
            Err(failure) => walk.find(walk.seq, Fault::Unreadable(told(&failure))),
        }
        Ok(())
    }
}
