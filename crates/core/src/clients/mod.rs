//! Clients that come and go while the server runs: what the operator does with them.
//!
//! 1. A client has a name that is its own: not that of a built-in client, of another registered one, or of one in the
//!    configuration. Only a section of the same kind may share its name: then the section says what it is held to.
//! 2. One that authenticates gets a secret of 256 random bits. It is shown once; the store keeps its hash.
//! 3. Another secret takes its place. For as long as the operator says, those before it are good as well, so that nothing
//!    stands still while the new one is brought to where it is used. That holds when a secret is replaced that was brought
//!    nowhere. Three are good at once, at most: beyond, the oldest one ends.
//! 4. A client that is removed can do nothing here from then on: its users' sessions are refused, and so is what it has signed
//!    for itself. Services that check tokens by themselves are told nothing, and accept its access tokens until they run out.

mod authenticate;

use std::collections::BTreeSet;
use std::time::Duration;

pub(crate) use authenticate::speaks_for;
pub use authenticate::{ClientCredentials, ClientProof};

use crate::Rotunda;
use crate::failure::Failure;
use crate::model::{
    Caller, ClientId, ClientKind, ClientSecret, Event, EventKind, KeptClientSecret, MOST_SCOPE_CHARS,
    RegisteredClient, UnixMillis, is_scope,
};
use crate::outside::random;

/// How many secrets of a client are good at once.
pub const MOST_SECRETS: usize = 3;

/// How many scopes a client has.
pub const MOST_SCOPES: usize = 32;

/// How many bytes its scopes have, with a space between two: they travel in one header where a gateway asks.
pub const MOST_SCOPES_BYTES: usize = 1024;

/// How often a change is begun anew because somebody else changes the same client.
const ROUNDS: usize = 4;

/// A client to be.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// Its name.
    pub id: String,
    /// How it keeps its tokens; as the configuration says, where it is not said.
    pub kind: Option<ClientKind>,
    /// What it may ask for (RFC 6749 §3.3); a service's only.
    pub scopes: Vec<String>,
}

/// A client that was added.
#[derive(Clone)]
pub struct AddedClient {
    /// The client.
    pub client: RegisteredClient,
    /// Its secret, where its kind has one: never to be seen again.
    pub secret: Option<ClientSecret>,
}

/// Another secret of a client.
#[derive(Clone)]
pub struct RotatedSecret {
    /// The new secret: never to be seen again.
    pub secret: ClientSecret,
    /// Until when each of the old ones that are still good is so, the oldest first.
    pub old_until: Vec<UnixMillis>,
}

/// A client, for the operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientInfo {
    /// Its name.
    pub id: ClientId,
    /// How it keeps its tokens.
    pub kind: ClientKind,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// Its secrets that are good, the newest last.
    pub secrets: Vec<KeptClientSecret>,
    /// When it was added; `None` for one that only the configuration knows.
    pub added_at: Option<UnixMillis>,
    /// Whether it can do anything: not one that was added and bears the name of another kind of client in the
    /// configuration, and not one that needs a secret and has none.
    pub works: bool,
}

/// Why the operator's wish about a client is not carried out. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// That is no name.
    #[error("{0:?} is no name for a client: it has 1 to 64 letters, digits, \".\", \"_\" or \"-\"")]
    Name(String),
    /// The name is somebody else's.
    #[error(
        "there is a client {0} already; `rotunda client list` shows all of them, `rotunda client remove` takes one away"
    )]
    Taken(ClientId),
    /// A built-in client is there anyway.
    #[error("{0} is a built-in client and there anyway. Choose another name")]
    BuiltIn(ClientId),
    /// The configuration has a client of that name and another kind.
    #[error(
        "the configuration has a client {id} of kind \"{}\" in section [clients.{id}]. Choose another name, or that kind",
        .kind.as_str()
    )]
    Configured {
        /// Its name.
        id: ClientId,
        /// Its kind in the configuration.
        kind: ClientKind,
    },
    /// Nothing says what kind it is.
    #[error("of what kind is {0}? Say `--kind web`, `native`, `confidential` or `service`")]
    KindMissing(ClientId),
    /// That is no scope.
    #[error(
        "{0:?} is no scope: it has 1 to {MOST_SCOPE_CHARS} visible ASCII characters, and neither a space nor '\"' nor '\\' \
         (RFC 6749 §3.3)"
    )]
    Scope(String),
    /// Too many scopes.
    #[error("a client has at most {MOST_SCOPES} scopes")]
    ManyScopes,
    /// Too long in total.
    #[error(
        "the scopes of a client have at most {MOST_SCOPES_BYTES} bytes in total, with a space between two; these have {0}"
    )]
    LongScopes(usize),
    /// Only a service has scopes.
    #[error("only a client of kind \"service\" has scopes: it asks for them itself")]
    NoScopes,
    /// There is no such client.
    #[error(
        "no client {0} was added; `rotunda client list` shows all of them, `rotunda client add` adds one"
    )]
    Unknown(ClientId),
    /// It has no secret.
    #[error("{0} is a public client (kind \"web\" or \"native\") and has no secret")]
    Public(ClientId),
    /// The store did not answer.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Rotunda {
    /// Adds a client, with a secret where its kind has one. `caller` is who asked.
    ///
    /// # Errors
    /// [`ClientError`] tells what to change.
    pub async fn add_client(&self, new: &NewClient, caller: &Caller) -> Result<AddedClient, ClientError> {
        let id = ClientId::parse(&new.id).ok_or_else(|| ClientError::Name(new.id.clone()))?;
        let kind = self.kind_of_new(&id, new.kind)?;
        let scopes = scopes(kind, &new.scopes)?;
        let now = self.clock.now();
        let secret = kind.authenticates().then(|| self.client_secret()).transpose()?;
        let kept = |secret: &ClientSecret| KeptClientSecret::fresh(secret.hash(), now);
        let secrets = secret.iter().map(kept).collect();
        let client = RegisteredClient { id, kind, scopes, secrets, created_at: now };
        let event = client_event(EventKind::ClientAdded, &client.id, (caller, now));
        if !self.store.add_client(client.clone(), event).await? {
            return Err(ClientError::Taken(client.id));
        }
        self.look_at_shelf().await?;
        Ok(AddedClient { client, secret })
    }

    /// All clients by name: the built-in ones, those of the configuration, and those that were added.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn clients(&self) -> Result<Vec<ClientInfo>, Failure> {
        let now = self.clock.now();
        let added = self.store.clients().await?;
        let is_added = |id: &ClientId| added.iter().any(|added| added.id == *id);
        let configured = self.policy.clients.values().filter(|client| !is_added(&client.id));
        let configured = configured.map(|client| ClientInfo {
            id: client.id.clone(),
            kind: client.kind,
            scopes: Vec::new(),
            secrets: Vec::new(),
            added_at: None,
            works: !client.kind.authenticates(),
        });
        let mut all: Vec<_> = configured.collect();
        for client in &added {
            let secrets: Vec<_> = client.secrets.iter().filter(|kept| kept.is_good(now)).cloned().collect();
            all.push(ClientInfo {
                id: client.id.clone(),
                kind: client.kind,
                scopes: client.scopes.clone(),
                added_at: Some(client.created_at),
                works: self.policy.registered(client).is_some()
                    && (!client.kind.authenticates() || !secrets.is_empty()),
                secrets,
            });
        }
        all.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(all)
    }

    /// Gives a client another secret. Those before it stay good for `keep_old` at most, and none longer than was said before.
    ///
    /// # Errors
    /// [`ClientError::Unknown`], also for one that only the configuration knows: it is added first;
    /// [`ClientError::Public`]; a failure when the store does not answer.
    pub async fn rotate_client_secret(
        &self,
        id: &ClientId,
        keep_old: Duration,
        caller: &Caller,
    ) -> Result<RotatedSecret, ClientError> {
        for _ in 0..ROUNDS {
            let client = self.store.clients().await?.into_iter().find(|client| client.id == *id);
            let client = client.ok_or_else(|| ClientError::Unknown(id.clone()))?;
            if !client.kind.authenticates() {
                return Err(ClientError::Public(client.id));
            }
            let now = self.clock.now();
            let secret = self.client_secret()?;
            let to = successors(&client.secrets, KeptClientSecret::fresh(secret.hash(), now), keep_old);
            let old_until = to.iter().filter_map(|kept| kept.ends_at).collect();
            let event = client_event(EventKind::ClientSecretChanged, id, (caller, now));
            if self.store.change_secrets(client.id, client.secrets, to, event).await? {
                self.look_at_shelf().await?;
                return Ok(RotatedSecret { secret, old_until });
            }
        }
        Err(Failure::overload("changing the secret of a client that is being changed").into())
    }

    /// Removes a client. Its users' sessions are refused here from now on.
    ///
    /// # Errors
    /// [`ClientError::Unknown`]; a failure when the store does not answer.
    pub async fn remove_client(&self, id: &ClientId, caller: &Caller) -> Result<(), ClientError> {
        let event = client_event(EventKind::ClientRemoved, id, (caller, self.clock.now()));
        if !self.store.remove_client(id.clone(), event).await? {
            return Err(ClientError::Unknown(id.clone()));
        }
        Ok(self.look_at_shelf().await?)
    }

    /// Step 1.
    fn kind_of_new(&self, id: &ClientId, said: Option<ClientKind>) -> Result<ClientKind, ClientError> {
        let configured = self.policy.clients.get(id).map(|client| client.kind);
        match (configured, said) {
            (Some(_), _) if ClientId::BUILT_IN.contains(&id.0.as_str()) => {
                Err(ClientError::BuiltIn(id.clone()))
            }
            (Some(kind), Some(said)) if kind != said => Err(ClientError::Configured { id: id.clone(), kind }),
            (configured, said) => said.or(configured).ok_or_else(|| ClientError::KindMissing(id.clone())),
        }
    }

    fn client_secret(&self) -> Result<ClientSecret, Failure> {
        Ok(ClientSecret::from_bytes(random(&*self.entropy)?))
    }
}

/// Step 3: the secrets after a rotation, the newest last.
fn successors(old: &[KeptClientSecret], new: KeptClientSecret, keep_old: Duration) -> Vec<KeptClientSecret> {
    let now = new.created_at;
    let latest = now.plus(keep_old);
    let shortened = |kept: &KeptClientSecret| {
        let end = kept.ends_at.map_or(latest, |end| end.min(latest));
        KeptClientSecret { ends_at: Some(end), ..kept.clone() }
    };
    let good = old.iter().map(shortened).filter(|kept| kept.is_good(now));
    let mut all: Vec<_> = good.chain([new]).collect();
    all.drain(..all.len().saturating_sub(MOST_SECRETS));
    all
}

/// Each once, in order.
fn scopes(kind: ClientKind, given: &[String]) -> Result<Vec<String>, ClientError> {
    if let Some(wrong) = given.iter().find(|scope| !is_scope(scope)) {
        return Err(ClientError::Scope(wrong.clone()));
    }
    let scopes: BTreeSet<_> = given.iter().cloned().collect();
    if !scopes.is_empty() && kind != ClientKind::Service {
        return Err(ClientError::NoScopes);
    }
    if scopes.len() > MOST_SCOPES {
        return Err(ClientError::ManyScopes);
    }
    let bytes = scopes.iter().map(|scope| scope.len() + 1).sum::<usize>().saturating_sub(1);
    if bytes > MOST_SCOPES_BYTES {
        return Err(ClientError::LongScopes(bytes));
    }
    Ok(scopes.into_iter().collect())
}

fn client_event(kind: EventKind, id: &ClientId, (caller, at): (&Caller, UnixMillis)) -> Event {
    let (about, caller) = (Some(id.0.clone()), caller.clone());
    Event { about, kind, at, user_id: None, session_id: None, caller }
}
