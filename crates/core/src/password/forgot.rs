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

/// A letter that anybody may ask for who knows an address.
pub(crate) struct Request {
    /// What it says.
    pub kind: LetterKind,
    /// What its link is for.
    pub purpose: LinkPurpose,
    /// What is written down.
    pub event: EventKind,
    /// Which bucket bounds how many of them an address gets.
    pub bucket: fn(&Email) -> BucketKey,
    /// Whether it is meant for this user, who may sign in.
    pub is_for: fn(&User) -> bool,
}

impl Rotunda {
    /// Sends a letter with a link for a new password to the address, if it belongs to a user who may sign in.
    ///
    /// # Errors
    /// [`Denied::EmailInvalid`], [`Denied`] with `rate_limited`; [`crate::failure::Failure`] when the store does not answer.
    pub async fn forgot_password(&self, email: &str, caller: &Caller) -> Result<(), Error> {
        let request = Request {
            kind: LetterKind::ResetPassword,
            purpose: LinkPurpose::ResetPassword,
            event: EventKind::RecoveryAsked,
            bucket: BucketKey::forgot_by_account,
            is_for: |_| true,
        };
        self.write_to_owner(email, caller, &request).await
    }

    /// Writes a letter to the owner of an address if there is one who may sign in and whom it is for, and to nobody
    /// otherwise.
    pub(crate) async fn write_to_owner(
        &self,
        email: &str,
        caller: &Caller,
        request: &Request,
    ) -> Result<(), Error> {
        let email = Email::parse(email).ok_or(Denied::EmailInvalid)?;
        let (limits, now) = (&self.policy.limits, self.clock.now());
        self.limit_address(BucketKey::forgot_by_address, limits.forgot_per_address, caller, now).await?;
        self.limit((request.bucket)(&email), limits.forgot_per_account, now).await?;
        let account = self.store.account(&Handle::Email(email)).await?;
        let user = account.map(|account| account.user);
        let user = user.filter(|user| user.state == UserState::Active && (request.is_for)(user));
        let occasion = Occasion { user: user.as_ref(), caller, now };
        let to = user.as_ref().map(|user| &user.email);
        let posting = self.awaited(request.kind, request.purpose, to, occasion)?;
        let user_id = user.as_ref().map(|user| user.id);
        let event = Event {
            about: None,
            kind: request.event,
            at: now,
            user_id,
            session_id: None,
            caller: caller.clone(),
        };
        Ok(self.store.post(vec![posting], vec![event]).await?)
    }
}
