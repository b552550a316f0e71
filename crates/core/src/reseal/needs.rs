//! What still needs a master key: counted before it is taken out of its file.
//!
//! 1. What is sealed under it: signing keys, and the secrets of webhooks. They are sealed anew by [`Rotunda::reseal`].
//! 2. Live sessions whose token, or the one before that, was made under it. They move by themselves, with their second refresh.
//! 3. Places of the audit log that it has signed. Without it nobody can check them, and on a head that nobody can check nothing
//!    is chained.
//!
//! Under which key the link of a letter was made, and an answer kept for its `Idempotency-Key`, the store does not tell. But with
//! the key in force a server signs a place of the log every hour, and such a place is kept for longer than those: where none is
//! left of a key, neither is anything of them.

use super::Rotunda;
use crate::failure::Failure;
use crate::model::UnixMillis;
use crate::store::{AuditEnds, Page, SessionSearch};

/// How many rows are read at once.
const AT_ONCE: u32 = 500;

/// How many there are of a kind, and until when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needing {
    /// How many.
    pub count: u64,
    /// When the last of them is over, if nothing happens to it; `None` where there is none.
    pub until: Option<UnixMillis>,
}

impl Needing {
    fn add(&mut self, until: UnixMillis) {
        self.count += 1;
        self.until = self.until.max(Some(until));
    }
}

/// What needs a master key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// Signing keys that are sealed under it.
    pub signing_keys: u64,
    /// Webhooks whose secret is.
    pub webhooks: u64,
    /// Live sessions.
    pub sessions: Needing,
    /// Places of the audit log.
    pub places: Needing,
}

impl Needs {
    /// Whether nothing does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { signing_keys, webhooks, sessions, places } = self;
        [*signing_keys, *webhooks, sessions.count, places.count] == [0; 4]
    }
}

impl Rotunda {
    /// Counts what needs the master key of that id.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn needs_master(&self, id: u8) -> Result<Needs, Failure> {
        let signing_keys = self.store.signing_keys().await?;
        let webhooks = self.store.webhooks().await?;
        Ok(Needs {
            signing_keys: signing_keys.iter().filter(|key| key.master_id == id).count() as u64,
            webhooks: webhooks.iter().filter(|webhook| webhook.secret.key_id == id).count() as u64,
            sessions: self.sessions_under(id).await?,
            places: self.places_under(id).await?,
        })
    }

    async fn sessions_under(&self, id: u8) -> Result<Needing, Failure> {
        let (now, mut found, mut after) = (self.clock.now(), Needing::default(), None);
        let live = SessionSearch { live: Some(true), ..SessionSearch::default() };
        loop {
            let Page { rows, next } = self.store.search_sessions(live.clone(), now, after, AT_ONCE).await?;
            for facts in rows.iter().filter(|facts| facts.ending_at(now).is_none()) {
                let lineage = &facts.session.lineage;
                if [lineage.key_id, lineage.previous_key_id].contains(&id) {
                    found.add(facts.session.expires_at());
                }
            }
            match next {
                Some(place) => after = Some(place),
                None => return Ok(found),
            }
        }
    }

    async fn places_under(&self, id: u8) -> Result<Needing, Failure> {
        let mut found = Needing::default();
        let AuditEnds { floor, head } = self.store.audit_ends().await?;
        let mut marks: Vec<_> = floor.into_iter().chain(head).collect();
        let mut after = 0;
        loop {
            for mark in marks.iter().filter(|mark| mark.key_id == id) {
                found.add(mark.at.plus(self.policy.keep_events));
            }
            marks = self.store.checkpoints(after, AT_ONCE).await?;
            match marks.last() {
                Some(last) => after = last.seq,
                None => return Ok(found),
            }
        }
    }
}
