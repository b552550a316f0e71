//! What a gateway asks before it lets a request through: whose is it?
//!
//! 1. A bearer token, a user's or a service's, is asked about exactly as on our own routes ([`crate::bearer`]).
//! 2. In its place a browser shows the key of its page cookie, which names the session by itself.
//! 3. Either way the session is looked at now: what has ended is let through nowhere from that moment on.
//! 4. The answer is what an access token would say that was made now: whoever has lost a role has lost it here at once, and
//!    not at their next refresh. A service's token says what it says.
//!
//! Nothing is written: to be asked does not keep a session alive, only a refresh does.

use rotunda_token::Claims;

use crate::Rotunda;
use crate::failure::Error;
use crate::model::{PageKey, SecretText};

/// What came with the request. One of the two, so that none is tried after the other has failed.
pub enum Shown {
    /// A bearer token.
    Bearer(SecretText),
    /// The key of a browser's page cookie.
    Page(PageKey),
}

/// Whom a gateway lets through, for the service behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passed {
    /// The user; `sub` of access tokens. `None` for a service that acts for itself.
    pub user: Option<String>,
    /// The session; `sid` of access tokens. `None` for a service that acts for itself.
    pub session: Option<String>,
    /// The client that holds the session, or that the service is.
    pub client: String,
    /// The user who acts for that one (RFC 8693 §4.1); `None` where they act themselves.
    pub actor: Option<String>,
    /// The user's roles.
    pub roles: Vec<String>,
    /// Scopes, separated by spaces; empty where there are none.
    pub scope: String,
}

impl From<Claims> for Passed {
    fn from(claims: Claims) -> Self {
        Self {
            user: claims.sid.is_some().then_some(claims.sub),
            session: claims.sid,
            client: claims.client_id,
            actor: claims.act.map(|act| act.sub),
            roles: claims.roles,
            scope: claims.scope.unwrap_or_default(),
        }
    }
}

impl Rotunda {
    /// Whose request is this?
    ///
    /// # Errors
    /// [`crate::denied::Denied`] with `token_unknown`, `token_expired`, `client_mismatch` or `session_ended`;
    /// [`crate::failure::Failure`] when the store does not answer.
    pub async fn passes(&self, shown: &Shown) -> Result<Passed, Error> {
        match shown {
            Shown::Bearer(token) => self.passes_with_token(token).await,
            Shown::Page(page) => self.passes_with_page(page).await,
        }
    }

    async fn passes_with_token(&self, token: &SecretText) -> Result<Passed, Error> {
        let now = self.clock.now();
        let claims = self.verified(token.expose(), now).await?;
        if claims.sid.is_none() {
            return Ok(self.service_of(claims).await?.claims.into());
        }
        let facts = self.bearer_of(claims, now).await?.facts;
        self.roles_no_older_than(&facts.session).await?;
        Ok(self.claims(&facts.session, &facts.user, (now, now), String::new()).into())
    }

    async fn passes_with_page(&self, page: &PageKey) -> Result<Passed, Error> {
        Ok(self.bearer_of_page(page).await?.claims.into())
    }
}
