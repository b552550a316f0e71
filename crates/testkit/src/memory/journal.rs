//! The outbox.

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Event, RecordedEvent, SessionId, UnixMillis, UserId};
use rotunda_core::store::Journal;

use super::{MemoryState, MemoryStore};

#[async_trait]
impl Journal for MemoryStore {
    async fn note(&self, event: Event, quiet_since: UnixMillis) -> Result<(), Failure> {
        let mut state = self.open()?;
        let said =
            state.events.iter().any(|known| known.event.at >= quiet_since && alike(&known.event, &event));
        if !said {
            state.record(event);
        }
        Ok(())
    }

    async fn events(&self, after: u64, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        let state = self.open()?;
        Ok(state.events.iter().filter(|known| known.seq > after).take(limit as usize).cloned().collect())
    }

    async fn events_of(&self, session: SessionId, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        Ok(self.open()?.last(limit, |event| event.session_id == Some(session)))
    }

    async fn events_of_user(&self, user: UserId, limit: u32) -> Result<Vec<RecordedEvent>, Failure> {
        Ok(self.open()?.last(limit, |event| event.user_id == Some(user)))
    }
}

impl MemoryState {
    fn last(&self, limit: u32, of_it: impl Fn(&Event) -> bool) -> Vec<RecordedEvent> {
        let last = self.events.iter().rev().filter(|known| of_it(&known.event)).take(limit as usize);
        last.cloned().collect::<Vec<_>>().into_iter().rev().collect()
    }
}

fn alike(one: &Event, other: &Event) -> bool {
    one.kind == other.kind
        && one.session_id == other.session_id
        && one.user_id == other.user_id
        && one.caller.address == other.caller.address
        && one.caller.actor == other.caller.actor
        && one.about == other.about
}
