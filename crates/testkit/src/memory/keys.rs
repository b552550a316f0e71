//! Keys at rest.

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::store::KeyShelf;

use super::MemoryStore;

#[async_trait]
impl KeyShelf for MemoryStore {
    async fn signing_keys(&self) -> Result<Vec<SealedSigningKey>, Failure> {
        Ok(self.open()?.signing_keys.clone())
    }

    async fn add_first_signing_key(&self, key: SealedSigningKey) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let first = state.signing_keys.is_empty();
        if first {
            state.signing_keys.push(key);
        }
        Ok(first)
    }

    async fn key_check(&self, key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure> {
        Ok(*self.open()?.key_checks.entry(key_id).or_insert(check))
    }

    async fn ready(&self) -> Result<(), Failure> {
        self.open().map(|_| ())
    }
}
