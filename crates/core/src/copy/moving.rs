//! The moving parts of sessions, out of the rows of a store into one that keeps them apart, and back.
//!
//! 1. The rows stay where they are and are walked by their keys. Only sessions that are live on record, and whose time is not
//!    up for good, have a part that moves.
//! 2. Out: each part is put where there is none or an older one. Back: each part is settled in its row, where that is not newer.
//!    Both can be broken off and run again.
//! 3. Both sides are read once more and compared. A part that was lost there stays in its row as that was written; its holder is
//!    then believed only while newer tokens are accepted.

use crate::failure::Failure;
use crate::model::{Session, SessionId, Standing, UnixMillis};
use crate::store::{Batch, Copying, Moved, MovingParts, Part, Skeletons};

/// What was found of the moving parts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MovedParts {
    /// Of how many sessions.
    pub sessions: u64,
    /// How many are the same on both sides.
    pub same: u64,
    /// How many are known in the rows only, or better in the rows.
    pub lost: u64,
    /// The first session of which both sides say something else.
    pub differs_at: Option<SessionId>,
}

impl MovedParts {
    /// Whether nothing is another on one side than on the other.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.same + self.lost == self.sessions
    }

    fn add(&mut self, session: &Session, part: Option<Moved>) {
        self.sessions += 1;
        // One that is behind its row has lost what came after.
        let Some(part) = part.filter(|part| part.lineage.generation >= session.lineage.generation) else {
            self.lost += 1;
            return;
        };
        match part.put_into(session.clone()) == *session {
            true => self.same += 1,
            false => self.differs_at = self.differs_at.or(Some(session.id)),
        }
    }
}

/// Puts the moving parts of all sessions of `rows` there, `limit` at a time; `tell` hears how many were read. Lost afterwards
/// is what did not arrive.
///
/// # Errors
/// When one of the two does not answer; another run begins anew, and does no harm.
pub async fn move_out(
    rows: &dyn Copying,
    there: &dyn MovingParts,
    (now, limit): (UnixMillis, u32),
    tell: &mut (dyn FnMut(u64) + Send),
) -> Result<MovedParts, Failure> {
    let mut walk = Walk::new(rows, now, limit);
    while let Some(sessions) = walk.next().await? {
        there.put_moving_parts(&sessions).await?;
        tell(walk.read);
    }
    compare(Walk::new(rows, now, limit), there, tell).await
}

/// Settles the moving parts that are there in `rows`.
///
/// # Errors
/// As with [`move_out`].
pub async fn move_back<S: Copying + Skeletons>(
    there: &dyn MovingParts,
    rows: &S,
    (now, limit): (UnixMillis, u32),
    tell: &mut (dyn FnMut(u64) + Send),
) -> Result<MovedParts, Failure> {
    let mut walk = Walk::new(rows, now, limit);
    while let Some(sessions) = walk.next().await? {
        let moved: Vec<Moved> = there.moving_parts(&sessions).await?.into_iter().flatten().collect();
        rows.settle(moved).await?;
        tell(walk.read);
    }
    compare(Walk::new(rows, now, limit), there, tell).await
}

async fn compare(
    mut walk: Walk<'_>,
    there: &dyn MovingParts,
    tell: &mut (dyn FnMut(u64) + Send),
) -> Result<MovedParts, Failure> {
    let mut found = MovedParts::default();
    while let Some(sessions) = walk.next().await? {
        let parts = there.moving_parts(&sessions).await?;
        sessions.iter().zip(parts).for_each(|(session, part)| found.add(session, part));
        tell(walk.read);
    }
    Ok(found)
}

/// The sessions that move, in the order of their ids.
struct Walk<'s> {
    rows: &'s dyn Copying,
    now: UnixMillis,
    limit: u32,
    after: Option<crate::store::Key>,
    is_over: bool,
    /// How many rows the last batch had.
    read: u64,
}

impl<'s> Walk<'s> {
    fn new(rows: &'s dyn Copying, now: UnixMillis, limit: u32) -> Self {
        Self { rows, now, limit, after: None, is_over: false, read: 0 }
    }

    async fn next(&mut self) -> Result<Option<Vec<Session>>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        let batch = self.rows.read_part(Part::Sessions, self.after.take(), self.limit).await?;
        self.after = batch.last_key();
        self.is_over = self.after.is_none();
        self.read = batch.len() as u64;
        let Batch::Sessions(sessions) = batch else { return Ok(None) };
        let moves =
            |session: &Session| session.standing == Standing::Live && session.absolute_expires_at > self.now;
        Ok(Some(sessions.into_iter().filter(moves).collect()))
    }
}
