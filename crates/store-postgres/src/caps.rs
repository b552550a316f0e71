//! Room for one more session.
//!
//! 1. What counts is read in the transaction that writes the new session, after the user's row was locked: live, not expired when that
//!    begins, and not the one that it replaces.
//! 2. Caps are looked at in their order, each with what those before it have left. Nothing is written until all have had
//!    their say: one that refuses takes back what others would have evicted.

use rotunda_core::model::{ClientId, Ending, SessionId};
use rotunda_core::store::{EndingOne, LoggingIn, WhenFull};

use crate::db::{Db, Result};
use crate::rows::{self, Columns};

/// The ones that were used the longest ago come first.
pub(crate) const LIVE: &str = "\
    SELECT id, client_id, generation FROM session \
    WHERE user_id = $1 AND status = 'live' AND idle_expires_at > $2 AND absolute_expires_at > $2 \
    ORDER BY coalesce(rotated_at_ms, created_at), id";

struct Place {
    id: SessionId,
    client: ClientId,
    generation: u32,
}

/// The sessions that have to end to make room; `None` where there is none to be made.
pub(crate) async fn make_room(db: &Db<'_>, login: &LoggingIn) -> Result<Option<Vec<EndingOne>>> {
    if login.caps.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let mut taken = taken(db, login).await?;
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

async fn taken(db: &Db<'_>, login: &LoggingIn) -> Result<Vec<Place>> {
    let session = &login.session;
    let live = db.rows(LIVE, &[&rows::uuid(session.user_id.as_bytes()), &session.created_at.0]).await?;
    let stays = |place: &Place| !login.replaces.as_ref().is_some_and(|end| ends(end, place));
    live.iter().map(place).filter(|place| place.as_ref().map_or(true, stays)).collect()
}

fn place(row: &tokio_postgres::Row) -> Result<Place> {
    let mut row = Columns::of(row);
    Ok(Place {
        id: row.id(SessionId::from_bytes)?,
        client: ClientId(row.take()?),
        generation: row.small_number()?,
    })
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
