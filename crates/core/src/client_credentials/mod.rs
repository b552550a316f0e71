//! Client credentials: a service gets an access token for itself (RFC 6749 §4.4).
//!
//! 1. The client has authenticated ([`crate::clients`]) and is a service. A client that signs users in has no token of its
//!    own.
//! 2. It asks for scopes of its own, or for none in particular, which means all of them (RFC 6749 §3.3).
//! 3. The token names the service in `sub` as `client:NAME`, which is no user's, and has no session (RFC 9068 §2.2). There is
//!    never a refresh token with it (RFC 6749 §4.4.3): the service asks again.

use std::time::Duration;

use rotunda_token::Claims;

use crate::Rotunda;
use crate::clients::ClientProof;
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{Client, ClientKind, SecretText};

/// What a service may have now. Has no `Debug`: there is a token in it.
#[derive(Clone)]
pub struct ServiceGrant {
    /// The signed access token (RFC 9068).
    pub access_token: SecretText,
    /// How long it lives.
    pub expires_in: Duration,
    /// What it may do, separated by spaces; `None` where that is nothing.
    pub scope: Option<String>,
}

impl Rotunda {
    /// Gives a service an access token of its own. `scope` is what it asks for, separated by spaces.
    ///
    /// # Errors
    /// [`Denied::ClientMayNot`] for a client that is no service, [`Denied::ScopeInvalid`] for a scope that is not its own,
    /// [`Denied::ClientRefused`] when it was removed meanwhile; a failure when the store does not answer.
    pub async fn client_credentials(
        &self,
        proof: &ClientProof,
        scope: Option<&str>,
    ) -> Result<ServiceGrant, Error> {
        let client = self.client_of_proof(proof).await?;
        if client.kind != ClientKind::Service {
            return Err(Denied::ClientMayNot.into());
        }
        let scope = granted(&client, scope)?;
        let now = self.clock.now();
        let expires_at = now.plus(client.access_ttl);
        let claims = Claims {
            ce: None,
            rv: None,
            iss: self.policy.issuer.clone(),
            sub: client.id.subject(),
            aud: vec![self.policy.audience.clone()],
            exp: expires_at.seconds_up(),
            iat: now.seconds(),
            nbf: None,
            jti: self.new_jti()?,
            client_id: client.id.0.clone(),
            sid: None,
            auth_time: None,
            amr: Vec::new(),
            ep: None,
            roles: Vec::new(),
            scope: scope.clone(),
            act: None,
        };
        Ok(ServiceGrant { access_token: self.sign(&claims, now)?, expires_in: client.access_ttl, scope })
    }
}

/// Step 2. In the client's order, each once.
fn granted(client: &Client, asked: Option<&str>) -> Result<Option<String>, Denied> {
    let own = || client.scopes.iter().map(String::as_str);
    let granted: Vec<&str> = match asked {
        None => own().collect(),
        Some(asked) if asked.split(' ').all(|scope| own().any(|it| it == scope)) => {
            own().filter(|it| asked.split(' ').any(|scope| scope == *it)).collect()
        }
        Some(_) => return Err(Denied::ScopeInvalid),
    };
    Ok((!granted.is_empty()).then(|| granted.join(" ")))
}
