//! Copy a whole store into an empty one: nobody is signed out, and whoever follows the feed goes on after their place.
//!
//! 1. The target is marked as the unfinished copy of the source; only an empty one is, or the one that a broken-off copy of
//!    the same source left.
//! 2. Part after part, the rows behind the last one that the target has are read and written, the next batch being read
//!    while one is written. Whatever is broken off goes on there when it is run again.
//! 3. Both are read once more, and every part's count and checksum compared: what is really stored. Single numbers come
//!    last, so a source that was written to meanwhile shows.
//! 4. Only where all is the same the mark is taken away. A copy that differs stays one that no server opens.
//!
//! Where only what refreshes change of sessions goes elsewhere, the rows stay: [`move_out`] and [`move_back`].

mod checksum;
mod compare;
mod moving;

use futures_util::future::try_join;

pub use checksum::Checksum;
pub use compare::{Compared, Summed};
pub use moving::{MovedParts, move_back, move_out};

use crate::failure::Failure;
use crate::model::FeedId;
use crate::store::{Batch, Begun, Copying, Part};

/// How many rows a transaction takes: a megabyte or two of sessions, and far less than a store's deadline.
pub const ROWS: u32 = 2_000;

/// How far a copy is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// More rows of a part were written.
    Written(Part, u64),
    /// More rows of a part were compared.
    Compared(Part, u64),
}

/// Why a copy did not begin, or was broken off.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The target is in use, or was.
    #[error(
        "the target is not empty: a store is copied into an empty one only, so that none is overwritten by mistake"
    )]
    NotEmpty,
    /// The target belongs to another copy.
    #[error(
        "the target holds the unfinished copy of another store: finish that one, or copy into an empty one"
    )]
    OfAnother,
    /// The source is itself no whole store.
    #[error("the source is an unfinished copy itself: copy from where it came from")]
    Unfinished,
    /// There is nothing to copy.
    #[error("the source is empty: is it the right one?")]
    Empty,
    /// One of the two did not answer.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Copies and compares, `rows` at a time ([`ROWS`]); answers what the comparison found, part by part.
///
/// # Errors
/// [`CopyError`]; after a [`CopyError::Failure`] another run goes on where this one was.
pub async fn copy(
    source: &dyn Copying,
    target: &dyn Copying,
    rows: u32,
    tell: &mut (dyn FnMut(Step) + Send),
) -> Result<Vec<Compared>, CopyError> {
    if source.unfinished_copy().await?.is_some() {
        return Err(CopyError::Unfinished);
    }
    if is_empty(source).await? {
        return Err(CopyError::Empty);
    }
    match target.begin_copy(feed_of(source).await?).await? {
        Begun::Anew | Begun::Again => {}
        Begun::OfAnother => return Err(CopyError::OfAnother),
        Begun::NotEmpty => return Err(CopyError::NotEmpty),
    }
    for part in Part::ALL {
        copy_part((source, target), *part, rows, tell).await?;
    }
    let found = compare::stores(source, target, rows, tell).await?;
    if found.iter().all(Compared::is_same) {
        target.end_copy().await?;
    }
    Ok(found)
}

/// Whoever mistypes a name must not be told that all is well.
async fn is_empty(store: &dyn Copying) -> Result<bool, Failure> {
    for part in Part::ALL.iter().filter(|part| **part != Part::Numbers) {
        if !store.read_part(*part, None, 1).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a store is known by.
async fn feed_of(store: &dyn Copying) -> Result<FeedId, Failure> {
    match store.read_part(Part::Numbers, None, 1).await? {
        Batch::Numbers(rows) if rows.len() == 1 => Ok(rows[0].feed),
        _ => Err(Failure::broken("reading a store's numbers", "there is not one row of them")),
    }
}

async fn copy_part(
    (source, target): (&dyn Copying, &dyn Copying),
    part: Part,
    limit: u32,
    tell: &mut (dyn FnMut(Step) + Send),
) -> Result<(), Failure> {
    let there = target.last_key(part).await?;
    let mut batch = source.read_part(part, there, limit).await?;
    loop {
        let rows = batch.len() as u64;
        let Some(last) = batch.last_key() else {
            // The whole of a small part, or nothing more of a long one.
            target.write_part(batch).await?;
            tell(Step::Written(part, rows));
            return Ok(());
        };
        let (next, ()) =
            try_join(source.read_part(part, Some(last), limit), target.write_part(batch)).await?;
        tell(Step::Written(part, rows));
        batch = next;
    }
}
