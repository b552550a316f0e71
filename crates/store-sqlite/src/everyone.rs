//! Everyone is signed out in one moment, whatever their number.
//!
//! 1. [`end_everyone`] raises the revision and notes below which one sessions have ended, and when. It writes nothing for each
//!    session.
//! 2. The facts of a session tell of it (`refresh.rs`), lists and caps leave such sessions out, and none of them gives a right
//!    to begin another.
//! 3. The janitor finds them on its walk and writes their endings down (`janitor.rs`).

use rotunda_core::model::{Event, Everyone, Revoked, UnixMillis};
use rusqlite::{Connection, Result, params};

use crate::rows::{self, Columns};
use crate::{feed, journal, keys, roles};

/// Of a row of `session`.
macro_rules! not_signed_out {
    () => {
        "revision >= coalesce((SELECT value FROM meta WHERE name = 'everyone_below'), 0)"
    };
}
pub(crate) use not_signed_out;

pub(crate) const BELOW: &str = "\
    INSERT INTO meta (name, value) VALUES ('everyone_below', ?1), ('everyone_at', ?2) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
pub(crate) const WHO: &str = "\
    SELECT (SELECT value FROM meta WHERE name = 'everyone_below'), (SELECT value FROM meta WHERE name = 'everyone_at')";

pub(crate) fn end_everyone(db: &Connection, at: UnixMillis, event: &Event) -> Result<u64> {
    let below = roles::raise_revision(db)?;
    set(db, Everyone { below, at })?;
    feed::enter(db, &Revoked::Everyone { rv: below }, at)?;
    journal::record(db, event)?;
    // Servers have the revision on their shelves, for the tokens that they sign.
    keys::shelf_changed(db)?;
    Ok(below)
}

pub(crate) fn set(db: &Connection, everyone: Everyone) -> Result<()> {
    let Everyone { below, at } = everyone;
    db.prepare_cached(BELOW)?.execute(params![rows::stored(below), at.0]).map(drop)
}

/// Who was signed out, where that has ever happened.
pub(crate) fn signed_out(db: &Connection) -> Result<Option<Everyone>> {
    db.prepare_cached(WHO)?.query_row([], |row| rows::everyone(&mut Columns::of(row)))
}
