//! Looking for things among millions.
//!
//! 1. Each search goes along one index, from a key on, and looks at no more than [`LOOKS_AT`] rows of it; whatever else is asked is asked
//!    of those rows. Which index that is follows from what is given, so there is one statement for each.
//! 2. A statement answers with the rows that fit, one more than was asked for, and in any case with the last row that it looked at: so
//!    [`page`] knows where to go on, and whether there is anything left.

pub(crate) mod count;
pub(crate) mod events;
pub(crate) mod sessions;
pub(crate) mod users;

use rotunda_core::store::{LOOKS_AT, Page};
use tokio_postgres::Row;

use crate::db::Result;
use crate::rows::Columns;

/// Looks at `$3` rows at most in the order that is given. Those that fit and the last one, at most `$4`, are called `found`, and have two
/// more columns than their table: whether they fit, and how many were looked at. A `SELECT` follows.
macro_rules! found {
    ($looked:expr, $fits:expr, $order:expr, $backwards:expr) => {
        concat!(
            "WITH looked AS MATERIALIZED (",
            $looked,
            " ORDER BY ",
            $order,
            " LIMIT $3), \
             judged AS MATERIALIZED (SELECT looked.*, ",
            $fits,
            " AS fits FROM looked), \
             found AS MATERIALIZED (\
                 SELECT judged.*, (SELECT count(*) FROM looked) AS many FROM judged \
                 WHERE fits OR id = (SELECT id FROM looked ORDER BY ",
            $backwards,
            " LIMIT 1) ORDER BY ",
            $order,
            " LIMIT $4) "
        )
    };
}
use found;

/// How many rows of an index are looked at.
const LOOKS: i64 = LOOKS_AT as i64;

/// A page of at most `limit` of what was found. Behind what `read` takes from a row stand whether it fits and how many were looked at.
fn page<T, K>(
    found: &[Row],
    limit: u32,
    read: impl Fn(&mut Columns<'_>) -> Result<T>,
    key: impl Fn(&T) -> K,
) -> Result<Page<T, K>> {
    let mut rows: Vec<T> = Vec::new();
    let mut next = None;
    for row in found {
        let mut row = Columns::of(row);
        let one = read(&mut row)?;
        let (fits, many): (bool, i64) = (row.take()?, row.take()?);
        if fits && rows.len() >= limit as usize {
            // One more than was asked for.
            return Ok(Page { next: rows.last().map(key), rows });
        }
        next = (many >= LOOKS).then(|| key(&one));
        if fits {
            rows.push(one);
        }
    }
    Ok(Page { rows, next })
}

/// How many rows to look at for a page where the index serves all that is asked, or not.
fn looks(limit: u32, is_served: bool) -> i64 {
    if is_served { and_one_more(limit).min(LOOKS) } else { LOOKS }
}

/// One more than is asked for, to see whether there is one.
fn and_one_more(limit: u32) -> i64 {
    i64::from(limit).saturating_add(1)
}
