//! The whole store, part by part: to be copied, or copied into.
//!
//! 1. Tables are walked by their primary keys, or by place (`read.rs`). Whatever has no place yet gets one before it is read.
//! 2. Rows of a batch are sent one behind the other, without waiting for each answer (`write.rs`). What
//!    is a handful is replaced (`whole.rs`).
//! 3. Places are copied as they are, with the counters behind them, so that none is ever given twice. Signing keys get places
//!    from 1 on, in their order: no version that is copied with them is lower.

pub(crate) mod read;
pub(crate) mod whole;
pub(crate) mod write;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::FeedId;
use rotunda_core::store::{Batch, Begun, Copying, Key, Part};

use crate::db::{Db, Error, Result};
use crate::places::Sequence;
use crate::pool::Pool;
use crate::rows::Columns;
use crate::{Opening, PostgresStore, schema};

pub(crate) const UNFINISHED: &str = "SELECT value FROM meta WHERE name = 'copy_of'";
pub(crate) const MARK: &str = "INSERT INTO meta (name, value) VALUES ('copy_of', $1)";
pub(crate) const FINISHED: &str = "DELETE FROM meta WHERE name = 'copy_of'";
pub(crate) const ANYTHING: &str = "\
    SELECT 1 WHERE EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM session) OR EXISTS (SELECT 1 FROM device) \
        OR EXISTS (SELECT 1 FROM link) OR EXISTS (SELECT 1 FROM letter) OR EXISTS (SELECT 1 FROM outbox) \
        OR EXISTS (SELECT 1 FROM revocation) OR EXISTS (SELECT 1 FROM feed_keep) OR EXISTS (SELECT 1 FROM signing_key) \
        OR EXISTS (SELECT 1 FROM key_check) OR EXISTS (SELECT 1 FROM client) OR EXISTS (SELECT 1 FROM role) \
        OR EXISTS (SELECT 1 FROM webhook) OR EXISTS (SELECT 1 FROM webhook_delivery) \
        OR EXISTS (SELECT 1 FROM audit_mark) OR EXISTS (SELECT 1 FROM tally) \
        OR EXISTS (SELECT 1 FROM meta WHERE name IN ('outbox', 'feed', 'revision') AND value > 0)";
/// Servers and commands, by the name that they give themselves; whoever copies has another.
const SERVERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rotunda'";

#[async_trait]
impl Copying for PostgresStore {
    async fn read_part(
        &self,
        part: Part,
        after: Option<Key>,
        limit: u32,
    ) -> std::result::Result<Batch, Failure> {
        const DOING: &str = "reading a part of the store";
        if part == Part::Events || part == Part::Numbers {
            self.place(DOING, Sequence::Events).await?;
        }
        if part == Part::Revocations || part == Part::Numbers {
            self.place(DOING, Sequence::Revocations).await?;
        }
        let page = (part, after, limit);
        self.read(DOING, page, |db, (part, after, limit)| {
            Box::pin(read::part(db, *part, after.as_ref(), *limit))
        })
        .await
    }

    async fn write_part(&self, batch: Batch) -> std::result::Result<(), Failure> {
        self.write("writing a part of the store", batch, |db, batch| Box::pin(write::part(db, batch))).await
    }

    async fn last_key(&self, part: Part) -> std::result::Result<Option<Key>, Failure> {
        self.read("looking for the end of a part", part, |db, part| Box::pin(read::last_key(db, *part))).await
    }

    async fn about_how_many(&self, part: Part) -> std::result::Result<u64, Failure> {
        self.read("counting rows", part, |db, part| Box::pin(read::about_how_many(db, *part))).await
    }

    async fn begin_copy(&self, of: FeedId) -> std::result::Result<Begun, Failure> {
        self.write("beginning a copy", of, |db, of| Box::pin(begin(db, *of))).await
    }

    async fn unfinished_copy(&self) -> std::result::Result<Option<FeedId>, Failure> {
        self.read("looking for an unfinished copy", (), |db, ()| Box::pin(unfinished(db))).await
    }

    async fn end_copy(&self) -> std::result::Result<(), Failure> {
        self.write("ending a copy", (), |db, ()| Box::pin(end(db))).await
    }
}

/// Which store this is an unfinished copy of.
pub(crate) async fn unfinished(db: &Db<'_>) -> Result<Option<FeedId>> {
    let found = db.row(UNFINISHED, &[]).await?;
    found.map(|row| Columns::of(&row).take().map(i64::cast_unsigned).map(FeedId)).transpose()
}

/// Nobody lives on an unfinished copy, and nothing is copied under somebody who is at work.
pub(crate) async fn may_open(pool: &Pool, opening: Opening) -> std::result::Result<(), String> {
    let refused = refusal(pool, opening).await.map_err(|e| schema::told(&e))?;
    refused.map_or(Ok(()), Err)
}

async fn refusal(pool: &Pool, opening: Opening) -> Result<Option<String>> {
    let held = pool.get().await?;
    let db = Db::of(held.get()?);
    let refused = match opening {
        Opening::Any | Opening::Existing => unfinished(&db).await?.map(|_| {
            "this is a copy that was never finished: run `rotunda store copy` again, or remove it".to_owned()
        }),
        Opening::Alone | Opening::AloneExisting => match servers(&db).await? {
            0 => None,
            some => Some(format!(
                "the database is in use, by {some} connections: stop every server and command that uses it"
            )),
        },
    };
    held.done();
    Ok(refused)
}

/// How many connections there are of servers and commands, as far as that can be seen.
async fn servers(db: &Db<'_>) -> Result<u64> {
    match db.row(SERVERS, &[]).await {
        Ok(found) => found.map_or(Ok(0), |row| Columns::of(&row).number()),
        // Not every database that speaks PostgreSQL's language tells.
        Err(Error::Sql(e)) if e.code().is_some() => Ok(0),
        Err(e) => Err(e),
    }
}

async fn begin(db: &Db<'_>, of: FeedId) -> Result<Begun> {
    match unfinished(db).await? {
        Some(marked) if marked == of => return Ok(Begun::Again),
        Some(_) => return Ok(Begun::OfAnother),
        None => {}
    }
    if db.exists(ANYTHING, &[]).await? {
        return Ok(Begun::NotEmpty);
    }
    db.execute(MARK, &[&of.0.cast_signed()]).await?;
    Ok(Begun::Anew)
}

async fn end(db: &Db<'_>) -> Result<()> {
    db.execute(FINISHED, &[]).await.map(drop)
}
