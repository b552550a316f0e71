//! Keys at rest.

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{Event, Revoked, UnixMillis};
use rotunda_core::store::{KeyShelf, RevokingKey};

use super::{MemoryState, MemoryStore};

#[async_trait]
impl KeyShelf for MemoryStore {
    async fn shelf_version(&self) -> Result<u64, Failure> {
        Ok(self.open()?.shelf_version)
    }

    async fn signing_keys(&self) -> Result<Vec<SealedSigningKey>, Failure> {
        Ok(self.open()?.signing_keys.clone())
    }

    async fn add_signing_key(
        &self,
        key: SealedSigningKey,
        after: Option<String>,
        event: Option<Event>,
    ) -> Result<bool, Failure> {
        let mut state = self.open()?;
        if state.newest_key() != after.as_deref() {
            return Ok(false);
        }
        state.signing_keys.push(key);
        state.record_all(event);
        state.shelf_version += 1;
        Ok(true)
    }

    async fn revoke_key(&self, revoking: RevokingKey) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let as_read = state.newest_key() == Some(&revoking.newest);
        let good = |key: &&mut SealedSigningKey| key.kid == revoking.kid && key.revoked_at.is_none();
        let Some(key) = state.signing_keys.iter_mut().find(good).filter(|_| as_read) else {
            return Ok(false);
        };
        key.revoked_at = Some(revoking.at);
        state.signing_keys.extend(revoking.successor);
        state.enter(Revoked::Key { kid: revoking.kid }, revoking.at);
        state.record(revoking.event);
        state.shelf_version += 1;
        Ok(true)
    }

    async fn forget_key(&self, kid: String, at: UnixMillis) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let Some(place) = state.signing_keys.iter().position(|key| key.kid == kid) else { return Ok(false) };
        let gone = state.signing_keys.remove(place);
        if gone.revoked_at.is_none() {
            state.enter(Revoked::Key { kid }, at);
        }
        state.shelf_version += 1;
        Ok(true)
    }

    async fn reseal_key(&self, from: SealedSigningKey, to: SealedSigningKey) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let as_read = |key: &&mut SealedSigningKey| key.kid == from.kid && key.sealed == from.sealed;
        let Some(key) = state.signing_keys.iter_mut().find(as_read) else { return Ok(false) };
        (key.master_id, key.sealed) = (to.master_id, to.sealed);
        state.shelf_version += 1;
        Ok(true)
    }

    async fn key_check(&self, key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure> {
        let mut state = self.open()?;
        state.shelf_version += u64::from(!state.key_checks.contains_key(&key_id));
        Ok(*state.key_checks.entry(key_id).or_insert(check))
    }

    async fn key_checks(&self) -> Result<Vec<(u8, KeyCheck)>, Failure> {
        Ok(self.open()?.key_checks.iter().map(|(id, check)| (*id, *check)).collect())
    }

    async fn ready(&self) -> Result<(), Failure> {
        self.open().map(|_| ())
    }
}

impl MemoryState {
    fn newest_key(&self) -> Option<&str> {
        self.signing_keys.last().map(|key| key.kid.as_str())
    }
}
