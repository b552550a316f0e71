//! Signing keys at rest: AES-256-GCM under a key derived from a master key, bound to the key's own id and algorithm.
//!
//! Neither the database alone nor the master key alone signs anything.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rotunda_token::{Algorithm, SigningKey};
use zeroize::Zeroizing;

use super::{KeyError, MasterKeys};
use crate::model::UnixMillis;

/// A signing key as the store keeps it.
#[derive(Clone)]
pub struct SealedSigningKey {
    /// Its `kid`: the RFC 7638 thumbprint of the public half.
    pub kid: String,
    /// Its algorithm's JOSE name (RFC 7518 §3.1).
    pub algorithm: String,
    /// The master key it is sealed under.
    pub master_id: u8,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// From when on it signs, unless a later one does.
    pub signs_from: UnixMillis,
    /// When it was revoked.
    pub revoked_at: Option<UnixMillis>,
}

impl SealedSigningKey {
    /// Seals a key in its form at rest ([`rotunda_token::SecretBytes`]) under the current master key, with a fresh nonce.
    ///
    /// # Errors
    /// [`KeyError::Seal`] when the cipher refuses; it cannot at these sizes.
    pub fn seal(
        masters: &MasterKeys,
        (kid, algorithm, secret): (&str, Algorithm, &[u8]),
        nonce: [u8; NONCE_LEN],
        (created_at, signs_from): (UnixMillis, UnixMillis),
    ) -> Result<Self, KeyError> {
        Ok(Self {
            kid: kid.to_owned(),
            algorithm: algorithm.as_str().to_owned(),
            master_id: masters.current_id(),
            sealed: sealed(masters, (kid, algorithm.as_str()), secret, nonce)?,
            created_at,
            signs_from,
            revoked_at: None,
        })
    }

    /// Opens it again, ready to sign.
    ///
    /// # Errors
    /// [`KeyError::UnknownMaster`], [`KeyError::Seal`], [`KeyError::SigningKey`].
    pub fn open(&self, masters: &MasterKeys) -> Result<SigningKey, KeyError> {
        let plain = self.opened(masters)?;
        let algorithm = Algorithm::from_name(&self.algorithm).ok_or(KeyError::SigningKey)?;
        let key = SigningKey::from_secret_bytes(algorithm, &plain).map_err(|_| KeyError::SigningKey)?;
        if key.kid() == self.kid { Ok(key) } else { Err(KeyError::SigningKey) }
    }

    /// The same key under the current master key, with a fresh nonce. Of what is inside nothing is asked: a newer release may
    /// have made it.
    ///
    /// # Errors
    /// [`KeyError::UnknownMaster`], [`KeyError::Seal`].
    pub fn reseal(&self, masters: &MasterKeys, nonce: [u8; NONCE_LEN]) -> Result<Self, KeyError> {
        let plain = self.opened(masters)?;
        let sealed = sealed(masters, (&self.kid, &self.algorithm), &plain, nonce)?;
        Ok(Self { master_id: masters.current_id(), sealed, ..self.clone() })
    }

    fn opened(&self, masters: &MasterKeys) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let broken = KeyError::Seal(self.master_id);
        let (nonce, body) = self.sealed.split_at_checked(NONCE_LEN).ok_or(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = sealing_key(masters, self.master_id)?
            .open_in_place(nonce, Aad::from(associated(&self.kid, &self.algorithm)), &mut body)
            .map_err(|_| broken)?
            .len();
        body.truncate(length);
        Ok(body)
    }
}

/// Nonce, ciphertext and tag, under the current master key.
fn sealed(
    masters: &MasterKeys,
    (kid, algorithm): (&str, &str),
    secret: &[u8],
    nonce: [u8; NONCE_LEN],
) -> Result<Vec<u8>, KeyError> {
    let master_id = masters.current_id();
    let mut body = Zeroizing::new(secret.to_vec());
    let tag = sealing_key(masters, master_id)?
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated(kid, algorithm)),
            &mut body,
        )
        .map_err(|_| KeyError::Seal(master_id))?;
    Ok([&nonce[..], body.as_slice(), tag.as_ref()].concat())
}

fn sealing_key(masters: &MasterKeys, id: u8) -> Result<LessSafeKey, KeyError> {
    let keys = masters.get(id).ok_or(KeyError::UnknownMaster(id))?;
    let key = UnboundKey::new(&AES_256_GCM, &keys.seal).map_err(|_| KeyError::Derivation)?;
    Ok(LessSafeKey::new(key))
}

fn associated(kid: &str, algorithm: &str) -> Vec<u8> {
    format!("rotunda signing key v1\0{algorithm}\0{kid}").into_bytes()
}
