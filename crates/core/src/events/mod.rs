//! What happened to a user, told to the user: the recent events, and the story of one session.
//!
//! A theft is found when a used token comes back ([`crate::refresh`]). Its story is that of the session: how it began, when
//! and from where it was refreshed last, and from where the used token came. Which of the two was the thief, nobody here
//! knows; whose address and device those are, the user does.

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{Actor, Caller, Event, EventKind, Facts, RecordedEvent, SessionId};
use crate::operate::Story;

/// How many events one answer lists.
pub const MOST_LISTED: u32 = 100;

impl Rotunda {
    /// What happened to the user last, the newest first; at most [`MOST_LISTED`]. A sign-in that failed is nobody's and not
    /// among them.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn my_events(&self, bearer: &Bearer) -> Result<Vec<RecordedEvent>, Failure> {
        let mut events = self.store.events_of_user(bearer.facts.user.id, MOST_LISTED).await?;
        events.reverse();
        Ok(events.into_iter().map(for_its_user).collect())
    }

    /// The story of one of the user's sessions, live or ended, as long as anything of it is kept.
    ///
    /// # Errors
    /// [`Denied::NotFound`] for a session that is not there or not theirs: the answer does not tell which; [`Failure`] when
    /// the store does not answer.
    pub async fn my_story(&self, bearer: &Bearer, id: SessionId) -> Result<Story, Error> {
        let mut story = self.why(id).await?;
        let user = Some(bearer.facts.user.id);
        let told = story.events.iter().map(|recorded| recorded.event.user_id);
        let is_theirs =
            story.facts.iter().map(|facts| Some(facts.user.id)).chain(told).all(|whose| whose == user);
        if !is_theirs {
            return Err(Denied::NotFound.into());
        }
        story.events = story.events.into_iter().map(for_its_user).collect();
        story.facts = story.facts.map(|facts| Facts { session: facts.session.for_its_user(), ..facts });
        Ok(story)
    }
}

/// An event as its user is told it: that somebody else did it, and why somebody acted for them; but not from where an operator
/// works, nor what operators tell each other otherwise.
pub(crate) fn for_its_user(mut recorded: RecordedEvent) -> RecordedEvent {
    let Event { kind, user_id, caller, .. } = &mut recorded.event;
    let by_another =
        caller.actor.as_ref().is_some_and(|actor| user_id.map(Actor::User).as_ref() != Some(actor));
    if by_another {
        let reason = caller.reason.take().filter(|_| *kind == EventKind::ActedFor);
        *caller = Caller { actor: caller.actor.take(), reason, ..Caller::default() };
    }
    recorded
}
