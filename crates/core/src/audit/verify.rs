//! The whole log, walked from its floor to its head.
//!
//! 1. Floor and head are read, and their signatures checked; and what there is at the floor and before it (`floor.rs`).
//! 2. Events and checkpoints are read page by page and handed to the walk (`walk.rs`); little of it is in memory at a time: the
//!    ids of users who were deleted, and what was found.
//! 3. The log grows meanwhile: the walk goes on until the head stands still. What lies behind it is a moment old and not chained.
//! 4. The log is forgotten meanwhile: where the floor has moved under a walk that has found something, it begins again there.

use std::sync::Arc;

use super::reading::{Entry, Reading};
use super::walk::Walk;
use super::{Fault, Finding};
use crate::Rotunda;
use crate::failure::Failure;
use crate::model::{AuditMark, EventKind, UnixMillis};
use crate::store::{AuditEnds, KeptMark};

/// How often the walk goes on or begins again before it gives up.
const ROUNDS: u32 = 50;

/// What was found of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// How many events were walked past.
    pub events: u64,
    /// How many events are not chained yet; in a file, none.
    pub unchained: u64,
    /// When the oldest of them happened.
    pub unchained_since: Option<UnixMillis>,
    /// Where the log begins; `None` at the start of everything.
    pub from: Option<AuditMark>,
    /// Where it ends; `None` where nothing is chained.
    pub to: Option<AuditMark>,
    /// What is wrong with it, the first hundred.
    pub findings: Vec<Finding>,
    /// How much is wrong with it.
    pub found: u64,
    /// How many marks from elsewhere tell of what was forgotten since: there is nothing left to compare them with.
    pub forgotten: u64,
    /// In a file: how many events were met without an address whose users' ends are not in it.
    pub unexplained: u64,
    /// In a file: the public keys that its marks bear, where none were given to check them with.
    pub bears: Vec<[u8; 32]>,
}

/// What lies behind the head.
struct Tail {
    unchained: u64,
    since: Option<UnixMillis>,
}

impl Rotunda {
    /// Verifies the log, with marks that were kept elsewhere if there are any. Tells the progress now and then as the place that
    /// it has come to.
    ///
    /// # Errors
    /// When the store does not answer. What is wrong with the log is no error but a finding.
    pub async fn verify_audit(
        &self,
        elsewhere: &[(KeptMark, AuditMark)],
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Verified, Failure> {
        for _ in 0..ROUNDS {
            let begun = self.store.audit_ends().await?;
            let verified = self.walk_all(&begun, elsewhere, progress).await?;
            let now = self.store.audit_ends().await?;
            if verified.found == 0 || now.floor == begun.floor {
                return Ok(verified);
            }
        }
        Err(Failure::overload("verifying the audit log"))
    }

    async fn walk_all(
        &self,
        begun: &AuditEnds,
        elsewhere: &[(KeptMark, AuditMark)],
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Verified, Failure> {
        let mut elsewhere = elsewhere.to_vec();
        let mut walk = self.begin_walk(begun.floor.as_ref(), &mut elsewhere).await?;
        let mut reading = Reading::new(Arc::clone(&self.store), walk.seq, elsewhere);
        let mut head = begun.head.clone();
        for _ in 0..ROUNDS {
            self.walk_to(&mut walk, &mut reading, head.as_ref(), progress).await?;
            let mut found = Vec::new();
            let tail = self.tail(&mut walk, head.as_ref(), &mut found).await?;
            let now = self.store.audit_ends().await?.head;
            if now == head {
                found.into_iter().for_each(|Finding { seq, fault }| walk.find(seq, fault));
                return Ok(self.arrived(walk, &reading, begun.floor.clone(), head, &tail));
            }
            head = now;
        }
        Err(Failure::overload("verifying the audit log"))
    }

    async fn walk_to(
        &self,
        walk: &mut Walk,
        reading: &mut Reading,
        head: Option<&AuditMark>,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(), Failure> {
        while let Some(entries) = reading.page(head.map_or(0, |head| head.seq)).await? {
            for entry in entries {
                match entry {
                    Entry::Event(event) => walk.event(&event),
                    Entry::Mark(kept, mark) => walk.mark(kept, &mark, self.keys.check_mark(kept, &mark)),
                    Entry::Unreadable(seq, why) => walk.unreadable(seq, why),
                }
            }
            progress(walk.seq);
        }
        Ok(())
    }

    /// What lies behind the head: events that are not chained yet, and nothing else.
    async fn tail(
        &self,
        walk: &mut Walk,
        head: Option<&AuditMark>,
        found: &mut Vec<Finding>,
    ) -> Result<Tail, Failure> {
        let end = head.map_or(0, |head| head.seq);
        for mark in self.store.checkpoints(end, 1).await? {
            found.push(Finding { seq: mark.seq, fault: Fault::Beyond(KeptMark::Checkpoint) });
        }
        let mut tail = Tail { unchained: 0, since: None };
        let mut reading = Reading::new(Arc::clone(&self.store), end, Vec::new()).without_marks();
        while let Some(entries) = reading.page(u64::MAX).await? {
            for entry in entries {
                match entry {
                    Entry::Event(event) if event.link.is_some() => {
                        found.push(Finding { seq: event.seq, fault: Fault::AfterHead });
                    }
                    Entry::Event(event) => {
                        tail.unchained = tail.unchained.saturating_add(1);
                        tail.since = tail.since.or(Some(event.event.at));
                        if let (EventKind::UserDeleted, Some(user)) = (event.event.kind, event.event.user_id)
                        {
                            walk.deleted(user);
                        }
                    }
                    Entry::Unreadable(seq, why) => {
                        found.push(Finding { seq, fault: Fault::Unreadable(why) });
                    }
                    Entry::Mark(..) => {}
                }
            }
            found.truncate(super::walk::MOST_TOLD);
        }
        Ok(tail)
    }

    fn arrived(
        &self,
        mut walk: Walk,
        reading: &Reading,
        from: Option<AuditMark>,
        to: Option<AuditMark>,
        tail: &Tail,
    ) -> Verified {
        match (&to, &from) {
            (Some(head), _) => walk.mark(KeptMark::Head, head, self.keys.check_mark(KeptMark::Head, head)),
            (None, Some(floor)) => walk.find(floor.seq, Fault::NoHead),
            (None, None) => {}
        }
        for (kept, mark) in reading.left_over() {
            let fault = self.keys.check_mark(*kept, mark).err();
            walk.find(mark.seq, fault.map_or(Fault::Beyond(*kept), |fault| Fault::Mark(*kept, fault)));
        }
        for seq in walk.unexplained() {
            walk.find(seq, Fault::Erased);
        }
        let Walk { events, forgotten, findings, found, .. } = walk;
        let (unchained, unchained_since) = (tail.unchained, tail.since);
        let (unexplained, bears) = (0, Vec::new());
        Verified {
            events,
            unchained,
            unchained_since,
            from,
            to,
            findings,
            found,
            forgotten,
            unexplained,
            bears,
        }
    }
}
