//! "This was not me": the link in every letter that tells of something.
//!
//! 1. Every session ends as `reported`, the one that the letter told of first of all, and their devices are not known any
//!    more: whoever had one may have begun others beside it.
//! 2. The password is void, because somebody else seems to know it: nobody signs in with it, and nothing that is sensitive
//!    can be done. A letter with a link for a new one goes to the same address.
//! 3. If the user's address is another one by now, somebody has changed it: the address that this letter went to becomes
//!    the one again. Whoever changed it has such letters too, from after that; so of all reports the oldest wins: one that
//!    brings an address back uses up every report that was written after it.
//!
//! The link is good for days ([`crate::policy::Policy::report_life`]), because a notice is read when it is read. What it
//! can do is bounded: it ends things, and sends a letter to where it came from.

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{
    Account, Caller, Email, Ending, Event, EventKind, LetterKind, Link, LinkPurpose, PasswordHash,
    SecretText, UnixMillis, User,
};
use crate::post::letters::Occasion;
use crate::store::{Amended, Amending, Ends, Right};

/// How often a report is begun anew because the user was changed meanwhile.
const ROUNDS: usize = 4;

impl Rotunda {
    /// Takes a report.
    ///
    /// # Errors
    /// [`Denied::LinkInvalid`]; [`Failure`] when the store does not answer.
    pub async fn report(&self, token: &SecretText, caller: &Caller) -> Result<(), Error> {
        // An address that was changed and then taken by somebody else cannot come back; everything ends all the same.
        let mut comes_back = true;
        for _ in 0..ROUNDS {
            let link = self.good_link(token, &[LinkPurpose::Report], caller).await?;
            let account = self.account_of_link(&link).await?;
            let told = link.email.clone().ok_or(Denied::LinkInvalid)?;
            let amending = self.taking_report(account, &link, (told, comes_back), caller)?;
            match self.store.amend(amending).await? {
                Amended::Done => return Ok(()),
                Amended::EmailTaken => comes_back = false,
                Amended::Changed => {}
            }
        }
        Err(Failure::overload("taking the report of a user who is being changed").into())
    }

    fn taking_report(
        &self,
        account: Account,
        link: &Link,
        (told, comes_back): (Email, bool),
        caller: &Caller,
    ) -> Result<Amending, Failure> {
        let now = self.clock.now();
        let was_moved = told.key() != account.user.email.key();
        let ep = account.user.ep.saturating_add(1);
        let email = (was_moved && comes_back).then(|| told.clone());
        let user =
            User { ep, email: email.clone().unwrap_or(account.user.email.clone()), ..account.user.clone() };
        let occasion = Occasion { user: Some(&user), caller, now };
        let (kind, purpose) = (LetterKind::ReportTaken, LinkPurpose::ResetPassword);
        let letter = self.awaited(kind, purpose, Some(&told), occasion)?;
        Ok(Amending {
            right: Right::Link(link.id),
            password: Some(PasswordHash::none()),
            // Whoever follows the link reads what is sent to the address that comes back.
            verified: email.is_some(),
            ends: Ends::All { ending: Ending::Reported, at: now },
            session: None,
            events: report_events(&user, link, email.is_some(), (caller, now)),
            post: vec![letter],
            caller: caller.clone(),
            email,
            account,
        })
    }
}

fn report_events(
    user: &User,
    link: &Link,
    comes_back: bool,
    (caller, at): (&Caller, UnixMillis),
) -> Vec<Event> {
    let event = |kind, session_id| Event {
        about: None,
        kind,
        at,
        user_id: Some(user.id),
        session_id,
        caller: caller.clone(),
    };
    let raised = event(EventKind::EpochRaised(Ending::Reported), None);
    let mut events = vec![event(EventKind::Reported, link.session_id), raised];
    if comes_back {
        events.push(event(EventKind::EmailChanged, None));
    }
    events
}
