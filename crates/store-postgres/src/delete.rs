//! A user goes, and with them whatever tells who they were.
//!
//! 1. The user and their live sessions are held, in this order. The session that asks must be among the live ones.
//! 2. From then on nobody writes what refers to the user, and who did so before has come to their end: what is deleted later
//!    is all there is. Letters go before links, and links are held by id: a claim takes them like this, too.
//! 3. Every live session ends with its event, so that whoever follows the outbox hears of each. The revocation feed refuses
//!    every token of theirs by an epoch that they never had.
//! 4. Whatever refers to the user is deleted, then the user.
//! 5. All events of that id lose from where it was called, those of this deletion among them, and the salt that would tell whether
//!    a guess is right. One that is not chained yet gets none (`audit.rs`).
//! 6. The last letter comes in after that: it alone still knows the address, until it is sent.

use rotunda_core::model::{Caller, Ending, User};
use rotunda_core::store::Deleting;

use crate::db::{Db, Result};
use crate::{amend, feed, journal, letters, links, logout, rows, users};

pub(crate) const SESSIONS: &str = "DELETE FROM session WHERE user_id = $1";
pub(crate) const DEVICES: &str = "DELETE FROM device WHERE user_id = $1";
pub(crate) const LETTERS: &str = "DELETE FROM letter WHERE user_id = $1";
pub(crate) const LINKS: &str = "DELETE FROM link WHERE user_id = $1";
pub(crate) const USER: &str = "DELETE FROM users WHERE id = $1";
/// Held in the order in which places are given to them; counted, so that all of them are held before the first one changes.
pub(crate) const STRIP: &str = "\
    WITH theirs AS (SELECT id FROM outbox WHERE user_id = $1 ORDER BY id FOR NO KEY UPDATE) \
    UPDATE outbox SET address = NULL, user_agent = NULL, salt = CASE WHEN hash IS NULL THEN ''::bytea END \
    WHERE user_id = $1 AND (SELECT count(*) FROM theirs) > 0";

pub(crate) async fn delete(db: &Db<'_>, deleting: &Deleting) -> Result<bool> {
    let user = deleting.user_id;
    let Some(account) = users::hold(db, user).await? else { return Ok(false) };
    let live = amend::hold_live(db, &account.user, None).await?;
    if deleting.asking.is_some_and(|asking| !live.contains(&asking)) {
        return Ok(false);
    }
    let gone = User { ep: account.user.ep.saturating_add(1), ..account.user };
    feed::user_ended(db, &gone, Ending::UserDeleted, deleting.at).await?;
    logout::end_live_of(db, user, Ending::UserDeleted, deleting.at, &Caller::default()).await?;
    for event in &deleting.events {
        journal::record(db, event).await?;
    }
    let id = rows::uuid(user.as_bytes());
    db.execute(LETTERS, &[&id]).await?;
    links::hold_of(db, user).await?;
    for sql in [LINKS, SESSIONS, DEVICES, USER, STRIP] {
        db.execute(sql, &[&id]).await?;
    }
    letters::post_all(db, &deleting.post).await?;
    Ok(true)
}
