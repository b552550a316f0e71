//! A backup, taken beside those who use the database, and put in its place.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rotunda_core::failure::Failure;
use rotunda_core::keys::KeyCheck;
use rotunda_core::model::{Caller, Ending, Event, EventKind, UnixMillis};
use rotunda_core::store::{Feed, Journal, KeyShelf, REVISION_LEAP, Roles, Sessions};
use rotunda_store_sqlite::{After, Pace, Present, Restoring, SqliteStore, backup};
use rotunda_testkit::fixtures::{NOW, a_rotation, a_sealed_key, an_end};
use rusqlite::Connection;

use crate::earlier::as_it_was;
use crate::scene::{Place, a_signed_in_user, row};

const LATER: UnixMillis = UnixMillis(NOW.0 + 60_000);
/// What the revision goes on from.
const MILLIS: u64 = LATER.0.cast_unsigned();

/// A file beside the database.
fn beside(place: &Place, name: &str) -> PathBuf {
    place.path().with_file_name(name)
}

fn names(place: &Place) -> Vec<String> {
    let folder = place.path().parent().unwrap().to_owned();
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn told(failure: &Failure) -> String {
    format!("{failure:?}")
}

fn refused(place: &Place, from: &Path) -> String {
    told(&Restoring::begin(&place.path(), from).unwrap_err())
}

fn ahead() -> After {
    After::AcceptAhead(UnixMillis(NOW.0 + 3_600_000))
}

#[tokio::test]
async fn a_backup_is_one_moment_and_waits_for_nobody() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    place.copy_the_session(20_000);
    store.add_signing_key(a_sealed_key(7), None, None).await.unwrap();
    let stranger = place.writing_stranger();
    stranger.execute("UPDATE session SET generation = 99", []).unwrap();
    let to = beside(&place, "backup.db");
    let found = backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    stranger.execute_batch("COMMIT").unwrap();

    assert_eq!((found.users, found.live_sessions), (1, 20_001));
    assert_eq!((found.made_at, found.taken_at, found.as_of()), (Some(NOW), Some(LATER), Some(LATER)));
    assert_eq!(found.sealed_under.len(), 1);
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(&to).unwrap()[18..20], [1, 1], "it needs no log");
    let copy = Connection::open(&to).unwrap();
    let newest: i64 = copy.query_row("SELECT max(generation) FROM session", [], |row| row.get(0)).unwrap();
    assert_eq!(newest, 0, "what was not committed is not in it");
    drop(copy);
    assert!(!names(&place).iter().any(|name| name.starts_with("backup.db-")), "{:?}", names(&place));
    assert_eq!(
        place.count("SELECT count(*) FROM meta WHERE name = 'backup_at'"),
        0,
        "the copy alone is told"
    );
    assert_eq!(row(&store, &session).await.lineage.generation, 99);
    let again = told(&backup(&place.path(), &to, Pace::Full, LATER).unwrap_err());
    assert!(again.contains("File exists"), "{again}");
}

#[tokio::test]
async fn a_backup_takes_the_place_of_the_database_and_tokens_newer_than_it_are_believed() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    let (_, ended) = a_signed_in_user(&store, 2).await;
    let (to, feed) = (beside(&place, "backup.db"), store.revocations(None, NOW, 9).await.unwrap().feed);
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    assert!(refused(&place, &to).contains("in use: stop the server"), "{}", refused(&place, &to));
    assert!(store.rotate(a_rotation(&session, NOW)).await.unwrap());
    assert!(store.end(an_end(&ended, Ending::LoggedOut, NOW)).await.unwrap());
    drop(store);

    let restoring = Restoring::begin(&place.path(), &to).unwrap();
    let Present::Readable { inspected, since: Some(since) } = restoring.present() else {
        panic!("it can be read")
    };
    assert_eq!((inspected.users, inspected.live_sessions), (2, 1));
    assert_eq!(since.counts[..], [("session.ended (logged_out)".to_owned(), 1)]);
    assert!(!since.parted && since.to_redo.is_empty(), "{since:?}");
    // Somebody else has to wait, and whoever changes their mind changes nothing.
    assert!(refused(&place, &to).contains("has the database to itself"), "{}", refused(&place, &to));
    drop(restoring);
    assert_eq!(names(&place), ["backup.db", "rotunda.db", "rotunda.db.lock"]);
    assert_eq!(place.count("SELECT max(generation) FROM session"), 1);

    let aside = Restoring::begin(&place.path(), &to).unwrap().finish(&ahead(), LATER, ".before").unwrap();
    assert_eq!(aside, Some(beside(&place, "rotunda.db.before")));
    assert_eq!(names(&place), ["backup.db", "rotunda.db", "rotunda.db.before", "rotunda.db.lock"]);
    let store = place.open();
    for before in [&session, &ended] {
        assert_eq!(&row(&store, before).await, before, "as it was");
    }
    let facts = store.facts(session.id).await.unwrap().unwrap();
    assert_eq!(facts.accept_ahead_until, Some(UnixMillis(NOW.0 + 3_600_000)));
    assert_ne!(store.revocations(None, NOW, 9).await.unwrap().feed, feed, "places on it are given again");
    assert_eq!(store.roles().await.unwrap().1, MILLIS, "above what any token of the lost time bears");
    assert_eq!(place.count("SELECT count(*) FROM meta WHERE name = 'backup_at'"), 0);
    let before = SqliteStore::open(&beside(&place, "rotunda.db.before"), NOW).unwrap();
    assert_eq!(row(&before, &session).await.lineage.generation, 1, "what was there before is all there");
}

#[tokio::test]
async fn everyone_can_be_signed_out_with_it() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    drop(store);
    let event = Event {
        kind: EventKind::EveryoneSignedOut,
        at: LATER,
        user_id: None,
        session_id: None,
        about: None,
        caller: Caller::default(),
    };
    Restoring::begin(&place.path(), &to)
        .unwrap()
        .finish(&After::EndEveryone(event), LATER, ".before")
        .unwrap();
    let store = place.open();
    let facts = store.facts(session.id).await.unwrap().unwrap();
    let everyone = facts.everyone.unwrap();
    assert_eq!((everyone.below, everyone.at, facts.accept_ahead_until), (MILLIS + 1, LATER, None));
    let events = store.events(0, 9).await.unwrap();
    assert_eq!(events.last().unwrap().event.kind, EventKind::EveryoneSignedOut);
}

#[tokio::test]
async fn a_backup_of_an_earlier_release_is_migrated_and_one_of_a_newer_one_refused() {
    let (place, earlier) = (Place::new(), Place::new());
    drop(as_it_was(&earlier));
    let restoring = Restoring::begin(&place.path(), &earlier.path()).unwrap();
    assert_eq!((restoring.present(), restoring.backup().schema), (&Present::Nothing, 1));
    assert_eq!(restoring.finish(&After::RefuseAhead, LATER, ".before").unwrap(), None);
    a_signed_in_user(&place.open(), 1).await;
    assert_eq!(earlier.count("SELECT max(version) FROM refinery_schema_history"), 1, "it stays as it is");

    let newer = "INSERT INTO refinery_schema_history SELECT 99, 'from_the_future', applied_on, '1' \
                 FROM refinery_schema_history WHERE version = 1";
    earlier.stranger().execute_batch(newer).unwrap();
    let why = refused(&place, &earlier.path());
    assert!(why.contains("made by a newer release"), "{why}");
    assert_eq!(place.count("SELECT count(*) FROM user"), 1);
}

#[tokio::test]
async fn what_is_no_backup_changes_nothing() {
    let place = Place::new();
    let store = place.open();
    a_signed_in_user(&store, 1).await;
    place.copy_the_session(5_000);
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    drop(store);
    let other = |name: &str, bytes: &[u8]| {
        fs::write(beside(&place, name), bytes).unwrap();
        beside(&place, name)
    };
    let whole = fs::read(&to).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 40_960].fill(0xA5);
    for (from, why) in [
        (other("damaged.db", &damaged), "damaged"),
        (other("half.db", &whole[..whole.len() / 2]), "half.db"),
        (
            other(
                "text.db",
                b"Not a database, and longer than a header is, which has a hundred bytes in front of it all.",
            ),
            "text.db",
        ),
        (other("empty.db", b""), "no database of Rotunda"),
        (beside(&place, "nowhere.db"), "No such file"),
        (place.path(), "this is the database itself"),
    ] {
        let said = refused(&place, &from);
        assert!(said.contains(why), "{}: {said}", from.display());
    }
    other("backup.db-wal", b"what is left of somebody who was killed");
    assert!(
        refused(&place, &to).contains("take a backup of it")
            || refused(&place, &to).contains("Take a backup of it")
    );
    assert_eq!(place.count("SELECT count(*) FROM session"), 5_001);
    let interrupted = other("rotunda.db.restoring", &whole);
    let said = refused(&place, &interrupted);
    assert!(said.contains("an interrupted restore has left this"), "{said}");
    assert_eq!(fs::read(&interrupted).unwrap(), whole, "nobody's to remove");
    std::os::unix::fs::symlink(&interrupted, beside(&place, "link.db")).unwrap();
    let linked = refused(&place, &beside(&place, "link.db"));
    assert!(linked.contains("an interrupted restore has left this"), "{linked}");
    refused(&place, &beside(&place, "empty.db"));
    assert!(!names(&place).contains(&"rotunda.db.restoring".to_owned()));
}

#[tokio::test]
async fn a_database_that_cannot_be_read_is_put_aside() {
    let place = Place::new();
    let store = place.open();
    a_signed_in_user(&store, 1).await;
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    drop(store);
    fs::write(place.path(), "overwritten by somebody".repeat(1_000)).unwrap();
    // Another restore was interrupted.
    fs::write(beside(&place, "rotunda.db.restoring"), "half").unwrap();
    let restoring = Restoring::begin(&place.path(), &to).unwrap();
    assert!(matches!(restoring.present(), Present::Unreadable(_)), "{:?}", restoring.present());
    restoring.finish(&ahead(), LATER, ".before").unwrap();
    assert_eq!(names(&place), ["backup.db", "rotunda.db", "rotunda.db.before", "rotunda.db.lock"]);
    assert!(fs::read_to_string(beside(&place, "rotunda.db.before")).unwrap().starts_with("overwritten"));
    a_signed_in_user(&place.open(), 2).await;
}

#[tokio::test]
async fn the_log_of_a_database_that_is_gone_is_not_laid_over_the_backup() {
    let place = Place::new();
    let store = place.open();
    a_signed_in_user(&store, 1).await;
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    a_signed_in_user(&store, 2).await;
    let (log, kept) = (beside(&place, "rotunda.db-wal"), fs::read(beside(&place, "rotunda.db-wal")).unwrap());
    drop(store);
    fs::remove_file(place.path()).unwrap();
    fs::write(&log, kept).unwrap();
    fs::write(beside(&place, "rotunda.db-journal"), "of another time").unwrap();
    let restoring = Restoring::begin(&place.path(), &to).unwrap();
    assert_eq!(restoring.present(), &Present::Nothing);
    restoring.finish(&ahead(), LATER, ".before").unwrap();
    let journal = "rotunda.db.before-journal";
    assert_eq!(
        names(&place),
        ["backup.db", "rotunda.db", journal, "rotunda.db.before-wal", "rotunda.db.lock"]
    );
    drop(place.open());
    assert_eq!(place.count("SELECT count(*) FROM user"), 1);
}

#[tokio::test]
async fn where_it_does_not_get_its_place_the_log_of_before_comes_back() {
    let place = Place::new();
    a_signed_in_user(&place.open(), 1).await;
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    fs::write(place.path(), "overwritten by somebody".repeat(1_000)).unwrap();
    let restoring = Restoring::begin(&place.path(), &to).unwrap();
    for log in ["rotunda.db-wal", "rotunda.db-journal"] {
        fs::write(beside(&place, log), log).unwrap();
    }
    // No file takes the place of a folder.
    fs::create_dir(beside(&place, "rotunda.db.before-journal")).unwrap();
    let why = told(&restoring.finish(&ahead(), LATER, ".before").unwrap_err());
    assert!(why.contains("It is still the database of before"), "{why}");
    for log in ["rotunda.db-wal", "rotunda.db-journal"] {
        assert_eq!(fs::read_to_string(beside(&place, log)).unwrap(), log);
    }
    assert!(!beside(&place, "rotunda.db.before-wal").exists());
    // Nor does a database take the place of what was put aside once.
    fs::write(beside(&place, "rotunda.db.then"), "put aside").unwrap();
    let restoring = Restoring::begin(&place.path(), &to).unwrap();
    let why = told(&restoring.finish(&ahead(), LATER, ".then").unwrap_err());
    assert!(why.contains("rotunda.db.then is there already"), "{why}");
    assert!(fs::read_to_string(place.path()).unwrap().starts_with("overwritten"));
}

/// Whoever puts it back as root, on a new machine, leaves nothing that the server cannot open.
#[tokio::test]
async fn what_root_puts_back_belongs_to_the_user_of_the_folder_with_its_lock() {
    const NOBODY: u32 = 65_534;
    let (place, other) = (Place::new(), Place::new());
    let folder = place.path().parent().unwrap().to_owned();
    if chown(&folder, Some(NOBODY), Some(NOBODY)).is_err() {
        return eprintln!("not run: only root gives files away");
    }
    a_signed_in_user(&other.open(), 1).await;
    let to = beside(&other, "backup.db");
    backup(&other.path(), &to, Pace::Full, LATER).unwrap();
    let owners =
        || ["rotunda.db", "rotunda.db.lock"].map(|name| fs::metadata(beside(&place, name)).unwrap().uid());
    Restoring::begin(&place.path(), &to).unwrap().finish(&ahead(), LATER, ".before").unwrap();
    assert_eq!(owners(), [NOBODY; 2]);
    // Where a database is, whatever the folder.
    chown(&folder, Some(0), Some(0)).unwrap();
    chown(beside(&place, "rotunda.db.lock"), Some(0), Some(0)).unwrap();
    Restoring::begin(&place.path(), &to).unwrap().finish(&ahead(), LATER, ".before").unwrap();
    assert_eq!(owners(), [NOBODY; 2]);
}

#[tokio::test]
async fn a_number_of_a_master_key_that_was_met_since_is_not_given_to_another_one() {
    let place = Place::new();
    let store = place.open();
    a_signed_in_user(&store, 1).await;
    store.key_check(1, KeyCheck([1; 16])).await.unwrap();
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    store.key_check(2, KeyCheck([2; 16])).await.unwrap();
    drop(store);
    Restoring::begin(&place.path(), &to).unwrap().finish(&ahead(), LATER, ".before").unwrap();
    let met = place.open().key_checks().await.unwrap();
    assert_eq!(met, [(1, KeyCheck([1; 16])), (2, KeyCheck([2; 16]))]);
}

#[tokio::test]
async fn no_revision_comes_a_second_time_whatever_is_put_back_in_whichever_order() {
    let place = Place::new();
    a_signed_in_user(&place.open(), 1).await;
    let (early, b1) = (beside(&place, "early.db"), beside(&place, "b1.db"));
    backup(&place.path(), &early, Pace::Full, NOW).unwrap();
    let (mut last, mut number) = (0, 0);
    for from in [&early, &b1, &b1, &early, &b1] {
        if from == &b1 && !b1.exists() {
            backup(&place.path(), &b1, Pace::Full, NOW).unwrap();
        }
        number += 1;
        let restoring = Restoring::begin(&place.path(), from).unwrap();
        restoring.finish(&ahead(), UnixMillis(LATER.0 + number), &format!(".before-{number}")).unwrap();
        let revision = place.open().roles().await.unwrap().1;
        assert!(revision > last && revision < 1 << 53, "{revision} comes after {last}");
        last = revision;
    }
    // A clock that was set back: above what is there, all the same.
    backup(&place.path(), &beside(&place, "late.db"), Pace::Full, NOW).unwrap();
    let restoring = Restoring::begin(&place.path(), &beside(&place, "late.db")).unwrap();
    restoring.finish(&ahead(), NOW, ".before-last").unwrap();
    assert_eq!(place.open().roles().await.unwrap().1, last + REVISION_LEAP);
}

#[tokio::test]
async fn a_database_that_goes_on_from_an_earlier_restore_is_counted_by_time() {
    let place = Place::new();
    let store = place.open();
    a_signed_in_user(&store, 1).await;
    let early = beside(&place, "early.db");
    backup(&place.path(), &early, Pace::Full, NOW).unwrap();
    let (_, session) = a_signed_in_user(&store, 2).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    let late = beside(&place, "late.db");
    backup(&place.path(), &late, Pace::Full, NOW).unwrap();
    drop(store);
    Restoring::begin(&place.path(), &early).unwrap().finish(&ahead(), LATER, ".before").unwrap();
    // The same places, and other events.
    let store = place.open();
    for number in 3..9 {
        a_signed_in_user(&store, number).await;
    }
    drop(store);
    let after = format!("UPDATE outbox SET at_ms = {} WHERE seq > 2", LATER.0);
    place.stranger().execute_batch(&after).unwrap();
    let restoring = Restoring::begin(&place.path(), &late).unwrap();
    let Present::Readable { since: Some(since), .. } = restoring.present() else { panic!("it can be read") };
    assert!(since.parted && !since.counts.is_empty(), "{since:?}");
}

#[tokio::test]
async fn what_has_to_be_done_again_is_told_by_name() {
    let place = Place::new();
    a_signed_in_user(&place.open(), 1).await;
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    let revoked =
        format!("INSERT INTO outbox (at_ms, kind, about) VALUES ({}, 'key.revoked', 'kid-7')", LATER.0 + 5);
    place.stranger().execute_batch(&revoked).unwrap();
    let restoring = Restoring::begin(&place.path(), &to).unwrap();
    let Present::Readable { since: Some(since), .. } = restoring.present() else { panic!("it can be read") };
    let [line] = &since.to_redo[..] else { panic!("{since:?}") };
    assert_eq!((line.at, line.kind.as_str(), line.user), (UnixMillis(LATER.0 + 5), "key.revoked", None));
    assert_eq!(line.about.as_deref(), Some("kid-7"));
}

#[tokio::test]
async fn what_keeps_somebody_out_is_told_before_what_users_have_changed_for_themselves() {
    let place = Place::new();
    a_signed_in_user(&place.open(), 1).await;
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    let happened = |many: u32, kind: &str, ending: &str, actor: &str| {
        let sql = format!(
            "INSERT INTO outbox (at_ms, kind, ending, actor) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) \
             SELECT {}, '{kind}', nullif('{ending}', ''), nullif('{actor}', '') FROM n",
            LATER.0
        );
        place.stranger().execute_batch(&sql).unwrap();
    };
    let told = || {
        let restoring = Restoring::begin(&place.path(), &to).unwrap();
        let Present::Readable { since: Some(since), .. } = restoring.present() else {
            panic!("it can be read")
        };
        let kinds: Vec<String> = since.to_redo.iter().map(|line| line.kind.clone()).collect();
        (kinds, since.to_redo_cut)
    };
    happened(194, "user.password_changed", "", "");
    happened(1, "user.password_changed", "", "command_line");
    happened(1, "webhook.changed", "", "command_line");
    happened(1, "user.edited", "", "command_line");
    happened(1, "session.ended", "reused", "");
    happened(1, "session.ended", "revoked_by_admin", "command_line");
    // By the user, and of all of them: neither is to be done again one by one.
    happened(9, "session.ended", "logged_out", "");
    happened(9, "session.ended", "revoked_by_admin", "");
    happened(1, "user.disabled", "", "command_line");
    let (kinds, cut) = told();
    assert_eq!(
        kinds[..7],
        [
            "user.disabled",
            "session.ended",
            "session.ended",
            "user.password_changed",
            "webhook.changed",
            "user.edited",
            "user.password_changed"
        ]
    );
    assert_eq!((kinds.len(), cut), (200, false), "and that is all");
    happened(1, "user.email_changed", "", "");
    assert_eq!((told().0 == kinds, told().1), (true, true));
}

#[tokio::test]
async fn a_database_behind_a_link_is_replaced_where_it_is_with_its_mode() {
    let place = Place::new();
    a_signed_in_user(&place.open(), 1).await;
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Full, LATER).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("real.db");
    fs::rename(place.path(), &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, place.path()).unwrap();
    Restoring::begin(&place.path(), &to).unwrap().finish(&ahead(), LATER, ".before").unwrap();
    assert!(place.path().is_symlink(), "what leads there stays");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(elsewhere.path().join("real.db.before").is_file());
    assert_eq!(place.count("SELECT count(*) FROM user"), 1);
}

#[tokio::test]
async fn after_a_backup_nothing_is_left_in_the_log_for_the_next_commit() {
    let place = Place::new();
    let store = place.open();
    a_signed_in_user(&store, 1).await;
    place.copy_the_session(2_000);
    let to = beside(&place, "backup.db");
    backup(&place.path(), &to, Pace::Gentle, LATER).unwrap();
    let length = |path: &Path| fs::metadata(path).unwrap().len();
    let (file, copy) = (length(&place.path()), length(&to));
    // The note in the copy may take it a page.
    assert!(copy > 200_000 && file + 4_096 >= copy, "the file itself has all of it: {file}, {copy}");
}
