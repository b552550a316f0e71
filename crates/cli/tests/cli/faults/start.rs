//! Files that are not what they should be. The server does not start, and says what to do; one that runs stops writing.

use std::path::Path;

use super::{DATA, Disk, QUICK, Shaken, generation, nobody_was_called_a_thief};
use crate::support::{Place, register};

/// Spoils the database of a place, and says what makes it good again.
type Spoil = fn(&Path);

const SPOILT: [(&str, Spoil, &[&str]); 4] = [
    (
        "a vanished database",
        |db| std::fs::remove_file(db).unwrap(),
        &["is gone", "Put the right file back", "rotunda.db.lock"],
    ),
    (
        "an emptied database",
        |db| std::fs::write(db, "").unwrap(),
        &["is empty", "Put the right file back", "rotunda.db.lock"],
    ),
    (
        "a letter",
        |db| std::fs::write(db, "Dear Ada, this is no database. ".repeat(300)).unwrap(),
        &["file is not a database", "Put the right file back"],
    ),
    (
        "another release's schema",
        |db| replace(db, "users_sessions_outbox_keys", "users_sessions_outbox_kegs"),
        &["migration", "different", "Start the release that made it"],
    ),
];

#[tokio::test]
async fn a_database_that_is_not_what_it_should_be_is_refused_with_what_to_do() {
    for (what, spoil, words) in SPOILT {
        let place = Place::new(QUICK);
        let disk = Disk::under(&place, "server");
        let server = Shaken::start(&place, &disk);
        let session = register(&server.client, &server.url, "ada@example.com").await;
        server.stop();
        let (database, kept) = (place.path(DATA).join("rotunda.db"), place.path("kept.db"));
        std::fs::copy(&database, &kept).unwrap();
        spoil(&database);
        let spoilt = std::fs::read(&database).ok();

        let (code, said) =
            Shaken::try_start(&place, &disk).err().unwrap_or_else(|| panic!("{what}: it started"));
        println!("{what}: {}", said.trim());
        assert_eq!(code, Some(1), "{what}");
        assert!(
            words.iter().all(|word| said.contains(word)) && said.contains("rotunda.db"),
            "{what}: {said}"
        );
        assert_eq!(std::fs::read(&database).ok(), spoilt, "{what}: left as it was");

        // As it was told to.
        std::fs::copy(&kept, &database).unwrap();
        let server = Shaken::start(&place, &disk);
        assert_eq!(generation(&server.refresh(&session, "k").await.session()), 1, "{what}");
    }
}

#[tokio::test]
async fn to_begin_anew_the_operator_says_so() {
    let place = Place::new(QUICK);
    let disk = Disk::under(&place, "server");
    Shaken::start(&place, &disk).stop();
    for name in ["rotunda.db", "rotunda.db.lock"] {
        std::fs::remove_file(place.path(DATA).join(name)).unwrap();
    }
    let server = Shaken::start(&place, &disk);
    register(&server.client, &server.url, "ada@example.com").await;
}

/// The system lets a process write to a file that has no name any more. Whatever goes there is lost.
#[tokio::test]
async fn a_server_whose_database_vanishes_gives_out_no_token_until_it_is_back() {
    let place = Place::new(QUICK);
    let disk = Disk::under(&place, "server");
    let server = Shaken::start(&place, &disk);
    let session = register(&server.client, &server.url, "ada@example.com").await;
    let (database, aside) = (place.path(DATA).join("rotunda.db"), place.path(DATA).join("aside.db"));
    let gone: fn(&Path) = |_| {};
    let replaced: fn(&Path) = |path| std::fs::write(path, "another file").unwrap();
    for (what, put) in [("gone", gone), ("replaced", replaced)] {
        let other = server.login().await.session();
        std::fs::rename(&database, &aside).unwrap();
        put(&database);
        for _ in 0..3 {
            server.refresh(&session, "the-one-key").await.is_not_now();
            server.login().await.is_not_now();
            server.logout(&other).await.is_not_now();
            server.becomes(503).await;
            assert_eq!(server.me(&other).await, 200, "{what}");
        }
        std::fs::rename(&aside, &database).unwrap();
        assert_eq!(generation(&server.refresh(&other, "k").await.session()), 1, "{what}: the file is back");
    }
    let said = place.read("server.log");
    assert!(said.contains("was moved, removed or replaced"), "{said}");
    assert_eq!(generation(&server.refresh(&session, "the-one-key").await.session()), 1);
    nobody_was_called_a_thief(&place);
}

/// Puts some bytes of the same length in the place of others.
fn replace(path: &Path, old: &str, new: &str) {
    let mut bytes = std::fs::read(path).unwrap();
    let found = bytes.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
    bytes[found..found + old.len()].copy_from_slice(new.as_bytes());
    std::fs::write(path, bytes).unwrap();
}
