//! Events and checkpoints in one order, a page at a time, however many there are.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;

use crate::failure::Failure;
use crate::model::{AuditMark, RecordedEvent};
use crate::store::{KeptMark, Store};

/// How many events a page has.
const PAGE: u32 = 1_000;
/// After so many rows that cannot be read, the store is broken and not altered.
const MOST_UNREADABLE: u32 = 100;

/// What comes by.
pub(super) enum Entry {
    /// An event.
    Event(RecordedEvent),
    /// A place that was signed: after the event of that place.
    Mark(KeptMark, AuditMark),
    /// An event that cannot be read, about here, and why.
    Unreadable(u64, String),
}

/// Somebody who reads on.
pub(super) struct Reading {
    store: Arc<dyn Store>,
    /// Events up to here were read.
    place: u64,
    checkpoints: VecDeque<AuditMark>,
    /// Checkpoints up to here were read.
    marked: u64,
    elsewhere: VecDeque<(KeptMark, AuditMark)>,
    /// How many of the next events are read one by one, because one of them cannot be read.
    singly: u32,
    unreadable: u32,
}

impl Reading {
    /// After that place; marks that were kept elsewhere are read among the checkpoints.
    pub(super) fn new(store: Arc<dyn Store>, after: u64, mut elsewhere: Vec<(KeptMark, AuditMark)>) -> Self {
        elsewhere.sort_by_key(|(_, mark)| mark.seq);
        let elsewhere = elsewhere.into();
        let checkpoints = VecDeque::new();
        Self { store, place: after, checkpoints, marked: after, elsewhere, singly: 0, unreadable: 0 }
    }

    /// Without checkpoints.
    pub(super) fn without_marks(mut self) -> Self {
        self.marked = u64::MAX;
        self
    }

    /// Up to where events were read.
    pub(super) fn place(&self) -> u64 {
        self.place
    }

    /// The next page, up to that place; `None` when it is reached.
    pub(super) async fn page(&mut self, until: u64) -> Result<Option<Vec<Entry>>, Failure> {
        if self.place >= until {
            return Ok(None);
        }
        let (mut entries, last) = self.events(until).await?;
        self.place = last;
        self.read_checkpoints(last).await?;
        let mut marks: Vec<(KeptMark, AuditMark)> = Vec::new();
        while let Some(mark) = self.checkpoints.pop_front_if(|mark| mark.seq <= last) {
            marks.push((KeptMark::Checkpoint, mark));
        }
        while let Some(mark) = self.elsewhere.pop_front_if(|(_, mark)| mark.seq <= last) {
            marks.push(mark);
        }
        entries.extend(marks.into_iter().map(|(kept, mark)| Entry::Mark(kept, mark)));
        // Stable: an event stays before a mark of its place.
        entries.sort_by_key(Entry::seq);
        Ok(Some(entries))
    }

    /// What was signed elsewhere and not come by.
    pub(super) fn left_over(&self) -> impl Iterator<Item = &(KeptMark, AuditMark)> {
        self.elsewhere.iter()
    }

    /// Events, and the place up to which they were read.
    async fn events(&mut self, until: u64) -> Result<(Vec<Entry>, u64), Failure> {
        let limit = if self.singly > 0 { 1 } else { PAGE };
        match self.store.events(self.place, limit).await {
            Ok(events) => {
                self.singly = self.singly.saturating_sub(1);
                let is_full = events.len() >= limit as usize;
                let last = events.last().filter(|_| is_full).map_or(until, |last| last.seq.min(until));
                let events = events.into_iter().filter(|event| event.seq <= until);
                Ok((events.map(Entry::Event).collect(), last))
            }
            Err(failure) if failure.is_temporary() || self.unreadable >= MOST_UNREADABLE => Err(failure),
            Err(_) if limit > 1 => {
                self.singly = PAGE;
                Ok((vec![], self.place))
            }
            Err(failure) => {
                self.unreadable = self.unreadable.saturating_add(1);
                let (why, next) = (told(&failure), self.place.saturating_add(1));
                Ok((vec![Entry::Unreadable(next, why)], next))
            }
        }
    }

    async fn read_checkpoints(&mut self, until: u64) -> Result<(), Failure> {
        const AT_ONCE: u32 = 100;
        while self.marked < until {
            let more = self.store.checkpoints(self.marked, AT_ONCE).await?;
            // Those that are kept later than this are read with the next page.
            self.marked = match more.last() {
                Some(last) if more.len() >= AT_ONCE as usize => last.seq,
                _ => until.max(more.last().map_or(0, |last| last.seq)),
            };
            self.checkpoints.extend(more);
        }
        Ok(())
    }
}

impl Entry {
    fn seq(&self) -> u64 {
        match self {
            Self::Event(event) => event.seq,
            Self::Mark(_, mark) => mark.seq,
            Self::Unreadable(seq, _) => *seq,
        }
    }
}

/// What a store says of what it cannot read.
pub(super) fn told(failure: &Failure) -> String {
    failure.source().map_or_else(|| failure.to_string(), ToString::to_string)
}
