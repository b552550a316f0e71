//! From an empty database to today's schema.
//!
//! 1. What is missing of `migrations/` is applied, each in a transaction of its own, with its line in the history.
//! 2. Of two servers that start at once, one is told that a table or a line is there already. It looks again, and finds that
//!    there is nothing left to do. No lock: not every database that speaks PostgreSQL's language has one for this.
//! 3. A schema may be newer than this binary: a migration that it does not know is tolerated, because every migration leaves
//!    the previous release working. One that *differs* from the one of the same number here is refused.

use std::error::Error as StdError;
use std::time::Duration;

use refinery::error::Kind;
use rotunda_core::model::UnixMillis;
use tokio_postgres::error::SqlState;

use crate::db::Db;
use crate::fault::Said;
use crate::pool::{Held, Pool};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// How often the loser of a race looks again.
const TRIES: u32 = 10;
/// How long it waits before that.
const PAUSE: Duration = Duration::from_millis(200);

const THERE: &str = "SELECT 1 FROM refinery_schema_history LIMIT 1";
const NOTE_BIRTH: &str = "INSERT INTO meta (name, value) VALUES ('created_at', $1) ON CONFLICT DO NOTHING";

/// The number of the newest migration of this release.
pub(crate) fn newest() -> i64 {
    let runner = embedded::migrations::runner();
    runner.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}

/// Brings the schema up to date. What goes wrong is told in words.
pub(crate) async fn prepare(pool: &Pool, now: UnixMillis) -> Result<(), String> {
    for _ in 1..TRIES {
        match migrate(pool).await {
            Err(e) if was_beaten(&e) => tokio::time::sleep(PAUSE).await,
            other => return finish(pool, other, now).await,
        }
    }
    finish(pool, migrate(pool).await, now).await
}

/// Whether there is anything of ours in the database.
pub(crate) async fn is_there(pool: &Pool) -> Result<bool, String> {
    let held = pool.get().await.map_err(|e| told(&e))?;
    let found = Db::of(held.get().map_err(|e| told(&e))?).exists(THERE, &[]).await;
    match found {
        Ok(there) => Ok(there),
        Err(crate::db::Error::Sql(e)) if e.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(false),
        Err(e) => Err(told(&e)),
    }
}

type Failed = Box<dyn StdError + Send + Sync>;

/// On a connection of its own, because a migration may take longer than a statement may otherwise.
async fn migrate(pool: &Pool) -> Result<(), Failed> {
    let mut held: Held = pool.get().await?;
    let client = held.client().ok_or("the connection was closed")?;
    client.batch_execute("SET statement_timeout = 0").await?;
    let runner = embedded::migrations::runner().set_abort_missing(false).set_abort_divergent(true);
    let report = runner.run_async(client).await?;
    for migration in report.applied_migrations() {
        tracing::info!(%migration, "the database was migrated");
    }
    Ok(())
}

/// Writes down when the database was made.
async fn finish(pool: &Pool, migrated: Result<(), Failed>, now: UnixMillis) -> Result<(), String> {
    migrated.map_err(|e| in_words(&e))?;
    let held = pool.get().await.map_err(|e| told(&e))?;
    let db = Db::of(held.get().map_err(|e| told(&e))?);
    db.execute(NOTE_BIRTH, &[&now.0]).await.map_err(|e| told(&e))?;
    held.done();
    Ok(())
}

/// Whether another server did the same at the same time, and was first.
fn was_beaten(error: &Failed) -> bool {
    let code = sql(error).and_then(tokio_postgres::Error::code);
    code.is_some_and(|code| {
        [
            SqlState::UNIQUE_VIOLATION,
            SqlState::DUPLICATE_TABLE,
            SqlState::DUPLICATE_OBJECT,
            SqlState::DUPLICATE_COLUMN,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
        ]
        .contains(code)
    })
}

fn in_words(error: &Failed) -> String {
    if let Some(refused) = error.downcast_ref::<refinery::Error>()
        && let Kind::DivergentVersion(..) = refused.kind()
    {
        return format!(
            "{refused}. Start the release that made it, or put back a backup that this release made"
        );
    }
    sql(error).map_or_else(|| error.to_string(), |e| Said(e).to_string())
}

pub(crate) fn told(error: &crate::db::Error) -> String {
    match error {
        crate::db::Error::Sql(e) => Said(e).to_string(),
        other => other.to_string(),
    }
}

/// What PostgreSQL said, wherever it is in the chain.
fn sql(error: &Failed) -> Option<&tokio_postgres::Error> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&**error);
    while let Some(this) = cause {
        if let Some(found) = this.downcast_ref() {
            return Some(found);
        }
        if let Some(crate::db::Error::Sql(found)) = this.downcast_ref() {
            return Some(found);
        }
        cause = this.source();
    }
    None
}
