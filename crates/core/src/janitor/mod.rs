//! The janitor: writes down what has expired, forgets what is long over, a small batch at a time.
//!
//! 1. Sessions whose time is up get their ending and its event, at the moment when it happened.
//! 2. Sessions that ended long ago are deleted; never a live one.
//! 3. Events that are older than they are kept are deleted, links that have expired, devices not seen for long, and entries
//!    of the revocation feed that concern no token any more, of this server or another (`crate::revocations`).
//! 4. Signing keys are rotated and forgotten as their schedule has it (`crate::signing`).
//!
//! Correctness never waits for it: an expired session is refused whether or not the janitor has come by.

use crate::Rotunda;
use crate::failure::Failure;

/// How many rows one step touches at most, so that nobody waits behind it.
const BATCH: u32 = 200;

/// What one step did.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Swept {
    /// Sessions whose expiry was written down.
    pub expired: u32,
    /// Ended sessions deleted.
    pub sessions: u32,
    /// Events deleted.
    pub events: u32,
    /// Links deleted that had expired.
    pub links: u32,
    /// Devices deleted that were not seen for long.
    pub devices: u32,
    /// Entries of the revocation feed deleted.
    pub revocations: u32,
}

impl Swept {
    /// Whether there is likely more to do at once.
    #[must_use]
    pub fn is_full(self) -> bool {
        [self.expired, self.sessions, self.events, self.links, self.devices, self.revocations]
            .contains(&BATCH)
    }
}

impl Rotunda {
    /// One small step. Call it again at once while [`Swept::is_full`], otherwise in a while.
    ///
    /// # Errors
    /// When the store does not answer; the next step will do.
    pub async fn sweep(&self) -> Result<Swept, Failure> {
        let now = self.clock.now();
        self.agree_on_keep().await?;
        let swept = Swept {
            expired: self.store.expire(now, BATCH).await?,
            sessions: self.store.forget_ended(now.minus(self.policy.keep_ended), BATCH).await?,
            events: self.store.forget_events(now.minus(self.policy.keep_events), BATCH).await?,
            links: self.store.forget_links(now, BATCH).await?,
            devices: self.store.forget_devices(now.minus(self.policy.keep_devices), BATCH).await?,
            revocations: self.store.forget_revocations(now.minus(self.keep_revocations()), BATCH).await?,
        };
        // Last: whatever is wrong with keys keeps nothing else from being tidied up.
        self.keep_keys().await?;
        Ok(swept)
    }
}
