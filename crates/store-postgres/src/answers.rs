//! Answers to requests that may come twice.
//!
//! Whoever begins one writes its key. Of two at once, the second waits for what becomes of that, and is told: one statement writes, and
//! the next one reads what stands there instead.

use rotunda_core::model::UnixMillis;
use rotunda_core::store::{AnswerBegun, AnswerKey, KeptAnswer};

use crate::db::{Db, Param, Result};
use crate::rows::{self, Columns};

/// Over one that nobody will answer any more.
pub(crate) const BEGIN: &str = "\
    INSERT INTO kept_answer (key, request, at_ms) VALUES ($1, $2, $3) \
    ON CONFLICT (key) DO UPDATE SET request = excluded.request, at_ms = excluded.at_ms \
    WHERE kept_answer.status IS NULL AND kept_answer.at_ms < $4";
pub(crate) const FIND: &str = "SELECT request = $2, status, key_id, body FROM kept_answer WHERE key = $1";
pub(crate) const FINISH: &str = "\
    UPDATE kept_answer SET status = $3, key_id = $4, body = $5 WHERE key = $1 AND request = $2 AND status IS NULL";
pub(crate) const DROP: &str = "DELETE FROM kept_answer WHERE key = $1 AND request = $2 AND status IS NULL";
pub(crate) const FORGET: &str = "\
    WITH old AS (SELECT key AS old_key FROM kept_answer WHERE at_ms < $1 ORDER BY at_ms LIMIT $2 FOR UPDATE SKIP LOCKED) \
    DELETE FROM kept_answer USING old WHERE key = old_key";

pub(crate) async fn begin(
    db: &Db<'_>,
    key: &AnswerKey,
    now: UnixMillis,
    lost: UnixMillis,
) -> Result<AnswerBegun> {
    let begun: [Param<'_>; 4] = [&&key.key[..], &&key.request[..], &now.0, &lost.0];
    if db.execute(BEGIN, &begun).await? > 0 {
        return Ok(AnswerBegun::New);
    }
    // It is there, and was locked by that, so that it stays as it is.
    let Some(row) = db.row(FIND, &[&&key.key[..], &&key.request[..]]).await? else {
        return Ok(AnswerBegun::UnderWay);
    };
    let mut row = Columns::of(&row);
    let is_the_same: bool = row.take()?;
    Ok(match rows::kept_answer(&mut row)? {
        _ if !is_the_same => AnswerBegun::Another,
        Some(answer) => AnswerBegun::Again(answer),
        None => AnswerBegun::UnderWay,
    })
}

pub(crate) async fn finish(db: &Db<'_>, key: &AnswerKey, answer: &KeptAnswer) -> Result<()> {
    let status = i16::try_from(answer.status).unwrap_or(i16::MAX);
    let kept: [Param<'_>; 5] =
        [&&key.key[..], &&key.request[..], &status, &i16::from(answer.body.key_id), &answer.body.bytes];
    db.execute(FINISH, &kept).await.map(drop)
}

pub(crate) async fn forget_one(db: &Db<'_>, key: &AnswerKey) -> Result<()> {
    db.execute(DROP, &[&&key.key[..], &&key.request[..]]).await.map(drop)
}

pub(crate) async fn forget(db: &Db<'_>, before: UnixMillis, limit: u32) -> Result<u32> {
    Ok(rows::counted(db.execute(FORGET, &[&before.0, &i64::from(limit)]).await?, limit))
}
