//! Keys at rest.

use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{EventKind, Revocation, Revoked, UnixMillis};
use rotunda_core::store::RevokingKey;

use super::scene::{Shelf, at_once, feed, happened, journal, revoked};
use crate::fixtures::{NOW, a_key_event, a_revoking, a_sealed_key};

pub(super) async fn a_signing_key_survives_as_it_is(store: Shelf) {
    assert!(store.signing_keys().await.unwrap().is_empty());
    let far = UnixMillis(253_402_300_799_999);
    let first = SealedSigningKey {
        kid: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".to_owned(),
        master_id: 255,
        sealed: (0..=255).collect(),
        created_at: far,
        signs_from: UnixMillis(1),
        ..a_sealed_key(1)
    };
    let second = SealedSigningKey { revoked_at: Some(UnixMillis(far.0 - 1)), ..a_sealed_key(2) };
    assert!(store.add_signing_key(first.clone(), None, None).await.unwrap());
    assert_keys(&store, &[&first]).await;
    assert!(store.add_signing_key(second.clone(), Some(first.kid.clone()), None).await.unwrap());
    // However its maker's clock was: it came later.
    assert_keys(&store, &[&first, &second]).await;
}

pub(super) async fn the_first_signing_key_wins_however_many_come(store: Shelf) {
    let winner = one_of_many(&store, None, 0).await;
    assert_keys(&store, &[&winner]).await;
    assert!(!store.add_signing_key(winner.clone(), None, None).await.unwrap(), "there is one already");
    assert_keys(&store, &[&winner]).await;
}

pub(super) async fn of_those_who_rotate_at_once_one_wins(store: Shelf) {
    assert!(store.add_signing_key(a_sealed_key(1), None, None).await.unwrap());
    let second = one_of_many(&store, Some("kid-1"), 100).await;
    let third = one_of_many(&store, Some(&second.kid), 200).await;
    assert_keys(&store, &[&a_sealed_key(1), &second, &third]).await;
}

pub(super) async fn a_signing_key_needs_the_newest_one_that_was_read(store: Shelf) {
    let event = a_key_event(EventKind::KeyAdded);
    let add = async |seed: u64, after: Option<&str>| {
        let after = after.map(str::to_owned);
        store.add_signing_key(a_sealed_key(seed), after, Some(event.clone())).await.unwrap()
    };
    assert!(!add(1, Some("kid-1")).await, "there is none");
    assert!(add(1, None).await);
    assert!(add(2, Some("kid-1")).await);
    let before = (store.shelf_version().await.unwrap(), journal(&store).await);
    for after in [None, Some("kid-1"), Some("kid-3"), Some("")] {
        assert!(!add(3, after).await, "another one is the newest");
        assert_keys(&store, &[&a_sealed_key(1), &a_sealed_key(2)]).await;
        assert_eq!(
            (store.shelf_version().await.unwrap(), journal(&store).await),
            before,
            "and nothing happens"
        );
    }
    assert_eq!(happened(&store).await, [event.clone(), event.clone()], "each with its event");
    assert_eq!(revoked(&store).await, [], "a key that comes is no news for who checks tokens");
}

pub(super) async fn a_revoked_key_stays_and_is_told(store: Shelf) {
    two_keys(&store).await;
    let at = UnixMillis(NOW.0 + 5);
    let first = RevokingKey { at, ..a_revoking(1, 2) };
    assert!(store.revoke_key(first.clone()).await.unwrap());
    let gone = SealedSigningKey { revoked_at: Some(at), ..a_sealed_key(1) };
    assert_keys(&store, &[&gone, &a_sealed_key(2)]).await;
    let second = RevokingKey { successor: Some(a_sealed_key(3)), ..a_revoking(2, 2) };
    assert!(store.revoke_key(second.clone()).await.unwrap());
    let gone_too = SealedSigningKey { revoked_at: Some(NOW), ..a_sealed_key(2) };
    assert_keys(&store, &[&gone, &gone_too, &a_sealed_key(3)]).await;
    assert_eq!(revoked(&store).await, [told(1, at), told(2, NOW)]);
    assert_eq!(happened(&store).await, [first.event, second.event]);
    let after = Some("kid-3".to_owned());
    assert!(
        store.add_signing_key(a_sealed_key(4), after, None).await.unwrap(),
        "the successor is the newest"
    );
}

pub(super) async fn a_key_is_revoked_as_it_was_read_or_not_at_all(store: Shelf) {
    two_keys(&store).await;
    assert!(store.revoke_key(a_revoking(1, 2)).await.unwrap());
    let before = (store.shelf_version().await.unwrap(), journal(&store).await, feed(&store).await);
    let gone = SealedSigningKey { revoked_at: Some(NOW), ..a_sealed_key(1) };
    for (revoking, why) in [
        (a_revoking(2, 1), "another one is the newest"),
        (a_revoking(2, 9), "there is no such newest one"),
        (a_revoking(9, 2), "there is no such key"),
        (a_revoking(1, 2), "it is revoked already"),
    ] {
        let at = UnixMillis(NOW.0 + 1);
        let revoking = RevokingKey { at, successor: Some(a_sealed_key(3)), ..revoking };
        assert!(!store.revoke_key(revoking).await.unwrap(), "{why}");
        assert_keys(&store, &[&gone, &a_sealed_key(2)]).await;
        let now = (store.shelf_version().await.unwrap(), journal(&store).await, feed(&store).await);
        assert_eq!(now, before, "{why}, and nothing happens");
    }
}

pub(super) async fn a_key_is_revoked_once_however_many_ask(store: Shelf) {
    two_keys(&store).await;
    let answers = at_once(20, |number| {
        let successor = Some(a_sealed_key(100 + number as u64));
        let (store, revoking) = (store.clone(), RevokingKey { successor, ..a_revoking(2, 2) });
        async move { store.revoke_key(revoking).await.unwrap() }
    })
    .await;
    assert_eq!(answers.into_iter().filter(|revoked| *revoked).count(), 1, "one wins");
    assert_eq!(store.signing_keys().await.unwrap().len(), 3, "one successor");
    assert_eq!(revoked(&store).await, [told(2, NOW)]);
}

pub(super) async fn a_forgotten_key_is_told_unless_it_was_revoked(store: Shelf) {
    two_keys(&store).await;
    let at = UnixMillis(NOW.0 + 7);
    assert!(store.forget_key("kid-1".to_owned(), at).await.unwrap());
    assert_keys(&store, &[&a_sealed_key(2)]).await;
    assert_eq!(revoked(&store).await, [told(1, at)]);
    let successor = Some(a_sealed_key(3));
    assert!(store.revoke_key(RevokingKey { successor, ..a_revoking(2, 2) }).await.unwrap());
    assert!(store.forget_key("kid-2".to_owned(), at).await.unwrap());
    assert_keys(&store, &[&a_sealed_key(3)]).await;
    assert_eq!(revoked(&store).await, [told(1, at), told(2, NOW)], "it is there as revoked");
    for kid in ["kid-1", "kid-2", ""] {
        assert!(!store.forget_key(kid.to_owned(), at).await.unwrap(), "there is none");
    }
    assert_eq!(revoked(&store).await.len(), 2);
}

pub(super) async fn a_key_is_sealed_anew_as_it_was_read_or_not_at_all(store: Shelf) {
    two_keys(&store).await;
    assert!(store.revoke_key(a_revoking(1, 2)).await.unwrap());
    let (before, feed_before) = (store.shelf_version().await.unwrap(), feed(&store).await);
    let first = SealedSigningKey { revoked_at: Some(NOW), ..a_sealed_key(1) };
    let anew = SealedSigningKey { master_id: 9, sealed: vec![9; 77], ..first.clone() };
    assert!(store.reseal_key(first.clone(), anew.clone()).await.unwrap());
    assert_keys(&store, &[&anew, &a_sealed_key(2)]).await;
    assert!(store.shelf_version().await.unwrap() > before, "servers read it again");
    let before = (store.shelf_version().await.unwrap(), journal(&store).await);
    let another = SealedSigningKey { sealed: vec![8; 77], ..anew.clone() };
    for (from, why) in [(first, "it was sealed anew meanwhile"), (a_sealed_key(3), "there is none")] {
        assert!(!store.reseal_key(from, another.clone()).await.unwrap(), "{why}");
    }
    assert_keys(&store, &[&anew, &a_sealed_key(2)]).await;
    let now = (store.shelf_version().await.unwrap(), journal(&store).await);
    assert_eq!(now, before, "and nothing happens");
    assert_eq!(feed(&store).await, feed_before, "it is the same key");
}

pub(super) async fn the_first_check_of_a_master_key_stays(store: Shelf) {
    let (right, wrong) = (KeyCheck([0xff; 16]), KeyCheck([0; 16]));
    assert!(store.key_checks().await.unwrap().is_empty());
    let before = store.shelf_version().await.unwrap();
    assert!(store.key_check(1, right).await.unwrap() == right);
    let met = store.shelf_version().await.unwrap();
    assert!(met > before, "servers that have not the key hear of it");
    assert!(store.key_check(1, wrong).await.unwrap() == right, "the one on record is answered");
    assert_eq!(store.shelf_version().await.unwrap(), met, "nothing new");
    assert!(store.key_check(255, wrong).await.unwrap() == wrong, "each key id has its own");
    assert!(store.key_check(1, right).await.unwrap() == right);
    assert!(store.key_check(255, right).await.unwrap() == wrong);
    assert_eq!(store.key_checks().await.unwrap(), [(1, right), (255, wrong)]);
}

pub(super) async fn a_check_is_written_once_however_many_ask(store: Shelf) {
    let answers = at_once(20, |number| {
        let (store, check) = (store.clone(), KeyCheck([number as u8; 16]));
        async move { store.key_check(1, check).await.unwrap() }
    })
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "everybody learns the same");
}

pub(super) async fn a_new_store_is_ready(store: Shelf) {
    store.ready().await.unwrap();
}

/// The first two keys, without an event.
async fn two_keys(store: &Shelf) {
    assert!(store.add_signing_key(a_sealed_key(1), None, None).await.unwrap());
    assert!(store.add_signing_key(a_sealed_key(2), Some("kid-1".to_owned()), None).await.unwrap());
}

/// The one key that is added where many come at once after the same one.
async fn one_of_many(store: &Shelf, after: Option<&str>, seeds: u64) -> SealedSigningKey {
    let answers = at_once(20, |number| {
        let (store, key) = (store.clone(), a_sealed_key(seeds + number as u64));
        let after = after.map(str::to_owned);
        async move { store.add_signing_key(key, after, None).await.unwrap() }
    })
    .await;
    let winners: Vec<u64> = (0..20).filter(|number| answers[*number as usize]).collect();
    assert_eq!(winners.len(), 1, "one wins");
    a_sealed_key(seeds + winners[0])
}

fn told(seed: u64, at: UnixMillis) -> Revocation {
    Revocation { what: Revoked::Key { kid: format!("kid-{seed}") }, at }
}

async fn assert_keys(store: &Shelf, wanted: &[&SealedSigningKey]) {
    type Row<'a> = (&'a str, &'a str, u8, &'a [u8], UnixMillis, UnixMillis, Option<UnixMillis>);
    fn row(key: &SealedSigningKey) -> Row<'_> {
        let SealedSigningKey { kid, algorithm, master_id, sealed, created_at, signs_from, revoked_at } = key;
        (kid, algorithm, *master_id, sealed, *created_at, *signs_from, *revoked_at)
    }
    let found = store.signing_keys().await.unwrap();
    let (found, wanted): (Vec<Row<'_>>, Vec<Row<'_>>) =
        (found.iter().map(row).collect(), wanted.iter().map(|key| row(key)).collect());
    assert_eq!(found, wanted, "these keys and no others, in the order in which they were added");
}
