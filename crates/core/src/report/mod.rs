//! "This was not me": the link in every letter that tells of something.
//!
//! 1. The session that the letter told of ends as `reported`, and its device is not known any more.
//! 2. The password is void, because somebody else seems to know it: nobody signs in with it. A letter with a link for a new
//!    one goes to the same address. The user's other sessions go on until then; a reset ends them too.
//!    The session may have had others beside it or after it, on the same device (a re-authentication renews it): those
//!    end as well.
//! 3. If the user's address is another one by now, somebody has changed it: the address that this letter went to becomes
//!    the one again, and every session ends. Once that has happened, no notice from before can move the address again:
//!    whoever had changed it has such notices too.
//!
//! The link is good for days ([`crate::policy::Policy::report_life`]), because a notice is read when it is read. What it
//! can do is bounded: it ends things, and sends a letter to where it came from.

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{
    Account, Caller, Email, Ending, Event, EventKind, LetterKind, Link, LinkPurpose, PasswordHash,
    SecretText, UnixMillis, User, UserId,
};
use crate::post::letters::Occasion;
use crate::sessions::MOST_LISTED;
use crate::store::{Amended, Amending, EndingOne, Ends, Right};

/// How often a report is begun anew because the user was changed meanwhile.
const ROUNDS: usize = 4;
/// How many of a user's last events are looked through: more than limits let anybody cause while a report is good.
const MOST_EVENTS: u32 = 10_000;

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
            let was_moved = told.key() != account.user.email.key();
            if was_moved && self.was_taken_back(account.user.id, link.created_at).await? {
                return Err(Denied::LinkInvalid.into());
            }
            let amending = self.taking_report(account, &link, (told, comes_back), caller)?;
            match self.store.amend(amending).await? {
                Amended::Done => return Ok(self.end_others_of_device(&link, caller).await?),
                Amended::EmailTaken => comes_back = false,
                Amended::Changed => {}
            }
        }
        Err(Failure::overload("taking the report of a user who is being changed").into())
    }

    /// Whether a report has brought an address back since then: it alone changes an address without a session.
    async fn was_taken_back(&self, user: UserId, since: UnixMillis) -> Result<bool, Failure> {
        let events = self.store.events_of_user(user, MOST_EVENTS).await?;
        Ok(events.iter().map(|recorded| &recorded.event).any(|event| {
            event.kind == EventKind::EmailChanged && event.session_id.is_none() && event.at >= since
        }))
    }

    /// Ends what else is live on the device of the session that a report told of. The password is void by then: none begins
    /// after it.
    async fn end_others_of_device(&self, link: &Link, caller: &Caller) -> Result<(), Failure> {
        let Some(session) = link.session_id else { return Ok(()) };
        let Some(facts) = self.store.facts(session).await? else { return Ok(()) };
        let (user, device) = (facts.session.user_id, facts.session.device_id);
        let live = self.store.sessions_of(user, self.clock.now(), MOST_LISTED).await?;
        for other in live.iter().filter(|other| other.device_id == device) {
            self.end_as(other, Ending::Reported, caller).await?;
        }
        Ok(())
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
        let ends = match link.session_id {
            _ if was_moved => Ends::All { ending: Ending::Reported, at: now },
            Some(id) => Ends::One(EndingOne {
                id,
                at_generation: None,
                ending: Ending::Reported,
                at: now,
                caller: caller.clone(),
                post: Vec::new(),
            }),
            None => Ends::Nothing,
        };
        let ep = account.user.ep.saturating_add(u64::from(was_moved));
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
            ends,
            session: None,
            events: report_events(&user, link, (was_moved, email.is_some()), (caller, now)),
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
    (was_moved, comes_back): (bool, bool),
    (caller, at): (&Caller, UnixMillis),
) -> Vec<Event> {
    let event =
        |kind, session_id| Event { kind, at, user_id: Some(user.id), session_id, caller: caller.clone() };
    let mut events = vec![event(EventKind::Reported, link.session_id)];
    if was_moved {
        events.push(event(EventKind::EpochRaised(Ending::Reported), None));
    }
    if comes_back {
        events.push(event(EventKind::EmailChanged, None));
    }
    events
}
