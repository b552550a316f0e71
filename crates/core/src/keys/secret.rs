//! Small secrets at rest, such as what signs messages to a webhook: AES-256-GCM under a key derived from a master key.
//!
//! 1. Each is bound to a label that says what it is and whose: moved to another place in the store, it does not open.
//! 2. The bytes are nonce, ciphertext and tag. The nonce comes from outside, 96 random bits, never used twice.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::{KeyError, MasterKeys};
use crate::model::Sealed;

impl MasterKeys {
    /// Seals something secret under the current master key. `label` names what it is and whose; `nonce` is fresh from
    /// randomness.
    ///
    /// # Errors
    /// [`KeyError::Secret`] when the cipher refuses; it cannot at any size that fits into memory.
    pub fn seal_secret(&self, label: &str, plain: &[u8], nonce: [u8; NONCE_LEN]) -> Result<Sealed, KeyError> {
        let key_id = self.current_id();
        let mut body = Zeroizing::new(plain.to_vec());
        let tag = self
            .secret_key(key_id)?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated(label)),
                &mut body,
            )
            .map_err(|_| KeyError::Secret(key_id))?;
        let bytes = [&nonce[..], body.as_slice(), tag.as_ref()].concat();
        Ok(Sealed { key_id, bytes })
    }

    /// Opens it again.
    ///
    /// # Errors
    /// [`KeyError::SecretMaster`] where its master key is not here, [`KeyError::Secret`] where it was altered, or sealed under
    /// another label.
    pub fn open_secret(&self, label: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let broken = KeyError::Secret(sealed.key_id);
        let (nonce, body) = sealed.bytes.split_at_checked(NONCE_LEN).ok_or(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = self
            .secret_key(sealed.key_id)?
            .open_in_place(nonce, Aad::from(associated(label)), &mut body)
            .map_err(|_| broken)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    fn secret_key(&self, id: u8) -> Result<LessSafeKey, KeyError> {
        let keys = self.get(id).ok_or(KeyError::SecretMaster(id))?;
        let key = UnboundKey::new(&AES_256_GCM, &keys.secret).map_err(|_| KeyError::Derivation)?;
        Ok(LessSafeKey::new(key))
    }
}

fn associated(label: &str) -> Vec<u8> {
    format!("rotunda secret v1\0{label}").into_bytes()
}
