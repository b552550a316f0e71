//! What an operator should know of a database: for `rotunda doctor`, beside servers or without any.
//!
//! One connection of its own, as the servers make theirs, so that what is set for this user or this database is seen. Nothing
//! is written. What a database does not tell is `None`.

use std::time::Duration;

use rotunda_core::failure::Failure;
use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;

use crate::db::{Db, Result};
use crate::pool::{self, Pool};
use crate::{LANES, Options, fault, schema};

const DOING: &str = "looking at the database";
/// How many round trips are timed.
const TRIPS: usize = 9;

/// What is set, and how many connections there may be and are. Connections are counted from what everybody may read.
const SETTINGS: &str = "\
    SELECT current_setting('server_version', true), current_setting('synchronous_commit', true), \
        current_setting('fsync', true), current_setting('full_page_writes', true), current_setting('autovacuum', true), \
        current_setting('max_connections', true)::bigint \
            - coalesce(current_setting('superuser_reserved_connections', true)::bigint, 0), \
        (SELECT nullif(rolconnlimit, -1)::bigint FROM pg_roles WHERE rolname = current_user), \
        (SELECT nullif(datconnlimit, -1)::bigint FROM pg_database WHERE datname = current_database()), \
        (SELECT sum(numbackends)::bigint FROM pg_stat_database)";
const TRIP: &str = "SELECT 1";
const CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
const VERSION: &str = "SELECT coalesce(max(version), 0)::bigint FROM refinery_schema_history";

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkup {
    /// The server's release.
    pub version: Option<String>,
    /// `synchronous_commit`, as it is for us.
    pub synchronous_commit: Option<String>,
    /// `fsync`
    pub fsync: Option<String>,
    /// `full_page_writes`
    pub full_page_writes: Option<String>,
    /// `autovacuum`
    pub autovacuum: Option<String>,
    /// How many connections the server, this user and this database permit together: the least of the three.
    pub most_connections: Option<u64>,
    /// How many there are, this one among them.
    pub connections: Option<u64>,
    /// How many a server makes with these options at most.
    pub our_connections: u64,
    /// The number of the newest migration in the database.
    pub schema: i64,
    /// The number of the newest migration that this release has.
    pub known_schema: i64,
    /// The median of some round trips.
    pub round_trip: Duration,
    /// How far the database's clock is from ours at least, whatever the way there took.
    pub clocks_apart: Duration,
}

/// Looks at the database.
///
/// # Errors
/// As with [`PostgresStore::open_existing`](crate::PostgresStore::open_existing), and where it does not answer. The password is in
/// none of them.
pub async fn checkup(options: &Options, clock: &dyn Clock) -> std::result::Result<Checkup, Failure> {
    let config = pool::config(options).map_err(|e| Failure::broken(DOING, e))?;
    let shown = pool::shown(&config);
    let at = |e: String| Failure::unavailable(DOING, format!("{shown}: {e}"));
    let tls = pool::tls(&config, options.ca_file.as_deref()).map_err(at)?;
    let pool = Pool::new(&config, &tls, 1).map_err(at)?;
    let held = pool.get().await.map_err(|e| fault::failure(DOING, &e))?;
    let db = Db::of(held.get().map_err(|e| fault::failure(DOING, &e))?);
    let looked = look(&db, options, clock).await;
    looked.map_err(|e| fault::failure(DOING, &e))
}

async fn look(db: &Db<'_>, options: &Options, clock: &dyn Clock) -> Result<Checkup> {
    let mut found = settings(db).await?;
    found.our_connections = options.connections.saturating_add(2 * LANES).try_into().unwrap_or(u64::MAX);
    found.schema = number(db, VERSION).await?.unwrap_or(0);
    found.known_schema = schema::newest();
    let mut trips = Vec::with_capacity(TRIPS);
    // The first one prepares the statement, which takes another round trip.
    db.row(TRIP, &[]).await?;
    for _ in 0..TRIPS {
        let before = clock.now();
        db.row(TRIP, &[]).await?;
        trips.push(before.distance(clock.now()));
    }
    trips.sort_unstable();
    found.round_trip = trips.get(TRIPS / 2).copied().unwrap_or_default();
    let before = clock.now();
    if let Some(theirs) = number(db, CLOCK).await?.map(UnixMillis) {
        let after = clock.now();
        // Somewhere between the two it was read.
        found.clocks_apart = theirs.until(before).max(after.until(theirs));
    }
    Ok(found)
}

async fn settings(db: &Db<'_>) -> Result<Checkup> {
    let mut found = Checkup {
        version: None,
        synchronous_commit: None,
        fsync: None,
        full_page_writes: None,
        autovacuum: None,
        most_connections: None,
        connections: None,
        our_connections: 0,
        schema: 0,
        known_schema: 0,
        round_trip: Duration::ZERO,
        clocks_apart: Duration::ZERO,
    };
    let Some(row) = db.row(SETTINGS, &[]).await? else { return Ok(found) };
    let count = |at: usize| -> Result<Option<u64>> {
        Ok(row.try_get::<_, Option<i64>>(at)?.and_then(|n| u64::try_from(n).ok()))
    };
    found.version = row.try_get(0)?;
    found.synchronous_commit = row.try_get(1)?;
    found.fsync = row.try_get(2)?;
    found.full_page_writes = row.try_get(3)?;
    found.autovacuum = row.try_get(4)?;
    found.most_connections = [count(5)?, count(6)?, count(7)?].into_iter().flatten().min();
    found.connections = count(8)?;
    Ok(found)
}

async fn number(db: &Db<'_>, sql: &'static str) -> Result<Option<i64>> {
    let row = db.row(sql, &[]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
