//! What an operator does, beside a running server or without one.

use std::time::Duration;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{
    Account, Caller, Ending, Event, EventKind, Facts, Handle, RecordedEvent, Session, SessionId, UnixMillis,
    User, UserId, UserState,
};
use crate::store::EndingAll;

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
    /// Users by id, those after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure> {
        self.store.users(after, limit).await
    }

    /// The user with this id, address or user name.
    ///
    /// # Errors
    /// [`Denied::NotFound`].
    pub async fn find_user(&self, who: &Who) -> Result<User, Error> {
        let account = match who {
            Who::Id(id) => self.store.account_of(*id).await?,
            Who::Handle(handle) => self.store.account(handle).await?,
        };
        Ok(account.map(|Account { user, .. }| user).ok_or(Denied::NotFound)?)
    }

    /// Disables a user: no login, and every session ends at once. Answers how many there were.
    ///
    /// # Errors
    /// [`Denied::NotFound`].
    pub async fn disable_user(&self, user_id: UserId) -> Result<u64, Error> {
        let (at, ending) = (self.clock.now(), Ending::UserDisabled);
        let event = |kind| self.operator_event(kind, user_id, at);
        let events = vec![event(EventKind::UserDisabled), event(EventKind::EpochRaised(ending))];
        let (state, caller) = (Some(UserState::Disabled), Caller::default());
        let end = EndingAll { user_id, ending, at, state, events, caller };
        Ok(self.store.end_all(end).await?.ok_or(Denied::NotFound)?)
    }

    /// Lets a disabled user in again; `false` when they were not disabled. Old sessions stay dead.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn enable_user(&self, user_id: UserId) -> Result<bool, Failure> {
        let event = self.operator_event(EventKind::UserEnabled, user_id, self.clock.now());
        self.store.enable(user_id, event).await
    }

    /// A user's live sessions, the latest used first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>, Failure> {
        self.store.sessions_of(user, self.clock.now(), crate::sessions::MOST_LISTED).await
    }

    /// One session and its user.
    ///
    /// # Errors
    /// [`Denied::NotFound`].
    pub async fn session(&self, id: SessionId) -> Result<Facts, Error> {
        Ok(self.store.facts(id).await?.ok_or(Denied::NotFound)?)
    }

    /// Ends a session for the operator; `false` when it had ended already.
    ///
    /// # Errors
    /// [`Denied::NotFound`].
    pub async fn revoke_session(&self, id: SessionId) -> Result<bool, Error> {
        let facts = self.session(id).await?;
        Ok(self.end_as(&facts.session, Ending::RevokedByAdmin, &Caller::default()).await?)
    }

    /// When and why a session ended, or which rule will end it and when.
    ///
    /// # Errors
    /// [`Denied::NotFound`] when neither the row nor any event is left.
    pub async fn why(&self, id: SessionId) -> Result<Story, Error> {
        const MOST_EVENTS: u32 = 1_000;
        let facts = self.store.facts(id).await?;
        let events = self.store.events_of(id, MOST_EVENTS).await?;
        if facts.is_none() && events.is_empty() {
            return Err(Denied::NotFound.into());
        }
        let end = match &facts {
            Some(facts) => Some(end_of(&facts.session, self.clock.now())),
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

    fn operator_event(&self, kind: EventKind, user_id: UserId, at: UnixMillis) -> Event {
        Event { kind, at, user_id: Some(user_id), session_id: None, caller: Caller::default() }
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

fn end_of(session: &Session, now: UnixMillis) -> End {
    if let Some((ending, at)) = session.ending_at(now) {
        return End { ending, at, past: true };
    }
    // What would be true at the moment of its expiry, if nobody touches it until then.
    let at = session.expires_at();
    let ending = session.ending_at(at).map_or(Ending::AbsoluteExpired, |(ending, _)| ending);
    End { ending, at, past: false }
}
