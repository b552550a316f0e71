//! Figures by the hour: servers add to them, in the order of their names.

use std::collections::BTreeMap;

use rotunda_core::model::{Tally, UnixMillis};

use crate::db::{Db, Result};
use crate::rows::{self, Columns};

pub(crate) const ADD: &str = "\
    INSERT INTO tally (hour, name, count) SELECT $1, name, count FROM unnest($2::text[], $3::bigint[]) AS more(name, count) \
    ON CONFLICT (hour, name) DO UPDATE SET count = tally.count + excluded.count";
pub(crate) const SINCE: &str =
    "SELECT hour, name, count FROM tally WHERE hour >= $1 ORDER BY hour, name COLLATE \"C\"";
pub(crate) const FORGET: &str = "\
    WITH old AS (SELECT hour AS old_hour, name AS old_name FROM tally WHERE hour < $1 ORDER BY hour, name LIMIT $2 \
         FOR UPDATE SKIP LOCKED) \
    DELETE FROM tally USING old WHERE hour = old_hour AND name = old_name";

pub(crate) async fn add(db: &Db<'_>, hour: UnixMillis, more: &[(Tally, u64)]) -> Result<()> {
    let mut by_name: BTreeMap<&str, i64> = BTreeMap::new();
    for (tally, count) in more {
        let sum = by_name.entry(tally.as_str()).or_default();
        *sum = sum.saturating_add(rows::stored(*count));
    }
    let (names, counts): (Vec<&str>, Vec<i64>) = by_name.into_iter().unzip();
    db.execute(ADD, &[&hour.0, &names, &counts]).await.map(drop)
}

/// Without what a newer release counts.
pub(crate) async fn tallies(db: &Db<'_>, from: UnixMillis) -> Result<Vec<(UnixMillis, Tally, u64)>> {
    let mut known = Vec::new();
    for row in &db.rows(SINCE, &[&from.0]).await? {
        let mut row = Columns::of(row);
        let (hour, name): (_, &str) = (row.time()?, row.take()?);
        if let Some(tally) = Tally::parse(name) {
            known.push((hour, tally, row.number()?));
        }
    }
    Ok(known)
}

pub(crate) async fn forget(db: &Db<'_>, before: UnixMillis, limit: u32) -> Result<u32> {
    Ok(rows::counted(db.execute(FORGET, &[&before.0, &i64::from(limit)]).await?, limit))
}
