//! A change of password: a new one, and the end of everything that the old one opened.
//!
//! 1. Whoever asks has a live session and knows the current password (ASVS 5.0, 6.2.3).
//! 2. The new hash, the raised epoch, the end of all sessions and one new session for the asking device are one
//!    transaction. The own session ends too and gets a new row, and the device a new secret: nothing that was copied
//!    from either lives on.

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::Error;
use crate::grant::Grant;
use crate::login::begin::Device;
use crate::model::{Caller, Ending, Event, EventKind, Password, User};
use crate::store::ChangingPassword;

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
    /// changed at the same moment; [`crate::failure::Failure`] when the store or the password pool does not answer.
    pub async fn change_password(&self, bearer: &Bearer, change: &ChangePassword) -> Result<Grant, Error> {
        let old = &bearer.facts.session;
        let client = self.policy.client(Some(&old.client_id))?;
        self.policy.check_new_password(&change.new)?;
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
            kind,
            at: now,
            user_id: Some(user.id),
            session_id,
            caller: change.caller.clone(),
        };
        let changed = event(EventKind::PasswordChanged, Some(begun.session.id));
        let events = vec![changed, event(EventKind::EpochRaised(Ending::PasswordChanged), None)];
        let (session, caller) = (begun.session, change.caller.clone());
        let changing = ChangingPassword { account, password, session, events, caller };
        if self.store.change_password(changing).await? {
            Ok(grant)
        } else {
            // Somebody else changed the account meanwhile, which ended this session as well.
            Err(Denied::SessionEnded(None).into())
        }
    }
}
