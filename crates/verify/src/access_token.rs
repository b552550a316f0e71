//! What a request's token said, once it was accepted.

use std::sync::Arc;

use rotunda_token::Claims;

use crate::Refused;

/// An accepted access token: who calls, and what they may do. Cheap to clone; the token's text is not in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessToken(Arc<Accepted>);

#[derive(PartialEq, Eq, Debug)]
struct Accepted {
    claims: Claims,
    /// The key that signed it: one that is revoked later takes this with it.
    kid: String,
}

impl AccessToken {
    pub(crate) fn new(claims: Claims, kid: String) -> Self {
        Self(Arc::new(Accepted { claims, kid }))
    }

    pub(crate) fn kid(&self) -> &str {
        &self.0.kid
    }

    /// The id of the user who calls; `None` when a service calls for itself.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.0.claims.sid.as_ref().map(|_| self.0.claims.sub.as_str())
    }

    /// The name of the service that calls for itself; `None` when it is a user.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.0.claims.sid.is_none().then_some(self.0.claims.client_id.as_str())
    }

    /// The client that the token was issued to: the application in the user's hands, or the service itself.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.0.claims.client_id
    }

    /// The user's session; `None` for a service.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.0.claims.sid.as_deref()
    }

    /// Its scopes, in the token's order.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.claims.scope.as_deref().unwrap_or_default().split(' ').filter(|scope| !scope.is_empty())
    }

    /// The user's roles, in the token's order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.0.claims.roles.iter().map(String::as_str)
    }

    /// When it expires, in seconds since 1970-01-01T00:00:00Z, without any leeway.
    #[must_use]
    pub fn expires(&self) -> i64 {
        self.0.claims.exp
    }

    /// Everything it says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.0.claims
    }

    /// Goes on if the token has that scope.
    ///
    /// # Errors
    /// [`Refused::InsufficientScope`].
    pub fn require_scope(&self, scope: &str) -> Result<(), Refused> {
        if self.scopes().any(|has| has == scope) {
            Ok(())
        } else {
            Err(Refused::InsufficientScope { scope: scope.into() })
        }
    }

    /// Goes on if the user has that role.
    ///
    /// # Errors
    /// [`Refused::InsufficientRole`].
    pub fn require_role(&self, role: &str) -> Result<(), Refused> {
        if self.roles().any(|has| has == role) {
            Ok(())
        } else {
            Err(Refused::InsufficientRole { role: role.into() })
        }
    }
}
