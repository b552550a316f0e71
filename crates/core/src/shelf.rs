//! What rarely changes, kept in memory: signing keys and clients.
//!
//! 1. Read at the start. Each copy is whole and never changed: a request works with the one that it took.
//! 2. Looked at again about once a second ([`Rotunda::look_at_shelf`]): the store's version tells whether anything changed.
//! 3. Looked at at once, but not over and over, when a request names a key or a client that is not there: another server, or
//!    a command beside this one, may have added it a moment ago.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rotunda_token::{Jwks, KeySet, SigningKey, Verifier};

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::keys::ring::{KeyPhase, phases, signing};
use crate::keys::{KeyError, MasterKeys, SealedSigningKey};
use crate::model::{Client, ClientId, ClientKind, KeptClientSecret, RegisteredClient, UnixMillis};
use crate::policy::Policy;
use crate::store::Store;

/// For how long what is not there is not looked for again.
const COOL_DOWN: Duration = Duration::from_millis(200);

/// Keys and clients as they were when they were read.
pub(crate) struct Shelf {
    version: u64,
    /// As stored, oldest first; beside each the opened key.
    stored: Vec<SealedSigningKey>,
    opened: Vec<SigningKey>,
    /// Accepts what any key has signed that is not revoked.
    pub(crate) verifier: Verifier,
    clients: BTreeMap<ClientId, Arc<Client>>,
    secrets: BTreeMap<ClientId, Vec<KeptClientSecret>>,
    outlives: Duration,
}

/// A signing key, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyInfo {
    /// `kid`.
    pub kid: String,
    /// `alg`.
    pub algorithm: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it began to sign, or will.
    pub signs_from: UnixMillis,
    /// What it is for now.
    pub phase: KeyPhase,
    /// The master key that it is sealed under.
    pub master_id: u8,
}

impl Shelf {
    /// Reads and opens everything.
    pub(crate) async fn read(
        store: &dyn Store,
        masters: &MasterKeys,
        policy: &Policy,
        outlives: Duration,
    ) -> Result<Self, ShelfError> {
        // The version first: what changes meanwhile is read again at the next look.
        let version = store.shelf_version().await?;
        let stored = store.signing_keys().await?;
        let opened = stored.iter().map(|key| key.open(masters)).collect::<Result<Vec<_>, _>>()?;
        let good = stored.iter().zip(&opened).filter(|(stored, _)| stored.revoked_at.is_none());
        let accepted = KeySet::from_signing_keys(good.map(|(_, opened)| opened));
        // Our own tokens, checked by our own clock: no leeway, so that `expires_in` means what it says.
        let verifier = Verifier::new(accepted, policy.issuer.clone(), vec![policy.audience.clone()])
            .with_leeway_seconds(0);
        let mut clients: BTreeMap<_, _> =
            policy.clients.iter().map(|(id, client)| (id.clone(), Arc::new(client.clone()))).collect();
        let mut secrets = BTreeMap::new();
        for registered in store.clients().await? {
            let id = registered.id.clone();
            // A section of the configuration with that name says what it is held to; another kind is another client.
            if let Some(client) = policy.registered(&registered) {
                clients.insert(id.clone(), Arc::new(client));
                secrets.insert(id, registered.secrets);
            }
        }
        Ok(Self { version, stored, opened, verifier, clients, secrets, outlives })
    }

    /// The key that signs now.
    pub(crate) fn signer(&self, now: UnixMillis) -> Result<&SigningKey, Failure> {
        signing(&self.stored, now)
            .and_then(|place| self.opened.get(place))
            .ok_or_else(|| Failure::broken("signing an access token", "every signing key is revoked"))
    }

    /// The keys with their phases, oldest first.
    pub(crate) fn keys(&self, now: UnixMillis) -> Vec<KeyInfo> {
        let phases = phases(&self.stored, now, self.outlives);
        let info = |(key, phase): (&SealedSigningKey, KeyPhase)| KeyInfo {
            kid: key.kid.clone(),
            algorithm: key.algorithm.clone(),
            created_at: key.created_at,
            signs_from: key.signs_from,
            phase,
            master_id: key.master_id,
        };
        self.stored.iter().zip(phases).map(info).collect()
    }

    /// The opened key of that id.
    pub(crate) fn key(&self, kid: &str) -> Option<&SigningKey> {
        self.opened.iter().find(|key| key.kid() == kid)
    }

    /// The newest key, the one that another must come after.
    pub(crate) fn newest(&self) -> Option<&SealedSigningKey> {
        self.stored.last()
    }

    /// What is published.
    fn jwks(&self, now: UnixMillis) -> Jwks {
        let phases = phases(&self.stored, now, self.outlives);
        let shown = self.opened.iter().zip(phases).filter(|(_, phase)| phase.is_accepted());
        KeySet::from_signing_keys(shown.map(|(key, _)| key)).to_jwks()
    }

    /// The client of that name; the built-in `web` where a request names none.
    fn client(&self, id: Option<&ClientId>) -> Option<Arc<Client>> {
        self.clients.get(id.unwrap_or(&ClientId::web())).cloned()
    }

    /// The hashes of a client's secrets.
    pub(crate) fn secrets(&self, id: &ClientId) -> &[KeptClientSecret] {
        self.secrets.get(id).map_or(&[], Vec::as_slice)
    }
}

impl Rotunda {
    /// What is on the shelf now.
    pub(crate) fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.shelf.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks whether keys or clients have changed, and reads them if so. Call it about once a second.
    ///
    /// # Errors
    /// When the store does not answer, or a key does not open; what was read before stays in use.
    pub async fn look_at_shelf(&self) -> Result<(), Failure> {
        let (seen, keep) = (self.shelf(), self.keep_revocations());
        if self.store.shelf_version().await? == seen.version && seen.outlives == keep {
            return Ok(());
        }
        let shelf = Shelf::read(&*self.store, &self.keys, &self.policy, keep)
            .await
            .map_err(ShelfError::into_failure)?;
        let mut place = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        // Of two that read at once, the newer one stays.
        if shelf.version >= place.version {
            *place = Arc::new(shelf);
        }
        Ok(())
    }

    /// Looks again because something was not there, unless that was done a moment ago.
    pub(crate) async fn look_again(&self) -> Result<(), Failure> {
        use std::sync::atomic::Ordering::Relaxed;
        let now = self.clock.now();
        let last = self.looked_again.load(Relaxed);
        if now.distance(UnixMillis(last)) < COOL_DOWN
            || self.looked_again.compare_exchange(last, now.0, Relaxed, Relaxed).is_err()
        {
            return Ok(());
        }
        self.look_at_shelf().await
    }

    /// The client of that name; the built-in `web` when a request names none.
    ///
    /// # Errors
    /// [`Denied::ClientUnknown`]; a failure when the store does not answer.
    pub(crate) async fn client(&self, id: Option<&ClientId>) -> Result<Arc<Client>, Error> {
        if let Some(client) = self.shelf().client(id) {
            return Ok(client);
        }
        self.look_again().await?;
        self.shelf().client(id).ok_or_else(|| Denied::ClientUnknown.into())
    }

    /// The client that holds a session. One that was taken out of the configuration, or removed, has none any more.
    pub(crate) async fn client_of(&self, id: &ClientId) -> Result<Arc<Client>, Error> {
        self.client(Some(id)).await.map_err(|error| match error {
            Error::Denied(Denied::ClientUnknown) => Denied::ClientMismatch.into(),
            other => other,
        })
    }

    /// How the client of that name keeps its tokens; the built-in `web` when a request names none.
    ///
    /// # Errors
    /// As for every verb: [`Denied::ClientUnknown`], or a failure when the store does not answer.
    pub async fn client_kind(&self, id: Option<&ClientId>) -> Result<ClientKind, Error> {
        Ok(self.client(id).await?.kind)
    }

    /// The keys whose tokens are accepted here, a shared secret (HS256) among them.
    #[must_use]
    pub fn accepted_keys(&self) -> KeySet {
        self.shelf().verifier.keys().clone()
    }

    /// The public signing keys, for `/.well-known/jwks.json` (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Jwks {
        self.shelf().jwks(self.clock.now())
    }
}

impl Policy {
    /// A registered client with what it is held to: its own section of the configuration, else what the built-in client is
    /// that keeps its tokens alike. `None` where the configuration has a client of that name and another kind.
    #[must_use]
    pub fn registered(&self, registered: &RegisteredClient) -> Option<Client> {
        let alike = match registered.kind {
            ClientKind::Web => "web",
            ClientKind::Native | ClientKind::Confidential | ClientKind::Service => "native",
        };
        let own = self.clients.get(&registered.id);
        if own.is_some_and(|own| own.kind != registered.kind) {
            return None;
        }
        let like = own.or_else(|| self.clients.get(&ClientId(alike.to_owned())))?;
        Some(Client {
            id: registered.id.clone(),
            kind: registered.kind,
            scopes: registered.scopes.clone(),
            ..like.clone()
        })
    }
}

/// Why keys and clients could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShelfError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] Failure),
}

impl ShelfError {
    fn into_failure(self) -> Failure {
        match self {
            Self::Key(error) => Failure::broken("opening the signing keys", error),
            Self::Store(failure) => failure,
        }
    }
}
