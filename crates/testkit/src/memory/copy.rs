//! The whole store, part by part.

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::FeedId;
use rotunda_core::store::{Batch, Begun, Copying, Key, Numbers, Part};

use super::{MemoryState, MemoryStore};

#[async_trait]
impl Copying for MemoryStore {
    async fn read_part(&self, part: Part, after: Option<Key>, limit: u32) -> Result<Batch, Failure> {
        Ok(first(limit as usize, self.open()?.part(part).after(after.as_ref())))
    }

    async fn write_part(&self, batch: Batch) -> Result<(), Failure> {
        let mut state = self.open()?;
        let last = state.part(batch.part()).last_key();
        state.put(batch.after(last.as_ref()));
        Ok(())
    }

    async fn last_key(&self, part: Part) -> Result<Option<Key>, Failure> {
        Ok(self.open()?.part(part).last_key())
    }

    async fn about_how_many(&self, part: Part) -> Result<u64, Failure> {
        Ok(self.open()?.part(part).len() as u64)
    }

    async fn begin_copy(&self, of: FeedId) -> Result<Begun, Failure> {
        let mut state = self.open()?;
        match state.copy_of {
            Some(marked) if marked == of => return Ok(Begun::Again),
            Some(_) => return Ok(Begun::OfAnother),
            None => {}
        }
        let counts =
            Part::ALL.iter().filter(|part| **part != Part::Numbers).map(|part| state.part(*part).len());
        if counts.sum::<usize>() > 0 || state.last_seq > 0 || state.feed.newest > 0 {
            return Ok(Begun::NotEmpty);
        }
        state.copy_of = Some(of);
        Ok(Begun::Anew)
    }

    async fn unfinished_copy(&self) -> Result<Option<FeedId>, Failure> {
        Ok(self.open()?.copy_of)
    }

    async fn end_copy(&self) -> Result<(), Failure> {
        self.open()?.copy_of = None;
        Ok(())
    }
}

impl MemoryState {
    /// All rows of a part, in the order of their keys.
    #[must_use]
    pub fn part(&self, part: Part) -> Batch {
        match part {
            Part::Users => Batch::Users(self.accounts.values().cloned().collect()),
            Part::Sessions => Batch::Sessions(self.sessions.values().cloned().collect()),
            Part::Devices => {
                let mut devices = self.devices.clone();
                devices.sort_by_key(|device| (device.user_id, device.hash.0));
                Batch::Devices(devices)
            }
            Part::Links => Batch::Links(self.links.values().cloned().collect()),
            Part::Letters => Batch::Letters(self.letters.values().cloned().collect()),
            Part::Events => Batch::Events(self.events.clone()),
            Part::Revocations => Batch::Revocations(self.feed.entries.clone()),
            Part::Keeps => Batch::Keeps(self.feed.keeps.iter().map(|(keep, seen)| (*keep, *seen)).collect()),
            Part::SigningKeys => Batch::SigningKeys(self.signing_keys.clone()),
            Part::KeyChecks => {
                Batch::KeyChecks(self.key_checks.iter().map(|(id, check)| (*id, *check)).collect())
            }
            Part::Clients => Batch::Clients(self.clients.values().cloned().collect()),
            Part::Deliveries => Batch::Deliveries(self.deliveries.values().cloned().collect()),
            Part::Roles => Batch::Roles(self.roles.values().cloned().collect()),
            Part::Webhooks => Batch::Webhooks(self.webhooks.values().cloned().collect()),
            Part::Marks => Batch::Marks(self.marks()),
            Part::Tallies => Batch::Tallies(self.tallies_by_name()),
            Part::Numbers => Batch::Numbers(vec![Numbers {
                feed: self.feed.id,
                last_event: self.last_seq,
                last_revocation: self.feed.newest,
                shelf_version: self.shelf_version.max(self.signing_keys.len() as u64),
                accept_ahead_until: self.accept_ahead_until,
                revision: self.revision,
                everyone: self.everyone,
                first_admin_at: self.first_admin_at,
            }]),
        }
    }

    fn put(&mut self, batch: Batch) {
        match batch {
            Batch::Users(rows) => self.accounts.extend(rows.into_iter().map(|row| (row.user.id, row))),
            Batch::Sessions(rows) => self.sessions.extend(rows.into_iter().map(|row| (row.id, row))),
            Batch::Devices(rows) => self.devices.extend(rows),
            Batch::Links(rows) => self.links.extend(rows.into_iter().map(|row| (row.id, row))),
            Batch::Letters(rows) => self.letters.extend(rows.into_iter().map(|row| (row.letter.id, row))),
            Batch::Events(rows) => self.events.extend(rows),
            Batch::Revocations(rows) => self.feed.entries.extend(rows),
            Batch::Keeps(rows) => self.feed.keeps = rows.into_iter().collect(),
            Batch::SigningKeys(rows) => self.signing_keys = rows,
            Batch::KeyChecks(rows) => self.key_checks = rows.into_iter().collect(),
            Batch::Clients(rows) => {
                self.clients = rows.into_iter().map(|row| (row.id.clone(), row)).collect()
            }
            Batch::Deliveries(rows) => {
                self.deliveries.extend(rows.into_iter().map(|row| ((row.webhook, row.seq), row)));
            }
            Batch::Roles(rows) => {
                self.roles = rows.into_iter().map(|row| (row.name.clone(), row)).collect();
            }
            Batch::Webhooks(rows) => self.webhooks = rows.into_iter().map(|row| (row.id, row)).collect(),
            Batch::Marks(rows) => self.put_marks(rows),
            Batch::Tallies(rows) => {
                self.tallies = rows.into_iter().map(|(hour, tally, n)| ((hour, tally), n)).collect();
            }
            Batch::Numbers(rows) => rows.into_iter().for_each(|numbers| self.set(&numbers)),
        }
    }

    fn set(&mut self, numbers: &Numbers) {
        self.feed.id = numbers.feed;
        self.feed.newest = numbers.last_revocation;
        self.last_seq = numbers.last_event;
        self.shelf_version = numbers.shelf_version;
        self.accept_ahead_until = numbers.accept_ahead_until;
        self.revision = numbers.revision;
        self.everyone = numbers.everyone;
        self.first_admin_at = numbers.first_admin_at;
    }
}

fn first(limit: usize, mut batch: Batch) -> Batch {
    match &mut batch {
        Batch::Users(rows) => rows.truncate(limit),
        Batch::Sessions(rows) => rows.truncate(limit),
        Batch::Devices(rows) => rows.truncate(limit),
        Batch::Links(rows) => rows.truncate(limit),
        Batch::Letters(rows) => rows.truncate(limit),
        Batch::Events(rows) => rows.truncate(limit),
        Batch::Revocations(rows) => rows.truncate(limit),
        Batch::Deliveries(rows) => rows.truncate(limit),
        Batch::Keeps(_)
        | Batch::SigningKeys(_)
        | Batch::KeyChecks(_)
        | Batch::Clients(_)
        | Batch::Roles(_)
        | Batch::Webhooks(_)
        | Batch::Marks(_)
        | Batch::Tallies(_)
        | Batch::Numbers(_) => {}
    }
    batch
}
