//! Room for one more session: what counts, read in the transaction that writes the new one. Which of them have to
//! end is the core's to say ([`rotunda_core::login::room`]).

use rotunda_core::login::room::{self, Place};
use rotunda_core::model::{ClientId, SessionId};
use rotunda_core::store::{EndingOne, LoggingIn};
use rusqlite::{Connection, Result, params};

use crate::everyone::not_signed_out;

/// The ones that were used the longest ago come first.
pub(crate) const LIVE: &str = concat!(
    "SELECT id, client_id, generation FROM session \
     WHERE user_id = ?1 AND status = 'live' AND idle_expires_at > ?2 AND absolute_expires_at > ?2 AND ",
    not_signed_out!(),
    " ORDER BY coalesce(rotated_at_ms, created_at), id"
);

/// The sessions that have to end to make room; `None` where there is none to be made.
pub(crate) fn make_room(db: &Connection, login: &LoggingIn) -> Result<Option<Vec<EndingOne>>> {
    if login.caps.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let session = &login.session;
    let taken = db
        .prepare_cached(LIVE)?
        .query_map(params![session.user_id.as_bytes(), session.created_at.0], |row| {
            Ok(Place {
                id: SessionId::from_bytes(row.get(0)?),
                client_id: ClientId(row.get(1)?),
                generation: row.get(2)?,
            })
        })?
        .collect::<Result<_>>()?;
    Ok(room::make_room(login, taken))
}
