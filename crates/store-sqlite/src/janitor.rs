//! Writing down what has expired, and forgetting what is long over.
//!
//! An index on the expiry would change with every refresh, so there is none. Instead:
//!
//! 1. [`due`] walks through the table on a reader, where no writer waits for it: from where the last call stopped to the
//!    end, then from the start to where it began. It stops when it has found `limit` sessions or looked at [`LOOK_AT`]
//!    rows. In a table with no more rows than that, one call finds all that is due.
//! 2. In a larger one a call may find fewer than there are; the next one goes on behind it. After as many calls as the
//!    table has multiples of [`LOOK_AT`], every row has been looked at.
//! 3. Due is also what was signed out with everyone (`everyone.rs`).
//! 4. [`expire`] ends what was found, each at the generation at which it was found: a refresh in between wins. The feed needs
//!    not tell: an access token never outlives its session, and that everyone was signed out it has told.
//!
//! What is long over has an index of ended rows only, which no refresh touches.

use rotunda_core::model::{Caller, Session, SessionId, Standing, UnixMillis};
use rotunda_core::store::EndingOne;
use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::everyone::{self, not_signed_out};
use crate::logout;
use crate::rows::{self, Columns, session_columns};

/// How many rows one call looks at: some milliseconds of one reader.
const LOOK_AT: u32 = 10_000;

/// Where in the table a walk stands: a row number; the rows behind it come next.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place(i64);

pub(crate) const WALK: &str = concat!(
    "SELECT rowid, id, status = 'live' AND (min(idle_expires_at, absolute_expires_at) <= ?1 OR NOT ",
    not_signed_out!(),
    ") FROM session WHERE rowid > ?2 AND rowid <= ?3 ORDER BY rowid LIMIT ?4"
);
pub(crate) const ONE: &str = concat!("SELECT ", session_columns!(), " FROM session WHERE id = ?1");
pub(crate) const FORGET: &str = "\
    DELETE FROM session WHERE rowid IN (SELECT rowid FROM session WHERE ended_at < ?1 ORDER BY ended_at LIMIT ?2)";

/// At most `limit` sessions whose time is up but not recorded, and where to go on.
pub(crate) fn due(
    db: &Connection,
    now: UnixMillis,
    limit: u32,
    from: Place,
) -> Result<(Vec<Session>, Place)> {
    let (found, reached) = walk(db, now, limit as usize, from)?;
    let everyone = everyone::signed_out(db)?;
    let mut due = Vec::with_capacity(found.len());
    for id in found {
        let mut statement = db.prepare_cached(ONE)?;
        let session = statement
            .query_row(params![id.as_bytes()], |row| rows::session(&mut Columns::of(row)))
            .optional()?;
        let is_due = |session: &Session| {
            session.standing == Standing::Live && session.ending_under(everyone, now).is_some()
        };
        due.extend(session.filter(is_due));
    }
    Ok((due, reached))
}

fn walk(db: &Connection, now: UnixMillis, limit: usize, from: Place) -> Result<(Vec<SessionId>, Place)> {
    let mut found = Vec::new();
    let mut left = LOOK_AT;
    let mut statement = db.prepare_cached(WALK)?;
    for (mut place, end) in [(from.0, i64::MAX), (0, from.0)] {
        let mut rows = statement.query(params![now.0, place, end, left])?;
        while let Some(row) = rows.next()? {
            if found.len() >= limit {
                return Ok((found, Place(place)));
            }
            place = row.get(0)?;
            left -= 1;
            if row.get(2)? {
                found.push(SessionId::from_bytes(row.get(1)?));
            }
        }
        if left == 0 {
            return Ok((found, Place(place)));
        }
    }
    Ok((found, Place::default()))
}

/// Ends what [`due`] found; answers how many were still as they were found.
pub(crate) fn expire(db: &Connection, due: &[Session], now: UnixMillis) -> Result<u32> {
    let everyone = everyone::signed_out(db)?;
    let mut ended = 0;
    for session in due {
        // Which ending it is, and when, is the core's to say.
        let Some((ending, at)) = session.ending_under(everyone, now) else { continue };
        let end = EndingOne {
            about: None,
            id: session.id,
            at_generation: Some(session.lineage.generation),
            ending,
            at,
            caller: Caller::default(),
            post: Vec::new(),
        };
        ended += u32::from(logout::end_untold(db, &end)?);
    }
    Ok(ended)
}

/// Deletes at most `limit` sessions that ended before `before`.
pub(crate) fn forget_ended(db: &Connection, before: UnixMillis, limit: u32) -> Result<u32> {
    let gone = db.prepare_cached(FORGET)?.execute(params![before.0, limit])?;
    Ok(u32::try_from(gone).unwrap_or(limit))
}

#[cfg(test)]
mod tests {
    use rotunda_testkit::fixtures::{NOW, a_registration, a_rotation, a_session, an_account};

    use super::*;
    use crate::{refresh, register, schema};

    #[test]
    fn what_is_refreshed_between_the_walk_and_the_write_lives() {
        let folder = tempfile::tempdir().unwrap();
        let db = schema::prepare(&folder.path().join("rotunda.db"), NOW).unwrap();
        let account = an_account(1);
        let session = a_session(&account.user, 1);
        register::register(&db, &a_registration(&account, Some(&session))).unwrap();
        let (due, _) = due(&db, session.idle_expires_at, 10, Place::default()).unwrap();
        assert_eq!(due.len(), 1);
        // By a server whose clock is a little behind.
        let last_moment = UnixMillis(session.idle_expires_at.0 - 1);
        assert!(refresh::rotate(&db, &a_rotation(&session, last_moment)).unwrap());
        assert_eq!(expire(&db, &due, session.idle_expires_at).unwrap(), 0);
        let live = "SELECT count(*) FROM session WHERE status = 'live'";
        assert_eq!(db.query_row(live, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    }
}
