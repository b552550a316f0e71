//! A user takes their data along.
//!
//! 1. The user asks, having entered the password a moment ago; or an operator does.
//! 2. Everything that is kept about them and is theirs, without anything that opens something: no hash, no token.

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{Caller, Device, Event, EventKind, RecordedEvent, Session, User, UserId};
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
        self.proved_lately(bearer, self.clock.now())?;
        let session = Some(bearer.facts.session.id);
        self.note_export(&bearer.facts.user, |event| Event {
            session_id: session,
            caller: caller.clone(),
            ..event
        })
        .await?;
        Ok(self.data_of(bearer.facts.user.clone()).await?)
    }

    /// The data of a user, for the operator.
    ///
    /// # Errors
    /// [`Denied::NotFound`]; [`Failure`] when the store does not answer.
    pub async fn export_user(&self, user_id: UserId) -> Result<UserData, Error> {
        let account = self.store.account_of(user_id).await?.ok_or(Denied::NotFound)?;
        self.note_export(&account.user, |event| event).await?;
        Ok(self.data_of(account.user).await?)
    }

    async fn data_of(&self, user: User) -> Result<UserData, Failure> {
        let id = user.id;
        Ok(UserData {
            user,
            sessions: self.store.sessions_of(id, self.clock.now(), MOST_LISTED).await?,
            devices: self.store.devices_of(id, Device::MOST).await?,
            events: self.store.events_of_user(id, MOST_EVENTS).await?,
        })
    }

    async fn note_export(&self, user: &User, finish: impl FnOnce(Event) -> Event) -> Result<(), Failure> {
        let (at, kind) = (self.clock.now(), EventKind::DataExported);
        let (user_id, caller) = (Some(user.id), Caller::default());
        let event = finish(Event { kind, at, user_id, session_id: None, caller });
        self.store.note(event, at).await
    }
}
