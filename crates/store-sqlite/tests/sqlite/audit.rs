//! The audit log in a file, and somebody with a SQL shell: whatever they change is found.

use std::sync::Arc;
use std::time::Duration;

use rotunda_core::audit::Verified;
use rotunda_core::keys::{MasterKey, MasterKeys};
use rotunda_core::limits::Limits;
use rotunda_core::model::{Caller, Ending, Event, EventKind};
use rotunda_core::policy::Policy;
use rotunda_core::store::{Accounts, Post, Sessions};
use rotunda_core::{Outside, Rotunda};
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::fixtures::{NOW, a_deed, a_deletion, a_user, an_end, an_event};
use rotunda_testkit::{FixedClock, ListedPasswords, Mailbox, QuickHasher, SeededEntropy, SimpleScratch};
use rusqlite::Connection;

use crate::scene::{Place, a_signed_in_user};

const HOUR: Duration = Duration::from_hours(1);
const COLUMNS: &str = "SELECT name FROM pragma_table_info(?1)";

async fn rotunda(store: Arc<SqliteStore>, clock: &FixedClock) -> Rotunda {
    let outside = Outside {
        store,
        scratch: Arc::new(SimpleScratch::default()),
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(SeededEntropy::new(u64::try_from(NOW.0).unwrap())),
        hasher: Arc::new(QuickHasher::default()),
        mailer: Arc::new(Mailbox::default()),
        known_passwords: Arc::new(ListedPasswords::default()),
        courier: Arc::new(rotunda_testkit::Receivers::default()),
    };
    let mut policy = Policy::new("https://auth.example");
    (policy.limits, policy.keep_events) = (Limits::off(), 3 * HOUR);
    let keys = MasterKeys::new([(1, MasterKey::from_bytes([1; 32]))]).unwrap();
    Rotunda::start(outside, keys, policy).await.unwrap()
}

/// A log with everything in it: forgotten hours, a deleted user, operators, sessions that ended. And the ends that it had before.
struct Log {
    place: Place,
    clock: FixedClock,
    older: Vec<String>,
}

impl Log {
    async fn new() -> Self {
        let (place, clock) = (Place::new(), FixedClock::at(NOW.0));
        let store = Arc::new(place.open());
        let rotunda = rotunda(Arc::clone(&store), &clock).await;
        let (gone, _) = a_signed_in_user(&store, 99).await;
        let mut older = Vec::new();
        for hour in 0..6_u64 {
            let (account, session) = a_signed_in_user(&store, hour).await;
            let deed = a_deed(EventKind::UserEdited, &gone.user, hour);
            let failed = Event { user_id: None, ..an_event(EventKind::SignInFailed, &a_user(hour)) };
            let about = Some(format!("key-{hour}"));
            let key = Event { about, caller: Caller::default(), kind: EventKind::KeyAdded, ..failed.clone() };
            let mut events = vec![deed, failed, key, a_deed(EventKind::ActedFor, &account.user, hour)];
            events.iter_mut().for_each(|event| event.at = NOW.plus(HOUR * u32::try_from(hour).unwrap()));
            store.post(Vec::new(), events).await.unwrap();
            store.end(an_end(&session, Ending::LoggedOut, NOW.plus(HOUR))).await.unwrap();
            while rotunda.chain_audit().await.unwrap().events > 0 {}
            while rotunda.sweep().await.unwrap().is_full() {}
            older.extend(ends(&place.stranger()));
            clock.advance(HOUR);
        }
        store.delete_user(a_deletion(&gone.user)).await.unwrap();
        while rotunda.sweep().await.unwrap().is_full() {}
        while rotunda.chain_audit().await.unwrap().events > 0 {}
        assert!(place.count("SELECT count(*) FROM audit_mark WHERE kept = 'checkpoint'") > 2);
        assert!(place.count("SELECT min(seq) FROM outbox") > 1, "something was forgotten");
        Self { place, clock, older }
    }

    /// What is found in a copy of the file after that.
    async fn after(&self, sql: &str) -> Verified {
        let copy = Place::new();
        self.place.stranger().execute("VACUUM INTO ?1", [copy.path().to_str().unwrap()]).unwrap();
        copy.stranger().execute_batch(sql).unwrap();
        let store = Arc::new(copy.open());
        rotunda(store, &self.clock).await.verify_audit(&[], &|_| {}).await.unwrap()
    }

    async fn is_found(&self, sql: &str) {
        let verified = self.after(sql).await;
        assert!(verified.found > 0, "nobody has noticed: {sql}");
        assert!(!verified.findings.is_empty());
    }

    fn seqs(&self, sql: &str) -> Vec<i64> {
        let file = self.place.stranger();
        let mut rows = file.prepare(sql).unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

/// Statements that put floor and head back to what they are now.
fn ends(file: &Connection) -> Vec<String> {
    let sql = "SELECT 'UPDATE audit_mark SET seq = ' || seq || ', hash = x''' || hex(hash) || ''', at_ms = ' || at_ms \
        || ', signature = x''' || hex(signature) || ''' WHERE kept = ''' || kept || '''' \
        FROM audit_mark WHERE kept <> 'checkpoint'";
    let mut rows = file.prepare(sql).unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// What each column of an event is changed to.
fn values(column: &str) -> &'static [&'static str] {
    match column {
        "seq" => &["seq + 1000", "-seq"],
        "at_ms" => &["at_ms + 1", "0"],
        "kind" => &["'user.enabled'", "'user.unheard_of'", "'session.ended'"],
        "ending" => &["'reused'", "NULL"],
        "user_id" | "session_id" => &["zeroblob(16)", "zeroblob(3)", "NULL"],
        "address" => &["'203.0.113.9'", "'nowhere'", "NULL"],
        "hash" => &["zeroblob(32)", "zeroblob(3)", "NULL"],
        "salt" => &["zeroblob(16)", "zeroblob(3)", "NULL"],
        "actor" => &["'command_line'", "'nobody'", "NULL"],
        "user_agent" | "reason" | "about" => &["'something else'", "''", "NULL"],
        other => unreachable!("how is the column {other} tampered with?"),
    }
}

#[tokio::test]
async fn an_event_that_was_changed_in_any_column_is_found() {
    let log = Log::new().await;
    let whole = log.after("").await;
    assert_eq!((whole.findings, whole.unchained), (Vec::new(), 0));
    let file = log.place.stranger();
    let columns: Vec<String> = file
        .prepare(COLUMNS)
        .unwrap()
        .query_map(["outbox"], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(columns.len(), 13, "{columns:?}");
    for column in columns {
        for value in values(&column) {
            // The first, the last, and one in the middle that has something else there.
            let differing = format!("SELECT seq FROM outbox WHERE {column} IS NOT {value} ORDER BY seq");
            let seqs = log.seqs(&differing);
            let (first, middle, last) = (seqs[0], seqs[seqs.len() / 2], seqs[seqs.len() - 1]);
            for seq in [first, middle, last] {
                log.is_found(&format!("UPDATE outbox SET {column} = {value} WHERE seq = {seq}")).await;
            }
        }
    }
}

#[tokio::test]
async fn an_event_that_was_removed_put_in_or_moved_is_found() {
    let log = Log::new().await;
    let seqs = log.seqs("SELECT seq FROM outbox ORDER BY seq");
    let (first, middle, last) = (seqs[0], seqs[seqs.len() / 2], seqs[seqs.len() - 1]);
    for seq in [first, middle, last] {
        log.is_found(&format!("DELETE FROM outbox WHERE seq = {seq}")).await;
        log.is_found(&format!("DELETE FROM outbox WHERE seq >= {seq}")).await;
        log.is_found(&format!("DELETE FROM outbox WHERE seq <= {seq}")).await;
        let copy =
            "at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about, hash, salt";
        let shift = |from: i64| {
            format!(
                "UPDATE outbox SET seq = -seq - 1 WHERE seq >= {from}; UPDATE outbox SET seq = -seq WHERE seq < 0; \
                 INSERT INTO outbox (seq, {copy}) SELECT {from}, {copy} FROM outbox WHERE seq = {};",
                first + 2
            )
        };
        log.is_found(&shift(seq)).await;
        log.is_found(&format!("{} UPDATE outbox SET hash = NULL, salt = NULL WHERE seq = {seq}", shift(seq)))
            .await;
    }
    let floor = log.seqs("SELECT seq FROM audit_mark WHERE kept = 'floor'")[0];
    for seq in [0, 1, floor] {
        log.is_found(&format!(
            "INSERT INTO outbox (seq, at_ms, kind) VALUES ({seq}, {}, 'user.enabled')",
            NOW.0
        ))
        .await;
    }
    log.is_found(&format!(
        "INSERT INTO outbox (at_ms, kind, hash) VALUES ({}, 'user.enabled', zeroblob(32))",
        NOW.0
    ))
    .await;
    let swap = |one: i64, other: i64| {
        format!(
            "UPDATE outbox SET seq = -1 WHERE seq = {one}; UPDATE outbox SET seq = {one} WHERE seq = {other}; \
             UPDATE outbox SET seq = {other} WHERE seq = -1;"
        )
    };
    log.is_found(&swap(first, last)).await;
    log.is_found(&swap(middle, middle + 1)).await;
    log.is_found(&format!(
        "{} UPDATE outbox SET hash = (SELECT hash FROM outbox WHERE seq = {first})",
        swap(first, middle)
    ))
    .await;
}

const CHANGES_OF_A_MARK: [&str; 8] = [
    "seq = seq + 1",
    "seq = seq - 1",
    "hash = zeroblob(32)",
    "hash = zeroblob(3)",
    "at_ms = at_ms + 1",
    "key_id = 2",
    "signature = zeroblob(64)",
    "signature = zeroblob(3)",
];

#[tokio::test]
async fn a_mark_that_was_changed_removed_or_replaced_by_an_older_one_is_found() {
    let log = Log::new().await;
    let checkpoints = log.seqs("SELECT seq FROM audit_mark WHERE kept = 'checkpoint' ORDER BY seq");
    let of = |seq: &i64| format!("kept = 'checkpoint' AND seq = {seq}");
    let marks: Vec<String> = ["kept = 'floor'".to_owned(), "kept = 'head'".to_owned()]
        .into_iter()
        .chain(checkpoints.iter().map(of))
        .collect();
    for mark in &marks {
        for change in CHANGES_OF_A_MARK {
            let copy = Place::new();
            log.place.stranger().execute("VACUUM INTO ?1", [copy.path().to_str().unwrap()]).unwrap();
            copy.stranger().execute_batch(&format!("UPDATE audit_mark SET {change} WHERE {mark}")).unwrap();
            let rotunda = rotunda(Arc::new(copy.open()), &log.clock).await;
            // A hash of three bytes is none that could be read.
            let found = rotunda.verify_audit(&[], &|_| {}).await.map_or(1, |verified| verified.found);
            assert!(found > 0, "nobody has noticed: {change} where {mark}");
        }
    }
    for end in ["floor", "head"] {
        log.is_found(&format!("DELETE FROM audit_mark WHERE kept = '{end}'")).await;
        for seq in &checkpoints[..checkpoints.len() - 1] {
            log.is_found(&format!(
                "UPDATE audit_mark SET (seq, hash, at_ms, signature) = \
                 (SELECT seq, hash, at_ms, signature FROM audit_mark WHERE {}) WHERE kept = '{end}'",
                of(seq)
            ))
            .await;
        }
    }
    let now = ends(&log.place.stranger());
    let older: Vec<&String> = log.older.iter().filter(|older| !now.contains(older)).collect();
    assert!(older.len() > 6, "floors and heads of before");
    for older in older {
        log.is_found(older).await;
    }
    let first = &checkpoints[0];
    for seq in &checkpoints[1..] {
        log.is_found(&format!(
            "UPDATE audit_mark SET (hash, at_ms, signature) = \
             (SELECT hash, at_ms, signature FROM audit_mark WHERE {}) WHERE {}",
            of(first),
            of(seq)
        ))
        .await;
        // Cut off behind a checkpoint, and that one passed off as the head.
        log.is_found(&format!(
            "UPDATE audit_mark SET (seq, hash, at_ms, signature) = \
             (SELECT seq, hash, at_ms, signature FROM audit_mark WHERE {}) WHERE kept = 'head'; \
             DELETE FROM outbox WHERE seq > {first}; DELETE FROM audit_mark WHERE kept = 'checkpoint' AND seq > {first};",
            of(first)
        ))
        .await;
    }
}

/// `cargo test -p rotunda-store-sqlite --test sqlite -- --ignored --nocapture a_million_events`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; docs/reference/audit.md says how to run it"]
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a measurement, for whoever asks for it")]
async fn a_million_events_are_verified_in_under_a_minute() {
    let (place, clock) = (Place::new(), FixedClock::at(NOW.0));
    let store = Arc::new(place.open());
    let rotunda = rotunda(Arc::clone(&store), &clock).await;
    for batch in 0..100_u64 {
        let events = (0..10_000).map(|n| a_deed(EventKind::UserEdited, &a_user(batch % 7), n)).collect();
        store.post(Vec::new(), events).await.unwrap();
    }
    let start = std::time::Instant::now();
    while rotunda.chain_audit().await.unwrap().events > 0 {}
    let (chained, before) = (start.elapsed(), resident());
    let start = std::time::Instant::now();
    let verified = rotunda.verify_audit(&[], &|_| {}).await.unwrap();
    let took = start.elapsed();
    eprintln!("chained in {chained:?}, verified in {took:?}, memory {before} and then {} KiB", resident());
    assert_eq!((verified.events, verified.found), (1_000_000, 0));
    assert!(took < Duration::from_secs(60), "{took:?}");
}

/// The memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
