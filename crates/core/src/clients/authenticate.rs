//! Who is this client? (RFC 6749 §2.3)
//!
//! 1. Hash the secret that was shown and compare it with each that is good. A client that does not exist, or has no secret,
//!    costs and answers the same as a wrong one.
//! 2. Whoever fails is bounded by address, whatever name they say ([`crate::limits`]), before anything else is done for them.
//!    Whoever succeeds takes nothing from any bucket: a secret of 256 bits is not guessed, and nobody can lock out a client by
//!    failing in its name.
//! 3. A secret that is not good here may have been made by a command beside this server a moment ago: look at the shelf
//!    again. If it was, what step 2 took is given back.
//! 4. A failure leaves a trace where there is a client with a secret. That of a name that somebody made up is worth no row.
//!
//! What comes out is a [`ClientProof`], which nothing but this makes. Whoever acts for a client that authenticates has to
//! bring one ([`speaks_for`]).

use std::sync::Arc;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::Error;
use crate::limits::BucketKey;
use crate::model::{
    Caller, Client, ClientId, ClientSecret, ClientSecretHash, Event, EventKind, SecretText, UnixMillis,
};
use crate::refresh::QUIET;

use super::MOST_SECRETS;

/// What a client shows to be who it says.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Its name.
    pub id: ClientId,
    /// Its secret.
    pub secret: ClientSecret,
}

impl ClientCredentials {
    /// From what was sent as a secret. A text that no secret of ours can be is nobody's, and is refused like any other.
    #[must_use]
    pub fn new(id: ClientId, secret: &SecretText) -> Self {
        let secret = ClientSecret::parse(secret.expose());
        Self { id, secret: secret.unwrap_or_else(|| ClientSecret::from_bytes([0; 32])) }
    }
}

/// Says that a client has authenticated in this request. Made by [`Rotunda::authenticate`] only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientProof {
    id: ClientId,
}

impl ClientProof {
    /// Which client.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.id
    }
}

impl Rotunda {
    /// Checks a client's secret.
    ///
    /// # Errors
    /// [`Denied::ClientRefused`], also for a client that there is not; [`Denied::RateLimited`] after too many failures;
    /// [`crate::failure::Failure`] when the store does not answer.
    pub async fn authenticate(
        &self,
        shown: &ClientCredentials,
        caller: &Caller,
    ) -> Result<ClientProof, Error> {
        let (now, hash) = (self.clock.now(), shown.secret.hash());
        let proof = || ClientProof { id: shown.id.clone() };
        if self.is_secret_of(&shown.id, hash, now) {
            return Ok(proof());
        }
        let (bucket, quota) = (BucketKey::client_by_address, self.policy.limits.client_per_address);
        self.limit_address(bucket, quota, caller, now).await?;
        self.look_at_shelf().await?;
        if self.is_secret_of(&shown.id, hash, now) {
            self.give_back_address(bucket, quota, caller, now).await;
            return Ok(proof());
        }
        if !self.shelf().secrets(&shown.id).is_empty() {
            let (kind, caller) = (EventKind::ClientRefused, caller.clone());
            let about = Some(shown.id.0.clone());
            let event = Event { about, kind, at: now, user_id: None, session_id: None, caller };
            self.store.note(event, now.minus(QUIET)).await?;
        }
        Err(Denied::ClientRefused.into())
    }

    fn is_secret_of(&self, id: &ClientId, hash: ClientSecretHash, now: UnixMillis) -> bool {
        let shelf = self.shelf();
        let secrets = shelf.secrets(id);
        // As many comparisons whoever it is, and none left out once one has fitted.
        (0..MOST_SECRETS).fold(false, |known, place| {
            let kept = secrets.get(place);
            let is_good = kept.is_some_and(|kept| kept.is_good(now));
            let fits = kept.map_or(ClientSecretHash([0; 32]), |kept| kept.hash) == hash;
            known | (fits & is_good)
        })
    }

    /// The client that has authenticated; refused as with a wrong secret where it was removed meanwhile.
    pub(crate) async fn client_of_proof(&self, proof: &ClientProof) -> Result<Arc<Client>, Error> {
        self.client(Some(&proof.id)).await.map_err(|error| match error {
            Error::Denied(_) => Denied::ClientRefused.into(),
            failure @ Error::Failure(_) => failure,
        })
    }

    /// The client that signs somebody in: the one that is named, else the one that has authenticated, else the built-in
    /// `web`. Asked before anything else is done for it.
    ///
    /// # Errors
    /// [`Denied::ClientUnknown`]; [`Denied::ClientMayNot`] for one that has no users; and as [`speaks_for`].
    pub(crate) async fn client_signing_in(
        &self,
        named: Option<&ClientId>,
        proof: Option<&ClientProof>,
    ) -> Result<Arc<Client>, Error> {
        let client = self.client(named.or(proof.map(ClientProof::client_id))).await?;
        if !client.kind.has_users() {
            return Err(Denied::ClientMayNot.into());
        }
        speaks_for(&client, proof)?;
        Ok(client)
    }
}

/// Whether a request speaks for a client: one that authenticates has done so, and nobody has done so as another one.
pub(crate) fn speaks_for(client: &Client, proof: Option<&ClientProof>) -> Result<(), Denied> {
    match proof {
        Some(proof) if proof.id != client.id => Err(Denied::ClientMismatch),
        None if client.kind.authenticates() => Err(Denied::ClientRefused),
        _ => Ok(()),
    }
}
