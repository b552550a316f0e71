//! Starting: from keys at rest to keys in use.
//!
//! 1. Each master key is compared with its check value in the store, so that a wrong one is told at once and not
//!    by a thousand refused refreshes.
//! 2. The store says for how long revocations count, and hears how long this server needs (`crate::revocations`).
//! 3. The signing keys are opened (`shelf.rs`). At the first start there is none: one is made; of two servers that start at
//!    once one wins, and both go on with the winner's.
//!
//! A webhook whose secret does not open keeps no server from starting: only its receiver misses something, and that is logged.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::{Arc, RwLock};

use crate::counts::Counters;
use crate::failure::Failure;
use crate::keys::{KeyError, MasterKeys};
use crate::policy::Policy;
use crate::revocations::whole_millis;
use crate::shelf::Shelf;
use crate::signing::make_key;
use crate::tallies::Tallies;
use crate::{Outside, Rotunda};

/// Why Rotunda did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The master key is not the one that the store was made with.
    #[error(
        "master key {0} is not the one that this database was made with. Put the right master key file back \
         (it is never part of a backup), or start with an empty database. Where its line ends with `coming`, it was made \
         beside another key of that id: remove that line, and run `rotunda key rotate-master` anew"
    )]
    WrongMasterKey(u8),
    /// A key at rest does not open.
    #[error(transparent)]
    Key(#[from] KeyError),
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
        if outside.store.signing_keys().await?.is_empty() {
            let now = outside.clock.now();
            let first = make_key(&policy, &keys, &*outside.entropy, (now, now))?;
            outside.store.add_signing_key(first, None, None).await?;
        }
        let keep = outside.store.keep(policy.keep_revocations(), outside.clock.now()).await?;
        let shelf = Shelf::read(&*outside.store, &keys, &policy, keep).await?;
        // While running, a key that does not open is left out; at the start, a wrong master key is told at once. One of a form
        // that a newer release has made is not a mistake.
        if let Some((_, error)) = shelf.unopened().iter().find(|(_, error)| *error != KeyError::SigningKey) {
            return Err((*error).into());
        }
        let Outside { store, scratch, clock, entropy, hasher, mailer, known_passwords: known, courier } =
            outside;
        Ok(Self {
            store,
            scratch,
            clock,
            entropy,
            hasher,
            mailer,
            known,
            courier,
            keys,
            shelf: RwLock::new(Arc::new(shelf)),
            policy,
            algorithm_settled: AtomicBool::new(false),
            keep_millis: AtomicU64::new(whole_millis(keep)),
            audit_seen: AtomicU64::new(0),
            seen_ready: AtomicI64::new(i64::MIN),
            tallies: Tallies::default(),
            counters: Counters::default(),
            around: RwLock::new(None),
        })
    }
}
