//! The end of an account.
//!
//! 1. The user asks, having entered the password a moment ago; or an operator does.
//! 2. In one transaction every session ends, and everything that tells who the user was is deleted: the account, sessions,
//!    devices, links, letters, and from the events the addresses and programs. What is left is that there was somebody
//!    of that id, and what happened when.
//! 3. A last letter says so. It is deleted as soon as it is sent.

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{Caller, Event, EventKind, LetterKind, SessionId, UnixMillis, User};
use crate::post::letters::Occasion;
use crate::store::Deleting;

impl Rotunda {
    /// Deletes whoever asks.
    ///
    /// # Errors
    /// [`Denied::ReauthenticationNeeded`], [`Denied`] with `session_ended`; [`crate::failure::Failure`] when the store does not
    /// answer.
    pub async fn delete_me(&self, bearer: &Bearer, caller: &Caller) -> Result<(), Error> {
        bearer.is_own()?;
        let now = self.clock.now();
        self.proved_lately(bearer, now)?;
        let (user, asking) = (&bearer.facts.user, bearer.facts.session.id);
        if self.delete(user, Some(asking), (caller, now)).await? {
            return Ok(());
        }
        self.still_live(bearer).await?;
        Err(Denied::SessionEnded(None).into())
    }

    /// Deletes a user for whoever asks: for themselves, with a session of theirs, or for an operator.
    pub(crate) async fn delete(
        &self,
        user: &User,
        asking: Option<SessionId>,
        (caller, at): (&Caller, UnixMillis),
    ) -> Result<bool, Error> {
        let event = Event {
            about: None,
            kind: EventKind::UserDeleted,
            at,
            user_id: Some(user.id),
            session_id: None,
            caller: Caller {
                actor: caller.actor.clone(),
                reason: caller.reason.clone(),
                ..Caller::default()
            },
        };
        // From where an operator works is nobody else's business.
        let nowhere = Caller::default();
        let from = if caller.actor.is_some() { &nowhere } else { caller };
        let occasion = Occasion { user: Some(user), caller: from, now: at };
        let letter = self.told(LetterKind::AccountDeleted, &user.email, occasion)?;
        let deleting = Deleting { user_id: user.id, asking, at, events: vec![event], post: vec![letter] };
        Ok(self.store.delete_user(deleting).await?)
    }
}
