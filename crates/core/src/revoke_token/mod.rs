//! The end of a token, asked for by the client that it was issued to (RFC 7009).
//!
//! 1. The client has authenticated, or is public and says its name (§2.1).
//! 2. What is no good token of ours is as revoked as it can be: nothing happens, and the answer is the same (§2.2).
//! 3. A token that was issued to another client is refused and stays as it is (§2.1).
//! 4. With a refresh token of any generation its session ends, and all that hangs on it. An access token is revoked alone, by
//!    its `jti`: here at once, elsewhere by the revocation feed.

use std::str::FromStr;

use crate::Rotunda;
use crate::clients::{ClientProof, speaks_for};
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{Caller, ClientId, Ending, Event, EventKind, SecretText, SessionId};
use crate::refresh::RefreshToken;

/// A token that its client wants to be revoked.
#[derive(Clone)]
pub struct RevokeToken {
    /// The text that was presented as a token.
    pub token: SecretText,
    /// The client that asks.
    pub client_id: ClientId,
    /// That it has authenticated, where it has.
    pub proof: Option<ClientProof>,
    /// From where.
    pub caller: Caller,
}

impl Rotunda {
    /// Revokes a token. That it is not good any more, or never was, is fine.
    ///
    /// # Errors
    /// [`Denied::ClientUnknown`], [`Denied::ClientRefused`], or [`Denied::ClientMismatch`] for another client's token; a
    /// failure when the store does not answer.
    pub async fn revoke_token(&self, revoke: &RevokeToken) -> Result<(), Error> {
        let client = self.client(Some(&revoke.client_id)).await?;
        speaks_for(&client, revoke.proof.as_ref())?;
        match self.read_token(revoke.token.expose())? {
            Some(token) => self.revoke_session_of(&token, revoke).await,
            None => self.revoke_access_token(revoke).await,
        }
    }

    async fn revoke_session_of(&self, token: &RefreshToken, revoke: &RevokeToken) -> Result<(), Error> {
        let Some(facts) = self.store.facts(token.session_id).await? else { return Ok(()) };
        if facts.session.client_id != revoke.client_id {
            return Err(Denied::ClientMismatch.into());
        }
        self.end_as(&facts, Ending::LoggedOut, &facts.session.caller(&revoke.caller)).await?;
        Ok(())
    }

    async fn revoke_access_token(&self, revoke: &RevokeToken) -> Result<(), Error> {
        let now = self.clock.now();
        let claims = match self.verified(revoke.token.expose(), now).await {
            Ok(claims) => claims,
            Err(Error::Denied(_)) => return Ok(()),
            Err(failure) => return Err(failure),
        };
        if claims.client_id != revoke.client_id.0 {
            return Err(Denied::ClientMismatch.into());
        }
        let session_id = claims.session().and_then(|session| SessionId::from_str(session.sid).ok());
        let facts = match session_id {
            Some(id) => self.store.facts(id).await?,
            None => None,
        };
        let caller = facts.as_ref().map_or(revoke.caller.clone(), |it| it.session.caller(&revoke.caller));
        let (kind, user_id) = (EventKind::TokenRevoked, facts.map(|facts| facts.user.id));
        let event = Event { about: None, kind, at: now, user_id, session_id, caller };
        Ok(self.store.revoke_token(claims.jti, now, event).await?)
    }
}
