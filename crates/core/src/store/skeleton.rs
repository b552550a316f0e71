//! The port to a store that keeps only the skeletons of sessions, while the part that every refresh changes is kept
//! elsewhere, where it may be lost.
//!
//! 1. The row is written when the session begins and says from then on whose it is, on which device, and whether it has
//!    ended. What a rotation changes stands still in it.
//! 2. Before something in the store rests on when a session was used last, [`Skeletons::settle`] brings that up to date.
//! 3. [`Skeletons::due`] finds the sessions whose time is up by their rows; whoever keeps the moving part knows better.

use std::net::IpAddr;

use async_trait::async_trait;

use super::Store;
use crate::failure::Failure;
use crate::model::{Lineage, Session, SessionId, UnixMillis};

/// A store whose rows of sessions may be behind.
#[async_trait]
pub trait Skeletons: Store {
    /// Writes the moving parts of sessions back into their rows, as one: into those that are live and stand at the same
    /// generation or an older one. What is written of the idle expiry is never later than the absolute one. Writes no event.
    /// Answers how many were written.
    async fn settle(&self, moved: Vec<Moved>) -> Result<u32, Failure>;

    /// At most `limit` sessions that are live on record and whose time is up by their rows at `now`; ends nothing. Looks at
    /// a bounded number of rows a call, as [`Sessions::expire`](super::Sessions::expire) does, and goes on behind them
    /// with the next: fewer than `limit` does not mean that there are none left.
    async fn due(&self, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure>;
}

/// What a rotation changes of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moved {
    /// Which session.
    pub id: SessionId,
    /// Where its family of tokens stands.
    pub lineage: Lineage,
    /// When it ends unless it is refreshed.
    pub idle_expires_at: UnixMillis,
    /// Whether it has ever shown the device secret; once true, always true.
    pub device_shown: bool,
    /// The address of the last refresh that rotated.
    pub last_address: Option<IpAddr>,
    /// The user agent of the last refresh that rotated.
    pub last_user_agent: Option<String>,
}

impl Moved {
    /// The moving part of a session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self {
            id: session.id,
            lineage: session.lineage.clone(),
            idle_expires_at: session.idle_expires_at,
            device_shown: session.device_shown,
            last_address: session.last_address,
            last_user_agent: session.last_user_agent.clone(),
        }
    }

    /// The session with this in its place.
    #[must_use]
    pub fn put_into(self, session: Session) -> Session {
        Session {
            lineage: self.lineage,
            idle_expires_at: self.idle_expires_at,
            device_shown: session.device_shown || self.device_shown,
            last_address: self.last_address,
            last_user_agent: self.last_user_agent,
            ..session
        }
    }
}
