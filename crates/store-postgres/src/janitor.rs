//! Writing down what has expired, and forgetting what is long over.
//!
//! An index on the expiry would change with every refresh, so there is none. Instead:
//!
//! 1. [`due`] walks through the table by its primary key: from where the last call of this process stopped to the end, then from the
//!    start to where it began. It stops when it has found `limit` sessions or looked at [`LOOK_AT`] rows. In a table with no more rows
//!    than that, one call finds all that is due.
//! 2. In a larger one a call may find fewer than there are; the next one goes on behind it. After as many calls as the
//!    table has multiples of [`LOOK_AT`], every row has been looked at.
//! 3. Sessions that ended when everyone was signed out come first: those have an index (`everyone.rs`), and the walk passes them over.
//! 4. [`expire`] ends what was found in one statement, each at the generation at which it was found: a refresh in between wins, and of
//!    several servers that walk at once, one.
//!
//! What is long over has an index of ended rows only, which no refresh touches.

use rotunda_core::model::{Ending, EventKind, Everyone, Session, UnixMillis};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::{Db, Param, Result};
use crate::everyone;
use crate::refresh::few;
use crate::rows::{self, Columns, session_columns};

/// How many rows one call looks at: some milliseconds of one connection.
const LOOK_AT: i64 = 10_000;

/// Where in the table a walk stands: the rows behind it come next.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place(Uuid);

/// What is due among the next rows, how many rows that were, and in any case the last of them.
pub(crate) const WALK: &str = "\
    WITH looked AS MATERIALIZED (\
        SELECT id, status = 'live' AND least(idle_expires_at, absolute_expires_at) <= $1 AND revision >= $5 AS due \
        FROM session WHERE id > $2 AND id <= $3 ORDER BY id LIMIT $4) \
    SELECT id, due, (SELECT count(*) FROM looked) FROM looked \
    WHERE due OR id = (SELECT id FROM looked ORDER BY id DESC LIMIT 1) ORDER BY id";
pub(crate) const THESE: &str =
    concat!("SELECT ", session_columns!(), " FROM session WHERE id = ANY($1) AND ended IS NULL ORDER BY id");
/// Below the revision, oldest first.
pub(crate) const SIGNED_OUT: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM session WHERE ended_at IS NULL AND revision < $1 ORDER BY revision, absolute_expires_at LIMIT $2"
);
/// An expiry is no news for the feed, where that everyone was signed out is told once; and it says nothing about a device. So the row and its event are all there is.
pub(crate) const EXPIRE: &str = concat!(
    "WITH gone AS (UPDATE session SET status = 'ended', ended = r.ending, ended_at = r.at_ms \
        FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[]) WITH ORDINALITY \
            AS r(id, generation, ending, at_ms, n) \
        WHERE session.id = r.id AND session.generation = r.generation AND session.ended IS NULL AND ",
    few!("r.n"),
    " RETURNING session.id, session.user_id, r.ending, r.at_ms) \
    INSERT INTO outbox (at_ms, kind, ending, user_id, session_id) \
    SELECT at_ms, $5, ending, user_id, id FROM gone ORDER BY at_ms, id"
);
pub(crate) const FORGET: &str = "\
    DELETE FROM session WHERE id IN \
        (SELECT id FROM session WHERE ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// Sessions that are over but not on record so.
pub(crate) struct Due {
    /// Which.
    pub(crate) sessions: Vec<Session>,
    /// Who was signed out, where that is why.
    pub(crate) everyone: Option<Everyone>,
    /// Where to go on.
    pub(crate) reached: Place,
}

/// At most `limit` sessions whose time is up, or that ended with everyone's, and where to go on.
pub(crate) async fn due(db: &Db<'_>, now: UnixMillis, limit: u32, from: Place) -> Result<Due> {
    let everyone = everyone::everyone(db).await?;
    let below = rows::stored(everyone.map_or(0, |everyone| everyone.below));
    let mut sessions = match everyone {
        Some(_) => sessions(&db.rows(SIGNED_OUT, &[&below, &i64::from(limit)]).await?)?,
        None => Vec::new(),
    };
    let left = (limit as usize).saturating_sub(sessions.len());
    if left == 0 {
        return Ok(Due { sessions, everyone, reached: from });
    }
    let (found, reached) = walk(db, (now, below), left, from).await?;
    if !found.is_empty() {
        sessions.extend(self::sessions(&db.rows(THESE, &[&found]).await?)?);
    }
    Ok(Due { sessions, everyone, reached })
}

fn sessions(found: &[Row]) -> Result<Vec<Session>> {
    found.iter().map(|row| rows::session(&mut Columns::of(row))).collect()
}

async fn walk(
    db: &Db<'_>,
    (now, below): (UnixMillis, i64),
    limit: usize,
    from: Place,
) -> Result<(Vec<Uuid>, Place)> {
    let mut found = Vec::new();
    let mut left = LOOK_AT;
    for (after, end) in [(from.0, Uuid::max()), (Uuid::nil(), from.0)] {
        let (mut last, mut looked) = (after, 0);
        for row in db.rows(WALK, &[&now.0, &after, &end, &left, &below]).await? {
            let mut row = Columns::of(&row);
            let (id, due): (Uuid, bool) = (row.take()?, row.take()?);
            if due && found.len() == limit {
                return Ok((found, Place(last)));
            }
            (last, looked) = (id, row.take()?);
            if due {
                found.push(id);
            }
        }
        left -= looked;
        if left <= 0 {
            return Ok((found, Place(last)));
        }
    }
    Ok((found, Place::default()))
}

/// Ends what [`due`] found; answers how many were still as they were found. Which ending it is, and when, is the core's to say.
pub(crate) async fn expire(db: &Db<'_>, found: &Due, now: UnixMillis) -> Result<u32> {
    let mut due: Vec<(&Session, Ending, UnixMillis)> = found
        .sessions
        .iter()
        .filter_map(|session| {
            session.ending_under(found.everyone, now).map(|(ending, at)| (session, ending, at))
        })
        .collect();
    // Rows are locked in the order of their ids, as by everybody.
    due.sort_unstable_by_key(|(session, ..)| session.id);
    let params: [Param<'_>; 5] = [
        &due.iter().map(|(session, ..)| rows::uuid(session.id.as_bytes())).collect::<Vec<_>>(),
        &due.iter().map(|(session, ..)| i64::from(session.lineage.generation)).collect::<Vec<_>>(),
        &due.iter().map(|(_, ending, _)| ending.as_str()).collect::<Vec<_>>(),
        &due.iter().map(|(.., at)| at.0).collect::<Vec<_>>(),
        &EventKind::SessionEnded(Ending::IdleExpired).as_str(),
    ];
    Ok(rows::counted(db.execute(EXPIRE, &params).await?, u32::MAX))
}

/// Deletes at most `limit` sessions that ended before `before`.
pub(crate) async fn forget_ended(db: &Db<'_>, before: UnixMillis, limit: u32) -> Result<u32> {
    Ok(rows::counted(db.execute(FORGET, &[&before.0, &i64::from(limit)]).await?, limit))
}
