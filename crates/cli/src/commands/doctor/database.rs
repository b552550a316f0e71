//! The database: whether the file is whole, what is set there, how fast it answers, and which release has made its tables.

use std::path::Path;
use std::time::Duration;

use rotunda_outside::SystemClock;
use rotunda_store_postgres::{Checkup as OfPostgres, Options};
use rotunda_store_sqlite::Checkup as OfSqlite;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::clocks;
use super::here::PATIENCE;
use super::redis::told;
use super::report::{Fault, Report};
use crate::config::{MainStore, PostgresSettings, Settings};

const CHECK: &str = "database";
/// A refresh makes two round trips, one after the other.
const FAR: Duration = Duration::from_millis(25);
/// How large the log beside a file of SQLite may be; it is cut back to 16 MiB when it was written back.
const LARGE_LOG: u64 = 256 << 20;
/// How many of the connections may be taken, in hundredths.
const TAKEN: u64 = 90;

/// Looks at it.
pub(super) async fn check(settings: &Settings, report: &mut Report) {
    match &settings.store.main {
        MainStore::Sqlite(path) => sqlite(path, report).await,
        MainStore::Postgres(settings) => postgres(settings, report).await,
    }
}

async fn sqlite(path: &Path, report: &mut Report) {
    let place = path.display().to_string();
    let asked = path.to_owned();
    // It bounds its own time.
    let found = match spawn_blocking(move || rotunda_store_sqlite::checkup(&asked, PATIENCE)).await {
        Ok(Ok(found)) => found,
        Ok(Err(failure)) => return unasked(&place, &format!("{:#}", anyhow::Error::new(failure)), report),
        Err(error) => return unasked(&place, &error.to_string(), report),
    };
    let mib = found.file_bytes >> 20;
    if found.damage.is_none() {
        let what = format!(
            "there was no time to look through all of it ({mib} MiB): run `PRAGMA quick_check` on a copy to be sure that it is whole"
        );
        report.skipped(CHECK, &place, what);
    }
    let looked_at =
        if found.damage.is_some() { "the file is whole" } else { "what else there is to see is good" };
    let good = format!("{looked_at} ({mib} MiB, journal mode {})", found.journal_mode);
    report.faults((CHECK, &place), of_sqlite(&found), good);
}

fn unasked(place: &str, why: &str, report: &mut Report) {
    report.bad(
        (CHECK, place),
        format!("could not be asked: {why}"),
        "see what it says, and the log of the database",
    );
}

fn of_sqlite(found: &OfSqlite) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(damage) = found.damage.as_ref().filter(|damage| !damage.is_empty()) {
        let what = format!("the file is damaged:\n{}", damage.join("\n"));
        let advice =
            "stop the server, keep the file with what is beside it, put back a backup, and see to the disk";
        faults.push(Fault::bad(what, advice));
    }
    if found.journal_mode != "wal" {
        let what =
            format!("commits go another way than through its log (journal mode {})", found.journal_mode);
        faults.push(Fault::bad(
            what,
            "let nothing else change the file's settings; the next start of a server puts it right",
        ));
    }
    if found.log_bytes > LARGE_LOG {
        let what = format!(
            "the log beside it has grown to {} MiB: somebody reads for so long that it cannot be written back",
            found.log_bytes >> 20
        );
        let advice = "end what keeps the file open (a backup, a shell of SQLite), or start the server again";
        faults.push(Fault::warning(what, advice));
    }
    faults.extend(schema(found.schema, found.known_schema));
    faults
}

async fn postgres(settings: &PostgresSettings, report: &mut Report) {
    let PostgresSettings { url, connections, ca_file } = settings;
    let place = url.to_string();
    let options =
        Options { url: url.expose().to_owned(), connections: *connections, ca_file: ca_file.clone() };
    let found = match timeout(PATIENCE, rotunda_store_postgres::checkup(&options, &SystemClock)).await {
        Ok(Ok(found)) => found,
        Ok(Err(failure)) => return unasked(&place, &format!("{:#}", anyhow::Error::new(failure)), report),
        Err(_) => {
            return unasked(&place, &format!("no answer within {} seconds", PATIENCE.as_secs()), report);
        }
    };
    let version = found.version.as_deref().unwrap_or("of an unknown release");
    let good =
        format!("PostgreSQL {version} is set as it should be; a round trip takes {}", told(found.round_trip));
    report.faults((CHECK, &place), of_postgres(&found), good);
    let clock = clocks::of_store(found.clocks_apart).into_iter().collect();
    report.faults(("clock", &place), clock, "the clock of the database is this machine's");
}

fn of_postgres(found: &OfPostgres) -> Vec<Fault> {
    let is_off = |setting: &Option<String>| setting.as_deref() == Some("off");
    let mut faults = Vec::new();
    if is_off(&found.fsync) {
        let what = "fsync is off: after a crash of its machine the database may be lost";
        faults.push(Fault::bad(what, "set fsync = on in postgresql.conf"));
    }
    if is_off(&found.full_page_writes) {
        let what = "full_page_writes is off: a page that was half written in a crash stays so";
        faults.push(Fault::warning(
            what,
            "set full_page_writes = on, unless its file system writes whole pages (ZFS)",
        ));
    }
    if is_off(&found.synchronous_commit) {
        let what =
            "synchronous_commit is off: a crash undoes the last sign-outs, changes of password and rotations";
        faults.push(Fault::warning(
            what,
            "set synchronous_commit = on, for this user and this database at least",
        ));
    }
    if is_off(&found.autovacuum) {
        let what = "autovacuum is off: each refresh leaves a dead row behind, and nothing clears them away";
        faults.push(Fault::warning(what, "set autovacuum = on"));
    }
    faults.extend(connections(found));
    faults.extend(round_trip(found.round_trip));
    faults.extend(schema(found.schema, found.known_schema));
    faults
}

fn connections(found: &OfPostgres) -> Option<Fault> {
    let (most, ours) = (found.most_connections?, found.our_connections);
    if ours > most {
        let what = format!(
            "it permits {most} connections, and one server alone makes up to {ours}: under load, requests are refused"
        );
        return Some(Fault::bad(
            what,
            "raise max_connections (or the limit of this user or database), or lower [store] connections",
        ));
    }
    let taken = found.connections.filter(|taken| taken * 100 >= most * TAKEN)?;
    let what = format!("{taken} of the {most} connections that it permits are taken");
    Some(Fault::warning(
        what,
        "see who holds them (pg_stat_activity), raise max_connections, or lower [store] connections",
    ))
}

/// Whether the way there is short enough.
pub(super) fn round_trip(median: Duration) -> Option<Fault> {
    let what =
        || format!("a round trip takes {} (the median of nine), and a refresh needs two", told(median));
    (median >= FAR).then(|| {
        Fault::warning(what(), "have it in the same place as the servers, and see whether it is overloaded")
    })
}

/// Whether a newer release has been here. An older database was brought up to date when it was opened.
fn schema(there: i64, known: i64) -> Option<Fault> {
    let what = || {
        format!(
            "a newer release has changed the tables (migration {there}; this one knows {known}). This one goes on beside it"
        )
    };
    let advice = "finish the upgrade: what is newer is kept up by the newer release only";
    (there > known).then(|| Fault::warning(what(), advice))
}

#[cfg(test)]
mod tests {
    use super::super::report::Grade;
    use super::*;

    fn only(faults: &[Fault], grade: Grade, words: &str) {
        let [fault] = faults else { panic!("one: {faults:?}") };
        assert!(fault.grade == grade && fault.what.contains(words) && !fault.advice.is_empty(), "{fault:?}");
    }

    #[test]
    fn each_thing_that_is_wrong_with_a_file_is_told_once() {
        let good = OfSqlite {
            journal_mode: "wal".to_owned(),
            schema: 10,
            known_schema: 10,
            file_bytes: 1 << 30,
            log_bytes: LARGE_LOG,
            damage: Some(Vec::new()),
        };
        assert_eq!(of_sqlite(&good), []);
        let damage = Some(vec!["Tree 7 page 7: broken".to_owned()]);
        only(&of_sqlite(&OfSqlite { damage, ..good.clone() }), Grade::Bad, "Tree 7");
        only(
            &of_sqlite(&OfSqlite { journal_mode: "delete".to_owned(), ..good.clone() }),
            Grade::Bad,
            "delete",
        );
        only(&of_sqlite(&OfSqlite { log_bytes: LARGE_LOG + 1, ..good.clone() }), Grade::Warning, "256 MiB");
        only(&of_sqlite(&OfSqlite { schema: 11, ..good.clone() }), Grade::Warning, "migration 11");
        assert_eq!(of_sqlite(&OfSqlite { damage: None, ..good }), [], "what was not looked at is told apart");
    }

    #[test]
    fn each_thing_that_is_wrong_with_a_server_is_told_once() {
        let on = || Some("on".to_owned());
        let off = || Some("off".to_owned());
        let good = OfPostgres {
            version: None,
            synchronous_commit: Some("remote_apply".to_owned()),
            fsync: on(),
            full_page_writes: on(),
            autovacuum: on(),
            most_connections: Some(97),
            connections: Some(87),
            our_connections: 20,
            schema: 2,
            known_schema: 2,
            round_trip: Duration::from_millis(24),
            clocks_apart: Duration::ZERO,
        };
        assert_eq!(of_postgres(&good), []);
        for (bad, grade, words) in [
            (OfPostgres { fsync: off(), ..good.clone() }, Grade::Bad, "fsync is off"),
            (
                OfPostgres { full_page_writes: off(), ..good.clone() },
                Grade::Warning,
                "full_page_writes is off",
            ),
            (
                OfPostgres { synchronous_commit: off(), ..good.clone() },
                Grade::Warning,
                "undoes the last sign-outs",
            ),
            (OfPostgres { autovacuum: off(), ..good.clone() }, Grade::Warning, "autovacuum is off"),
            (OfPostgres { most_connections: Some(19), ..good.clone() }, Grade::Bad, "permits 19 connections"),
            (OfPostgres { connections: Some(88), ..good.clone() }, Grade::Warning, "88 of the 97"),
            (OfPostgres { round_trip: FAR, ..good.clone() }, Grade::Warning, "25 ms"),
            (OfPostgres { schema: 3, ..good.clone() }, Grade::Warning, "migration 3"),
        ] {
            only(&of_postgres(&bad), grade, words);
        }
    }
}
