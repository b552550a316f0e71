//! The front page: is all well?
//!
//! 1. What happened hour by hour is read as it was counted ([`crate::tallies`]), all servers together.
//! 2. How many users and live sessions there are takes a look at each of them. That is done at most once in [`FRESH`], by whoever
//!    serves ([`Rotunda::look_around`]), and told with the moment that it is true of.
//! 3. Everything else is a bounded count by an index, or in memory.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use super::Desk;
use crate::Rotunda;
use crate::failure::{Error, Failure};
use crate::model::{AdminPermission, Tally, UnixMillis};
use crate::shelf::KeyInfo;
use crate::store::{COUNTS_TO, Counting};
use crate::tallies::hour_of;

/// How many hours are told, this one among them.
pub const HOURS: u16 = 48;

/// For how long a count of everything is good.
pub const FRESH: Duration = Duration::from_secs(60);

const HOUR: Duration = Duration::from_secs(3600);

/// How the server is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overview {
    /// How many users and live sessions there were a moment ago.
    pub around: Option<Around>,
    /// The last [`HOURS`] hours, oldest first, each of them whether or not anything happened.
    pub hours: Vec<Hour>,
    /// Letters that wait for the mail server, up to [`COUNTS_TO`].
    pub letters_waiting: u64,
    /// Deliveries to webhooks that wait, up to the same.
    pub deliveries_waiting: u64,
    /// Deliveries to webhooks that were given up, up to the same.
    pub deliveries_dead: u64,
    /// The signing keys, oldest first.
    pub keys: Vec<KeyInfo>,
    /// How many roles there are beside the built-in one.
    pub roles: usize,
    /// How many clients there are.
    pub clients: usize,
}

/// What is slow to count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Around {
    /// When it was counted.
    pub as_of: UnixMillis,
    /// Sessions that live.
    pub live_sessions: u64,
    /// Users.
    pub users: u64,
    /// Letters that wait for the mail server, up to [`COUNTS_TO`].
    pub letters_waiting: u64,
    /// Deliveries to webhooks that wait, up to the same.
    pub deliveries_waiting: u64,
    /// Deliveries to webhooks that were given up, up to the same.
    pub deliveries_dead: u64,
}

/// What happened in an hour.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hour {
    /// When it begins.
    pub begins_at: UnixMillis,
    /// How often what happened; what is not there did not.
    pub counts: BTreeMap<Tally, u64>,
}

impl Desk<'_> {
    /// How the server is.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`](crate::denied::Denied::PermissionMissing); a failure when the store does not answer.
    pub async fn overview(&self) -> Result<Overview, Error> {
        self.require(AdminPermission::OverviewRead)?;
        let (rotunda, now) = (self.rotunda, self.now());
        if rotunda.around().is_none() {
            rotunda.look_around().await?;
        }
        rotunda.flush_tallies().await?;
        let count = |what| rotunda.store.count(what, now);
        Ok(Overview {
            around: rotunda.around(),
            hours: self.hours(now).await?,
            letters_waiting: count(Counting::Letters).await?,
            deliveries_waiting: count(Counting::Deliveries).await?,
            deliveries_dead: count(Counting::DeadDeliveries).await?,
            keys: rotunda.shelf().keys(now),
            roles: rotunda.shelf().role_count(),
            clients: rotunda.clients().await?.len(),
        })
    }

    async fn hours(&self, now: UnixMillis) -> Result<Vec<Hour>, Failure> {
        let first = hour_of(now).minus(HOUR * u32::from(HOURS - 1));
        let nothing = |n| Hour { begins_at: first.plus(HOUR * u32::from(n)), counts: BTreeMap::new() };
        let mut hours: Vec<Hour> = (0..HOURS).map(nothing).collect();
        for (begins_at, what, count) in self.rotunda.store.tallies(first).await? {
            if let Some(hour) = hours.iter_mut().find(|hour| hour.begins_at == begins_at) {
                hour.counts.insert(what, count);
            }
        }
        Ok(hours)
    }
}

impl Rotunda {
    /// Counts users, live sessions and what waits, for the front page and for whoever watches, unless that was done less than [`FRESH`] ago. Call it about as often.
    ///
    /// # Errors
    /// When the store does not answer; what was counted before stays.
    pub async fn look_around(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        if self.around().is_some_and(|around| around.as_of.distance(now) < FRESH) {
            return Ok(());
        }
        let count = |what| self.store.count(what, now);
        let around = Around {
            as_of: now,
            live_sessions: count(Counting::LiveSessions).await?,
            users: count(Counting::AllUsers).await?,
            letters_waiting: count(Counting::Letters).await?,
            deliveries_waiting: count(Counting::Deliveries).await?,
            deliveries_dead: count(Counting::DeadDeliveries).await?,
        };
        *self.around.write().unwrap_or_else(PoisonError::into_inner) = Some(around);
        Ok(())
    }

    /// How many sessions live: now, or, where there are more than [`COUNTS_TO`], when they were last counted for the front page.
    pub(super) async fn live_sessions(&self, now: UnixMillis) -> Result<u64, Failure> {
        let is_good =
            |around: &Around| around.live_sessions > COUNTS_TO && around.as_of.distance(now) < FRESH * 2;
        match self.around().filter(is_good) {
            Some(around) => Ok(around.live_sessions),
            None => self.store.count(Counting::LiveSessions, now).await,
        }
    }

    /// What was counted is no longer so.
    pub(super) fn forget_around(&self) {
        *self.around.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn around(&self) -> Option<Around> {
        *self.around.read().unwrap_or_else(PoisonError::into_inner)
    }
}
