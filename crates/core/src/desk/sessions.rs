//! Sessions, as operators find, read and end them.

use super::{Desk, MOST_ROWS};
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{AdminPermission, Ending, EventKind, Facts, SessionId, UserId};
use crate::operate::Story;
use crate::store::{EndingAll, Page, SessionSearch};

impl Desk<'_> {
    /// Sessions, the newest first; at most `limit`, and never more than [`MOST_ROWS`].
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]; a failure when the store does not answer.
    pub async fn search_sessions(
        &self,
        by: SessionSearch,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Page<Facts, SessionId>, Error> {
        self.require(AdminPermission::SessionsRead)?;
        let limit = limit.clamp(1, MOST_ROWS);
        Ok(self.rotunda.store.search_sessions(by, self.now(), after, limit).await?)
    }

    /// One session and its user.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::NotFound`]; a failure when the store does not answer.
    pub async fn session(&self, id: SessionId) -> Result<Facts, Error> {
        self.require(AdminPermission::SessionsRead)?;
        Ok(self.rotunda.store.facts(id).await?.ok_or(Denied::NotFound)?)
    }

    /// When and why a session ended, or which rule will end it and when, and what happened to it.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]; [`Denied::NotFound`] when neither the row nor any event is left; a failure when the store
    /// does not answer.
    pub async fn story(&self, id: SessionId) -> Result<Story, Error> {
        self.require(AdminPermission::SessionsRead)?;
        self.rotunda.why(id).await
    }

    /// Ends a session; `false` when it had ended already.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::NotFound`], [`Denied::AboveCaller`]; a failure when the store does not answer.
    pub async fn end_session(&self, id: SessionId) -> Result<bool, Error> {
        self.require(AdminPermission::SessionsRevoke)?;
        let facts = self.rotunda.store.facts(id).await?.ok_or(Denied::NotFound)?;
        self.reaches(&facts.user)?;
        Ok(self.rotunda.end_as(&facts, Ending::RevokedByAdmin, &self.operator.caller()).await?)
    }

    /// Ends every session of a user and raises the epoch. Answers how many there were.
    ///
    /// # Errors
    /// As [`Desk::end_session`].
    pub async fn end_sessions_of(&self, id: UserId) -> Result<u64, Error> {
        self.require(AdminPermission::SessionsRevoke)?;
        let user = self.within_reach(id).await?;
        let ending = Ending::RevokedByAdmin;
        let end = EndingAll {
            user_id: id,
            ending,
            at: self.now(),
            state: None,
            events: vec![self.event(EventKind::EpochRaised(ending), Some(&user), None)],
            caller: self.operator.caller(),
        };
        Ok(self.rotunda.store.end_all(end).await?.ok_or(Denied::NotFound)?)
    }
}
