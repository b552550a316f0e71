//! The revocation feed.
//!
//! 1. An entry is part of the transaction that it tells of. It gets its place from the first reader that comes by after its commit
//!    (`places.rs`): whoever goes on after a place that they have seen misses nothing.
//! 2. The place of the newest entry is known even when all are forgotten, because none is ever given twice. It is read in the same
//!    statement as the entries, and so is whether there are any without a place: on most polls that is all.
//! 3. Whoever waits in this process is woken by each commit that entered something (`Db::tell`).

use std::time::Duration;

use rotunda_core::model::{
    Ending, Event, FeedId, FeedPage, FeedPlace, Revocation, Revoked, RoleName, SessionId, UnixMillis, User,
};

use crate::db::{Db, Error, Param, Result};
use crate::rows::Columns;
use crate::{journal, rows};

pub(crate) const ENTER: &str = "\
    INSERT INTO revocation (at_ms, kind, subject, ep, ending) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (subject) WHERE kind = 'token' DO NOTHING";
/// In the order of the places, whatever index that of the times (`+ 0`) could promise: so it stops at the limit. A place that was never
/// given is none on this feed. A newer release may write what this one has no name for; its readers hear of it from the newer one, and
/// everybody of the rest from this one.
pub(crate) const AFTER: &str = "\
    SELECT feed.value, newest.value, EXISTS (SELECT 1 FROM revocation WHERE seq IS NULL), entry.seq, entry.at_ms, \
        entry.kind, entry.subject, entry.ep, entry.ending \
    FROM meta AS feed JOIN meta AS newest ON newest.name = 'feed' \
    LEFT JOIN LATERAL (\
        SELECT seq, at_ms, kind, subject, ep, ending FROM revocation \
        WHERE seq > CASE WHEN $1 <= newest.value THEN $1 ELSE 0 END AND at_ms + 0 >= $2 \
            AND kind IN ('session', 'user', 'token', 'key', 'everyone', 'claims', 'role') \
        ORDER BY seq LIMIT $3) AS entry ON true \
    WHERE feed.name = 'feed_id' ORDER BY entry.seq";
/// After a restore, places are given again that somebody may have seen.
pub(crate) const BEGIN_ANEW: &str =
    "UPDATE meta SET value = floor(random() * 9007199254740991)::bigint WHERE name = 'feed_id'";
pub(crate) const IS_TOKEN_REVOKED: &str = "SELECT 1 FROM revocation WHERE kind = 'token' AND subject = $1";
pub(crate) const FORGET: &str = "\
    DELETE FROM revocation WHERE id IN (\
        SELECT id FROM revocation WHERE at_ms < $1 AND seq IS NOT NULL ORDER BY at_ms LIMIT $2 FOR UPDATE SKIP LOCKED)";
pub(crate) const NOTE_KEEP: &str = "\
    INSERT INTO feed_keep (keep_ms, seen_at) VALUES ($1, $2) \
    ON CONFLICT (keep_ms) DO UPDATE SET seen_at = greatest(feed_keep.seen_at, excluded.seen_at)";
pub(crate) const FORGET_KEEP: &str = "DELETE FROM feed_keep WHERE seen_at + keep_ms < $1";
pub(crate) const LONGEST_KEEP: &str = "SELECT max(keep_ms) FROM feed_keep";

/// A session has ended. An access token never outlives its session, so that its time is up is no news.
pub(crate) async fn session_ended(db: &Db<'_>, id: SessionId, ending: Ending, at: UnixMillis) -> Result<()> {
    match ending {
        Ending::IdleExpired | Ending::AbsoluteExpired => Ok(()),
        _ => enter(db, &Revoked::Session { id, ending }, at).await.map(drop),
    }
}

/// All sessions of a user have ended; `user` has the epoch that counts from now on.
pub(crate) async fn user_ended(db: &Db<'_>, user: &User, ending: Ending, at: UnixMillis) -> Result<()> {
    enter(db, &Revoked::User { sub: user.sub(), ep: user.ep, ending }, at).await.map(drop)
}

/// Everyone who began a session below this revision has been signed out.
pub(crate) async fn everyone_ended(db: &Db<'_>, rv: u64, at: UnixMillis) -> Result<()> {
    enter(db, &Revoked::Everyone { rv }, at).await.map(drop)
}

/// A user has other roles; `user` has the claims epoch that counts from now on.
pub(crate) async fn claims_changed(db: &Db<'_>, user: &User, at: UnixMillis) -> Result<()> {
    enter(db, &Revoked::Claims { sub: user.sub(), ce: user.ce }, at).await.map(drop)
}

/// A role permits something else, or has gone.
pub(crate) async fn role_changed(db: &Db<'_>, name: &RoleName, rv: u64, at: UnixMillis) -> Result<()> {
    enter(db, &Revoked::Role { name: name.clone(), rv }, at).await.map(drop)
}

/// A key is revoked, or forgotten.
pub(crate) async fn key_gone(db: &Db<'_>, kid: &str, at: UnixMillis) -> Result<()> {
    enter(db, &Revoked::Key { kid: kid.to_owned() }, at).await.map(drop)
}

pub(crate) async fn revoke_token(db: &Db<'_>, jti: &str, at: UnixMillis, event: &Event) -> Result<()> {
    match enter(db, &Revoked::Token { jti: jti.to_owned() }, at).await? {
        true => journal::record(db, event).await,
        false => Ok(()),
    }
}

pub(crate) async fn is_token_revoked(db: &Db<'_>, jti: &str) -> Result<bool> {
    db.exists(IS_TOKEN_REVOKED, &[&jti]).await
}

/// A page, and whether something has to be placed first, so that the page is not all there is.
pub(crate) async fn revocations(
    db: &Db<'_>,
    after: Option<FeedPlace>,
    since: UnixMillis,
    limit: u32,
) -> Result<(FeedPage, bool)> {
    let after = after.map_or(0, rows::stored);
    let found = db.rows(AFTER, &[&after, &since.0, &i64::from(limit)]).await?;
    let first = found.first().ok_or_else(|| Error::Row("meta names no feed".to_owned()))?;
    let mut head = Columns::of(first);
    let (feed, newest, unplaced): (i64, i64, bool) = (head.take()?, head.take()?, head.take()?);
    let is_entry: Option<i64> = head.take()?;
    let entries: Vec<(FeedPlace, Revocation)> = match is_entry {
        Some(_) => {
            found.iter().map(|row| rows::revocation(&mut Columns::after(row, 3))).collect::<Result<_>>()?
        }
        None => Vec::new(),
    };
    let newest = newest.cast_unsigned();
    let next = match entries.last() {
        Some((last, _)) if entries.len() >= limit as usize => *last,
        // Past whatever was left out behind the last one, too.
        Some((last, _)) => newest.max(*last),
        None => newest,
    };
    Ok((FeedPage { feed: FeedId(feed.cast_unsigned()), entries, next }, unplaced))
}

pub(crate) async fn keep(db: &Db<'_>, keep: Duration, now: UnixMillis) -> Result<Duration> {
    db.execute(FORGET_KEEP, &[&now.0]).await?;
    db.execute(NOTE_KEEP, &[&rows::millis(keep), &now.0]).await?;
    let longest = db.row(LONGEST_KEEP, &[]).await?;
    let longest: Option<i64> = longest.map(|row| Columns::of(&row).take()).transpose()?.flatten();
    Ok(Duration::from_millis(longest.and_then(|longest| u64::try_from(longest).ok()).unwrap_or(0)))
}

pub(crate) async fn begin_anew(db: &Db<'_>) -> Result<()> {
    db.execute(BEGIN_ANEW, &[]).await.map(drop)
}

pub(crate) async fn forget(db: &Db<'_>, before: UnixMillis, limit: u32) -> Result<u32> {
    Ok(rows::counted(db.execute(FORGET, &[&before.0, &i64::from(limit)]).await?, limit))
}

/// `false` for a token that was there already.
async fn enter(db: &Db<'_>, what: &Revoked, at: UnixMillis) -> Result<bool> {
    let (kind, subject, ep, ending) = rows::revoked(what);
    let params: [Param<'_>; 5] = [&at.0, &kind, &subject, &ep, &ending];
    let entered = db.execute(ENTER, &params).await? > 0;
    if entered {
        db.tell();
    }
    Ok(entered)
}
