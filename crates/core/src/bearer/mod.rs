//! A bearer token on one of Rotunda's own routes (RFC 6750, RFC 9068 §4).
//!
//! 1. Verify the token, with the same code that every service uses. A key that is not known may have been added by another
//!    server a moment ago: the shelf is looked at again.
//! 2. Look at the session as well: what has ended is refused at once, not when the token runs out.
//! 3. Look whether this one token was revoked by itself (RFC 7009).
//!
//! A service's token has no session and no user (RFC 6749 §4.4): it is asked of the client instead.
//!
//! A browser on one of Rotunda's own pages shows the key of its page cookie in place of a token. It names the session by
//! itself, which is looked at in the same way; what a token would say that was made now takes the place of what one says.

use std::str::FromStr;
use std::sync::Arc;

use rotunda_token::{Claims, Invalid};

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{Client, ClientId, ClientKind, Ending, Facts, PageKey, SessionId, UnixMillis, UserState};

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

impl Bearer {
    /// Refuses what is the user's alone to whoever acts for them.
    ///
    /// # Errors
    /// [`Denied::ActingForAnother`].
    pub(crate) fn is_own(&self) -> Result<(), Denied> {
        if self.facts.session.acting.is_some() { Err(Denied::ActingForAnother) } else { Ok(()) }
    }
}

/// A service with a good access token of its own.
#[derive(Clone, Debug)]
pub struct ServiceBearer {
    /// What the token says.
    pub claims: Claims,
    /// The client.
    pub client: Arc<Client>,
}

impl ServiceBearer {
    /// Whether the token has this scope (RFC 6749 §3.3).
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.claims.scope.as_deref().is_some_and(|scopes| scopes.split(' ').any(|it| it == scope))
    }

    /// From when on the token is good no more.
    #[must_use]
    pub fn expires_at(&self) -> UnixMillis {
        UnixMillis(self.claims.exp.saturating_mul(1_000))
    }
}

impl Rotunda {
    /// Which service is this?
    ///
    /// # Errors
    /// [`Denied`] with `token_unknown` or `token_expired`, also for a user's token and for a client that was removed;
    /// [`crate::failure::Failure`] when the store does not answer.
    pub async fn service(&self, token: &str) -> Result<ServiceBearer, Error> {
        self.service_of(self.verified(token, self.clock.now()).await?).await
    }

    /// Which service the claims of a good token are about.
    pub(crate) async fn service_of(&self, claims: Claims) -> Result<ServiceBearer, Error> {
        let id = ClientId(claims.client_id.clone());
        if claims.sid.is_some() || claims.sub != id.subject() {
            return Err(Denied::TokenUnknown.into());
        }
        let issued_at = UnixMillis(claims.iat.saturating_mul(1_000));
        let client = self.client_of(&id, issued_at).await.map_err(|error| match error {
            Error::Denied(_) => Denied::TokenUnknown.into(),
            failure @ Error::Failure(_) => failure,
        })?;
        if client.kind != ClientKind::Service || self.store.is_token_revoked(&claims.jti).await? {
            return Err(Denied::TokenUnknown.into());
        }
        Ok(ServiceBearer { claims, client })
    }

    /// What a good token says.
    pub(crate) async fn verified(&self, token: &str, now: UnixMillis) -> Result<Claims, Error> {
        let mut verified = self.shelf().verifier.verify(token, now.0);
        if matches!(verified, Err(Invalid::KeyUnknown)) {
            self.look_at_shelf().await?;
            let shelf = self.shelf();
            verified = shelf.verifier.verify(token, now.0);
            // It may be good, and signed with a key that does not open here: no reason to tell anybody that they are signed out.
            if matches!(verified, Err(Invalid::KeyUnknown)) && !shelf.unopened().is_empty() {
                const WHY: &str =
                    "a signing key does not open here, so tokens of it cannot be told from others";
                return Err(Failure::unavailable("verifying an access token", WHY).into());
            }
        }
        let refused = |it: Invalid| if it.is_expired() { Denied::TokenExpired } else { Denied::TokenUnknown };
        Ok(verified.map_err(refused)?)
    }

    /// Who is this?
    ///
    /// # Errors
    /// [`Denied`] with `token_unknown`, `token_expired`, `client_mismatch` or `session_ended`; [`crate::failure::Failure`] when the store
    /// does not answer.
    pub async fn bearer(&self, token: &str) -> Result<Bearer, Error> {
        let now = self.clock.now();
        self.bearer_of(self.verified(token, now).await?, now).await
    }

    /// Who is this, by the key of their page cookie? Nothing is written, so that looking at pages keeps no session alive.
    ///
    /// # Errors
    /// [`Denied`] with `token_unknown`, `client_mismatch` or `session_ended`; [`crate::failure::Failure`] when the store does
    /// not answer.
    pub async fn bearer_of_page(&self, page: &PageKey) -> Result<Bearer, Error> {
        let now = self.clock.now();
        let facts = self.store.facts_of_page(page.hash()).await?.ok_or(Denied::TokenUnknown)?;
        let kind = self.live(&facts, facts.session.ep, now).await?;
        self.roles_no_older_than(&facts.session).await?;
        // Never signed and never sent, so it needs no id and no life.
        let claims = self.claims(&facts.session, &facts.user, (now, now), String::new());
        Ok(Bearer { claims, facts, kind })
    }

    /// Whose session the claims of a good token are about.
    pub(crate) async fn bearer_of(&self, claims: Claims, now: UnixMillis) -> Result<Bearer, Error> {
        // A service's token is good, but there is nobody behind it whose account these routes could be about.
        let session = claims.session().ok_or(Denied::TokenUnknown)?;
        let id = SessionId::from_str(session.sid).map_err(|_| Denied::TokenUnknown)?;
        let facts = self.store.facts(id).await?.ok_or(Denied::SessionEnded(None))?;
        if facts.user.sub() != claims.sub {
            return Err(Denied::TokenUnknown.into());
        }
        let kind = self.live(&facts, session.ep, now).await?;
        if self.store.is_token_revoked(&claims.jti).await? {
            return Err(Denied::TokenUnknown.into());
        }
        Ok(Bearer { claims, facts, kind })
    }

    /// Whether what was given out for this session, under the epoch `ep`, is still good, and what kind of client holds it.
    pub(crate) async fn live(&self, facts: &Facts, ep: u64, now: UnixMillis) -> Result<ClientKind, Error> {
        if let Some((ending, _)) = facts.ending_at(now) {
            return Err(Denied::SessionEnded(Some(ending)).into());
        }
        // A user disabled, or an epoch raised, without the row having been written: a second lock on the door.
        if ep != facts.user.ep || facts.user.state == UserState::Disabled {
            return Err(Denied::SessionEnded(None).into());
        }
        if !self.may_go_on_acting(&facts.session).await? {
            return Err(Denied::SessionEnded(Some(Ending::RevokedByAdmin)).into());
        }
        // A client that was taken out of the configuration has no sessions any more.
        Ok(self.client_of(&facts.session.client_id, facts.session.created_at).await?.kind)
    }
}
