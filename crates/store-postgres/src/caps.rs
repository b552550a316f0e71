//! Room for one more session: what counts, read in the transaction that writes the new one,
//! after the user's row was locked. Which of them have to end is the core's to say ([`rotunda_core::login::room`]).

use rotunda_core::login::room::{self, Place};
use rotunda_core::model::{ClientId, SessionId};
use rotunda_core::store::{EndingOne, LoggingIn};

use crate::db::{Db, Result};
use crate::everyone::below;
use crate::rows::{self, Columns};

/// The ones that were used the longest ago come first.
pub(crate) const LIVE: &str = concat!(
    "SELECT id, client_id, generation FROM session \
     WHERE user_id = $1 AND status = 'live' AND idle_expires_at > $2 AND absolute_expires_at > $2 AND revision >= ",
    below!(),
    " ORDER BY coalesce(rotated_at_ms, created_at), id"
);

/// The sessions that have to end to make room; `None` where there is none to be made.
pub(crate) async fn make_room(db: &Db<'_>, login: &LoggingIn) -> Result<Option<Vec<EndingOne>>> {
    if login.caps.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let session = &login.session;
    let live = db.rows(LIVE, &[&rows::uuid(session.user_id.as_bytes()), &session.created_at.0]).await?;
    let taken = live.iter().map(place).collect::<Result<_>>()?;
    Ok(room::make_room(login, taken))
}

fn place(row: &tokio_postgres::Row) -> Result<Place> {
    let mut row = Columns::of(row);
    Ok(Place {
        id: row.id(SessionId::from_bytes)?,
        client_id: ClientId(row.take()?),
        generation: row.small_number()?,
    })
}
