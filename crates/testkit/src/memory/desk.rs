//! Figures by the hour, and answers that are given twice.

use std::collections::btree_map::Entry;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Tally, UnixMillis};
use rotunda_core::store::{AnswerBegun, AnswerKey, Desk, KeptAnswer};

use super::{MemoryState, MemoryStore};

/// A request that was begun.
#[derive(Clone)]
pub struct Note {
    /// A digest of what was asked.
    pub request: [u8; 32],
    /// When.
    pub at: UnixMillis,
    /// The answer, once there is one.
    pub answer: Option<KeptAnswer>,
}

#[async_trait]
impl Desk for MemoryStore {
    async fn add_tallies(&self, hour: UnixMillis, more: Vec<(Tally, u64)>) -> Result<(), Failure> {
        let mut state = self.open()?;
        for (tally, count) in more {
            *state.tallies.entry((hour, tally)).or_default() += count;
        }
        Ok(())
    }

    async fn tallies(&self, from: UnixMillis) -> Result<Vec<(UnixMillis, Tally, u64)>, Failure> {
        let mut tallies = self.open()?.tallies_by_name();
        tallies.retain(|(hour, ..)| *hour >= from);
        Ok(tallies)
    }

    async fn forget_tallies(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let mut forgotten = 0;
        self.open()?.tallies.retain(|(hour, _), _| {
            let goes = *hour < before && forgotten < limit;
            forgotten += u32::from(goes);
            !goes
        });
        Ok(forgotten)
    }

    async fn begin_answer(
        &self,
        key: AnswerKey,
        now: UnixMillis,
        lost: UnixMillis,
    ) -> Result<AnswerBegun, Failure> {
        let mut state = self.open()?;
        let begun = Note { request: key.request, at: now, answer: None };
        let known = match state.answers.entry(key.key) {
            Entry::Vacant(place) => {
                place.insert(begun);
                return Ok(AnswerBegun::New);
            }
            Entry::Occupied(known) => known.into_mut(),
        };
        if known.answer.is_none() && known.at < lost {
            *known = begun;
            return Ok(AnswerBegun::New);
        }
        Ok(match known.answer.clone() {
            _ if known.request != key.request => AnswerBegun::Another,
            Some(answer) => AnswerBegun::Again(answer),
            None => AnswerBegun::UnderWay,
        })
    }

    async fn finish_answer(&self, key: AnswerKey, answer: KeptAnswer) -> Result<(), Failure> {
        let mut state = self.open()?;
        if let Some(note) = state.answers.get_mut(&key.key).filter(|note| is_open(note, &key)) {
            note.answer = Some(answer);
        }
        Ok(())
    }

    async fn drop_answer(&self, key: AnswerKey) -> Result<(), Failure> {
        let mut state = self.open()?;
        if state.answers.get(&key.key).is_some_and(|note| is_open(note, &key)) {
            state.answers.remove(&key.key);
        }
        Ok(())
    }

    async fn forget_answers(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let mut forgotten = 0;
        self.open()?.answers.retain(|_, note| {
            let goes = note.at < before && forgotten < limit;
            forgotten += u32::from(goes);
            !goes
        });
        Ok(forgotten)
    }
}

impl MemoryState {
    /// All figures, by hour and name.
    pub(super) fn tallies_by_name(&self) -> Vec<(UnixMillis, Tally, u64)> {
        let mut tallies: Vec<_> =
            self.tallies.iter().map(|((hour, tally), count)| (*hour, *tally, *count)).collect();
        tallies.sort_by_key(|(hour, tally, _)| (*hour, tally.as_str()));
        tallies
    }
}

fn is_open(note: &Note, key: &AnswerKey) -> bool {
    note.request == key.request && note.answer.is_none()
}
