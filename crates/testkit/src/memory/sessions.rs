//! Sessions, one row each.

use std::cmp::Reverse;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{
    Caller, Device, DeviceHash, DeviceId, Facts, PageHash, Session, SessionId, Standing, UnixMillis, UserId,
};
use rotunda_core::store::{EndingOne, Rotating, Sessions};

use super::{KeptFeed, MemoryStore};

#[async_trait]
impl Sessions for MemoryStore {
    async fn facts(&self, id: SessionId) -> Result<Option<Facts>, Failure> {
        let state = self.open()?;
        Ok(state.sessions.get(&id).map(|session| state.facts_about(session)))
    }

    async fn facts_of_page(&self, page: PageHash) -> Result<Option<Facts>, Failure> {
        let state = self.open()?;
        let session = state.sessions.values().find(|session| session.page_hash == Some(page));
        Ok(session.map(|session| state.facts_about(session)))
    }

    async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let Some(session) = state.sessions.get_mut(&rotation.id).filter(|now| as_decided(now, &rotation))
        else {
            return Ok(false);
        };
        session.lineage = rotation.to;
        session.idle_expires_at = rotation.idle_expires_at;
        session.device_shown |= rotation.device_shown;
        session.last_address = rotation.caller.address;
        session.last_user_agent = rotation.caller.user_agent;
        state.record_all(rotation.event);
        Ok(true)
    }

    async fn end(&self, end: EndingOne) -> Result<bool, Failure> {
        Ok(self.open()?.end_one(end))
    }

    async fn sessions_of(&self, user: UserId, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure> {
        let state = self.open()?;
        let live = |session: &&Session| session.user_id == user && state.lives(session, now);
        let mut theirs: Vec<Session> = state.sessions.values().filter(live).cloned().collect();
        theirs.sort_by_key(|session| Reverse((session.last_used_at(), session.id)));
        theirs.truncate(limit as usize);
        Ok(theirs)
    }

    async fn device_of(&self, user: UserId, device: DeviceHash) -> Result<Option<DeviceId>, Failure> {
        let state = self.open()?;
        let known = state.devices.iter().find(|known| known.user_id == user && known.hash == device);
        Ok(known.map(|known| known.id))
    }

    async fn devices_of(&self, user: UserId, limit: u32) -> Result<Vec<Device>, Failure> {
        let state = self.open()?;
        let mut theirs: Vec<Device> =
            state.devices.iter().filter(|device| device.user_id == user).cloned().collect();
        theirs.sort_by_key(|device| Reverse((device.last_seen_at, device.id)));
        theirs.truncate(limit as usize);
        Ok(theirs)
    }

    async fn forget_devices(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let mut state = self.open()?;
        let due: Vec<Device> = (state.devices.iter())
            .filter(|device| device.last_seen_at < before && !state.holds_live_session(device))
            .take(limit as usize)
            .cloned()
            .collect();
        state.devices.retain(|device| !due.contains(device));
        Ok(u32::try_from(due.len()).unwrap_or(limit))
    }

    async fn accept_ahead(&self, until: Option<UnixMillis>) -> Result<(), Failure> {
        let mut state = self.open()?;
        state.accept_ahead_until = until;
        if until.is_some() {
            // It is said after a restore, and a restore also takes back places on the feed.
            state.feed.id = KeptFeed::default().id;
        }
        Ok(())
    }

    async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let mut state = self.open()?;
        let everyone = state.everyone;
        let over = |session: &Session| {
            let (ending, at) =
                session.ending_under(everyone, now).filter(|_| session.standing == Standing::Live)?;
            Some(EndingOne {
                about: None,
                id: session.id,
                at_generation: None,
                ending,
                at,
                caller: Caller::default(),
                post: Vec::new(),
            })
        };
        let due: Vec<EndingOne> = state.sessions.values().filter_map(over).take(limit as usize).collect();
        // An access token never outlives its session, and of everyone's end the feed has told already.
        Ok(due.into_iter().map(|end| u32::from(state.end_unheard(end))).sum())
    }

    async fn forget_ended(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let mut state = self.open()?;
        let past = |session: &&Session| matches!(session.standing, Standing::Ended { at, .. } if at < before);
        let due: Vec<SessionId> =
            state.sessions.values().filter(past).map(|session| session.id).take(limit as usize).collect();
        Ok(due.iter().map(|id| u32::from(state.sessions.remove(id).is_some())).sum())
    }
}

fn as_decided(session: &Session, rotation: &Rotating) -> bool {
    session.ending_at(rotation.now).is_none()
        && session.lineage.generation == rotation.from_generation
        && session.lineage.current_hash == rotation.from_hash
}
