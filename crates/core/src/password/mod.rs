//! A change of password: a new one, and the end of everything that the old one opened.
//!
//! 1. The new password is one that nobody guesses first ([`acceptable`]).
//! 2. Whoever asks has a live session and knows the current password (ASVS 5.0, 6.2.3).
//! 3. The new hash, the raised epoch, the end of all sessions and one new session for the asking device are one
//!    transaction. The own session ends too and gets a new row, and the device a new secret: nothing that was copied
//!    from either lives on.

pub mod acceptable;
mod forgot;
mod reset;

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::login::begin::Device;
use crate::model::{Caller, Client, Ending, Event, EventKind, LetterKind, Password, User};
use crate::store::{Amended, Amending, Ends, Right};
use acceptable::UserWords;
pub(crate) use forgot::Request;

/// How often a change is begun anew because the account was changed meanwhile.
const ROUNDS: usize = 4;

/// What a user who wants another password sends.
#[derive(Clone)]
pub struct ChangePassword {
    /// The one they have.
    pub current: Password,
    /// The one they want.
    pub new: Password,
    /// From where.
    pub caller: Caller,
}

impl Rotunda {
    /// Changes the user's password and renews the session; all others end.
    ///
    /// # Errors
    /// [`Denied`] with `credentials_invalid`, or why the new password does not do, or `session_ended` when the account was
    /// changed at the same moment; [`Failure`] when the store or the password pool does not answer.
    pub async fn change_password(&self, bearer: &Bearer, change: &ChangePassword) -> Result<Grant, Error> {
        bearer.is_own()?;
        let client = &*self.client(Some(&bearer.facts.session.client_id)).await?;
        self.check_new_password(&change.new, &UserWords::of_user(&bearer.facts.user))?;
        for _ in 0..ROUNDS {
            if let Some(grant) = self.change_once(bearer, client, change).await? {
                return Ok(grant);
            }
        }
        Err(Failure::overload("changing the password of a user who is being changed").into())
    }

    /// One round; `None` when the account was changed meanwhile and the session lives on: a login has rehashed the
    /// same password.
    async fn change_once(
        &self,
        bearer: &Bearer,
        client: &Client,
        change: &ChangePassword,
    ) -> Result<Option<Grant>, Error> {
        let old = &bearer.facts.session;
        let account = self.prove_again(bearer, &change.current, &change.caller).await?;
        if account.user.ep != old.ep {
            return Err(Denied::SessionEnded(None).into());
        }
        let password = self.hasher.hash(change.new.clone()).await?;
        let now = self.clock.now();
        let user = User { ep: account.user.ep.saturating_add(1), ..account.user.clone() };
        let device = Device { id: old.device_id, ..self.new_device(now)? };
        let begun = self.begin(&user, client, device, (old.remember, &change.caller), now)?;
        let grant = self.grant_begun(&begun, &user, client, now)?;
        let event = |kind, session_id| Event {
            about: None,
            kind,
            at: now,
            user_id: Some(user.id),
            session_id,
            caller: change.caller.clone(),
        };
        let changed = event(EventKind::PasswordChanged, Some(begun.session.id));
        let events = vec![changed, event(EventKind::EpochRaised(Ending::PasswordChanged), None)];
        let session = Some(begun.session.id);
        let notice = self.notice(LetterKind::PasswordChanged, &user, session, (&change.caller, now))?;
        let amending = Amending {
            account,
            right: Right::Session(old.id),
            password: Some(password),
            email: None,
            verified: false,
            ends: Ends::All { ending: Ending::PasswordChanged, at: now },
            session: Some(begun.session),
            events,
            post: vec![notice],
            caller: change.caller.clone(),
        };
        if self.store.amend(amending).await? == Amended::Done {
            return Ok(Some(grant));
        }
        self.still_live(bearer).await?;
        Ok(None)
    }
}
