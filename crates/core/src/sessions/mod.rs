//! A user's sessions: the list of devices, the end of one of them, and of all but the one that asks.

mod others;

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{Caller, Device, Ending, Session, SessionId};
use crate::store::EndingOne;

/// How many sessions one answer lists.
pub const MOST_LISTED: u32 = 200;

impl Rotunda {
    /// The user's live sessions, the latest used first; at most [`MOST_LISTED`].
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn sessions(&self, bearer: &Bearer) -> Result<Vec<Session>, Error> {
        Ok(self.store.sessions_of(bearer.facts.user.id, self.clock.now(), MOST_LISTED).await?)
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
    /// [`Denied::NotFound`] for a session that is not there or not theirs: the answer does not tell which.
    pub async fn end_session(&self, bearer: &Bearer, id: SessionId, caller: &Caller) -> Result<(), Error> {
        let facts = self.store.facts(id).await?.ok_or(Denied::NotFound)?;
        if facts.user.id != bearer.facts.user.id {
            return Err(Denied::NotFound.into());
        }
        self.end_as(&facts.session, Ending::RevokedByUser, caller).await?;
        Ok(())
    }

    /// Ends a session, or writes down that its time was up before: the expiry that was shown is the one that happened,
    /// whatever is asked now. `false` when an ending was on record already.
    pub(crate) async fn end_as(
        &self,
        session: &Session,
        ending: Ending,
        caller: &Caller,
    ) -> Result<bool, Failure> {
        let now = self.clock.now();
        let (ending, at) = session.ending_at(now).unwrap_or((ending, now));
        let caller = caller.clone();
        self.store
            .end(EndingOne { id: session.id, at_generation: None, ending, at, caller, post: Vec::new() })
            .await
    }
}
