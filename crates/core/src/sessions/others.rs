//! The end of all of a user's sessions but the one that asks.
//!
//! 1. Whoever asks has a live session. Nothing is asked beside it: whoever may end each of them may end all.
//! 2. At one moment, in one transaction, every other session of the user ends as `revoked_by_user`, each with its event
//!    and its entry on the feed; refreshes that are under way find theirs ended. The one that asks goes on: its row, its
//!    tokens and the user's epoch are not touched.
//! 3. A session that begins after that moment stays, whenever its sign-in was asked for.
//! 4. The session that asks has to be live at that moment. So of two that end each other one stays, and the other is told that it
//!    has ended, and has ended nothing.
//!
//! However many there are, that is one transaction, and it is begun anew at most [`ROUNDS`] times.

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::Caller;
use crate::store::{Amended, Amending, Ends, Right};

/// How often it is begun anew because the user was changed meanwhile.
const ROUNDS: usize = 4;

impl Rotunda {
    /// Ends all sessions of the user but the one that asks.
    ///
    /// # Errors
    /// [`Denied`] with `session_ended` when the one that asks has ended meanwhile: then no other has; [`Failure`] when the
    /// store does not answer.
    pub async fn end_other_sessions(&self, bearer: &Bearer, caller: &Caller) -> Result<(), Error> {
        bearer.is_own()?;
        let own = &bearer.facts.session;
        for _ in 0..ROUNDS {
            let account = self.store.account_of(own.user_id).await?.ok_or(Denied::SessionEnded(None))?;
            if account.user.ep != own.ep {
                return Err(Denied::SessionEnded(None).into());
            }
            let amending = Amending {
                account,
                right: Right::Session(own.id),
                password: None,
                email: None,
                verified: false,
                ends: Ends::Others { than: own.id, at: self.clock.now() },
                session: None,
                events: Vec::new(),
                post: Vec::new(),
                caller: caller.clone(),
            };
            if self.store.amend(amending).await? == Amended::Done {
                return Ok(());
            }
            self.still_live(bearer).await?;
        }
        Err(Failure::overload("ending the other sessions of a user who is being changed").into())
    }
}
