//! Room for one more session: which of a user's sessions have to end for it. Pure; a store reads what counts in the
//! transaction that writes the new session, asks here, and ends what it is told.

use crate::model::{ClientId, Ending, SessionId};
use crate::store::{Cap, EndingOne, LoggingIn, WhenFull};

/// A session that takes up room: live, and not expired when the new one begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Which session.
    pub id: SessionId,
    /// Whose client holds it.
    pub client_id: ClientId,
    /// The generation that it stands at.
    pub generation: u32,
}

/// The ends that make room for a login; `None` where there is none to be made. `taken` are the user's places, those that were
/// used the longest ago first; the one that the login replaces may be among them, and does not count.
///
/// Caps are looked at in their order, each with what those before it have left. Nothing happens until all have had their say:
/// one that refuses takes back what others would have evicted.
#[must_use]
pub fn make_room(login: &LoggingIn, mut taken: Vec<Place>) -> Option<Vec<EndingOne>> {
    taken.retain(|place| !login.replaces.as_ref().is_some_and(|end| gives_up(place, end)));
    let mut evicted = Vec::new();
    for cap in &login.caps {
        let most = usize::try_from(cap.most).unwrap_or(usize::MAX);
        let mut over = (taken.iter().filter(|place| counts(place, cap)).count() + 1).saturating_sub(most);
        if over > 0 && cap.when_full == WhenFull::Refuse {
            return None;
        }
        taken.retain(|place| {
            let goes = over > 0 && counts(place, cap);
            if goes {
                over -= 1;
                evicted.push(eviction(place.id, login));
            }
            !goes
        });
    }
    Some(evicted)
}

fn counts(place: &Place, cap: &Cap) -> bool {
    cap.client_id.as_ref().is_none_or(|client| *client == place.client_id)
}

/// Whether a session gives up its place by this: not where it has moved on since that was decided.
fn gives_up(place: &Place, end: &EndingOne) -> bool {
    end.id == place.id && end.at_generation.is_none_or(|generation| generation == place.generation)
}

fn eviction(id: SessionId, login: &LoggingIn) -> EndingOne {
    EndingOne {
        about: None,
        id,
        at_generation: None,
        ending: Ending::Evicted,
        at: login.session.created_at,
        caller: login.event.caller.clone(),
        post: Vec::new(),
    }
}
