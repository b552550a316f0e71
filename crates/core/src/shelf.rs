//! What rarely changes, kept in memory: signing keys, clients and roles.
//!
//! 1. Read at the start. Each copy is whole and never changed: a request works with the one that it took.
//! 2. Looked at again about once a second ([`Rotunda::look_at_shelf`]): the store's version tells whether anything changed.
//! 3. Looked at at once when a request names a key or a client that is not there: another server, or a command beside this
//!    one, may have added it a moment ago. That costs one read of a number; when it fails, the request fails as an outage.
//! 4. A key that does not open here (another server has a master key that this one lacks) is left out, and everything else is
//!    taken over: revocations must arrive whatever else is wrong. What such a key has signed is told as an outage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rotunda_token::{Jwks, KeySet, SigningKey, Verifier};

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::keys::ring::{KeyPhase, phases, signing};
use crate::keys::{KeyError, MasterKeys, SealedSigningKey};
use crate::model::{
    AdminPermission, Client, ClientId, ClientKind, KeptClientSecret, Permission, RegisteredClient, Role,
    RoleName, UnixMillis,
};
use crate::policy::Policy;
use crate::store::Store;

/// How far the clocks of servers that share a store may be apart.
const CLOCKS: Duration = Duration::from_secs(60);

/// Keys and clients as they were when they were read.
pub(crate) struct Shelf {
    version: u64,
    /// As stored, oldest first; beside each the opened key.
    stored: Vec<SealedSigningKey>,
    opened: Vec<Option<SigningKey>>,
    /// Why keys did not open, with their `kid`.
    unopened: Vec<(String, KeyError)>,
    /// The ids of master keys that the store has met and that are above all that this server has: others make tokens under them.
    newer_masters: Vec<u8>,
    /// Accepts what any key has signed that is not revoked.
    pub(crate) verifier: Verifier,
    clients: BTreeMap<ClientId, Held>,
    secrets: BTreeMap<ClientId, Vec<KeptClientSecret>>,
    roles: BTreeMap<RoleName, Role>,
    /// Which revision of the roles this is.
    pub(crate) revision: u64,
    outlives: Duration,
}

/// A client, and since when it is the one of its name; `None` where the configuration has it anyway.
struct Held {
    client: Arc<Client>,
    since: Option<UnixMillis>,
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
    /// Reads everything, and opens what opens.
    pub(crate) async fn read(
        store: &dyn Store,
        masters: &MasterKeys,
        policy: &Policy,
        outlives: Duration,
    ) -> Result<Self, Failure> {
        // The version first: what changes meanwhile is read again at the next look.
        let version = store.shelf_version().await?;
        let stored = store.signing_keys().await?;
        let (mut opened, mut unopened) = (Vec::with_capacity(stored.len()), Vec::new());
        for key in &stored {
            match key.open(masters) {
                Ok(key) => opened.push(Some(key)),
                Err(error) => {
                    unopened.push((key.kid.clone(), error));
                    opened.push(None);
                }
            }
        }
        let last = masters.checks().map(|(id, _)| id).max().unwrap_or(0);
        let newer_masters =
            store.key_checks().await?.into_iter().map(|(id, _)| id).filter(|id| *id > last).collect();
        let good = stored.iter().zip(&opened).filter(|(stored, _)| stored.revoked_at.is_none());
        let accepted = KeySet::from_signing_keys(good.filter_map(|(_, opened)| opened.as_ref()));
        // Our own tokens, checked by our own clock: no leeway, so that `expires_in` means what it says.
        let verifier = Verifier::new(accepted, policy.issuer.clone(), vec![policy.audience.clone()])
            .with_leeway_seconds(0);
        // One that authenticates is nobody until it was registered: before, and after it was removed.
        let public = policy.clients.values().filter(|client| !client.kind.authenticates());
        let configured = |client: &Client| Held { client: Arc::new(client.clone()), since: None };
        let mut clients: BTreeMap<_, _> = public.map(|it| (it.id.clone(), configured(it))).collect();
        let mut secrets = BTreeMap::new();
        for registered in store.clients().await? {
            let id = registered.id.clone();
            // A section of the configuration with that name says what it is held to; another kind is another client.
            if let Some(client) = policy.registered(&registered) {
                // A public client of the configuration was there before, and its users stay signed in.
                let is_new = client.kind.authenticates() || !policy.clients.contains_key(&id);
                let since = is_new.then_some(registered.created_at);
                clients.insert(id.clone(), Held { client: Arc::new(client), since });
                secrets.insert(id, registered.secrets);
            }
        }
        let (roles, revision) = store.roles().await?;
        let roles = roles.into_iter().map(|role| (role.name.clone(), role)).collect();
        Ok(Self {
            version,
            stored,
            opened,
            unopened,
            newer_masters,
            verifier,
            clients,
            secrets,
            roles,
            revision,
            outlives,
        })
    }

    /// The key that signs now.
    pub(crate) fn signer(&self, now: UnixMillis) -> Result<&SigningKey, Failure> {
        const NONE: &str = "every signing key that opens here is revoked";
        signing(&self.stored, now, |place| self.opened.get(place).is_some_and(Option::is_some))
            .and_then(|place| self.opened.get(place)?.as_ref())
            .ok_or_else(|| Failure::unavailable("signing an access token", NONE))
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
        self.opened.iter().flatten().find(|key| key.kid() == kid)
    }

    /// The newest key, the one that another must come after.
    pub(crate) fn newest(&self) -> Option<&SealedSigningKey> {
        self.stored.last()
    }

    /// Why keys did not open here, with their `kid`.
    pub(crate) fn unopened(&self) -> &[(String, KeyError)] {
        &self.unopened
    }

    /// Whether other servers make things under a master key of that id, which this one has not. One below ours was taken out of
    /// the file on purpose, as long as nothing else is sealed under it.
    pub(crate) fn is_elsewhere(&self, master: u8) -> bool {
        let named = KeyError::UnknownMaster(master);
        self.newer_masters.contains(&master) || self.unopened.iter().any(|(_, why)| *why == named)
    }

    /// What is published.
    fn jwks(&self, now: UnixMillis) -> Jwks {
        let phases = phases(&self.stored, now, self.outlives);
        let shown = self.opened.iter().zip(phases).filter(|(_, phase)| phase.is_accepted());
        KeySet::from_signing_keys(shown.filter_map(|(key, _)| key.as_ref())).to_jwks()
    }

    /// The client of that name; the built-in `web` where a request names none.
    fn client(&self, id: Option<&ClientId>) -> Option<Arc<Client>> {
        self.clients.get(id.unwrap_or(&ClientId::web())).map(|held| Arc::clone(&held.client))
    }

    /// Whether the client of that name is the one that was there at that moment, and not another that took its place.
    fn was_there(&self, id: &ClientId, at: UnixMillis) -> bool {
        let since = self.clients.get(id).and_then(|held| held.since);
        since.is_none_or(|since| since <= at.plus(CLOCKS))
    }

    /// All that these roles permit. One that is not there permits nothing.
    pub(crate) fn permissions(&self, roles: &BTreeSet<RoleName>) -> BTreeSet<Permission> {
        let mut all = BTreeSet::new();
        for name in roles {
            if *name == RoleName::admin() {
                all.extend(AdminPermission::ALL.iter().copied().map(Permission::from));
            } else if let Some(role) = self.roles.get(name) {
                all.extend(role.permissions.iter().cloned());
            }
        }
        all
    }

    /// A role that is not built in.
    pub(crate) fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.get(name)
    }

    /// How many roles there are that are not built in.
    pub(crate) fn role_count(&self) -> usize {
        self.roles.len()
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
    /// When the store does not answer; what was read before stays in use.
    pub async fn look_at_shelf(&self) -> Result<(), Failure> {
        let (seen, keep) = (self.shelf(), self.keep_revocations());
        let current = self.store.shelf_version().await?;
        if current == seen.version && seen.outlives == keep {
            return Ok(());
        }
        let shelf = Shelf::read(&*self.store, &self.keys, &self.policy, keep).await?;
        let mut place = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        // Of two that read at once, the newer one stays; a database that was put back has an older one for good.
        if shelf.version >= place.version || current < seen.version {
            *place = Arc::new(shelf);
        }
        Ok(())
    }

    /// The signing keys that do not open here, and why, for the log.
    #[must_use]
    pub fn unopened_keys(&self) -> Vec<String> {
        self.shelf().unopened().iter().map(|(kid, why)| format!("{kid}: {why}")).collect()
    }

    /// The client of that name; the built-in `web` when a request names none.
    ///
    /// # Errors
    /// [`Denied::ClientUnknown`]; [`Denied::ClientRefused`] for one that is configured and not registered; a failure when the
    /// store does not answer.
    pub(crate) async fn client(&self, id: Option<&ClientId>) -> Result<Arc<Client>, Error> {
        if let Some(client) = self.shelf().client(id) {
            return Ok(client);
        }
        self.look_at_shelf().await?;
        // One that the configuration names and nobody has registered has no secret that could be good.
        let configured = id.is_some_and(|id| self.policy.clients.contains_key(id));
        let refused = if configured { Denied::ClientRefused } else { Denied::ClientUnknown };
        self.shelf().client(id).ok_or_else(|| refused.into())
    }

    /// The client that was given something at that moment: a session, or a token of its own. One that was taken out of the
    /// configuration, or removed, has none any more, and another one that bears its name now does not inherit it.
    pub(crate) async fn client_of(&self, id: &ClientId, at: UnixMillis) -> Result<Arc<Client>, Error> {
        let client = self.client(Some(id)).await.map_err(|error| match error {
            Error::Denied(Denied::ClientUnknown | Denied::ClientRefused) => Denied::ClientMismatch.into(),
            other => other,
        })?;
        if self.shelf().was_there(id, at) { Ok(client) } else { Err(Denied::ClientMismatch.into()) }
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
