//! Room for one more session.
//!
//! 1. What counts is read in the transaction that writes the new session: live, not expired when that begins, and not the one
//!    that it replaces.
//! 2. Caps are looked at in their order, each with what those before it have left. Nothing is written until all have had
//!    their say: one that refuses takes back what others would have evicted.

use rotunda_core::model::{ClientId, Ending, SessionId};
use rotunda_core::store::{EndingOne, LoggingIn, WhenFull};
use rusqlite::{Connection, Result, params};

/// The ones that were used the longest ago come first.
pub(crate) const LIVE: &str = "\
    SELECT id, client_id, generation FROM session \
    WHERE user_id = ?1 AND status = 'live' AND idle_expires_at > ?2 AND absolute_expires_at > ?2 \
    ORDER BY coalesce(rotated_at_ms, created_at), id";

struct Place {
    id: SessionId,
    client: ClientId,
    generation: u32,
}

/// The sessions that have to end to make room; `None` where there is none to be made.
pub(crate) fn make_room(db: &Connection, login: &LoggingIn) -> Result<Option<Vec<EndingOne>>> {
    if login.caps.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let mut taken = taken(db, login)?;
    let mut evicted = Vec::new();
    for cap in &login.caps {
        let counts = |place: &Place| cap.client_id.as_ref().is_none_or(|client| *client == place.client);
        let most = usize::try_from(cap.most).unwrap_or(usize::MAX);
        let over = (taken.iter().filter(|place| counts(place)).count() + 1).saturating_sub(most);
        if over > 0 && cap.when_full == WhenFull::Refuse {
            return Ok(None);
        }
        let mut left = over;
        taken.retain(|place| {
            let goes = left > 0 && counts(place);
            if goes {
                left -= 1;
                evicted.push(place.id);
            }
            !goes
        });
    }
    Ok(Some(evicted.into_iter().map(|id| eviction(id, login)).collect()))
}

fn taken(db: &Connection, login: &LoggingIn) -> Result<Vec<Place>> {
    let session = &login.session;
    let mut statement = db.prepare_cached(LIVE)?;
    let live = statement.query_map(params![session.user_id.as_bytes(), session.created_at.0], |row| {
        Ok(Place {
            id: SessionId::from_bytes(row.get(0)?),
            client: ClientId(row.get(1)?),
            generation: row.get(2)?,
        })
    })?;
    let stays = |place: &Place| !login.replaces.as_ref().is_some_and(|end| ends(end, place));
    live.filter(|place| place.as_ref().map_or(true, stays)).collect()
}

/// Whether a session gives up its place by this: not where it has moved on since that was decided.
fn ends(end: &EndingOne, place: &Place) -> bool {
    end.id == place.id && end.at_generation.is_none_or(|generation| generation == place.generation)
}

fn eviction(id: SessionId, login: &LoggingIn) -> EndingOne {
    EndingOne {
        id,
        at_generation: None,
        ending: Ending::Evicted,
        at: login.session.created_at,
        caller: login.event.caller.clone(),
        post: Vec::new(),
    }
}
