//! The story of a session, whom an operator means, and what is left to do only at the machine itself. What else operators do
//! stands in [`crate::desk`].

use std::time::Duration;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{Ending, Event, Facts, Handle, RecordedEvent, SessionId, UnixMillis, UserId};

/// The story of a session: what it is, what happened to it, and what ends it.
#[derive(Clone, Debug)]
pub struct Story {
    /// The session and its user, while the row is kept.
    pub facts: Option<Facts>,
    /// What was written down about it, oldest first.
    pub events: Vec<RecordedEvent>,
    /// Why and when it ended, or which rule will end it and when.
    pub end: Option<End>,
}

/// The end of a session, past or to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// Why.
    pub ending: Ending,
    /// When.
    pub at: UnixMillis,
    /// Whether it has happened.
    pub past: bool,
}

impl Rotunda {
    /// When and why a session ended, or which rule will end it and when; [`Denied::NotFound`] when neither the row nor any event
    /// is left.
    pub(crate) async fn why(&self, id: SessionId) -> Result<Story, Error> {
        const MOST_EVENTS: u32 = 1_000;
        let facts = self.store.facts(id).await?;
        let events = self.store.events_of(id, MOST_EVENTS).await?;
        if facts.is_none() && events.is_empty() {
            return Err(Denied::NotFound.into());
        }
        let end = match &facts {
            Some(facts) => Some(end_of(facts, self.clock.now())),
            None => events.iter().rev().find_map(|recorded| {
                let Event { kind, at, .. } = recorded.event;
                kind.ending().map(|ending| End { ending, at, past: true })
            }),
        };
        Ok(Story { facts, events, end })
    }

    /// Believes refresh tokens that are newer than the store for a while, because it was restored or failed over and
    /// has lost its last writes. `None` stops it. Answers until when.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn accept_ahead(&self, span: Option<Duration>) -> Result<Option<UnixMillis>, Failure> {
        let until = span.map(|span| self.clock.now().plus(span));
        self.store.accept_ahead(until).await?;
        Ok(until)
    }
}

/// How an operator names a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// By id.
    Id(UserId),
    /// By address or user name.
    Handle(Handle),
}

fn end_of(facts: &Facts, now: UnixMillis) -> End {
    let session = &facts.session;
    if let Some((ending, at)) = facts.ending_at(now) {
        return End { ending, at, past: true };
    }
    // What would be true at the moment of its expiry, if nobody touches it until then.
    let at = session.expires_at();
    let ending = session.ending_at(at).map_or(Ending::AbsoluteExpired, |(ending, _)| ending);
    End { ending, at, past: false }
}
