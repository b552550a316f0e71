//! Rules that production does not have, or not yet, to see what they would do. Each is a change of one place.

use rotunda_core::model::Facts;
use rotunda_core::refresh::{Decision, DeviceShown, Presented};

use crate::secrets::Key;
use crate::setting::Proposed;
use crate::state::{Request, Row};

impl Proposed {
    /// The decision as it would be.
    #[must_use]
    pub fn instead_of(
        self,
        decision: Decision,
        facts: &Facts,
        shown: &Presented<'_>,
        request: &Request,
    ) -> Decision {
        use Decision as D;
        let refused_anyway = matches!(
            decision,
            D::Mismatch | D::Ended { .. } | D::Address | D::Moved | D::Unproven | D::AheadRefused
        );
        let declared_another = request.believes.is_some_and(|b| b != request.token.generation);
        if self.generation_is_declared && declared_another && !refused_anyway {
            return D::Mismatch;
        }
        let before = facts.session.lineage.before_hash == Some(shown.hash);
        let ahead = facts.accept_ahead_until.is_some() && shown.device == DeviceShown::Same;
        match decision {
            // *In flight* is how the token before the previous one is answered.
            D::Stale if self.late_retry_from_before && before => D::InFlight,
            D::Reuse if self.older_is_stale_while_ahead && ahead => D::Stale,
            _ => decision,
        }
    }

    /// The row as it would be after a rotation.
    pub fn adjust(self, new: &mut Row, old: &Row, request: &Request) {
        if self.ahead_takes_all_keys && old.current != request.token {
            let mut newest_first = request.keys.iter().rev();
            new.retry = [(); 4].map(|()| newest_first.next().filter(|key| *key != Key::DEAD));
        }
    }
}
