//! Clock, entropy, hasher, and what the memory store can do beyond its ports.

use std::time::Duration;

use rotunda_core::model::{Ending, Password, UnixMillis};
use rotunda_core::outside::{
    Clock, Entropy, KnownPassword, KnownPasswords, PasswordHasher, PasswordVerdict, random,
};
use rotunda_core::store::{Accounts, Journal, KeyShelf, Sessions};
use rotunda_testkit::fixtures::{NOW, a_registration, a_rotation, a_session, an_account, an_end, rotated};
use rotunda_testkit::{BrokenEntropy, FixedClock, ListedPasswords, MemoryStore, QuickHasher, SeededEntropy};

#[test]
fn a_clock_moves_only_when_told_and_its_clones_with_it() {
    let clock = FixedClock::at(1_000);
    let same = clock.clone();
    assert_eq!((clock.now(), clock.now()), (UnixMillis(1_000), UnixMillis(1_000)));
    clock.advance(Duration::from_millis(5));
    assert_eq!(same.now(), UnixMillis(1_005));
    same.rewind(Duration::from_secs(2));
    assert_eq!(clock.now(), UnixMillis(-995));
    same.set(NOW);
    assert_eq!(clock.now(), NOW);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let draw = |seed| {
        let entropy = SeededEntropy::new(seed);
        (random::<13>(&entropy).unwrap(), random::<32>(&entropy).unwrap())
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_ne!(draw(1).0, draw(1).1[..13]);
    // The first output of SplitMix64 for seed 0, as published with its source.
    assert_eq!(random::<8>(&SeededEntropy::new(0)).unwrap(), 0xe220_a839_7b1d_cdaf_u64.to_le_bytes());
    assert!(BrokenEntropy.fill(&mut [0]).unwrap_err().is_temporary());
}

#[tokio::test]
async fn a_hasher_tells_right_from_wrong_and_old_from_new() {
    let (old, new) = (QuickHasher::of_version(1), QuickHasher::of_version(2));
    let password = || Password::new("correct horse".to_owned());
    let hash = old.hash(password()).await.unwrap();
    assert!(hash.expose().starts_with("$quick$v=1$"));
    assert!(hash != old.hash(password()).await.unwrap(), "each hash has its own salt");

    let verdict = |right, outdated| PasswordVerdict { right, outdated };
    assert_eq!(old.verify(password(), Some(hash.clone())).await.unwrap(), verdict(true, false));
    assert_eq!(new.verify(password(), Some(hash.clone())).await.unwrap(), verdict(true, true));
    let wrong = Password::new("correct horsf".to_owned());
    assert!(!new.verify(wrong, Some(hash)).await.unwrap().right);
    assert_eq!(new.verify(password(), None).await.unwrap(), verdict(false, false));
    assert_eq!((new.verifications(), new.verifications_without_hash()), (3, 1));

    new.set_overloaded(true);
    assert!(new.hash(password()).await.is_err_and(|failure| failure.is_overload()));
    assert!(new.verify(password(), None).await.is_err_and(|failure| failure.is_overload()));
    assert_eq!(new.verifications(), 3, "a call that is turned away checks nothing");
}

#[tokio::test]
async fn a_restored_backup_has_lost_what_was_written_since() {
    let store = MemoryStore::new();
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    store.register(a_registration(&account, Some(&session))).await.unwrap();
    let backup = store.snapshot();
    let rotation = a_rotation(&session, NOW);
    assert!(store.rotate(rotation.clone()).await.unwrap());
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());

    store.restore(backup.clone());
    assert_eq!(store.facts(session.id).await.unwrap().unwrap().session, session);
    assert_eq!(store.events(0, 10).await.unwrap().len(), 1);
    assert!(store.rotate(rotation.clone()).await.unwrap());
    assert_eq!(store.snapshot().sessions[&session.id], rotated(&session, &rotation));
    assert_eq!(backup.sessions[&session.id], session, "a backup stays as it was taken");
}

#[tokio::test]
async fn a_store_that_is_out_answers_nothing_and_loses_nothing() {
    let store = MemoryStore::new();
    let account = an_account(1);
    store.set_out(true);
    assert!(store.ready().await.unwrap_err().is_temporary());
    assert!(store.register(a_registration(&account, None)).await.is_err());
    store.set_out(false);
    store.ready().await.unwrap();
    assert!(store.account_of(account.user.id).await.unwrap().is_none());
}

#[test]
fn a_made_up_list_knows_what_it_was_told_and_nothing_else() {
    let find = |list: &ListedPasswords, text: &str| list.find(&Password::new(text.to_owned()));
    let list = ListedPasswords::new(&[("one", KnownPassword::Common), ("two", KnownPassword::Breached)]);
    assert_eq!(find(&list, "one"), Some(KnownPassword::Common));
    assert_eq!(find(&list, "two"), Some(KnownPassword::Breached));
    assert_eq!((find(&list, "One"), find(&ListedPasswords::default(), "one")), (None, None));
}
