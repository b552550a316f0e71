//! Everyone is signed out, in one moment.
//!
//! 1. Each session bears the revision at which it began, and nothing is written to it: [`end_everyone`] raises the revision and notes
//!    that sessions below it have ended. From that commit on all facts tell it (`refresh.rs`), and what counts live sessions leaves
//!    them out ([`below`]).
//! 2. A session that begins at the same time reads the revision in the statement that writes its row: whoever has not seen the new one
//!    begins at the old one, and has ended with the rest.
//! 3. The janitor writes each ending down (`janitor.rs`).
//!
//! The revision also tells roles as they were from roles as they are (`roles.rs`).

use rotunda_core::model::{Event, Everyone, UnixMillis};

use crate::db::{Db, Error, Result};
use crate::rows::{self, Columns};
use crate::{feed, journal, keys};

/// The lowest revision of sessions that have not been signed out: looked up once for a statement.
macro_rules! below {
    () => {
        "coalesce((SELECT value FROM meta WHERE name = 'everyone_below'), 0)"
    };
}
pub(crate) use below;

pub(crate) const EVERYONE: &str = "\
    SELECT (SELECT value FROM meta WHERE name = 'everyone_below'), (SELECT value FROM meta WHERE name = 'everyone_at')";
pub(crate) const REVISION: &str = "SELECT value FROM meta WHERE name = 'revision'";
pub(crate) const RAISE: &str = "\
    INSERT INTO meta (name, value) VALUES ('revision', 1) ON CONFLICT (name) DO UPDATE SET value = meta.value + 1 \
    RETURNING value";
pub(crate) const END: &str = "\
    INSERT INTO meta (name, value) VALUES ('everyone_at', $2), ('everyone_below', $1) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";

pub(crate) async fn end_everyone(db: &Db<'_>, at: UnixMillis, event: &Event) -> Result<u64> {
    // As for a change of a role, and in its order: servers have the revision on their shelves, for the tokens that they sign.
    keys::hold_shelf(db).await?;
    let raised = raise(db).await?;
    feed::everyone_ended(db, raised, at).await?;
    journal::record(db, event).await?;
    db.execute(END, &[&rows::stored(raised), &at.0]).await?;
    keys::shelf_changed(db).await?;
    Ok(raised)
}

/// Who was signed out, where that has ever happened.
pub(crate) async fn everyone(db: &Db<'_>) -> Result<Option<Everyone>> {
    let found = db.row(EVERYONE, &[]).await?;
    found.map_or(Ok(None), |row| rows::everyone(&mut Columns::of(&row)))
}

/// The store's revision.
pub(crate) async fn revision(db: &Db<'_>) -> Result<u64> {
    db.row(REVISION, &[]).await?.map_or(Ok(0), |row| Columns::of(&row).number())
}

/// Raises the revision; whoever does it next waits for the end of this transaction.
pub(crate) async fn raise(db: &Db<'_>) -> Result<u64> {
    let raised = db.row(RAISE, &[]).await?.ok_or_else(|| Error::Row("meta has no revision".to_owned()))?;
    Columns::of(&raised).number()
}
