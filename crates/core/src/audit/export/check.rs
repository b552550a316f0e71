//! Checking an export, without a database.
//!
//! 1. The first line is a signed place, or the start.
//! 2. Each line goes into the walk (`crate::audit::walk`) in its order.
//! 3. The last line is a signed place, with the last event: otherwise something was cut off.

use std::collections::BTreeSet;

use super::super::mark::check;
use super::super::walk::Walk;
use super::super::{Fault, MarkFault, Verified};
use super::lines::{self, MarkLine};
use crate::model::AuditMark;
use crate::store::KeptMark;

/// A line that is none of an export's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadLine {
    /// Which one; the first is 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}

/// Somebody who checks an export, line by line.
pub struct ExportCheck {
    keys: Vec<[u8; 32]>,
    walk: Option<Walk>,
    from: Option<AuditMark>,
    to: Option<AuditMark>,
    /// Whether the last line was a signed place.
    is_closed: bool,
    lines: u64,
    bears: BTreeSet<[u8; 32]>,
}

impl ExportCheck {
    /// The longest line that is one.
    pub const MOST_BYTES: usize = 64 * 1024;

    /// With the public keys that its marks may be signed with. Without any, each is checked with the one that it bears.
    #[must_use]
    pub fn new(keys: Vec<[u8; 32]>) -> Self {
        let bears = BTreeSet::new();
        Self { keys, walk: None, from: None, to: None, is_closed: false, lines: 0, bears }
    }

    /// A public key as `rotunda audit checkpoint` tells it.
    #[must_use]
    pub fn public_key(text: &str) -> Option<[u8; 32]> {
        lines::public_key(text)
    }

    /// The next line.
    ///
    /// # Errors
    /// When it is none of an export.
    pub fn line(&mut self, text: &str) -> Result<(), BadLine> {
        self.lines = self.lines.saturating_add(1);
        let line = self.lines;
        self.take(text.trim_end()).map_err(|what| BadLine { line, what })
    }

    fn take(&mut self, text: &str) -> Result<(), String> {
        if !text.starts_with("{\"mark\"") {
            let event = lines::parse_event(text)?;
            let walk =
                self.walk.as_mut().ok_or("the first line of an export is a signed place, or the start")?;
            self.is_closed = false;
            walk.event(&event);
            return Ok(());
        }
        let line = MarkLine::parse(text)?;
        let signed = line.signed()?;
        let verdict = signed.as_ref().map(|(kept, mark)| self.check(&line, *kept, mark));
        let walk = match self.walk.take() {
            Some(walk) => walk,
            None if signed.is_none() && line != MarkLine::start() => {
                return Err("the start has the place 0 and a hash of zeros".to_owned());
            }
            None => {
                self.from = signed.as_ref().map(|(_, mark)| mark.clone());
                Walk::begin(self.from.as_ref())
            }
        };
        let walk = self.walk.insert(walk);
        if let (Some((kept, mark)), Some(verdict)) = (signed, verdict) {
            walk.mark(kept, &mark, verdict);
            (self.to, self.is_closed) = (Some(mark), true);
        } else if walk.events > 0 {
            return Err("the start comes first".to_owned());
        }
        Ok(())
    }

    fn check(&mut self, line: &MarkLine, kept: KeptMark, mark: &AuditMark) -> Result<(), MarkFault> {
        if !self.keys.is_empty() {
            let good = self.keys.iter().any(|key| check(key, kept, mark).is_ok());
            return if good { Ok(()) } else { Err(MarkFault::Signature) };
        }
        let key = line.key().ok_or(MarkFault::UnknownKey(mark.key_id))?;
        // Whoever takes part in an export has few master keys; a file may say anything.
        if self.bears.len() < 256 {
            self.bears.insert(key);
        }
        check(&key, kept, mark)
    }

    /// What was found, when all lines have come by.
    ///
    /// # Errors
    /// For a file without a line.
    pub fn finish(self) -> Result<Verified, BadLine> {
        let Self { walk, from, to, is_closed, lines, bears, .. } = self;
        let what = || BadLine { line: lines, what: "there is nothing in this file".to_owned() };
        let mut walk = walk.ok_or_else(what)?;
        if !is_closed && walk.events > 0 {
            walk.find(walk.seq, Fault::Open);
        }
        let unexplained = u64::try_from(walk.unexplained().len()).unwrap_or(u64::MAX);
        let Walk { events, findings, found, .. } = walk;
        let bears = bears.into_iter().collect();
        let (unchained, unchained_since, forgotten) = (0, None, 0);
        Ok(Verified {
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
        })
    }
}
