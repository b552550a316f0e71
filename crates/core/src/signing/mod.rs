//! Signing keys: made, rotated, revoked, forgotten. Nobody is signed out by a rotation.
//!
//! 1. A new key is stored, and from then on published. It signs `Policy::publish_ahead` later, when whoever caches the key set
//!    has seen it. That is longer than the set may be cached ([`JWKS_MAX_AGE`]).
//! 2. The old one stays published until the last access token that it has signed cannot be accepted any more anywhere.
//! 3. Then the janitor deletes it, and the revocation feed says so.
//! 4. A key that somebody else may have is revoked: its tokens are refused by this server at once, by others that share the
//!    store within a second, elsewhere through the feed, and a new key signs at once. Clients refresh; nobody is signed out by
//!    that either.
//!
//! Of several servers on one store that rotate at once, one wins (`KeyShelf::add_signing_key`).

use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_lc_rs::aead::NONCE_LEN;
use rotunda_token::SigningKey;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::keys::ring::KeyPhase;
use crate::keys::{MasterKeys, SealedSigningKey};
use crate::model::{Caller, Event, EventKind, SecretText, UnixMillis};
use crate::outside::{Entropy, random};
use crate::policy::Policy;
use crate::shelf::KeyInfo;
use crate::store::RevokingKey;

/// How long the published key set may be cached: `max-age` of `/.well-known/jwks.json`.
pub const JWKS_MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// How often a change is begun anew because somebody else changes keys at the same time.
const ROUNDS: usize = 8;

/// What became of a wish to rotate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rotated {
    /// There is a new key; it signs from its date on.
    Added(KeyInfo),
    /// There is one already that is about to come.
    Coming(KeyInfo),
}

impl Rotunda {
    /// All signing keys and what each is for, oldest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn signing_keys(&self) -> Result<Vec<KeyInfo>, Failure> {
        self.look_at_shelf().await?;
        Ok(self.shelf().keys(self.clock.now()))
    }

    /// Adds a key of the configured algorithm that takes over when everybody knows it, unless one is on its way. `caller` is who
    /// asked; nobody, where the schedule did.
    ///
    /// # Errors
    /// When the store does not answer, or no key could be made.
    pub async fn rotate_keys(&self, caller: &Caller) -> Result<Rotated, Failure> {
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let keys = self.signing_keys().await?;
            if let Some(coming) = keys.iter().find(|key| matches!(key.phase, KeyPhase::Coming(_))) {
                return Ok(Rotated::Coming(coming.clone()));
            }
            let signs_from = now.plus(self.policy.publish_ahead);
            let sealed = make_key(&self.policy, &self.keys, &*self.entropy, (now, signs_from))?;
            let (kid, after) = (sealed.kid.clone(), self.shelf().newest().map(|key| key.kid.clone()));
            let event = Some(key_event(EventKind::KeyAdded, &kid, (caller, now)));
            let added = self.store.add_signing_key(sealed, after, event).await?;
            self.look_at_shelf().await?;
            // Where another server was faster, its key is the one that is coming: the next round finds it.
            let here = self.shelf().keys(now).into_iter().find(|key| key.kid == kid);
            if let Some(key) = here.filter(|_| added) {
                return Ok(Rotated::Added(key));
            }
        }
        Err(Failure::overload("adding a signing key while others do"))
    }

    /// Revokes a signing key at once. Where it was the one that signs, another signs from now on.
    ///
    /// # Errors
    /// [`Denied::NotFound`] when there is no such key or it is revoked already; a failure when the store does not answer.
    pub async fn revoke_key(&self, kid: &str, caller: &Caller) -> Result<(), Error> {
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let keys = self.signing_keys().await?;
            let key = keys.iter().find(|key| key.kid == kid).ok_or(Denied::NotFound)?;
            if matches!(key.phase, KeyPhase::Revoked(_)) {
                return Err(Denied::NotFound.into());
            }
            let successor = (key.phase == KeyPhase::Signing)
                .then(|| make_key(&self.policy, &self.keys, &*self.entropy, (now, now)))
                .transpose()?;
            let Some(newest) = self.shelf().newest().map(|key| key.kid.clone()) else {
                return Err(Denied::NotFound.into());
            };
            let event = key_event(EventKind::KeyRevoked, kid, (caller, now));
            let revoking = RevokingKey { kid: kid.to_owned(), at: now, newest, successor, event };
            let revoked = self.store.revoke_key(revoking).await?;
            self.look_at_shelf().await?;
            if revoked {
                return Ok(());
            }
        }
        Err(Failure::overload("revoking a signing key while others change keys").into())
    }

    /// The secret of an HS256 key, to be given to the services that share it; `None` for a key with a public half, whose
    /// private half nobody else ever needs.
    ///
    /// # Errors
    /// [`Denied::NotFound`]; a failure when the store does not answer.
    pub async fn shared_secret(&self, kid: &str) -> Result<Option<SecretText>, Error> {
        self.look_at_shelf().await?;
        let shelf = self.shelf();
        let key = shelf.key(kid).ok_or(Denied::NotFound)?;
        Ok(key.shared_secret().map(|secret| SecretText::new(secret.expose_text().to_string())))
    }

    /// What the schedule asks for: a new key when the one that signs is old or of another algorithm than the configured one,
    /// and away with those that are over.
    ///
    /// # Errors
    /// When the store does not answer; the next round will do.
    pub async fn keep_keys(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        let keys = self.signing_keys().await?;
        for key in &keys {
            match key.phase {
                KeyPhase::Signing if self.is_due(key, now) => {
                    self.rotate_keys(&Caller::default()).await?;
                    // Not before: what an outage has kept from happening is still to be done.
                    self.algorithm_settled.store(true, Ordering::Relaxed);
                }
                KeyPhase::Over => drop(self.store.forget_key(key.kid.clone(), now).await?),
                // It stays for a while, to be seen, and so that its place is not taken by an older one.
                KeyPhase::Revoked(at) if at.plus(self.policy.keep_ended) <= now => {
                    self.store.forget_key(key.kid.clone(), now).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn is_due(&self, signing: &KeyInfo, now: UnixMillis) -> bool {
        let old = self.policy.rotate_keys_every.is_some_and(|every| signing.signs_from.plus(every) <= now);
        // Done once a process: of two servers that are configured differently, neither would ever be content with the other's.
        let other = signing.algorithm != self.policy.algorithm.as_str();
        old || (other && !self.algorithm_settled.load(Ordering::Relaxed))
    }
}

fn key_event(kind: EventKind, kid: &str, (caller, at): (&Caller, UnixMillis)) -> Event {
    let (about, caller) = (Some(kid.to_owned()), caller.clone());
    Event { about, kind, at, user_id: None, session_id: None, caller }
}

/// Makes a key of the configured algorithm and seals it.
pub(crate) fn make_key(
    policy: &Policy,
    masters: &MasterKeys,
    entropy: &dyn Entropy,
    (now, signs_from): (UnixMillis, UnixMillis),
) -> Result<SealedSigningKey, Failure> {
    const MAKING: &str = "making a signing key";
    let algorithm = policy.algorithm;
    let (key, at_rest) = SigningKey::generate(algorithm).map_err(|e| Failure::broken(MAKING, e))?;
    let nonce: [u8; NONCE_LEN] = random(entropy)?;
    SealedSigningKey::seal(masters, (key.kid(), algorithm, at_rest.expose()), nonce, (now, signs_from))
        .map_err(|e| Failure::broken(MAKING, e))
}
