//! Room for one more session.

use std::cmp::Reverse;

use rotunda_core::model::{Ending, Session};
use rotunda_core::store::{Cap, EndingOne, LoggingIn, WhenFull};

use super::MemoryState;

impl MemoryState {
    /// The ends that make room for a login; `None` where there is none to be made. Caps are looked at in their order, each
    /// with what those before it have left.
    pub(super) fn make_room(&self, login: &LoggingIn) -> Option<Vec<EndingOne>> {
        let mut taken: Vec<&Session> =
            self.sessions.values().filter(|session| self.takes_room(session, login)).collect();
        taken.sort_by_key(|session| Reverse((session.last_used_at(), session.id)));
        let mut ends = Vec::new();
        for cap in &login.caps {
            while counted(&taken, cap) >= cap.most as usize {
                let oldest = taken.iter().rposition(|session| is_counted(session, cap))?;
                if cap.when_full == WhenFull::Refuse {
                    return None;
                }
                ends.push(eviction(taken.remove(oldest), login));
            }
        }
        Some(ends)
    }

    fn takes_room(&self, session: &Session, login: &LoggingIn) -> bool {
        let replaced = login.replaces.as_ref().is_some_and(|end| {
            end.id == session.id && end.at_generation.is_none_or(|at| at == session.lineage.generation)
        });
        session.user_id == login.session.user_id && self.lives(session, login.session.created_at) && !replaced
    }
}

fn counted(taken: &[&Session], cap: &Cap) -> usize {
    taken.iter().filter(|session| is_counted(session, cap)).count()
}

fn is_counted(session: &Session, cap: &Cap) -> bool {
    cap.client_id.as_ref().is_none_or(|client| *client == session.client_id)
}

fn eviction(session: &Session, login: &LoggingIn) -> EndingOne {
    EndingOne {
        about: None,
        id: session.id,
        at_generation: None,
        ending: Ending::Evicted,
        at: login.session.created_at,
        caller: login.event.caller.clone(),
        post: Vec::new(),
    }
}
