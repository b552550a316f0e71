//! Looking for things: every row in the order of its key, as many as an index would be asked for.

use std::cmp::Reverse;
use std::net::IpAddr;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Event, Facts, RecordedEvent, Session, SessionId, UnixMillis, User, UserId};
use rotunda_core::store::{
    COUNTS_TO, Counting, EventSearch, LOOKS_AT, Named, Page, Search, SessionSearch, UserPlace, UserSearch,
};

use super::accounts::username;
use super::{MemoryState, MemoryStore};

#[async_trait]
impl Search for MemoryStore {
    async fn search_users(
        &self,
        by: UserSearch,
        after: Option<UserPlace>,
        limit: u32,
    ) -> Result<Page<User, UserPlace>, Failure> {
        let state = self.open()?;
        let named = state.accounts.values().map(|account| &account.user).filter(|user| is_named(user, &by));
        let mut rows: Vec<(UserPlace, User)> = named.map(|user| (place(user, &by), user.clone())).collect();
        rows.sort_by(|(one, _), (other, _)| rank(one).cmp(&rank(other)));
        let after = after.as_ref().map(rank);
        let rows = rows.into_iter().filter(|(at, _)| after.is_none_or(|after| rank(at) > after));
        Ok(page(rows, limit, |user| fits(user, &by)))
    }

    async fn search_sessions(
        &self,
        by: SessionSearch,
        now: UnixMillis,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Page<Facts, SessionId>, Failure> {
        let state = self.open()?;
        let rows = state.sessions.values().rev().filter(|row| after.is_none_or(|after| row.id < after));
        let rows = rows.map(|row| (row.id, state.facts_about(row)));
        Ok(page(rows, limit, |facts| state.session_fits(&facts.session, &by, now)))
    }

    async fn search_events(
        &self,
        by: EventSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<RecordedEvent, u64>, Failure> {
        let state = self.open()?;
        let mut events: Vec<&RecordedEvent> = state.events.iter().collect();
        events.sort_by_key(|row| Reverse(row.seq));
        let rows = events.into_iter().filter(|row| before.is_none_or(|before| row.seq < before));
        Ok(page(rows.map(|row| (row.seq, row.clone())), limit, |row| event_fits(row, &by)))
    }

    async fn count(&self, what: Counting, now: UnixMillis) -> Result<u64, Failure> {
        let state = self.open()?;
        let lives = |session: &&Session| state.lives(session, now);
        let live = state.sessions.values().filter(lives);
        let (found, bounded) = match what {
            Counting::Users(by) => {
                (state.accounts.values().filter(|account| fits(&account.user, &by)).count(), true)
            }
            Counting::SessionsOf(user) => (live.filter(|session| session.user_id == user).count(), true),
            Counting::LiveSessions => (live.count(), false),
            Counting::AllUsers => (state.accounts.len(), false),
            Counting::Letters => (state.letters.len(), true),
            Counting::Deliveries => {
                (state.all_deliveries().filter(|row| row.next_attempt_at.is_some()).count(), true)
            }
            Counting::DeadDeliveries => {
                (state.all_deliveries().filter(|row| row.next_attempt_at.is_none()).count(), true)
            }
        };
        Ok(if bounded { (found as u64).min(COUNTS_TO + 1) } else { found as u64 })
    }
}

/// Looks at rows in their order until there are enough of them, or enough was looked at.
fn page<T, K>(rows: impl Iterator<Item = (K, T)>, limit: u32, fits: impl Fn(&T) -> bool) -> Page<T, K> {
    let mut found = Vec::new();
    let mut looked_at = 0;
    for (key, row) in rows {
        looked_at += 1;
        if fits(&row) {
            found.push(row);
        }
        if found.len() >= limit as usize || looked_at >= LOOKS_AT {
            return Page { rows: found, next: Some(key) };
        }
    }
    Page { rows: found, next: None }
}

/// Where a user stands in a search.
fn place(user: &User, by: &UserSearch) -> UserPlace {
    match by.named {
        Some(Named::EmailBegins(_)) => UserPlace::Key(user.email.key().to_owned()),
        Some(Named::UsernameBegins(_)) => UserPlace::Key(username(user).unwrap_or_default().to_owned()),
        Some(Named::Id(_) | Named::Subject(_)) | None => UserPlace::Id(user.id),
    }
}

fn rank(place: &UserPlace) -> (Option<&str>, Option<UserId>) {
    match place {
        UserPlace::Id(id) => (None, Some(*id)),
        UserPlace::Key(key) => (Some(key), None),
    }
}

fn is_named(user: &User, by: &UserSearch) -> bool {
    by.named.as_ref().is_none_or(|named| match named {
        Named::Id(id) => user.id == *id,
        Named::Subject(subject) => user.subject.as_ref().is_some_and(|known| known.as_str() == subject),
        Named::EmailBegins(beginning) => user.email.key().starts_with(beginning),
        Named::UsernameBegins(beginning) => username(user).is_some_and(|name| name.starts_with(beginning)),
    })
}

fn fits(user: &User, by: &UserSearch) -> bool {
    is_named(user, by)
        && by.state.is_none_or(|state| user.state == state)
        && by.role.as_ref().is_none_or(|role| user.roles.contains(role))
}

fn event_fits(row: &RecordedEvent, by: &EventSearch) -> bool {
    let event = &row.event;
    by.user.is_none_or(|user| event.user_id == Some(user))
        && by.session.is_none_or(|session| event.session_id == Some(session))
        && by.actor.as_ref().is_none_or(|actor| event.caller.actor.as_ref() == Some(actor))
        && by.kind.as_ref().is_none_or(|kind| event.kind.as_str() == kind)
        && by.address.is_none_or(|address| event.caller.address == Some(address))
        && by.from.is_none_or(|from| event.at >= from)
        && by.until.is_none_or(|until| event.at < until)
}

impl MemoryState {
    fn session_fits(&self, session: &Session, by: &SessionSearch, now: UnixMillis) -> bool {
        let was_at = |address: IpAddr| {
            let there =
                |event: &Event| event.session_id == Some(session.id) && event.caller.address == Some(address);
            self.events.iter().any(|known| there(&known.event))
        };
        by.user.is_none_or(|user| session.user_id == user)
            && by.device.is_none_or(|device| session.device_id == device)
            && by.client.as_ref().is_none_or(|client| session.client_id == *client)
            && by.address.is_none_or(was_at)
            && by.live.is_none_or(|live| self.lives(session, now) == live)
            && by.from.is_none_or(|from| session.created_at >= from)
            && by.until.is_none_or(|until| session.created_at < until)
    }
}
