//! A re-authentication: the password once more, because what comes next is sensitive (ASVS 5.0, 7.5; RFC 9470).
//!
//! 1. Whoever asks has a live session and knows the password.
//! 2. A new session takes the place of this one, on the same device, with a new secret (ASVS 5.0, 7.2.4): nothing that was
//!    copied from the old one is good for what comes next. The old one ends as `renewed`; the user's others go on.
//! 3. For a few minutes ([`crate::policy::Policy::reauthenticate_within`]) the new session may do what is sensitive.

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::login::begin::Device;
use crate::model::{Caller, Ending, Event, EventKind, Password, UnixMillis};
use crate::store::{Amended, Amending, EndingOne, Ends, Right};

/// How often it is begun anew because the user was changed meanwhile.
const ROUNDS: usize = 4;

impl Rotunda {
    /// Renews the session of whoever knows the password.
    ///
    /// # Errors
    /// [`Denied`] with `credentials_invalid` or `session_ended`; [`Failure`] when the store or the password pool does not
    /// answer.
    pub async fn reauthenticate(
        &self,
        bearer: &Bearer,
        password: &Password,
        caller: &Caller,
    ) -> Result<Grant, Error> {
        bearer.is_own()?;
        let old = &bearer.facts.session;
        let client = &*self.client(Some(&old.client_id)).await?;
        for _ in 0..ROUNDS {
            let account = self.prove_again(bearer, password, caller).await?;
            if account.user.ep != old.ep {
                return Err(Denied::SessionEnded(None).into());
            }
            let now = self.clock.now();
            let user = account.user.clone();
            let device = Device { id: old.device_id, ..self.new_device(now)? };
            let begun = self.begin(&user, client, device, (old.remember, caller), now)?;
            let grant = self.grant_begun(&begun, &user, client, now)?;
            let (kind, caller) = (EventKind::Reauthenticated, caller.clone());
            let event = Event {
                about: None,
                kind,
                at: now,
                user_id: Some(user.id),
                session_id: Some(begun.session.id),
                caller: caller.clone(),
            };
            let (ending, post) = (Ending::Renewed, Vec::new());
            let end = EndingOne {
                about: None,
                id: old.id,
                at_generation: None,
                ending,
                at: now,
                caller: caller.clone(),
                post,
            };
            let amending = Amending {
                account,
                right: Right::Session(old.id),
                password: None,
                email: None,
                verified: false,
                ends: Ends::One(end),
                session: Some(begun.session),
                events: vec![event],
                post: Vec::new(),
                caller,
            };
            if self.store.amend(amending).await? == Amended::Done {
                return Ok(grant);
            }
            self.still_live(bearer).await?;
        }
        Err(Failure::overload("renewing the session of a user who is being changed").into())
    }

    /// Refuses whoever has not entered the password lately.
    pub(crate) fn proved_lately(&self, bearer: &Bearer, now: UnixMillis) -> Result<(), Denied> {
        let within = self.policy.reauthenticate_within;
        match bearer.facts.session.auth_time.plus(within) {
            until if now < until => Ok(()),
            _ => Err(Denied::ReauthenticationNeeded(within)),
        }
    }

    /// Refuses whoever asks with a session that has ended meanwhile.
    pub(crate) async fn still_live(&self, bearer: &Bearer) -> Result<(), Error> {
        let facts = self.store.facts(bearer.facts.session.id).await?.ok_or(Denied::SessionEnded(None))?;
        match facts.ending_at(self.clock.now()) {
            Some((ending, _)) => Err(Denied::SessionEnded(Some(ending)).into()),
            None => Ok(()),
        }
    }
}
