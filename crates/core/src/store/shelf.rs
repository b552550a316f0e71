//! The ports to what rarely changes: keys and clients. Servers keep both in memory and look at the version.

use async_trait::async_trait;

use crate::failure::Failure;
use crate::keys::{KeyCheck, SealedSigningKey};
use crate::model::{ClientId, Event, KeptClientSecret, RegisteredClient, UnixMillis};

/// Keys at rest: signing keys sealed under a master key, and what tells a wrong master key.
#[async_trait]
pub trait KeyShelf: Send + Sync {
    /// Grows with every change of signing keys and clients, and with every master key that is met for the first time.
    async fn shelf_version(&self) -> Result<u64, Failure>;

    /// All signing keys, oldest first, the revoked ones among them.
    async fn signing_keys(&self) -> Result<Vec<SealedSigningKey>, Failure>;

    /// Adds a signing key if the newest one is still `after`; `None` means that there is none at all. Of two servers that
    /// rotate at once, one wins; `false` for the other.
    async fn add_signing_key(
        &self,
        key: SealedSigningKey,
        after: Option<String>,
        event: Option<Event>,
    ) -> Result<bool, Failure>;

    /// Revokes a signing key and puts it on the feed; with it comes the key that signs from now on, where one is given, if
    /// the newest one is still `newest`. `false`, and nothing happens, when there is no such key, it is revoked already, or
    /// another is the newest.
    async fn revoke_key(&self, revoking: RevokingKey) -> Result<bool, Failure>;

    /// Deletes a signing key whose tokens have all run out, and puts it on the feed unless it is there as revoked. `false`
    /// when there is none.
    async fn forget_key(&self, kid: String, at: UnixMillis) -> Result<bool, Failure>;

    /// Puts the same signing key, sealed anew, in the place of what was read; `false`, and nothing happens, when that is no longer
    /// there as it was. Raises the version.
    async fn reseal_key(&self, from: SealedSigningKey, to: SealedSigningKey) -> Result<bool, Failure>;

    /// The check value of a master key, written on first sight of that key id, which raises the version; answers the one that is on
    /// record.
    async fn key_check(&self, key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure>;

    /// The check values on record, by key id.
    async fn key_checks(&self) -> Result<Vec<(u8, KeyCheck)>, Failure>;

    /// Answers when the store can be written to, durably.
    async fn ready(&self) -> Result<(), Failure>;
}

/// The end of a signing key before its time.
#[derive(Clone)]
pub struct RevokingKey {
    /// Which.
    pub kid: String,
    /// When.
    pub at: UnixMillis,
    /// The newest key when this was decided.
    pub newest: String,
    /// The key that takes its place, where it was the one that signs or was about to.
    pub successor: Option<SealedSigningKey>,
    /// What to write down.
    pub event: Event,
}

/// Clients that were added while running; those of the configuration are not here.
#[async_trait]
pub trait Clients: Send + Sync {
    /// All of them, by id.
    async fn clients(&self) -> Result<Vec<RegisteredClient>, Failure>;

    /// Adds one; `false` when the id is taken.
    async fn add_client(&self, client: RegisteredClient, event: Event) -> Result<bool, Failure>;

    /// Replaces a client's secrets, if they are still the ones that were read.
    async fn change_secrets(
        &self,
        id: ClientId,
        from: Vec<KeptClientSecret>,
        to: Vec<KeptClientSecret>,
        event: Event,
    ) -> Result<bool, Failure>;

    /// Removes one; `false` when there is none. Its sessions stay, and are refused from now on.
    async fn remove_client(&self, id: ClientId, event: Event) -> Result<bool, Failure>;
}
