//! A refresh: the facts, and the guarded write.
//!
//! 1. [`facts`] is one statement, hence one moment, for all sessions that were asked for meanwhile (`together.rs`).
//! 2. [`rotate_all`] is one `UPDATE` for all rotations that have gathered, each guarded by everything that was decided on.
//!    Generation and hash pin the row: every rotation changes both, and `rotated_at_ms` with them. So what was decided about
//!    the window still holds where they hold, and the guard need not repeat it. What can change without them, the end and the
//!    passing of time, it asks for.
//! 3. Where a row is being changed by somebody else, the statement waits for that, and PostgreSQL then asks the whole guard again of
//!    the row as it is then, with the same rotation beside it: an end that commits first wins. Rows are locked in the order of their
//!    ids, so two batches never wait for each other. Of two rotations of one session in a batch, one finds the row changed by its own
//!    statement and passes it over.
//! 4. No row changed: nothing is written, no event either. The core reads again and decides again.
//! 5. No index has a column that this changes, so PostgreSQL writes the new version of the row beside the old one and no index at all.

use std::collections::BTreeMap;

use rotunda_core::model::{Facts, SessionId, UnixMillis};
use rotunda_core::store::Rotating;
use uuid::Uuid;

use crate::db::{Db, Param, Result};
use crate::{feed, journal, rows};

/// Says to the planner that rows which come as arrays are few, by a range that each number of a row is in: so it looks each of
/// them up, even where the table was so small, when it made its plan, that reading all of it looked cheaper.
macro_rules! few {
    ($number:literal) => {
        concat!($number, " BETWEEN 1 AND 2147483647")
    };
}
pub(crate) use few;

/// What is the same for all facts that are read at one moment: looked up once for a statement, however many it reads.
macro_rules! of_all {
    () => {
        "(SELECT value FROM meta WHERE name = 'accept_ahead_until'), \
         (SELECT value FROM meta WHERE name = 'everyone_below'), (SELECT value FROM meta WHERE name = 'everyone_at')"
    };
}
pub(crate) use of_all;

/// What [`rows::facts`] reads of these sessions; a `WHERE` follows. The user is looked up, one for each session (`LIMIT`), for the
/// same reason as in [`few`].
macro_rules! select_facts {
    ($sessions:literal) => {
        concat!(
            "SELECT ",
            crate::rows::session_columns!(),
            ", ",
            crate::rows::user_columns!(),
            ", ",
            $crate::refresh::of_all!(),
            " FROM ",
            $sessions,
            " CROSS JOIN LATERAL (SELECT * FROM users WHERE users.id = session.user_id LIMIT 1) AS users "
        )
    };
}
pub(crate) use select_facts;

/// What moves a row on; `r` is where to. The limits are kept even against a caller who asks for more: the absolute one never moves at
/// all.
macro_rules! move_to_r {
    () => {
        "UPDATE session SET generation = r.generation, current_hash = r.current_hash, \
            previous_hash = r.previous_hash, before_hash = r.before_hash, salt = r.salt, \
            previous_salt = r.previous_salt, key_id = r.key_id, previous_key_id = r.previous_key_id, \
            rotated_at_ms = r.rotated_at_ms, retry_hashes = r.retry_hashes, \
            idle_expires_at = least(r.idle_expires_at, session.absolute_expires_at), \
            device_shown = session.device_shown OR r.device_shown, last_ip = r.last_ip, \
            last_user_agent = r.last_user_agent "
    };
}
pub(crate) use move_to_r;

/// Rotations, guarded. A session that has an ending is one that is not live, as the table checks; asked like this, because there is no index
/// of it that could be gone through instead of the one of the ids.
macro_rules! rotate_from {
    ($rotations:literal) => {
        concat!(
            move_to_r!(),
            "FROM ",
            $rotations,
            "AS r(id, from_generation, from_hash, now, generation, current_hash, previous_hash, before_hash, salt, \
                previous_salt, key_id, previous_key_id, rotated_at_ms, retry_hashes, idle_expires_at, device_shown, \
                last_ip, last_user_agent, n) \
             WHERE session.id = r.id AND session.generation = r.from_generation AND session.current_hash = r.from_hash \
                AND session.ended IS NULL AND session.idle_expires_at > r.now AND session.absolute_expires_at > r.now \
                AND ",
            few!("r.n"),
            " RETURNING r.n"
        )
    };
}

pub(crate) const FACTS: &str = concat!(
    select_facts!("unnest($1::uuid[]) WITH ORDINALITY AS asked(id, n) JOIN session ON session.id = asked.id"),
    "WHERE ",
    few!("asked.n")
);
pub(crate) const ROTATE: &str = rotate_from!(
    "(VALUES ($1::uuid, $2::bigint, $3::bytea, $4::bigint, $5::bigint, $6::bytea, $7::bytea, $8::bytea, $9::bytea, \
        $10::bytea, $11::smallint, $12::smallint, $13::bigint, $14::bytea, $15::bigint, $16::boolean, $17::text, \
        $18::text, 1)) "
);
pub(crate) const ROTATE_ALL: &str = rotate_from!(
    "unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[], $8::bytea[], \
        $9::bytea[], $10::bytea[], $11::smallint[], $12::smallint[], $13::bigint[], $14::bytea[], $15::bigint[], \
        $16::boolean[], $17::text[], $18::text[]) WITH ORDINALITY "
);
pub(crate) const ACCEPT_AHEAD: &str = "\
    INSERT INTO meta (name, value) VALUES ('accept_ahead_until', $1) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
pub(crate) const ACCEPT_NO_MORE: &str = "DELETE FROM meta WHERE name = 'accept_ahead_until'";

/// The facts of several sessions, in their order.
pub(crate) async fn facts(db: &Db<'_>, ids: &[SessionId]) -> Result<Vec<Option<Facts>>> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| rows::uuid(id.as_bytes())).collect();
    let mut found = BTreeMap::new();
    for row in db.rows(FACTS, &[&wanted]).await? {
        let facts = rows::facts(&mut rows::Columns::of(&row))?;
        found.insert(facts.session.id, facts);
    }
    let mut once: Vec<SessionId> = ids.to_vec();
    once.sort_unstable();
    once.dedup();
    if once.len() == ids.len() {
        return Ok(ids.iter().map(|id| found.remove(id)).collect());
    }
    Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
}

/// One rotation, with its event where it has one.
pub(crate) async fn rotate(db: &Db<'_>, rotation: &Rotating) -> Result<bool> {
    let to = &rotation.to;
    let retry_hashes = rows::retry_hashes(&to.retry_hashes);
    let params: [Param<'_>; 18] = [
        &rows::uuid(rotation.id.as_bytes()),
        &i64::from(rotation.from_generation),
        &&rotation.from_hash.0[..],
        &rotation.now.0,
        &i64::from(to.generation),
        &&to.current_hash.0[..],
        &to.previous_hash.as_ref().map(|hash| &hash.0[..]),
        &to.before_hash.as_ref().map(|hash| &hash.0[..]),
        &to.salt.as_ref().map(|salt| &salt.0[..]),
        &to.previous_salt.as_ref().map(|salt| &salt.0[..]),
        &i16::from(to.key_id),
        &i16::from(to.previous_key_id),
        &to.rotated_at.map(|at| at.0),
        &&retry_hashes[..],
        &rotation.idle_expires_at.0,
        &rotation.device_shown,
        &rows::address(&rotation.caller),
        &rotation.caller.user_agent,
    ];
    if db.row(ROTATE, &params).await?.is_none() {
        return Ok(false);
    }
    if let Some(event) = &rotation.event {
        journal::record(db, event).await?;
    }
    Ok(true)
}

/// Rotations that have no event; answers in their order which happened.
pub(crate) async fn rotate_some(db: &Db<'_>, rotations: &[Rotating]) -> Result<Vec<bool>> {
    match rotations {
        [one] => Ok(vec![rotate(db, one).await?]),
        many => rotate_all(db, many).await,
    }
}

async fn rotate_all(db: &Db<'_>, rotations: &[Rotating]) -> Result<Vec<bool>> {
    let mut sorted: Vec<(usize, &Rotating)> = rotations.iter().enumerate().collect();
    sorted.sort_unstable_by_key(|(_, rotation)| rotation.id);
    let retry_hashes = column(&sorted, |r| rows::retry_hashes(&r.to.retry_hashes));
    let params: [Param<'_>; 18] = [
        &column(&sorted, |r| rows::uuid(r.id.as_bytes())),
        &column(&sorted, |r| i64::from(r.from_generation)),
        &column(&sorted, |r| &r.from_hash.0[..]),
        &column(&sorted, |r| r.now.0),
        &column(&sorted, |r| i64::from(r.to.generation)),
        &column(&sorted, |r| &r.to.current_hash.0[..]),
        &column(&sorted, |r| r.to.previous_hash.as_ref().map(|hash| &hash.0[..])),
        &column(&sorted, |r| r.to.before_hash.as_ref().map(|hash| &hash.0[..])),
        &column(&sorted, |r| r.to.salt.as_ref().map(|salt| &salt.0[..])),
        &column(&sorted, |r| r.to.previous_salt.as_ref().map(|salt| &salt.0[..])),
        &column(&sorted, |r| i16::from(r.to.key_id)),
        &column(&sorted, |r| i16::from(r.to.previous_key_id)),
        &column(&sorted, |r| r.to.rotated_at.map(|at| at.0)),
        &retry_hashes.iter().map(|hashes| &hashes[..]).collect::<Vec<_>>(),
        &column(&sorted, |r| r.idle_expires_at.0),
        &column(&sorted, |r| r.device_shown),
        &column(&sorted, |r| rows::address(&r.caller)),
        &column(&sorted, |r| r.caller.user_agent.as_deref()),
    ];
    let mut moved = vec![false; rotations.len()];
    for row in db.rows(ROTATE_ALL, &params).await? {
        // Places of an ordinality begin with one.
        let place: i64 = rows::Columns::of(&row).take()?;
        let rotation = usize::try_from(place).ok().and_then(|n| sorted.get(n.checked_sub(1)?));
        if let Some(moved) = rotation.and_then(|(n, _)| moved.get_mut(*n)) {
            *moved = true;
        }
    }
    Ok(moved)
}

/// One value of each rotation.
fn column<'r, T>(rotations: &[(usize, &'r Rotating)], of: impl Fn(&'r Rotating) -> T) -> Vec<T> {
    rotations.iter().map(|(_, rotation)| of(rotation)).collect()
}

pub(crate) async fn accept_ahead(db: &Db<'_>, until: Option<UnixMillis>) -> Result<()> {
    match until {
        Some(until) => {
            db.execute(ACCEPT_AHEAD, &[&until.0]).await?;
            // It is said after a restore, and a restore also takes back places on the feed.
            feed::begin_anew(db).await
        }
        None => db.execute(ACCEPT_NO_MORE, &[]).await.map(drop),
    }
}
