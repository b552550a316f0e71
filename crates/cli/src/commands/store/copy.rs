//! `rotunda store copy`
//!
//! 1. Open both sides alone, which refuses where somebody is seen at work.
//! 2. Between two databases everything is copied (`rotunda_core::copy`); with a Redis on one side, what refreshes change of
//!    the sessions in the other.
//! 3. A side that is away for a moment is asked again, a few times: a copy goes on where it was.
//! 4. Tell what was compared, and what to change in the configuration.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rotunda_core::copy::{Compared, CopyError, MovedParts, ROWS, Step, copy, move_back, move_out};
use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;
use rotunda_core::store::{Copying, Part, Skeletons};
use rotunda_outside::SystemClock;
use rotunda_store_postgres::{Options, PostgresStore};
use rotunda_store_redis::{RedisOptions, RedisSessions};
use rotunda_store_sqlite::SqliteStore;

use super::told;
use crate::args::{CopyArgs, Global};
use crate::config::NamedStore;
use crate::output;
use crate::stores::IfNew;

/// More than batches under way.
const CONNECTIONS: usize = 4;
/// How long to wait before a side that was away is asked again.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

pub(super) async fn run(global: &Global, copying: &CopyArgs) -> anyhow::Result<ExitCode> {
    let (from, to) = match (NamedStore::parse(&copying.from), NamedStore::parse(&copying.to)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(wrong), _) => return Ok(misused(&format!("--from {wrong}"))),
        (_, Err(wrong)) => return Ok(misused(&format!("--to {wrong}"))),
    };
    let sides = Sides { from: &from, to: &to, ca_file: copying.ca_file.as_deref(), now: SystemClock.now() };
    let same = match (&from, &to) {
        (NamedStore::Redis(_), NamedStore::Redis(_)) => {
            return Ok(misused(
                "two Redis: copy back into the store that they belong to, and then out again",
            ));
        }
        (NamedStore::Redis(_), _) => sides.sessions(&to, Way::Back, global).await?,
        (_, NamedStore::Redis(_)) => sides.sessions(&from, Way::Out, global).await?,
        _ if is_same(&from, &to) => return Ok(misused("both sides are the same")),
        _ => sides.everything(global).await?,
    };
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What is copied where.
struct Sides<'s> {
    from: &'s NamedStore,
    to: &'s NamedStore,
    ca_file: Option<&'s Path>,
    now: UnixMillis,
}

/// Between the rows of sessions and Redis.
#[derive(Clone, Copy)]
enum Way {
    Out,
    Back,
}

impl Sides<'_> {
    /// From one database into another; `true` where they are the same.
    async fn everything(&self, global: &Global) -> anyhow::Result<bool> {
        self.must_exist(self.from)?;
        let source = self.database(self.from, IfNew::Refuse).await?;
        let target = self.database(self.to, IfNew::Make).await?;
        let mut rows = 0;
        for part in Part::ALL {
            rows += source.about_how_many(*part).await?;
        }
        let bar = progress(2 * rows);
        let mut tell = |step| match step {
            Step::Written(part, rows_of_it) => at(&bar, "copying", part, rows_of_it),
            Step::Compared(part, rows_of_it) => {
                bar.set_position(bar.position().max(rows));
                at(&bar, "comparing", part, rows_of_it);
            }
        };
        let mut pauses = PAUSES.iter();
        let found = loop {
            match (copy(&*source, &*target, ROWS, &mut tell).await, pauses.next()) {
                (Err(CopyError::Failure(failure)), Some(pause)) if failure.is_temporary() => {
                    tokio::time::sleep(*pause).await;
                }
                (found, _) => break found,
            }
        };
        bar.finish_and_clear();
        let found = match found {
            Err(CopyError::Failure(failure)) => {
                Err(failure).context("nothing is lost by this: run it again and it goes on")?
            }
            found => found?,
        };
        told::everything(global, self.from, self.to, &found)?;
        Ok(found.iter().all(Compared::is_same))
    }

    /// What refreshes change of the sessions of `rows`, to Redis or back.
    async fn sessions(&self, rows: &NamedStore, way: Way, global: &Global) -> anyhow::Result<bool> {
        self.must_exist(rows)?;
        let found = match rows {
            NamedStore::Sqlite(path) => self.between(Arc::new(self.sqlite(path)?), way).await?,
            NamedStore::Postgres(url) => {
                self.between(Arc::new(self.postgres(url.expose(), rows, IfNew::Refuse).await?), way).await?
            }
            NamedStore::Redis(_) => bail!("sessions are rows of a database"),
        };
        told::sessions(global, self.from, self.to, &found)?;
        Ok(found.is_same())
    }

    async fn between<S: Copying + Skeletons + 'static>(
        &self,
        rows: Arc<S>,
        way: Way,
    ) -> anyhow::Result<MovedParts> {
        if rows.unfinished_copy().await?.is_some() {
            bail!("{} is a copy that was never finished: finish it first", self.from);
        }
        let url = match (self.from, self.to) {
            (NamedStore::Redis(url), _) | (_, NamedStore::Redis(url)) => url,
            _ => bail!("there is no Redis on either side"),
        };
        let options =
            RedisOptions { ca_file: self.ca_file.map(Path::to_owned), ..RedisOptions::new(url.expose()) };
        let opened = RedisSessions::open(&options, Arc::clone(&rows)).await;
        let (redis, warnings) = opened.with_context(|| format!("opening {url}"))?;
        warnings.iter().for_each(|warning| output::warn(warning));
        let bar = progress(2 * rows.about_how_many(Part::Sessions).await?);
        let mut tell = |rows| bar.inc(rows);
        let mut pauses = PAUSES.iter();
        let found = loop {
            let found = match way {
                Way::Out => move_out(&*rows, &redis, (self.now, ROWS), &mut tell).await,
                Way::Back => move_back(&redis, &*rows, (self.now, ROWS), &mut tell).await,
            };
            match (found, pauses.next()) {
                (Err(failure), Some(pause)) if failure.is_temporary() => tokio::time::sleep(*pause).await,
                (found, _) => break found,
            }
        };
        bar.finish_and_clear();
        found.context("nothing is lost by this: run it again")
    }

    /// A file that is not there would be made, and be an empty store.
    fn must_exist(&self, store: &NamedStore) -> anyhow::Result<()> {
        match store {
            NamedStore::Sqlite(path) if !path.exists() => bail!("there is no database at {}", path.display()),
            _ => Ok(()),
        }
    }

    async fn database(&self, store: &NamedStore, new: IfNew) -> anyhow::Result<Box<dyn Copying>> {
        Ok(match store {
            NamedStore::Sqlite(path) => Box::new(self.sqlite(path)?),
            NamedStore::Postgres(url) => Box::new(self.postgres(url.expose(), store, new).await?),
            NamedStore::Redis(_) => bail!("a Redis is no whole store"),
        })
    }

    fn sqlite(&self, path: &Path) -> anyhow::Result<SqliteStore> {
        SqliteStore::open_alone(path, self.now).with_context(|| format!("opening {}", path.display()))
    }

    async fn postgres(&self, url: &str, shown: &NamedStore, new: IfNew) -> anyhow::Result<PostgresStore> {
        let ca_file = self.ca_file.map(Path::to_owned);
        let options = Options { url: url.to_owned(), connections: CONNECTIONS, ca_file };
        let opened = match new {
            IfNew::Make => PostgresStore::open_alone(&options, self.now).await,
            IfNew::Refuse => PostgresStore::open_alone_existing(&options, self.now).await,
        };
        opened.with_context(|| format!("opening {shown}"))
    }
}

/// A file may be named in two ways. Of two databases on a server, only one is empty.
fn is_same(from: &NamedStore, to: &NamedStore) -> bool {
    match (from, to) {
        (NamedStore::Sqlite(from), NamedStore::Sqlite(to)) => {
            matches!((from.canonicalize(), to.canonicalize()), (Ok(from), Ok(to)) if from == to)
        }
        _ => from == to,
    }
}

fn at(bar: &ProgressBar, doing: &str, part: Part, rows: u64) {
    bar.set_message(format!("{doing} {part}"));
    bar.inc(rows);
}

/// On a terminal only; on standard error, where it does not mix with what is told.
fn progress(rows: u64) -> ProgressBar {
    let bar = ProgressBar::new(rows);
    match ProgressStyle::with_template("{msg} {wide_bar} {percent}%, {eta} to go") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn misused(why: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "rotunda: {why}");
    ExitCode::from(2)
}
