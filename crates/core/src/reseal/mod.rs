//! Everything that is sealed, sealed anew under the current master key: signing keys, and the secrets of webhooks.
//!
//! 1. Each server knows the current master key already, as one that was coming; otherwise it could not open what this makes.
//! 2. What is sealed under another one is opened, sealed under the current one, and put in the place of what was read, if that
//!    is still there. The key inside is the same: tokens stay good, and receivers of webhooks notice nothing.
//! 3. Whoever is interrupted has done a part of it, and goes on when it is called again.
//!
//! Sessions move by themselves, each with its next refresh. Tokens, links and signatures of the audit log that were made under
//! the old master key need it for as long as they count (`needs.rs`).

mod needs;

pub use needs::{Needing, Needs, OUTLIVES_LINKS};

use crate::Rotunda;
use crate::failure::Failure;
use crate::keys::{KeyError, MasterKeys, SealedSigningKey};
use crate::model::{Caller, Event, EventKind, Webhook};
use crate::outside::random;
use crate::webhooks::WebhookSecret;

const SEALING: &str = "sealing anew";

/// How often a change is begun anew because somebody else changes the same.
const ROUNDS: usize = 8;

/// What was sealed anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Resealed {
    /// The master key that everything is sealed under now.
    pub master_id: u8,
    /// How many signing keys.
    pub signing_keys: u64,
    /// How many webhooks' secrets.
    pub webhooks: u64,
}

impl Rotunda {
    /// The highest id that the store has met a master key of. Where another key of that id is made, no server starts with it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn last_master_on_record(&self) -> Result<u8, Failure> {
        Ok(self.store.key_checks().await?.into_iter().map(|(id, _)| id).max().unwrap_or(0))
    }

    /// Writes down which keys these ids name; of two who make a key of the same id, one wins. Answers an id that names another
    /// key already.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn record_masters(&self, keys: &MasterKeys) -> Result<Option<u8>, Failure> {
        for (id, check) in keys.checks() {
            if self.store.key_check(id, check).await? != check {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Seals everything anew that is sealed under another master key than the current one.
    ///
    /// # Errors
    /// When the store does not answer, or something is sealed under a master key that is not here.
    pub async fn reseal(&self, caller: &Caller) -> Result<Resealed, Failure> {
        let mut done = Resealed { master_id: self.keys.current_id(), ..Resealed::default() };
        for _ in 0..ROUNDS {
            let (mut left, current) = (false, done.master_id);
            for key in self.store.signing_keys().await?.into_iter().filter(|key| key.master_id != current) {
                let resealed = self.reseal_key(key).await?;
                done.signing_keys += u64::from(resealed);
                left |= !resealed;
            }
            let others = |webhook: &Webhook| webhook.secret.key_id != current;
            for webhook in self.store.webhooks().await?.into_iter().filter(others) {
                let resealed = self.reseal_webhook(webhook, caller).await?;
                done.webhooks += u64::from(resealed);
                left |= !resealed;
            }
            if !left {
                self.look_at_shelf().await?;
                return Ok(done);
            }
        }
        Err(Failure::overload(SEALING))
    }

    async fn reseal_key(&self, key: SealedSigningKey) -> Result<bool, Failure> {
        let anew = key.reseal(&self.keys, random(&*self.entropy)?).map_err(broken)?;
        self.store.reseal_key(key, anew).await
    }

    async fn reseal_webhook(&self, webhook: Webhook, caller: &Caller) -> Result<bool, Failure> {
        let (id, from) = (webhook.id, webhook.version);
        let secret = WebhookSecret::open(&self.keys, &webhook)
            .ok_or_else(|| broken(KeyError::Secret(webhook.secret.key_id)))?;
        let secret = secret.seal(&self.keys, id, random(&*self.entropy)?).map_err(broken)?;
        let anew = Webhook { secret, version: from.saturating_add(1), ..webhook };
        let event = Event {
            kind: EventKind::WebhookChanged,
            at: self.clock.now(),
            user_id: None,
            session_id: None,
            about: Some(id.to_string()),
            caller: caller.clone(),
        };
        self.store.put_webhook(anew, Some(from), event).await
    }
}

fn broken(error: KeyError) -> Failure {
    Failure::broken(SEALING, error)
}
