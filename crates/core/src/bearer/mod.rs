//! A bearer token on one of Rotunda's own routes (RFC 6750, RFC 9068 §4).
//!
//! 1. Verify the token, with the same code that every service uses.
//! 2. Look at the session as well: what has ended is refused at once, not when the token runs out.

use std::str::FromStr;

use rotunda_token::Claims;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{ClientKind, Facts, SessionId, UserState};

/// Whoever holds a good access token of a live session.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// What the token says.
    pub claims: Claims,
    /// The session and its user as they are now.
    pub facts: Facts,
    /// The kind of client that holds the session.
    pub kind: ClientKind,
}

impl Rotunda {
    /// Who is this?
    ///
    /// # Errors
    /// [`Denied`] with `token_unknown`, `token_expired`, `client_mismatch` or `session_ended`; [`crate::failure::Failure`] when the store
    /// does not answer.
    pub async fn bearer(&self, token: &str) -> Result<Bearer, Error> {
        let now = self.clock.now();
        let claims = self.verifier.verify(token, now.0).map_err(|invalid| {
            if invalid.is_expired() { Denied::TokenExpired } else { Denied::TokenUnknown }
        })?;
        // A service's token is good, but there is nobody behind it whose account these routes could be about.
        let session = claims.session().ok_or(Denied::TokenUnknown)?;
        let id = SessionId::from_str(session.sid).map_err(|_| Denied::TokenUnknown)?;
        let facts = self.store.facts(id).await?.ok_or(Denied::SessionEnded(None))?;
        if facts.user.sub() != claims.sub {
            return Err(Denied::TokenUnknown.into());
        }
        if let Some((ending, _)) = facts.session.ending_at(now) {
            return Err(Denied::SessionEnded(Some(ending)).into());
        }
        // A user disabled, or an epoch raised, without the row having been written: a second lock on the door.
        if session.ep != facts.user.ep || facts.user.state == UserState::Disabled {
            return Err(Denied::SessionEnded(None).into());
        }
        // A client that was taken out of the configuration has no sessions any more.
        let client =
            self.policy.client(Some(&facts.session.client_id)).map_err(|_| Denied::ClientMismatch)?;
        Ok(Bearer { claims, facts, kind: client.kind })
    }
}
