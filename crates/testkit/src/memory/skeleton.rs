//! Rows of sessions that may be behind.

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Session, Standing, UnixMillis};
use rotunda_core::store::{Moved, Skeletons};

use super::MemoryStore;

#[async_trait]
impl Skeletons for MemoryStore {
    async fn settle(&self, moved: Vec<Moved>) -> Result<u32, Failure> {
        let mut state = self.open()?;
        let mut settled = 0;
        for moved in moved {
            let Some(session) = state.sessions.get_mut(&moved.id) else { continue };
            let newer = session.lineage.generation > moved.lineage.generation;
            if session.standing == Standing::Live && !newer {
                let settled_one = moved.put_into(session.clone());
                let idle_expires_at = settled_one.idle_expires_at.min(session.absolute_expires_at);
                *session = Session { idle_expires_at, ..settled_one };
                settled += 1;
            }
        }
        Ok(settled)
    }

    async fn due(&self, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure> {
        let state = self.open()?;
        let due = |session: &&Session| session.standing == Standing::Live && !state.lives(session, now);
        Ok(state.sessions.values().filter(due).take(limit as usize).cloned().collect())
    }
}
