//! How much of what has happened, hour by hour.

use rotunda_core::model::{Tally, UnixMillis};
use rusqlite::{Connection, Result, params};

use crate::rows;

pub(crate) const ADD: &str = "\
    INSERT INTO tally (hour, name, count) VALUES (?1, ?2, ?3) \
    ON CONFLICT (hour, name) DO UPDATE SET count = count + excluded.count";
pub(crate) const FROM: &str = "SELECT hour, name, count FROM tally WHERE hour >= ?1 ORDER BY hour, name";
pub(crate) const FORGET: &str = "\
    DELETE FROM tally WHERE (hour, name) IN \
        (SELECT hour, name FROM tally WHERE hour < ?1 ORDER BY hour, name LIMIT ?2)";

pub(crate) fn add(db: &Connection, hour: UnixMillis, more: &[(Tally, u64)]) -> Result<()> {
    let mut add = db.prepare_cached(ADD)?;
    more.iter().try_for_each(|(tally, count)| {
        add.execute(params![hour.0, tally.as_str(), rows::stored(*count)]).map(drop)
    })
}

/// Without those that a newer release counts.
pub(crate) fn tallies(db: &Connection, from: UnixMillis) -> Result<Vec<(UnixMillis, Tally, u64)>> {
    let mut list = db.prepare_cached(FROM)?;
    let found = list.query_map(params![from.0], rows::tally)?;
    let known = |row: Result<(UnixMillis, Option<Tally>, u64)>| match row {
        Ok((hour, tally, count)) => tally.map(|tally| Ok((hour, tally, count))),
        Err(error) => Some(Err(error)),
    };
    found.filter_map(known).collect()
}

pub(crate) fn forget(db: &Connection, before: UnixMillis, limit: u32) -> Result<u32> {
    let gone = db.prepare_cached(FORGET)?.execute(params![before.0, limit])?;
    Ok(u32::try_from(gone).unwrap_or(limit))
}
