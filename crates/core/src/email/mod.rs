//! Another address: asked for by whoever is signed in, confirmed from the new mailbox, told to both.
//!
//! 1. The password was entered a moment ago (ASVS 5.0, 7.5.1).
//! 2. The new address gets a letter with a link; the address so far is told, with "this was not me". If somebody else has
//!    the new address, its owner is told and nothing else happens: whoever asked learns nothing from it.
//! 3. The link and the account's password make the new address the one, as long as the session that asked has not ended,
//!    and the user's password and epoch are as they were: "this was not me" ends that session, and with it the request.
//!    The link alone does not: somebody may have asked for an address that is not theirs, in the hope that its owner follows
//!    the link, uses the account as their own, and loses it when the address is taken back. Whoever asked knows the
//!    password; whoever merely reads the new mailbox does not, and nothing happens.
//! 4. Both addresses are told that it was done (ASVS 5.0, 6.3.7). The one before can take it back for a while
//!    ([`crate::report`]).

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::limits::BucketKey;
use crate::model::{
    Account, Caller, Email, Event, EventKind, Handle, Letter, LetterKind, Link, LinkPurpose, Password,
    SecretText, SessionId, UnixMillis, User,
};
use crate::post::letters::Occasion;
use crate::store::{Amended, Amending, Ends, Posting, Right};

/// How often a change is begun anew because the user was changed meanwhile.
const ROUNDS: usize = 4;

impl Rotunda {
    /// Asks for another address.
    ///
    /// # Errors
    /// [`Denied::EmailInvalid`], [`Denied::ReauthenticationNeeded`]; [`Failure`] when the store does not answer.
    pub async fn ask_for_email(&self, bearer: &Bearer, email: &str, caller: &Caller) -> Result<(), Error> {
        bearer.is_own()?;
        let now = self.clock.now();
        self.proved_lately(bearer, now)?;
        let new = Email::parse(email).ok_or(Denied::EmailInvalid)?;
        let limits = &self.policy.limits;
        let (asks, quota) =
            (BucketKey::email_change_by_account(bearer.facts.user.id), limits.forgot_per_account);
        self.limit_address(BucketKey::forgot_by_address, limits.forgot_per_address, caller, now).await?;
        self.limit(asks, quota, now).await?;
        self.limit(BucketKey::verify_by_account(&new), quota, now).await?;
        let (user, session) = (&bearer.facts.user, bearer.facts.session.id);
        let owner = self.store.account(&Handle::Email(new.clone())).await?.map(|account| account.user);
        let confirm = match owner {
            Some(owner) if owner.id != user.id => self.in_use(&owner, caller, now)?,
            _ => self.confirm_letter(user, session, &new, (caller, now))?,
        };
        let asked = self.notice(LetterKind::EmailChangeAsked, user, Some(session), (caller, now))?;
        let event = email_event(EventKind::EmailChangeAsked, user, Some(session), (caller, now));
        Ok(self.store.post(vec![confirm, telling_of(asked, &new)], vec![event]).await?)
    }

    /// The letter that goes to the new address.
    fn confirm_letter(
        &self,
        user: &User,
        session: SessionId,
        new: &Email,
        (caller, now): (&Caller, UnixMillis),
    ) -> Result<Posting, Failure> {
        let occasion = Occasion { user: Some(user), caller, now };
        let (kind, purpose) = (LetterKind::ConfirmEmail, LinkPurpose::ChangeEmail);
        let posting = telling_of(self.awaited(kind, purpose, Some(new), occasion)?, &user.email);
        let link = posting.link.map(|link| Link { session_id: Some(session), ..link });
        Ok(Posting { link, ..posting })
    }

    /// The letter to whoever has the address already. A link is written beside it that nobody can use, so that this takes
    /// as long as the other case.
    fn in_use(&self, owner: &User, caller: &Caller, now: UnixMillis) -> Result<Posting, Failure> {
        let nobody = Occasion { user: None, caller, now };
        let unusable = self.awaited(LetterKind::EmailInUse, LinkPurpose::ChangeEmail, None, nobody)?;
        let told =
            self.told(LetterKind::EmailInUse, &owner.email, Occasion { user: Some(owner), ..nobody })?;
        Ok(Posting { letter: told.letter, link: unusable.link })
    }

    /// Makes the new address the one, for whoever has the link and knows the account's password.
    ///
    /// # Errors
    /// [`Denied::LinkInvalid`]; [`Denied::CredentialsInvalid`], after which the link is as good as before; [`Failure`] when
    /// the store or the password pool does not answer.
    pub async fn confirm_email(
        &self,
        token: &SecretText,
        password: &Password,
        caller: &Caller,
    ) -> Result<(), Error> {
        for _ in 0..ROUNDS {
            let link = self.good_link(token, &[LinkPurpose::ChangeEmail], caller).await?;
            let account = self.account_of_link(&link).await?;
            let (Some(new), Some(session)) = (link.email.clone(), link.session_id) else {
                return Err(Denied::LinkInvalid.into());
            };
            // Void since "this was not me", on whichever notice: nothing that was asked for before it goes on.
            if !account.password.is_usable() {
                return Err(Denied::LinkInvalid.into());
            }
            let now = self.clock.now();
            let asking = self.store.facts(session).await?;
            if asking.is_none_or(|facts| facts.ending_at(now).is_some() || facts.session.acting.is_some()) {
                return Err(Denied::LinkInvalid.into());
            }
            self.prove_chosen(password, account.password.clone(), caller).await?;
            let amending = self.changing_email(account, &link, new, (caller, self.clock.now()))?;
            match self.store.amend(amending).await? {
                Amended::Done => return Ok(()),
                Amended::EmailTaken => return Err(Denied::LinkInvalid.into()),
                Amended::Changed => {}
            }
        }
        Err(Failure::overload("changing the address of a user who is being changed").into())
    }

    fn changing_email(
        &self,
        account: Account,
        link: &Link,
        new: Email,
        (caller, now): (&Caller, UnixMillis),
    ) -> Result<Amending, Failure> {
        let before = &account.user;
        let to_old = self.notice(LetterKind::EmailChanged, before, link.session_id, (caller, now))?;
        let occasion = Occasion { user: Some(before), caller, now };
        let to_new = self.told(LetterKind::EmailChangedTo, &new, occasion)?;
        Ok(Amending {
            right: Right::Link(link.id),
            password: None,
            verified: true,
            ends: Ends::Nothing,
            session: None,
            events: vec![email_event(EventKind::EmailChanged, before, link.session_id, (caller, now))],
            post: vec![telling_of(to_old, &new), telling_of(to_new, &before.email)],
            caller: caller.clone(),
            email: Some(new),
            account,
        })
    }
}

/// The letter names the other address, too.
fn telling_of(posting: Posting, other: &Email) -> Posting {
    Posting { letter: Letter { other: Some(other.clone()), ..posting.letter }, ..posting }
}

fn email_event(
    kind: EventKind,
    user: &User,
    session_id: Option<SessionId>,
    (caller, at): (&Caller, UnixMillis),
) -> Event {
    Event { about: None, kind, at, user_id: Some(user.id), session_id, caller: caller.clone() }
}
