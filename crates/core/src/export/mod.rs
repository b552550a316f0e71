//! A user takes their data along.
//!
//! 1. The user asks, having entered the password a moment ago; or an operator does.
//! 2. Everything that is kept about them and is theirs, without anything that opens something: no hash, no token.

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::events::for_its_user;
use crate::failure::{Error, Failure};
use crate::model::{Caller, Device, Event, EventKind, RecordedEvent, Session, SessionId, User};
use crate::sessions::MOST_LISTED;

/// How many events are taken along, the latest ones.
pub const MOST_EVENTS: u32 = 10_000;

/// What is kept about a user.
#[derive(Clone, Debug)]
pub struct UserData {
    /// The user.
    pub user: User,
    /// Their live sessions.
    pub sessions: Vec<Session>,
    /// The devices that they were seen on.
    pub devices: Vec<Device>,
    /// What happened, oldest first; the last [`MOST_EVENTS`].
    pub events: Vec<RecordedEvent>,
}

impl Rotunda {
    /// The data of whoever asks.
    ///
    /// # Errors
    /// [`Denied::ReauthenticationNeeded`]; [`Failure`] when the store does not answer.
    pub async fn export_me(&self, bearer: &Bearer, caller: &Caller) -> Result<UserData, Error> {
        bearer.is_own()?;
        self.proved_lately(bearer, self.clock.now())?;
        self.note_export(&bearer.facts.user, Some(bearer.facts.session.id), caller).await?;
        Ok(self.data_of(bearer.facts.user.clone()).await?)
    }

    /// The data of a user, for an operator.
    pub(crate) async fn export_for(&self, user: User, caller: &Caller) -> Result<UserData, Failure> {
        self.note_export(&user, None, caller).await?;
        self.data_of(user).await
    }

    async fn data_of(&self, user: User) -> Result<UserData, Failure> {
        let id = user.id;
        let events = self.store.events_of_user(id, MOST_EVENTS).await?;
        let sessions = self.store.sessions_of(id, self.clock.now(), MOST_LISTED).await?;
        Ok(UserData {
            user,
            sessions: sessions.into_iter().map(Session::for_its_user).collect(),
            devices: self.store.devices_of(id, Device::MOST).await?,
            events: events.into_iter().map(for_its_user).collect(),
        })
    }

    async fn note_export(
        &self,
        user: &User,
        session_id: Option<SessionId>,
        caller: &Caller,
    ) -> Result<(), Failure> {
        let (at, kind, caller) = (self.clock.now(), EventKind::DataExported, caller.clone());
        let event = Event { about: None, kind, at, user_id: Some(user.id), session_id, caller };
        self.store.post(Vec::new(), vec![event]).await
    }
}
