//! The janitor: writes down what has expired, forgets what is long over, a small batch at a time.
//!
//! 1. Sessions whose time is up get their ending and its event, at the moment when it happened.
//! 2. Sessions that ended long ago are deleted; never a live one.
//! 3. Links that have expired are deleted, devices not seen for long, and entries of the revocation feed that concern no token
//!    any more, of this server or another (`crate::revocations`). Events that are older than they are kept are forgotten with
//!    the part of the audit log that they are in (`crate::audit`).
//! 4. So are figures and answers that are kept for a while only (`crate::tallies`, [`crate::desk::answers`]), and deliveries to
//!    webhooks that were given up long ago, or whose webhook is gone.
//! 5. Signing keys are rotated and forgotten as their schedule has it (`crate::signing`).
//!
//! Correctness never waits for it: an expired session is refused whether or not the janitor has come by.

use crate::desk::answers;
use crate::failure::Failure;
use crate::{Rotunda, tallies};

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
    /// Deliveries deleted that were given up, or whose webhook is gone.
    pub deliveries: u32,
    /// Figures deleted.
    pub tallies: u32,
    /// Answers deleted that could be given again until then.
    pub answers: u32,
}

impl Swept {
    /// Whether there is likely more to do at once.
    #[must_use]
    pub fn is_full(self) -> bool {
        let forgotten = [
            self.sessions,
            self.links,
            self.devices,
            self.revocations,
            self.deliveries,
            self.tallies,
            self.answers,
        ];
        // A step of the audit log is as long as it is.
        self.events > 0 || self.expired == BATCH || forgotten.contains(&BATCH)
    }
}

impl Rotunda {
    /// One small step. Call it again at once while [`Swept::is_full`], otherwise in a while.
    ///
    /// # Errors
    /// When the store does not answer; the next step will do. And when old events could not be forgotten, as soon as there is
    /// nothing else left to do.
    pub async fn sweep(&self) -> Result<Swept, Failure> {
        let step = self.sweep_once().await;
        match &step {
            Ok(swept) => self.counters.swept(swept),
            Err(_) => self.counters.not_swept(),
        }
        step
    }

    async fn sweep_once(&self) -> Result<Swept, Failure> {
        let now = self.clock.now();
        self.agree_on_keep().await?;
        let mut swept = Swept {
            expired: self.store.expire(now, BATCH).await?,
            sessions: self.store.forget_ended(now.minus(self.policy.keep_ended), BATCH).await?,
            events: 0,
            links: self.store.forget_links(now, BATCH).await?,
            devices: self.store.forget_devices(now.minus(self.policy.keep_devices), BATCH).await?,
            revocations: self.store.forget_revocations(now.minus(self.keep_revocations()), BATCH).await?,
            deliveries: self.forget_dead_deliveries(BATCH).await?,
            tallies: self.store.forget_tallies(now.minus(tallies::KEEP), BATCH).await?,
            answers: self.store.forget_answers(now.minus(answers::KEEP), BATCH).await?,
        };
        // Last: whatever is wrong with the audit log or with keys keeps nothing else from being tidied up.
        let forgotten = self.forget_audit().await;
        self.keep_keys().await?;
        match forgotten {
            Ok(events) => swept.events = events,
            // It is said with the last step: whoever hears of it rests, and there is more to do at once.
            Err(_) if swept.is_full() => {}
            Err(failure) => return Err(failure),
        }
        Ok(swept)
    }
}
