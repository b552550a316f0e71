//! Devices: seen whenever a session begins on one.

use std::cmp::Reverse;

use rotunda_core::model::{Caller, Device, DeviceHash, Session, Standing, UserId};

use super::MemoryState;

impl MemoryState {
    /// A session begins on a device; the one seen the longest ago goes where there are too many.
    pub(super) fn see_device(&mut self, session: &Session) {
        let now = Device {
            id: session.device_id,
            user_id: session.user_id,
            hash: session.device_hash,
            first_seen_at: session.created_at,
            last_seen_at: session.created_at,
            caller: Caller {
                actor: None,
                reason: None,
                address: session.last_address,
                user_agent: session.last_user_agent.clone(),
            },
        };
        // One that was given another secret is known by that one only, and since it was first seen.
        let renewed =
            |known: &Device| known.user_id == now.user_id && known.id == now.id && known.hash != now.hash;
        if let Some(place) = self.devices.iter().position(renewed) {
            let first = self.devices[place].first_seen_at;
            self.devices.retain(|known| !renewed(known));
            self.devices.push(Device { first_seen_at: first, ..now.clone() });
        }
        match self.devices.iter_mut().find(|known| is(known, now.user_id, now.hash)) {
            Some(known) => *known = Device { id: known.id, first_seen_at: known.first_seen_at, ..now },
            None => self.devices.push(now),
        }
        self.devices.sort_by_key(|known| Reverse((known.last_seen_at, known.id)));
        let mut theirs = 0;
        self.devices.retain(|known| {
            theirs += u32::from(known.user_id == session.user_id);
            known.user_id != session.user_id || theirs <= Device::MOST
        });
    }

    pub(super) fn forget_device(&mut self, user: UserId, device: DeviceHash) {
        self.devices.retain(|known| !is(known, user, device));
    }

    pub(super) fn holds_live_session(&self, device: &Device) -> bool {
        self.sessions.values().any(|session| {
            session.standing == Standing::Live && is(device, session.user_id, session.device_hash)
        })
    }
}

fn is(device: &Device, user: UserId, hash: DeviceHash) -> bool {
    device.user_id == user && device.hash == hash
}
