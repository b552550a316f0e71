//! A logout: the end of this session, or of all of the user's.
//!
//! 1. Take whatever the client has to say which session it means: a refresh token of any generation (an old one is
//!    provably ours by its tag), the page cookie, or a bearer token.
//! 2. End that session. That it has ended already is fine, however often.
//!
//! What is not a refresh token of ours, or no page of ours, means no session, and there is nothing to end (RFC 7009 §2.2).
//! A bearer token that no longer tells who is asking is refused, since the session that it meant may live on.

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::clients::{ClientProof, speaks_for};
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{Caller, ClientId, Ending, Event, EventKind, PageKey, SecretText};
use crate::store::EndingAll;

/// What a client has to say which session it means; everything that it has counts.
#[derive(Clone, Default)]
pub struct Logout {
    /// What was presented as a refresh token.
    pub refresh_token: Option<SecretText>,
    /// That the client has authenticated, where it has; asked with a refresh token of a client that must.
    pub proof: Option<ClientProof>,
    /// The page cookies; more than one when another site of the domain has planted one.
    pub pages: Vec<PageKey>,
    /// What was presented as a bearer token.
    pub bearer: Option<SecretText>,
    /// From where.
    pub caller: Caller,
}

impl Rotunda {
    /// Ends the session that the client means.
    ///
    /// # Errors
    /// [`Denied`] with `token_expired` or `token_unknown` when a bearer token is all there is and it is not good;
    /// [`Denied::ClientRefused`] or `client_mismatch` for the refresh token of a client that did not authenticate;
    /// [`crate::failure::Failure`] when the store does not answer, or the refresh token cannot be read here.
    pub async fn logout(&self, logout: &Logout) -> Result<(), Error> {
        let mut meant = Vec::new();
        let read = logout.refresh_token.as_ref().map_or(Ok(None), |text| self.read_token(text.expose()));
        if let Ok(Some(token)) = &read {
            let facts = self.store.facts(token.session_id).await?;
            if let Some(facts) = &facts {
                self.may_log_out(&facts.session.client_id, logout.proof.as_ref()).await?;
            }
            meant.extend(facts);
        }
        for page in &logout.pages {
            meant.extend(self.store.facts_of_page(page.hash()).await?);
        }
        if let Some(token) = &logout.bearer {
            match self.bearer(token.expose()).await {
                Ok(bearer) => meant.push(bearer.facts),
                Err(Error::Denied(Denied::SessionEnded(_))) => {}
                Err(Error::Denied(denied)) if meant.is_empty() => return Err(denied.into()),
                Err(Error::Denied(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        // One that is meant twice is ended once; the second time finds it over.
        for facts in &meant {
            self.end_as(facts, Ending::LoggedOut, &facts.session.caller(&logout.caller)).await?;
        }
        // Last: what could be ended has ended.
        read?;
        Ok(())
    }

    /// Whether a refresh token of this client may end its session. Whoever has one of a client that is there no more may.
    async fn may_log_out(&self, client: &ClientId, proof: Option<&ClientProof>) -> Result<(), Error> {
        match self.client(Some(client)).await {
            Ok(client) => Ok(speaks_for(&client, proof)?),
            Err(Error::Denied(_)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Ends every session of the user and raises the epoch, so that no access token of them is good any more.
    ///
    /// # Errors
    /// [`Denied::ActingForAnother`]; [`crate::failure::Failure`] when the store does not answer.
    pub async fn logout_all(&self, bearer: &Bearer, caller: &Caller) -> Result<(), Error> {
        bearer.is_own()?;
        let (user_id, at, ending) = (bearer.facts.user.id, self.clock.now(), Ending::LoggedOutEverywhere);
        let event = Event {
            about: None,
            kind: EventKind::EpochRaised(ending),
            at,
            user_id: Some(user_id),
            session_id: None,
            caller: caller.clone(),
        };
        let end = EndingAll { user_id, ending, at, state: None, events: vec![event], caller: caller.clone() };
        self.store.end_all(end).await?;
        Ok(())
    }
}
