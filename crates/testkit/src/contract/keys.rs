//! Keys at rest.

use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::UnixMillis;

use super::scene::{Shelf, at_once};
use crate::fixtures::a_sealed_key;

pub(super) async fn a_signing_key_survives_as_it_is(store: Shelf) {
    assert!(store.signing_keys().await.unwrap().is_empty());
    let key = SealedSigningKey {
        kid: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".to_owned(),
        master_id: 255,
        sealed: (0..=255).collect(),
        created_at: UnixMillis(253_402_300_799_999),
        ..a_sealed_key(1)
    };
    assert!(store.add_signing_key(key.clone(), None, None).await.unwrap());
    assert_only_key(&store, &key).await;
}

pub(super) async fn the_first_signing_key_wins_however_many_come(store: Shelf) {
    let answers = at_once(20, |number| {
        let (store, key) = (store.clone(), a_sealed_key(number as u64));
        async move { store.add_signing_key(key, None, None).await.unwrap() }
    })
    .await;
    let winners: Vec<usize> = (0..20).filter(|number| answers[*number]).collect();
    assert_eq!(winners.len(), 1, "one wins");
    let winner = a_sealed_key(winners[0] as u64);
    assert_only_key(&store, &winner).await;
    assert!(!store.add_signing_key(winner.clone(), None, None).await.unwrap(), "there is one already");
    assert_only_key(&store, &winner).await;
}

pub(super) async fn the_first_check_of_a_master_key_stays(store: Shelf) {
    let (right, wrong) = (KeyCheck([0xff; 16]), KeyCheck([0; 16]));
    assert!(store.key_check(1, right).await.unwrap() == right);
    assert!(store.key_check(1, wrong).await.unwrap() == right, "the one on record is answered");
    assert!(store.key_check(255, wrong).await.unwrap() == wrong, "each key id has its own");
    assert!(store.key_check(1, right).await.unwrap() == right);
    assert!(store.key_check(255, right).await.unwrap() == wrong);
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

async fn assert_only_key(store: &Shelf, wanted: &SealedSigningKey) {
    let keys = store.signing_keys().await.unwrap();
    let [key] = &keys[..] else { panic!("one key and no other, not {}", keys.len()) };
    assert_eq!(
        (&key.kid, &key.algorithm, key.master_id, &key.sealed, key.created_at),
        (&wanted.kid, &wanted.algorithm, wanted.master_id, &wanted.sealed, wanted.created_at)
    );
}
