//! A new password in place of a forgotten one.
//!
//! 1. The link must be good, its user active, at the epoch and the address of when it was made.
//! 2. The new hash, the raised epoch, the end of all sessions, the end of the link and one new session for whoever holds the
//!    letter are one transaction. Whoever signed in with the old password is out; whoever holds the letter is in, also
//!    while somebody else keeps the account's sign-ins busy with guesses.
//! 3. The address was shown to be theirs.
//! 4. A letter tells the user that it was done.

use super::acceptable::UserWords;
use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::link::Arrival;
use crate::login::begin::{Device, signed_in};
use crate::model::{Ending, EventKind, LetterKind, LinkPurpose, Password, Tally, User};
use crate::store::{Amended, Amending, Ends, Right};

/// How often a reset is begun anew because the account was changed meanwhile.
const ROUNDS: usize = 4;

impl Rotunda {
    /// Replaces the password of the link's user and signs them in.
    ///
    /// # Errors
    /// [`Denied::LinkInvalid`], why the new password does not do, or [`Denied::ClientUnknown`]; [`Failure`] when the store or
    /// the password pool does not answer.
    pub async fn reset_password(&self, arrival: &Arrival, new: &Password) -> Result<Grant, Error> {
        let client = &*self.client_signing_in(arrival.client_id.as_ref(), arrival.proof.as_ref()).await?;
        for _ in 0..ROUNDS {
            let link = self.good_link(&arrival.token, &[LinkPurpose::ResetPassword], &arrival.caller).await?;
            let account = self.account_of_link(&link).await?;
            if !link.is_to(&account.user.email) {
                return Err(Denied::LinkInvalid.into());
            }
            self.check_new_password(new, &UserWords::of_user(&account.user))?;
            let password = self.hasher.hash(new.clone()).await?;
            let now = self.clock.now();
            let ep = account.user.ep.saturating_add(1);
            let user = User { ep, email_verified: true, ..account.user.clone() };
            // The device may be known; its secret is a new one, as everything is now.
            let known = self.recognise(Some(&user), arrival.device.as_ref()).await?;
            let fresh = self.new_device(now)?;
            let device = Device { id: known.map_or(fresh.id, |known| known.id), ..fresh };
            let begun = self.begin(&user, client, device, (true, &arrival.caller), now)?;
            let grant = self.grant_begun(&begun, &user, client, now)?;
            let event = |kind| arrival.event(kind, &user, now);
            let events = vec![
                event(EventKind::PasswordReset),
                event(EventKind::EpochRaised(Ending::PasswordReset)),
                signed_in(&begun.session, &arrival.caller),
            ];
            let session = Some(begun.session.id);
            let notice = self.notice(LetterKind::PasswordReset, &user, session, (&arrival.caller, now))?;
            let amending = Amending {
                account,
                right: Right::Link(link.id),
                password: Some(password),
                email: None,
                verified: true,
                ends: Ends::All { ending: Ending::PasswordReset, at: now },
                session: Some(begun.session),
                events,
                post: vec![notice],
                caller: arrival.caller.clone(),
            };
            if self.store.amend(amending).await? == Amended::Done {
                self.tallies.count(Tally::SignIns);
                self.forgive(&user).await;
                self.leave_behind(arrival, now).await;
                return Ok(grant);
            }
        }
        Err(Failure::overload("resetting the password of a user who is being changed").into())
    }
}
