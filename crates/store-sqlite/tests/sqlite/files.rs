//! The file: who may read it, what survives in it, and what is said when it cannot be opened.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rotunda_core::model::{Ending, EventKind, UnixMillis};
use rotunda_core::store::{Accounts, Clients, EndingOne, Feed, Journal, KeyShelf, Sessions};
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::fixtures::{
    NOW, a_client, a_key_event, a_rotation, a_sealed_key, an_end, ended, rotated,
};

use crate::scene::{Place, a_signed_in_user, row};

#[tokio::test]
async fn only_the_owner_can_read_what_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("state/rotunda");
    let store = SqliteStore::open(&new.join("rotunda.db"), NOW).unwrap();
    store.ready().await.unwrap();
    assert_eq!(mode(&folder.path().join("state")), 0o700);
    assert_eq!(mode(&new), 0o700);
    for name in ["rotunda.db", "rotunda.db-wal", "rotunda.db-shm", "rotunda.db.lock"] {
        assert_eq!(mode(&new.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_store_that_is_opened_again_has_everything() {
    let place = Place::new();
    let store = place.open();
    let (account, first) = a_signed_in_user(&store, 1).await;
    let (_, second) = a_signed_in_user(&store, 2).await;
    let rotation = a_rotation(&first, NOW);
    assert!(store.rotate(rotation.clone()).await.unwrap());
    assert!(store.end(an_end(&second, Ending::LoggedOut, NOW)).await.unwrap());
    store.add_signing_key(a_sealed_key(1), None, None).await.unwrap();
    store.accept_ahead(Some(NOW)).await.unwrap();
    assert!(store.add_client(a_client(1), a_key_event(EventKind::ClientAdded)).await.unwrap());
    let feed = store.revocations(None, NOW, 100).await.unwrap();
    let version = store.shelf_version().await.unwrap();
    let events = store.events(0, 100).await.unwrap();
    drop(store);

    let store = place.open();
    assert!(store.account_of(account.user.id).await.unwrap().is_some_and(|found| found.user == account.user));
    assert_eq!(row(&store, &first).await, rotated(&first, &rotation));
    assert_eq!(row(&store, &second).await, ended(&second, Ending::LoggedOut, NOW));
    assert_eq!(store.facts(first.id).await.unwrap().unwrap().accept_ahead_until, Some(NOW));
    assert_eq!(store.signing_keys().await.unwrap().len(), 1);
    assert_eq!(store.clients().await.unwrap(), [a_client(1)]);
    assert_eq!(store.shelf_version().await.unwrap(), version);
    assert_eq!(feed.entries.len(), 1);
    assert_eq!(store.revocations(None, NOW, 100).await.unwrap(), feed, "the same feed, at the same place");
    assert_eq!(events.len(), 4);
    assert_eq!(store.events(0, 100).await.unwrap(), events);
}

#[tokio::test]
async fn each_database_has_a_feed_of_its_own() {
    let (place, other) = (Place::new(), Place::new());
    let feed = async |place: &Place| place.open().revocations(None, NOW, 1).await.unwrap().feed;
    let first = feed(&place).await;
    assert_eq!(feed(&place).await, first);
    assert_ne!(feed(&other).await, first);
}

/// No place was ever given in an emptied feed whose file was opened again.
#[tokio::test]
async fn a_feed_that_was_emptied_goes_on_where_it_stood_after_a_start() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    let read = store.revocations(None, NOW, 10).await.unwrap();
    assert_eq!(store.forget_revocations(UnixMillis(i64::MAX), 10).await.unwrap(), 1);
    drop(store);
    let store = place.open();
    assert_eq!(store.revocations(Some(read.next), NOW, 10).await.unwrap().next, read.next);
    let (_, session) = a_signed_in_user(&store, 2).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    assert_eq!(store.revocations(Some(read.next), NOW, 10).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn what_a_crash_left_in_the_log_is_in_the_file_before_anything_is_answered() {
    let (place, after) = (Place::new(), Place::new());
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    let rotation = a_rotation(&session, NOW);
    assert!(store.rotate(rotation.clone()).await.unwrap());
    // What a crash leaves: the file as it was, and the log.
    let log = |place: &Place| place.path().with_extension("db-wal");
    fs::copy(place.path(), after.path()).unwrap();
    fs::copy(log(&place), log(&after)).unwrap();
    assert!(fs::metadata(log(&after)).unwrap().len() > 0);

    let store = after.open();
    assert_eq!(fs::metadata(log(&after)).unwrap().len(), 0);
    assert_eq!(row(&store, &session).await, rotated(&session, &rotation));
}

#[tokio::test]
async fn to_open_is_possible_while_others_read_and_write() {
    let place = Place::new();
    let (_, session) = a_signed_in_user(&place.open(), 1).await;
    let (reading, writing) = (place.stranger(), place.stranger());
    reading.execute_batch("BEGIN; SELECT count(*) FROM session").unwrap();
    writing.execute_batch("BEGIN IMMEDIATE; UPDATE session SET last_ip = NULL").unwrap();
    assert_eq!(row(&place.open(), &session).await, session);
    writing.execute_batch("COMMIT").unwrap();
    place.open().ready().await.unwrap();
}

#[tokio::test]
async fn a_database_that_vanished_or_was_emptied_does_not_come_back_empty() {
    let place = Place::new();
    place.open().ready().await.unwrap();
    let lock = place.path().with_extension("db.lock");
    let refused = |why: &str| {
        let text = format!("{:?}", place.try_open().err().unwrap());
        assert!(text.contains(why) && text.contains(&*lock.to_string_lossy()), "{text}");
    };
    fs::write(place.path(), "").unwrap();
    refused("is empty");
    fs::remove_file(place.path()).unwrap();
    refused("is gone");
    assert!(!place.path().exists());
    fs::remove_file(&lock).unwrap();
    place.open().ready().await.unwrap();
}

#[tokio::test]
async fn what_was_asked_is_done_though_the_caller_went_away_and_the_store_was_dropped() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    let stranger = place.writing_stranger();
    tokio::select! {
        biased;
        _ = store.rotate(a_rotation(&session, NOW)) => panic!("somebody else is writing"),
        () = std::future::ready(()) => {}
    }
    stranger.execute_batch("COMMIT").unwrap();
    drop(store);
    assert_eq!(row(&place.open(), &session).await.lineage.generation, 1);
}

#[tokio::test]
async fn a_value_that_makes_no_sense_is_a_failure_with_the_name_of_its_column() {
    for (change, column) in [
        ("status = 'ended', ended = 'abducted', ended_at = 1", "ended"),
        ("generation = -1", "generation"),
        ("amr = '{'", "amr"),
        ("last_ip = 'localhost'", "last_ip"),
        ("idle_ms = -1", "idle_ms"),
        ("current_hash = x'00'", "current_hash"),
    ] {
        let place = Place::new();
        let store = place.open();
        let (_, session) = a_signed_in_user(&store, 1).await;
        place.stranger().execute(&format!("UPDATE session SET {change}"), []).unwrap();
        let failure = store.facts(session.id).await.unwrap_err();
        assert!(!failure.is_temporary(), "{change}");
        assert!(format!("{failure:?}").contains(column), "{column}: {failure:?}");
        // It concerns this row and nobody else.
        let end = EndingOne { at_generation: None, ..an_end(&session, Ending::LoggedOut, NOW) };
        store.end(end).await.unwrap();
        store.ready().await.unwrap();
    }
}

#[tokio::test]
async fn an_entry_or_a_client_that_makes_no_sense_is_a_failure_with_the_name_of_its_column() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    assert!(store.add_client(a_client(1), a_key_event(EventKind::ClientAdded)).await.unwrap());
    let named = |failure: rotunda_core::failure::Failure, column: &str| {
        let text = format!("{failure:?}");
        assert!(!failure.is_temporary() && text.contains(&format!("the column {column} ")), "{text}");
    };
    for (change, column) in [
        ("subject = 'x'", "subject"),
        ("ending = 'abducted'", "ending"),
        ("kind = 'user'", "ep"),
        ("kind = 'user', ep = -1", "ep"),
    ] {
        place.stranger().execute(&format!("UPDATE revocation SET {change}"), []).unwrap();
        named(store.revocations(None, NOW, 10).await.unwrap_err(), column);
        let as_it_was =
            "UPDATE revocation SET kind = 'session', subject = ?1, ending = 'logged_out', ep = NULL";
        place.stranger().execute(as_it_was, [session.id.to_string()]).unwrap();
        assert_eq!(store.revocations(None, NOW, 10).await.unwrap().entries.len(), 1);
    }
    for (change, column) in [
        ("client SET kind = 'web', scopes = '{'", "scopes"),
        ("client SET scopes = '[]'; UPDATE client_secret SET hash = x'00'", "hash"),
    ] {
        place.stranger().execute_batch(&format!("UPDATE {change}")).unwrap();
        named(store.clients().await.unwrap_err(), column);
    }
}

#[test]
fn what_cannot_be_opened_is_named() {
    let place = Place::new();
    fs::write(place.path(), "a letter, not a database, and long enough to have a header".repeat(20)).unwrap();
    let folder = place.path().parent().unwrap().to_owned();
    for (path, why) in [
        (place.path(), "not a database"),
        (folder.clone(), "not a file"),
        (place.path().join("below/a/file.db"), "Not a directory"),
    ] {
        let failure = SqliteStore::open(&path, NOW).err().unwrap();
        let text = format!("{failure:?}");
        assert!(text.contains(why) && text.contains(&*path.to_string_lossy()), "{text}");
    }
    assert!(fs::read_to_string(place.path()).unwrap().starts_with("a letter"), "and left as it was");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
