//! Looking for things among millions.
//!
//! 1. Each search has one statement for each index that can lead it. The statement walks the index from where the last page
//!    ended, in the order of the page, and says of each row whether all else fits. It says so with `iif`: in that, and not in a
//!    value, SQLite leaves the rest of a condition unasked, and the row unread, once it is known.
//! 2. [`page`] takes rows until it has as many as were asked, or has looked at [`LOOKS_AT`]. One more row tells whether to go
//!    on.
//! 3. Nothing is sorted, and nothing is counted to find a page.

pub(crate) mod count;
pub(crate) mod events;
pub(crate) mod sessions;
pub(crate) mod users;

use rotunda_core::store::{LOOKS_AT, Page};
use rusqlite::{Result, Row, Rows};

/// Every id, and every place among keys, comes before this.
const BEHIND_ALL_IDS: &[u8] = &[0xff; 17];

/// Reads a page; `found` tells where a row stands, and what it is where it fits.
fn page<T, K>(
    rows: &mut Rows<'_>,
    limit: u32,
    found: impl Fn(&Row<'_>) -> Result<(K, Option<T>)>,
) -> Result<Page<T, K>> {
    let mut page = Page { rows: Vec::new(), next: None };
    let mut last = None;
    let mut looked = 0;
    while let Some(row) = rows.next()? {
        if page.rows.len() >= limit as usize || looked == LOOKS_AT {
            page.next = last;
            break;
        }
        let (key, fitting) = found(row)?;
        page.rows.extend(fitting);
        last = Some(key);
        looked += 1;
    }
    Ok(page)
}
