//! A forgotten password: a letter with a link.
//!
//! 1. Whoever asks gets the same answer in the same time, whether or not somebody has this address (ASVS 5.0, 6.3.8): in
//!    both cases one event, one link and one letter are written, in one transaction; only, one of the letters goes to
//!    nobody.
//! 2. Nothing about the account changes until the link is used ([`super::reset`]).

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::Error;
use crate::limits::BucketKey;
use crate::model::{Caller, Email, Event, EventKind, Handle, LetterKind, LinkPurpose, User, UserState};
use crate::post::letters::Occasion;

impl Rotunda {
    /// Sends a letter with a link for a new password to the address, if it belongs to a user who may sign in.
    ///
    /// # Errors
    /// [`Denied::EmailInvalid`], [`Denied`] with `rate_limited`; [`crate::failure::Failure`] when the store does not answer.
    pub async fn forgot_password(&self, email: &str, caller: &Caller) -> Result<(), Error> {
        let (kind, purpose) = (LetterKind::ResetPassword, LinkPurpose::ResetPassword);
        let letter = (kind, purpose, EventKind::RecoveryAsked);
        self.write_to_owner(email, caller, letter, (BucketKey::forgot_by_account, |_| true)).await
    }

    /// Writes a letter to the owner of an address if there is one who may sign in and `meant` says so, and to nobody
    /// otherwise; `bucket` bounds how many it gets.
    pub(crate) async fn write_to_owner(
        &self,
        email: &str,
        caller: &Caller,
        (kind, purpose, event): (LetterKind, LinkPurpose, EventKind),
        (bucket, meant): (fn(&Email) -> BucketKey, fn(&User) -> bool),
    ) -> Result<(), Error> {
        let email = Email::parse(email).ok_or(Denied::EmailInvalid)?;
        let (limits, now) = (&self.policy.limits, self.clock.now());
        self.limit_address(BucketKey::forgot_by_address, limits.forgot_per_address, caller, now).await?;
        self.limit(bucket(&email), limits.forgot_per_account, now).await?;
        let account = self.store.account(&Handle::Email(email)).await?;
        let user = account.map(|account| account.user);
        let user = user.filter(|user| user.state == UserState::Active && meant(user));
        let occasion = Occasion { user: user.as_ref(), caller, now };
        let to = user.as_ref().map(|user| &user.email);
        let posting = self.awaited(kind, purpose, to, occasion)?;
        let user_id = user.as_ref().map(|user| user.id);
        let event = Event { kind: event, at: now, user_id, session_id: None, caller: caller.clone() };
        Ok(self.store.post(vec![posting], vec![event]).await?)
    }
}
