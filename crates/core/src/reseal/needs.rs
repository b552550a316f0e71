//! What still needs a master key: counted before it is taken out of its file.
//!
//! 1. What is sealed under it: signing keys, and the secrets of webhooks. They are sealed anew by [`Rotunda::reseal`].
//! 2. Live sessions whose token, or the one before that, was made under it. They move by themselves, with their second refresh.
//! 3. Places of the audit log that it has signed. Without it nobody can check them, and on a head that nobody can check nothing
//!    is chained.
//!
//! 4. Links in letters, and answers kept for an `Idempotency-Key`: under which key they were made, the store does not tell in a way
//!    that can be counted. So a newer key must have signed a place of the log, and that longer ago than any of them lives
//!    ([`OUTLIVES_LINKS`]). A server that still makes them with the old key signs places of the log with it, too.

use std::time::Duration;

use super::Rotunda;
use crate::failure::Failure;
use crate::model::UnixMillis;
use crate::store::{AuditEnds, Page, SessionSearch};

/// How many rows are read at once.
const AT_ONCE: u32 = 500;
/// Links live for 30 days at most once their letter was sent, which waits for days; answers are kept for one.
pub const OUTLIVES_LINKS: Duration = Duration::from_secs(40 * 24 * 3600);

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
    /// Whether links in letters may need it: no newer key has been in use for [`OUTLIVES_LINKS`], as far as the audit log tells.
    pub maybe_links: bool,
}

impl Needs {
    /// Whether nothing does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { signing_keys, webhooks, sessions, places, maybe_links } = self;
        [*signing_keys, *webhooks, sessions.count, places.count] == [0; 4] && !maybe_links
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
        let (places, is_newer_long_in_use) = self.places_under(id).await?;
        Ok(Needs {
            signing_keys: signing_keys.iter().filter(|key| key.master_id == id).count() as u64,
            webhooks: webhooks.iter().filter(|webhook| webhook.secret.key_id == id).count() as u64,
            sessions: self.sessions_under(id).await?,
            places,
            maybe_links: !is_newer_long_in_use,
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

    /// Those that it has signed; and whether a newer one has signed any, long enough ago.
    async fn places_under(&self, id: u8) -> Result<(Needing, bool), Failure> {
        let (mut found, mut is_newer_long_in_use) = (Needing::default(), false);
        let long_ago = self.clock.now().minus(OUTLIVES_LINKS);
        let AuditEnds { floor, head } = self.store.audit_ends().await?;
        let mut marks: Vec<_> = floor.into_iter().chain(head).collect();
        let mut after = 0;
        loop {
            for mark in &marks {
                if mark.key_id == id {
                    found.add(mark.at.plus(self.policy.keep_events));
                }
                is_newer_long_in_use |= mark.key_id > id && mark.at <= long_ago;
            }
            marks = self.store.checkpoints(after, AT_ONCE).await?;
            match marks.last() {
                Some(last) => after = last.seq,
                None => return Ok((found, is_newer_long_in_use)),
            }
        }
    }
}
