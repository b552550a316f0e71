//! Sessions, the newest first: by id, which begins with the moment at which the session began. So a span of time is a span
//! of ids.
//!
//! A session was at an address if an event of it was: an index has the sessions of each address in the order of their ids,
//! and [`at_address`] goes from one to the next, however many events each has there.

use rotunda_core::model::{Facts, SessionId, UnixMillis};
use rotunda_core::store::{LOOKS_AT, Page, SessionSearch};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Result, Row, params};

use super::{BEHIND_ALL_IDS, page};
use crate::everyone::not_signed_out;
use crate::refresh;

/// Which session this is, and whether all that is given fits: user, device, client, address, and whether it lives (`?8`) at
/// a moment (`?7`). `?5` and `?6` are the span of ids.
macro_rules! select_ids {
    () => {
        concat!(
            "SELECT session.id AS id, iif((?1 IS NULL OR session.user_id = ?1) \
             AND (?2 IS NULL OR session.device_id = ?2) \
             AND (?3 IS NULL OR session.client_id = ?3) \
             AND (?4 IS NULL OR EXISTS \
             (SELECT 1 FROM outbox WHERE outbox.address = ?4 AND outbox.session_id = session.id)) \
             AND (?8 IS NULL OR ?8 = (session.status = 'live' AND session.idle_expires_at > ?7 \
             AND session.absolute_expires_at > ?7 AND session.",
            not_signed_out!(),
            ")), 1, 0) AS fits FROM session "
        )
    };
}

pub(crate) const ALL: &str =
    concat!(select_ids!(), "WHERE session.id < ?5 AND session.id >= ?6 ORDER BY session.id DESC");
/// Both halves of the index, laid into one another.
pub(crate) const OF_USER: &str = concat!(
    select_ids!(),
    "INDEXED BY session_of_user WHERE user_id = ?1 AND status = 'live' AND id < ?5 AND id >= ?6 UNION ALL ",
    select_ids!(),
    "INDEXED BY session_of_user WHERE user_id = ?1 AND status = 'ended' AND id < ?5 AND id >= ?6 \
     ORDER BY id DESC"
);
pub(crate) const ON_DEVICE: &str = concat!(
    select_ids!(),
    "INDEXED BY session_of_device WHERE device_id = ?2 AND id < ?5 AND id >= ?6 ORDER BY session.id DESC"
);
pub(crate) const ONE: &str = concat!(select_ids!(), "WHERE session.id = ?5");
pub(crate) const NEXT_AT: &str = "\
    SELECT session_id FROM outbox INDEXED BY outbox_session_at \
    WHERE address = ?1 AND session_id < ?2 AND session_id >= ?3 ORDER BY session_id DESC LIMIT 1";

/// A search as its statements take it.
struct Given {
    user: Option<[u8; 16]>,
    device: Option<[u8; 16]>,
    client: Option<String>,
    address: Option<String>,
    /// The span of ids: below the one, and not below the other.
    below: Vec<u8>,
    from: [u8; 16],
    now: UnixMillis,
    live: Option<bool>,
}

/// One transaction, hence one moment.
pub(crate) fn search(
    db: &Connection,
    by: &SessionSearch,
    now: UnixMillis,
    after: Option<SessionId>,
    limit: u32,
) -> Result<Page<Facts, SessionId>> {
    let _moment = db.unchecked_transaction()?;
    let found = ids(db, &Given::of(by, now, after), limit)?;
    let mut facts = Vec::with_capacity(found.rows.len());
    for id in found.rows {
        facts.extend(refresh::facts(db, id)?);
    }
    Ok(Page { rows: facts, next: found.next })
}

fn ids(db: &Connection, given: &Given, limit: u32) -> Result<Page<SessionId, SessionId>> {
    let sql = match given {
        Given { device: Some(_), .. } => ON_DEVICE,
        Given { user: Some(_), .. } => OF_USER,
        Given { address: Some(address), .. } => return at_address(db, given, address, limit),
        _ => ALL,
    };
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = given.ask(&mut statement, &given.below)?;
    page(&mut rows, limit, found)
}

fn at_address(
    db: &Connection,
    given: &Given,
    address: &str,
    limit: u32,
) -> Result<Page<SessionId, SessionId>> {
    let mut next = db.prepare_cached(NEXT_AT)?;
    let mut one = db.prepare_cached(ONE)?;
    let mut page = Page { rows: Vec::new(), next: None };
    let mut below = given.below.clone();
    for looked in 0.. {
        let id = next.query_row(params![address, below, given.from], |row| row.get(0)).optional()?;
        let Some(id): Option<[u8; 16]> = id else { break };
        if page.rows.len() >= limit as usize || looked == LOOKS_AT {
            page.next = below.try_into().ok().map(SessionId::from_bytes);
            break;
        }
        below = id.to_vec();
        // Of one that was forgotten, events may be left.
        if let Some(row) = given.ask(&mut one, &id)?.next()? {
            page.rows.extend(found(row)?.1);
        }
    }
    Ok(page)
}

fn found(row: &Row<'_>) -> Result<(SessionId, Option<SessionId>)> {
    let id = SessionId::from_bytes(row.get(0)?);
    Ok((id, row.get::<_, bool>(1)?.then_some(id)))
}

impl Given {
    fn of(by: &SessionSearch, now: UnixMillis, after: Option<SessionId>) -> Self {
        let ends = [after.map(|id| id.as_bytes().to_vec()), by.until.map(|at| first_of(at).to_vec())];
        let below = ends.into_iter().flatten().min();
        Self {
            user: by.user.map(|id| *id.as_bytes()),
            device: by.device.map(|id| *id.as_bytes()),
            client: by.client.as_ref().map(|client| client.0.clone()),
            address: by.address.map(|address| address.to_string()),
            below: below.unwrap_or_else(|| BEHIND_ALL_IDS.to_vec()),
            from: by.from.map_or([0; 16], first_of),
            now,
            live: by.live,
        }
    }

    fn ask<'s>(&self, statement: &'s mut CachedStatement<'_>, below: &[u8]) -> Result<rusqlite::Rows<'s>> {
        statement.query(params![
            self.user,
            self.device,
            self.client,
            self.address,
            below,
            self.from,
            self.now.0,
            self.live
        ])
    }
}

/// What comes before every id that is made at that moment or later (RFC 9562 §5.7).
fn first_of(at: UnixMillis) -> [u8; 16] {
    const MOST: u64 = (1 << 48) - 1;
    let millis = u64::try_from(at.0).unwrap_or(0).min(MOST);
    (u128::from(millis) << 80).to_be_bytes()
}
