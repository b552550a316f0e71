//! A user's sessions: the list of devices, the end of one of them, and of all but the one that asks.

mod others;

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{Caller, Device, Ending, Facts, Session, SessionId};
use crate::store::EndingOne;

/// How many sessions one answer lists.
pub const MOST_LISTED: u32 = 200;

impl Rotunda {
    /// The user's live sessions, the latest used first; at most [`MOST_LISTED`].
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn sessions(&self, bearer: &Bearer) -> Result<Vec<Session>, Error> {
        let sessions = self.store.sessions_of(bearer.facts.user.id, self.clock.now(), MOST_LISTED).await?;
        Ok(sessions.into_iter().map(Session::for_its_user).collect())
    }

    /// The devices that the user was seen on, the one that was seen last first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn devices(&self, bearer: &Bearer) -> Result<Vec<Device>, Error> {
        Ok(self.store.devices_of(bearer.facts.user.id, Device::MOST).await?)
    }

    /// Ends one of the user's sessions; one that has ended already is fine.
    ///
    /// # Errors
    /// [`Denied::NotFound`] for a session that is not there or not theirs: the answer does not tell which;
    /// [`Denied::ActingForAnother`] for any but the one that asks.
    pub async fn end_session(&self, bearer: &Bearer, id: SessionId, caller: &Caller) -> Result<(), Error> {
        if id != bearer.facts.session.id {
            bearer.is_own()?;
        }
        let facts = self.store.facts(id).await?.ok_or(Denied::NotFound)?;
        if facts.user.id != bearer.facts.user.id {
            return Err(Denied::NotFound.into());
        }
        self.end_as(&facts, Ending::RevokedByUser, &bearer.facts.session.caller(caller)).await?;
        Ok(())
    }

    /// Ends a session, or writes down that its time was up before, or that everyone was signed out: what was true is what
    /// happened, whatever is asked now. `false` when an ending was on record already.
    pub(crate) async fn end_as(
        &self,
        facts: &Facts,
        ending: Ending,
        caller: &Caller,
    ) -> Result<bool, Failure> {
        let now = self.clock.now();
        let (ending, at) = facts.ending_at(now).unwrap_or((ending, now));
        let (id, caller) = (facts.session.id, caller.clone());
        let (at_generation, post, about) = (None, Vec::new(), None);
        self.store.end(EndingOne { id, at_generation, ending, at, caller, post, about }).await
    }
}
