//! Letters that wait, and links.

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Event, LetterId, Link, LinkId, QueuedLetter, UnixMillis};
use rotunda_core::store::{Post, Posting};

use super::{MemoryState, MemoryStore};

#[async_trait]
impl Post for MemoryStore {
    async fn post(&self, postings: Vec<Posting>, events: Vec<Event>) -> Result<(), Failure> {
        let mut state = self.open()?;
        state.post_all(postings);
        state.record_all(events);
        Ok(())
    }

    async fn link(&self, id: LinkId) -> Result<Option<Link>, Failure> {
        Ok(self.open()?.links.get(&id).cloned())
    }

    async fn claim_letters(
        &self,
        now: UnixMillis,
        until: UnixMillis,
        limit: u32,
    ) -> Result<Vec<QueuedLetter>, Failure> {
        let mut state = self.open()?;
        let mut claimed = state.queue();
        claimed.retain(|waiting| waiting.next_attempt_at <= now);
        claimed.truncate(limit as usize);
        for waiting in &mut claimed {
            waiting.attempts += 1;
            waiting.next_attempt_at = until;
            state.letters.insert(waiting.letter.id, waiting.clone());
            if let Some(link) = waiting.letter.link.and_then(|link| state.links.get_mut(&link.id)) {
                link.expires_at = now.plus(link.life);
            }
        }
        Ok(claimed)
    }

    async fn letter_done(&self, id: LetterId) -> Result<(), Failure> {
        self.open()?.letters.remove(&id);
        Ok(())
    }

    async fn letter_failed(
        &self,
        id: LetterId,
        again_at: UnixMillis,
        mut why: String,
    ) -> Result<(), Failure> {
        why.truncate(why.floor_char_boundary(QueuedLetter::ERROR_BYTES));
        if let Some(waiting) = self.open()?.letters.get_mut(&id) {
            waiting.next_attempt_at = again_at;
            waiting.last_error = Some(why);
        }
        Ok(())
    }

    async fn letters(&self, limit: u32) -> Result<Vec<QueuedLetter>, Failure> {
        let mut letters = self.open()?.queue();
        letters.truncate(limit as usize);
        Ok(letters)
    }

    async fn forget_links(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let mut state = self.open()?;
        let over = |link: &&Link| link.expires_at <= now;
        let due: Vec<LinkId> =
            state.links.values().filter(over).map(|link| link.id).take(limit as usize).collect();
        Ok(due.iter().map(|id| u32::from(state.links.remove(id).is_some())).sum())
    }
}

impl MemoryState {
    pub(super) fn post_all(&mut self, postings: Vec<Posting>) {
        for Posting { letter, link } in postings {
            let (attempts, next_attempt_at, last_error) = (0, letter.at, None);
            let waiting = QueuedLetter { letter, attempts, next_attempt_at, last_error };
            self.letters.insert(waiting.letter.id, waiting);
            self.links.extend(link.map(|link| (link.id, link)));
        }
    }

    /// The letters that wait, the next one first.
    fn queue(&self) -> Vec<QueuedLetter> {
        let mut queue: Vec<QueuedLetter> = self.letters.values().cloned().collect();
        queue.sort_by_key(|waiting| (waiting.next_attempt_at, waiting.letter.id));
        queue
    }
}
