//! Clients that were added while running.

use std::collections::btree_map::Entry;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{ClientId, Event, KeptClientSecret, RegisteredClient};
use rotunda_core::store::Clients;

use super::{MemoryState, MemoryStore};

#[async_trait]
impl Clients for MemoryStore {
    async fn clients(&self) -> Result<Vec<RegisteredClient>, Failure> {
        Ok(self.open()?.clients.values().cloned().collect())
    }

    async fn add_client(&self, client: RegisteredClient, event: Event) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let Entry::Vacant(place) = state.clients.entry(client.id.clone()) else { return Ok(false) };
        place.insert(client);
        state.clients_changed(event);
        Ok(true)
    }

    async fn change_secrets(
        &self,
        id: ClientId,
        from: Vec<KeptClientSecret>,
        to: Vec<KeptClientSecret>,
        event: Event,
    ) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let as_read = |client: &&mut RegisteredClient| client.secrets == from;
        let Some(client) = state.clients.get_mut(&id).filter(as_read) else { return Ok(false) };
        client.secrets = to;
        state.clients_changed(event);
        Ok(true)
    }

    async fn remove_client(&self, id: ClientId, event: Event) -> Result<bool, Failure> {
        let mut state = self.open()?;
        if state.clients.remove(&id).is_none() {
            return Ok(false);
        }
        state.clients_changed(event);
        Ok(true)
    }
}

impl MemoryState {
    fn clients_changed(&mut self, event: Event) {
        self.record(event);
        self.shelf_version += 1;
    }
}
