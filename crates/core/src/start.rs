//! Starting: from keys at rest to keys in use.
//!
//! 1. Each master key is compared with its check value in the store, so that a wrong one is told at once and not
//!    by a thousand refused refreshes.
//! 2. The signing keys are opened. At the first start there is none: one is made; of two servers that start at once
//!    one wins, and both go on with the winner's.
//! 3. The newest signs; all are published.

use std::sync::atomic::AtomicI64;

use aws_lc_rs::aead::NONCE_LEN;
use rotunda_token::{Algorithm, KeySet, SigningKey, Verifier};

use crate::failure::Failure;
use crate::keys::{KeyError, MasterKeys, SealedSigningKey};
use crate::outside::random;
use crate::policy::Policy;
use crate::{Outside, Rotunda};

/// Why Rotunda did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The master key is not the one that the store was made with.
    #[error(
        "master key {0} is not the one that this database was made with. Put the right master key file back \
         (it is never part of a backup), or start with an empty database"
    )]
    WrongMasterKey(u8),
    /// A key at rest does not open.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A signing key could not be made.
    #[error("no signing key could be made")]
    SigningKey,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] Failure),
}

impl Rotunda {
    /// Opens the keys and stands ready.
    ///
    /// # Errors
    /// [`StartError`] tells what to do.
    pub async fn start(outside: Outside, keys: MasterKeys, policy: Policy) -> Result<Self, StartError> {
        for (id, check) in keys.checks() {
            if outside.store.key_check(id, check).await? != check {
                return Err(StartError::WrongMasterKey(id));
            }
        }
        let mut signing_keys = open_all(&outside, &keys).await?;
        if signing_keys.is_empty() {
            make_first(&outside, &keys).await?;
            signing_keys = open_all(&outside, &keys).await?;
        }
        let key_set = KeySet::from_signing_keys(&signing_keys);
        let signing_key = signing_keys.pop().ok_or(StartError::SigningKey)?;
        // Our own tokens, checked by our own clock: no leeway, so that `expires_in` means what it says.
        let verifier = Verifier::new(key_set, policy.issuer.clone(), vec![policy.audience.clone()])
            .with_leeway_seconds(0);
        let Outside { store, scratch, clock, entropy, hasher, mailer, known_passwords: known } = outside;
        Ok(Self {
            store,
            scratch,
            clock,
            entropy,
            hasher,
            mailer,
            known,
            keys,
            signing_key,
            verifier,
            policy,
            seen_ready: AtomicI64::new(i64::MIN),
        })
    }
}

async fn open_all(outside: &Outside, keys: &MasterKeys) -> Result<Vec<SigningKey>, StartError> {
    let sealed = outside.store.signing_keys().await?;
    Ok(sealed.iter().map(|key| key.open(keys)).collect::<Result<_, _>>()?)
}

async fn make_first(outside: &Outside, keys: &MasterKeys) -> Result<(), StartError> {
    let algorithm = Algorithm::Es256;
    let (key, secret) = SigningKey::generate(algorithm).map_err(|_| StartError::SigningKey)?;
    let nonce: [u8; NONCE_LEN] = random(&*outside.entropy)?;
    let sealed =
        SealedSigningKey::seal(keys, (key.kid(), algorithm, secret.expose()), nonce, outside.clock.now())?;
    outside.store.add_first_signing_key(sealed).await?;
    Ok(())
}
