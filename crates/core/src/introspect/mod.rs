//! Is this token good just now? (RFC 7662)
//!
//! 1. A client that has authenticated may ask. Nobody else: an answer tells who is signed in.
//! 2. An access token, of whichever client, is active as long as every route of this server takes it: signature, time,
//!    session, epoch, and that it was not revoked by itself ([`crate::bearer`]).
//! 3. A refresh token is its client's own affair: only that client is told, and only of the one that is current in a live
//!    session. To ask changes nothing: neither the token is used by it nor its session kept alive.
//! 4. Everything else is *inactive*, and why is not told (§2.2).

use rotunda_token::Claims;

use crate::Rotunda;
use crate::clients::ClientProof;
use crate::failure::Error;
use crate::model::{Facts, UserState};
use crate::refresh::RefreshToken;

/// A token that is active.
#[derive(Clone, Debug)]
pub enum Active {
    /// An access token, and what it says.
    Access(Box<Claims>),
    /// The current refresh token of this session.
    Refresh(Box<Facts>),
}

impl Rotunda {
    /// What a token is good for, or `None` when it is not active.
    ///
    /// # Errors
    /// [`crate::denied::Denied::ClientRefused`] when the client was removed meanwhile; a failure when the store does not
    /// answer.
    pub async fn introspect(&self, proof: &ClientProof, token: &str) -> Result<Option<Active>, Error> {
        self.client_of_proof(proof).await?;
        if let Some(token) = self.read_token(token)? {
            let facts = self.store.facts(token.session_id).await?;
            let facts = facts.filter(|facts| facts.session.client_id == *proof.client_id());
            return Ok(facts
                .filter(|facts| self.is_current(&token, facts))
                .map(Box::new)
                .map(Active::Refresh));
        }
        let now = self.clock.now();
        let claims = match self.verified(token, now).await {
            Ok(claims) if claims.session().is_some() => self.bearer_of(claims, now).await.map(|it| it.claims),
            Ok(claims) => self.service_of(claims).await.map(|it| it.claims),
            Err(error) => Err(error),
        };
        match claims {
            Ok(claims) => Ok(Some(Active::Access(Box::new(claims)))),
            Err(Error::Denied(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Whether this is the token that the session's next refresh takes.
    fn is_current(&self, token: &RefreshToken, facts: &Facts) -> bool {
        let (session, user) = (&facts.session, &facts.user);
        let lineage = &session.lineage;
        let is_current = token.generation == lineage.generation
            && token.hash(&self.keys).is_some_and(|hash| hash == lineage.current_hash);
        let is_live = facts.ending_at(self.clock.now()).is_none()
            && user.state == UserState::Active
            && session.ep == user.ep;
        is_current && is_live
    }
}
