//! The log as JSON Lines: for archives, other systems, and whoever wants to check it without us.
//!
//! 1. The first line is a signed place, the floor or a checkpoint, or says that it is the start; the last one is a checkpoint; there are
//!    more of them between. All other lines are events, each with what it takes to compute its hash.
//! 2. An export of a time begins with the last signed place before it and ends with the first one after it: it has a few
//!    events more than were asked for, and each of them can be checked.
//! 3. The log may be forgotten under a slow reader. The floor is looked at after each page: where it has passed the beginning of that
//!    page, events may be missing from it, and the export ends with an error.
//! 4. Whoever checks one computes the chain from the first line to the last. The public key comes from elsewhere: the one in the
//!    file says no more than that the file is of one piece.

mod check;
mod lines;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use check::{BadLine, ExportCheck};
pub use lines::MarkLine;

use super::reading::{Entry, Reading};
use crate::Rotunda;
use crate::failure::Failure;
use crate::model::{AuditMark, UnixMillis};
use crate::store::{KeptMark, Store};

const DOING: &str = "exporting the audit log";
/// How far the clocks of servers may be apart, and how long an event may wait for being chained.
pub(super) const SLACK: Duration = Duration::from_secs(60);

/// An export under way.
pub struct AuditExport {
    store: Arc<dyn Store>,
    reading: Reading,
    /// The line that comes next, before more is read.
    next: Option<String>,
    until: Option<UnixMillis>,
    /// Whether an event has come by that happened after `until`.
    is_past: bool,
    /// The last place that was told as signed.
    marked: u64,
    /// The end of the log, signed as a checkpoint.
    end: Option<(MarkLine, u64)>,
    public_keys: BTreeMap<u8, [u8; 32]>,
}

impl Rotunda {
    /// Begins an export of what was chained until now, of the events from one moment until before another, where they are said.
    ///
    /// # Errors
    /// When the store does not answer, or the floor or the head is not ours: such a log is verified, not exported.
    pub(crate) async fn export_audit(
        &self,
        from: Option<UnixMillis>,
        until: Option<UnixMillis>,
    ) -> Result<AuditExport, Failure> {
        let ends = self.store.audit_ends().await?;
        let (kept, begin) = self.beginning(ends.floor, from).await?;
        let place = begin.as_ref().map_or(0, |mark| mark.seq);
        let first = begin.map_or_else(MarkLine::start, |mark| self.mark_line(kept, &mark));
        let end = match ends.head {
            Some(head) => Some((self.checkpoint_of(&head)?, head.seq)),
            None => None,
        };
        let public_keys = self.keys.audit_keys();
        let reading = Reading::new(Arc::clone(&self.store), place, Vec::new());
        Ok(AuditExport {
            store: Arc::clone(&self.store),
            reading,
            next: Some(first.json()),
            until,
            is_past: false,
            marked: place,
            end,
            public_keys,
        })
    }

    /// The end of the log as a checkpoint to keep elsewhere; `None` where nothing is chained yet.
    ///
    /// # Errors
    /// When the store does not answer, or the head is not ours.
    pub async fn audit_checkpoint(&self) -> Result<Option<MarkLine>, Failure> {
        let head = self.store.audit_ends().await?.head;
        head.map(|head| self.checkpoint_of(&head)).transpose()
    }

    /// A mark as a line.
    #[must_use]
    pub fn mark_line(&self, kept: KeptMark, mark: &AuditMark) -> MarkLine {
        MarkLine::of(kept, mark, self.keys.audit_key(mark.key_id))
    }

    /// Signed again as a checkpoint: what was signed as a head leaves the store never, because it could be put back as one.
    fn checkpoint_of(&self, head: &AuditMark) -> Result<MarkLine, Failure> {
        let checked = self.keys.check_mark(KeptMark::Head, head);
        checked.map_err(|fault| Failure::broken(DOING, fault))?;
        let mark = self.keys.sign_mark(KeptMark::Checkpoint, (head.seq, head.hash), self.clock.now())?;
        Ok(self.mark_line(KeptMark::Checkpoint, &mark))
    }

    /// The last signed place before a moment.
    async fn beginning(
        &self,
        floor: Option<AuditMark>,
        from: Option<UnixMillis>,
    ) -> Result<(KeptMark, Option<AuditMark>), Failure> {
        const AT_ONCE: u32 = 1_000;
        let (mut kept, mut begin) = (KeptMark::Floor, floor);
        let Some(from) = from.map(|from| from.minus(SLACK)) else { return Ok((kept, begin)) };
        let mut place = begin.as_ref().map_or(0, |mark| mark.seq);
        loop {
            let more = self.store.checkpoints(place, AT_ONCE).await?;
            let is_over = more.len() < AT_ONCE as usize;
            for mark in more {
                if mark.at >= from {
                    return Ok((kept, begin));
                }
                place = mark.seq;
                (kept, begin) = (KeptMark::Checkpoint, Some(mark));
            }
            if is_over {
                return Ok((kept, begin));
            }
        }
    }
}

impl AuditExport {
    /// The next lines, each with its end; `None` when all was said.
    ///
    /// # Errors
    /// When the store does not answer, or has an event that cannot be read; and when the log was forgotten meanwhile beyond what
    /// was exported. What was told until then is not whole.
    pub async fn next(&mut self) -> Result<Option<String>, Failure> {
        if let Some(line) = self.next.take() {
            return Ok(Some(line));
        }
        let Some((_, end)) = self.end else { return Ok(None) };
        let begun = self.reading.place();
        let Some(entries) = self.reading.page(end).await? else {
            let marked = self.marked;
            return Ok(self.end.take().filter(|(_, end)| *end > marked).map(|(mark, _)| mark.json()));
        };
        self.still_has(begun).await?;
        let mut lines = String::new();
        for entry in entries {
            match entry {
                Entry::Event(event) => {
                    self.is_past |= self.until.is_some_and(|until| event.event.at >= until.plus(SLACK));
                    lines.push_str(&lines::event(&event));
                }
                Entry::Mark(kept, mark) => {
                    lines.push_str(
                        &MarkLine::of(kept, &mark, self.public_keys.get(&mark.key_id).copied()).json(),
                    );
                    self.marked = mark.seq;
                    if self.is_past {
                        self.end = None;
                        break;
                    }
                }
                Entry::Unreadable(seq, why) => {
                    return Err(Failure::broken(DOING, format!("event {seq} cannot be read: {why}")));
                }
            }
        }
        Ok(Some(lines))
    }

    /// Step 3: whether the log has everything after that place.
    async fn still_has(&self, begun: u64) -> Result<(), Failure> {
        match self.store.audit_ends().await?.floor.filter(|floor| floor.seq > begun) {
            None => Ok(()),
            Some(AuditMark { seq, .. }) => {
                let text = format!(
                    "events up to {seq} were forgotten meanwhile, and the export had come to {begun}: begin it anew"
                );
                Err(Failure::unavailable(DOING, text))
            }
        }
    }
}
