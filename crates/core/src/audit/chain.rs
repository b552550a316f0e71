//! One step: what was written meanwhile is chained, and the new head signed.
//!
//! 1. The head is read, and believed only with a good signature: a step on a head that somebody has put there would sign what
//!    they have written.
//! 2. The events after it are read. If one of them is chained already, the head is an older one that was put back.
//! 3. Each gets a salt if it came from somewhere, its commitment and its hash; the last hash is the new head. With a new hour or a new thousand it is also
//!    kept as a checkpoint.
//! 4. All of it is one write, which takes along the head that it rests on: of two servers, one chains.
//! 5. Where nothing happens, the head is signed anew every hour, and kept if it is not: so what is old can be forgotten, and
//!    everybody sees that the log is looked after.

use std::sync::atomic::Ordering;

use super::canonical;
use crate::Rotunda;
use crate::failure::Failure;
use crate::model::{AuditMark, ChainLink, RecordedEvent, UnixMillis};
use crate::store::{Chaining, KeptMark};

/// How many events one step chains.
pub(super) const AT_ONCE: u32 = 500;
/// With every so many events a checkpoint is kept.
const EVENTS: u64 = 1_000;
/// With every so many milliseconds a checkpoint is kept.
const HOUR: i64 = 3_600_000;

const DOING: &str = "chaining the audit log";

/// What a step did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chained {
    /// How many events were chained.
    pub events: u32,
    /// The checkpoint that was kept: to be logged, so that it stands elsewhere too.
    pub checkpoint: Option<AuditMark>,
    /// Whether there is likely more to chain at once.
    pub is_full: bool,
}

impl Rotunda {
    /// One step. Call it again at once while it [is full](Chained::is_full), otherwise about a second later.
    ///
    /// # Errors
    /// When the store does not answer, which the next step makes good; and [`Failure::is_temporary`] `false` when somebody has
    /// altered the head or put it back. Then nothing is chained until that is looked into, and nothing is lost; a log that has
    /// become shorter is chained by no server that has seen it longer, until that one is started again.
    pub async fn chain_audit(&self) -> Result<Chained, Failure> {
        let head = self.audit_head().await?;
        let place = head.as_ref().map_or(0, |head| head.seq);
        let events = self.store.events(place, AT_ONCE).await?;
        if events.iter().any(|event| event.link.is_some()) {
            return self.overtaken(head).await;
        }
        let now = self.clock.now();
        match events.last() {
            Some(last) => self.extend(head, &events, last.seq, now).await,
            None => self.stand(head, now).await,
        }
    }

    /// Step 1. A server remembers how far the log was: a shorter one is an older one. It remembers the farthest, so that it does
    /// not sign a moment later what it has just refused.
    async fn audit_head(&self) -> Result<Option<AuditMark>, Failure> {
        let head = self.store.audit_ends().await?.head;
        if let Some(head) = &head {
            let checked = self.keys.check_mark(KeptMark::Head, head);
            checked.map_err(|fault| Failure::broken("checking the head of the audit log", fault))?;
        }
        let place = head.as_ref().map_or(0, |head| head.seq);
        let seen = self.audit_seen.fetch_max(place, Ordering::Relaxed);
        if place < seen {
            let text = format!(
                "it ends at {place} and has been at {seen}: an older one was put back. Nothing is chained until that is looked \
                 into and this server is started again"
            );
            return Err(Failure::broken("looking at the head of the audit log", text));
        }
        Ok(head)
    }

    /// Step 2: by another server, or is the head an older one?
    async fn overtaken(&self, head: Option<AuditMark>) -> Result<Chained, Failure> {
        if self.store.audit_ends().await?.head == head {
            let text = "there are chained events after the head: an older one was put back";
            return Err(Failure::broken(DOING, text));
        }
        Ok(Chained { is_full: true, ..Chained::default() })
    }

    /// Steps 3 and 4.
    async fn extend(
        &self,
        from: Option<AuditMark>,
        events: &[RecordedEvent],
        last: u64,
        now: UnixMillis,
    ) -> Result<Chained, Failure> {
        let mut salts = vec![[0; 16]; events.len()];
        self.entropy.fill(salts.as_flattened_mut())?;
        let before = from.as_ref().map_or(canonical::START, |head| head.hash);
        let (links, hash) = linked(before, events, &salts);
        let keep = is_checkpoint(from.as_ref(), last, now);
        let sign = |kept| self.keys.sign_mark(kept, (last, hash), now);
        let checkpoint = keep.then(|| sign(KeptMark::Checkpoint)).transpose()?;
        let head = sign(KeptMark::Head)?;
        let chaining = Chaining { from, links, head, checkpoint: checkpoint.clone(), now };
        let is_full = events.len() >= AT_ONCE as usize;
        if !self.store.chain(chaining).await? {
            return Ok(Chained { is_full: true, ..Chained::default() });
        }
        self.counters.chained(events);
        Ok(Chained { events: u32::try_from(events.len()).unwrap_or(AT_ONCE), checkpoint, is_full })
    }

    /// Step 5.
    async fn stand(&self, head: Option<AuditMark>, now: UnixMillis) -> Result<Chained, Failure> {
        let Some(head) = head.filter(|head| hour(head.at) != hour(now)) else {
            return Ok(Chained::default());
        };
        let kept = self.store.checkpoints(head.seq.saturating_sub(1), 1).await?;
        let is_kept = kept.first().is_some_and(|kept| kept.seq == head.seq);
        let sign = |kept| self.keys.sign_mark(kept, (head.seq, head.hash), now);
        let checkpoint = (!is_kept).then(|| sign(KeptMark::Checkpoint)).transpose()?;
        let again = sign(KeptMark::Head)?;
        let (links, kept) = (Vec::new(), checkpoint.clone());
        let chaining = Chaining { from: Some(head), links, head: again, checkpoint: kept, now };
        let stood = self.store.chain(chaining).await?;
        Ok(Chained { checkpoint: checkpoint.filter(|_| stood), ..Chained::default() })
    }
}

/// The links of events after that hash, and the hash of the last one.
pub(super) fn linked(
    before: [u8; 32],
    events: &[RecordedEvent],
    salts: &[[u8; 16]],
) -> (Vec<(u64, ChainLink)>, [u8; 32]) {
    let mut hash = before;
    let link = |(RecordedEvent { seq, event, .. }, salt): (&RecordedEvent, &[u8; 16])| {
        let salt = Some(salt).filter(|_| !canonical::is_nowhere(&event.caller));
        let commitment = salt.map_or(canonical::NOWHERE, |salt| canonical::commitment(salt, &event.caller));
        hash = canonical::hash(&hash, *seq, event, &commitment);
        (*seq, canonical::link(&hash, &commitment, salt.copied()))
    };
    let links = events.iter().zip(salts).map(link).collect();
    (links, hash)
}

/// Whether a head is kept: the first one of each thousand and of each hour.
pub(super) fn is_checkpoint(from: Option<&AuditMark>, seq: u64, now: UnixMillis) -> bool {
    from.is_none_or(|from| from.seq / EVENTS != seq / EVENTS || hour(from.at) != hour(now))
}

fn hour(at: UnixMillis) -> i64 {
    at.0.div_euclid(HOUR)
}
