//! What is on its way to webhooks.

use rotunda_core::model::{Delivery, EventKind, UnixMillis, Webhook, WebhookId};
use rotunda_core::store::{WAIT_AT_MOST, WebhookStep};

use super::scene::{ALL, Shelf, at_once};
use crate::fixtures::{NOW, a_key_event, a_step, a_webhook};

pub(super) async fn what_is_to_be_told_is_put_on_its_way_with_the_place(store: Shelf) {
    let (id, place) = a_place(&store, 1).await;
    let (other, _) = a_place(&store, 2).await;
    assert!(
        !store.enqueue(a_step(id, (place + 1, place + 9), vec![5]), NOW).await.unwrap(),
        "it is elsewhere"
    );
    assert!(waiting(&store, id).await.is_empty(), "nothing happens");
    assert!(store.enqueue(a_step(id, (place, place + 4), vec![7, 5, 6]), NOW).await.unwrap());
    let fresh = |seq| delivery(id, seq);
    assert_eq!(waiting(&store, id).await, [fresh(5), fresh(6), fresh(7)], "oldest first");
    assert_eq!(store.webhooks().await.unwrap()[0].place, place + 4, "and the place has moved");
    assert!(
        !store.enqueue(a_step(id, (place, place + 4), vec![8]), NOW).await.unwrap(),
        "not from there again"
    );
    assert!(
        store.enqueue(a_step(id, (place + 4, place + 9), Vec::new()), NOW).await.unwrap(),
        "nothing to be told"
    );
    assert_eq!(store.webhooks().await.unwrap()[0].place, place + 9);
    assert_eq!(waiting(&store, id).await.len(), 3);
    assert!(waiting(&store, other).await.is_empty(), "another one is told by itself");

    let page = |after, limit| {
        let store = store.clone();
        async move { places(&store.deliveries(id, false, after, limit).await.unwrap()) }
    };
    assert_eq!(page(None, 2).await, [5, 6], "no more than asked");
    assert_eq!(page(Some(5), ALL).await, [6, 7], "after a place");
}

pub(super) async fn what_was_decided_on_another_version_is_not_put_on_its_way(store: Shelf) {
    let (id, place) = a_place(&store, 1).await;
    let decided = a_step(id, (place, place + 4), vec![5]);
    let off = Webhook { enabled: false, filters: Vec::new(), version: 2, ..a_webhook(1) };
    assert!(store.put_webhook(off.clone(), Some(1), a_key_event(EventKind::WebhookChanged)).await.unwrap());
    assert!(!store.enqueue(decided.clone(), NOW).await.unwrap(), "it is off, and asks for something else");
    assert!(waiting(&store, id).await.is_empty(), "nothing happens");
    assert_eq!(store.webhooks().await.unwrap()[0].place, place, "and it stays where it is");
    for version in [0, 3] {
        let step = WebhookStep { version, ..decided.clone() };
        assert!(!store.enqueue(step, NOW).await.unwrap(), "not of version {version}");
    }
    assert!(store.enqueue(WebhookStep { version: 2, ..decided }, NOW).await.unwrap(), "as it is now");
}

pub(super) async fn a_place_stays_while_too_many_wait(store: Shelf) {
    let most = u64::from(WAIT_AT_MOST);
    let (id, place) = on_their_way(&store, &(1..=most).collect::<Vec<_>>()).await;
    let (other, begin) = a_place(&store, 2).await;
    let next = a_step(id, (place, place + 1), vec![most + 1]);
    assert!(!store.enqueue(next.clone(), NOW).await.unwrap(), "so many wait");
    assert_eq!(store.webhooks().await.unwrap()[0].place, place, "it stays where it is");
    assert!(
        store.enqueue(a_step(other, (begin, begin + 1), vec![1]), NOW).await.unwrap(),
        "another one goes on"
    );
    store.delivery_failed(id, 1, None, "dead".to_owned()).await.unwrap();
    assert!(store.enqueue(next, NOW).await.unwrap(), "the dead do not wait");
    let next = a_step(id, (place + 1, place + 2), vec![most + 2]);
    assert!(!store.enqueue(next.clone(), NOW).await.unwrap(), "and again so many do");
    store.delivered(id, 2).await.unwrap();
    assert!(store.enqueue(next, NOW).await.unwrap(), "one has arrived");
}

pub(super) async fn a_place_moves_once_however_many_ask(store: Shelf) {
    let (id, place) = a_place(&store, 1).await;
    let moved =
        at_once(20, |actor| {
            let store = store.clone();
            async move {
                store.enqueue(a_step(id, (place, place + 5), vec![actor as u64 + 1]), NOW).await.unwrap()
            }
        })
        .await;
    assert_eq!(moved.iter().filter(|moved| **moved).count(), 1, "one wins");
    let winner = moved.iter().position(|moved| *moved).unwrap() as u64 + 1;
    assert_eq!(places(&waiting(&store, id).await), [winner], "and what it put is there");
}

pub(super) async fn a_claimed_delivery_is_put_off(store: Shelf) {
    let (id, _) = on_their_way(&store, &[1, 2, 3]).await;
    for (seq, minute) in [(1, 9), (2, 4), (3, 2)] {
        store.delivery_failed(id, seq, Some(at(minute)), "busy".to_owned()).await.unwrap();
    }
    assert!(store.claim_deliveries(id, at(1), at(20), ALL).await.unwrap().is_empty(), "none is due");
    let due = store.claim_deliveries(id, at(9), at(20), 2).await.unwrap();
    assert_eq!(places(&due), [3, 2], "due the longest first, no more than asked");
    for delivery in &due {
        assert_eq!((delivery.attempts, delivery.next_attempt_at), (1, Some(at(20))), "as it is now");
        assert_eq!(delivery.last_error.as_deref(), Some("busy"));
    }
    let rest = store.claim_deliveries(id, at(9), at(25), ALL).await.unwrap();
    assert_eq!(places(&rest), [1], "what is taken is not taken again");
    let again = store.claim_deliveries(id, at(20), at(30), ALL).await.unwrap();
    assert_eq!(places(&again), [2, 3], "until then: whoever took it is gone");
    assert!(again.iter().all(|delivery| delivery.attempts == 2));
    assert_eq!(waiting(&store, id).await[1..], again[..], "and so it is kept");
    let (other, _) = a_place(&store, 9).await;
    assert!(store.claim_deliveries(other, at(99), at(100), ALL).await.unwrap().is_empty());
}

pub(super) async fn a_delivery_is_claimed_once_however_many_ask(store: Shelf) {
    let all: Vec<u64> = (1..=30).collect();
    let (id, _) = on_their_way(&store, &all).await;
    let claimed = at_once(10, |_| {
        let store = store.clone();
        async move { places(&store.claim_deliveries(id, NOW, at(5), 7).await.unwrap()) }
    })
    .await;
    let mut claimed: Vec<u64> = claimed.into_iter().flatten().collect();
    claimed.extend(places(&store.claim_deliveries(id, NOW, at(5), ALL).await.unwrap()));
    claimed.sort_unstable();
    assert_eq!(claimed, all, "each once");
}

pub(super) async fn a_delivery_arrives_or_fails_or_is_given_up(store: Shelf) {
    let (id, _) = on_their_way(&store, &[1, 2, 3, 4]).await;
    let (other, _) = on_their_way_to(&store, 2, &[1]).await;
    store.delivered(id, 1).await.unwrap();
    store.delivered(id, 99).await.unwrap();
    let longest = "é".repeat(Delivery::ERROR_BYTES);
    store.delivery_failed(id, 2, Some(at(5)), longest.clone()).await.unwrap();
    store.delivery_failed(id, 3, None, "410 Gone".to_owned()).await.unwrap();
    store.delivery_failed(id, 99, None, "not there".to_owned()).await.unwrap();
    let (put_off, dead) = (Some("é".repeat(Delivery::ERROR_BYTES / 2)), Some("410 Gone".to_owned()));
    let wanted = [
        Delivery { next_attempt_at: Some(at(5)), last_error: put_off, ..delivery(id, 2) },
        Delivery { next_attempt_at: None, last_error: dead, ..delivery(id, 3) },
        delivery(id, 4),
    ];
    assert_eq!(waiting(&store, id).await, wanted);
    assert_eq!(places(&store.claim_deliveries(id, at(999), at(1_000), ALL).await.unwrap()), [4, 2]);
    assert_eq!(waiting(&store, other).await, [delivery(other, 1)], "another webhook's is another one");
    let dead = store.deliveries(id, true, None, ALL).await.unwrap();
    assert_eq!(dead, wanted[1..2], "of the dead only those");
    assert!(store.deliveries(id, true, Some(3), ALL).await.unwrap().is_empty());
    let cut = format!("x{longest}");
    store.delivery_failed(id, 4, Some(at(5)), cut).await.unwrap();
    let kept = waiting(&store, id).await[2].last_error.clone().unwrap();
    assert!(kept.len() <= Delivery::ERROR_BYTES && kept.starts_with('x'), "no letter is cut in two");
}

pub(super) async fn what_was_given_up_is_made_again(store: Shelf) {
    let (id, _) = on_their_way(&store, &[1, 2, 3, 4, 5, 6]).await;
    let (other, _) = on_their_way_to(&store, 2, &[1]).await;
    store.claim_deliveries(id, NOW, at(5), ALL).await.unwrap();
    for seq in [1, 2, 3, 5] {
        store.delivery_failed(id, seq, None, "dead".to_owned()).await.unwrap();
    }
    store.delivery_failed(other, 1, None, "dead".to_owned()).await.unwrap();
    let living = waiting(&store, id).await[3].clone();
    assert_eq!(store.replay_deliveries(id, Some(4), at(7), ALL).await.unwrap(), 0, "it lives");
    assert_eq!(store.replay_deliveries(id, Some(99), at(7), ALL).await.unwrap(), 0, "there is none");
    assert_eq!(waiting(&store, id).await[3], living, "as it was");
    assert_eq!(store.replay_deliveries(id, Some(5), at(7), ALL).await.unwrap(), 1);
    let again = waiting(&store, id).await[4].clone();
    assert_eq!((again.attempts, again.next_attempt_at), (0, Some(at(7))), "due, with no attempt counted");
    assert_eq!(dead(&store, id).await, [1, 2, 3]);
    assert_eq!(store.replay_deliveries(id, None, at(8), 2).await.unwrap(), 2, "no more than asked");
    assert_eq!(dead(&store, id).await.len(), 1);
    assert_eq!(store.replay_deliveries(id, None, at(8), ALL).await.unwrap(), 1);
    assert_eq!(store.replay_deliveries(id, None, at(8), ALL).await.unwrap(), 0, "none is dead any more");
    assert_eq!(dead(&store, other).await, [1], "another webhook's is another one");
    let due = store.claim_deliveries(id, at(8), at(20), ALL).await.unwrap();
    assert_eq!(due.len(), 6, "all are tried again");
}

pub(super) async fn the_dead_are_forgotten_and_no_more_than_asked(store: Shelf) {
    let (id, place) = a_place(&store, 1).await;
    for minute in 0..6 {
        let (from, to) = (place + minute, place + minute + 1);
        assert!(store.enqueue(a_step(id, (from, to), vec![minute + 1]), at(minute)).await.unwrap());
        if minute != 1 {
            store.delivery_failed(id, minute + 1, None, "dead".to_owned()).await.unwrap();
        }
    }
    assert_eq!(store.forget_deliveries(at(0), ALL).await.unwrap(), 0, "what was written then is not older");
    assert_eq!(store.forget_deliveries(at(4), 2).await.unwrap(), 2);
    assert_eq!(store.forget_deliveries(at(4), 2).await.unwrap(), 1);
    assert_eq!(store.forget_deliveries(at(4), 2).await.unwrap(), 0);
    assert_eq!(places(&waiting(&store, id).await), [2, 5, 6], "the young, and one that waits");
}

/// A webhook of that seed, and where it stands.
async fn a_place(store: &Shelf, seed: u64) -> (WebhookId, u64) {
    let webhook: Webhook = a_webhook(seed);
    let added = a_key_event(EventKind::WebhookAdded);
    assert!(store.put_webhook(webhook.clone(), None, added).await.unwrap());
    let all = store.webhooks().await.unwrap();
    (webhook.id, all.iter().find(|known| known.id == webhook.id).unwrap().place)
}

/// The webhook of seed 1 with these places on their way, written at [`NOW`].
async fn on_their_way(store: &Shelf, places: &[u64]) -> (WebhookId, u64) {
    on_their_way_to(store, 1, places).await
}

async fn on_their_way_to(store: &Shelf, seed: u64, places: &[u64]) -> (WebhookId, u64) {
    let (id, place) = a_place(store, seed).await;
    assert!(store.enqueue(a_step(id, (place, place + 100), places.to_vec()), NOW).await.unwrap());
    (id, place + 100)
}

async fn waiting(store: &Shelf, id: WebhookId) -> Vec<Delivery> {
    store.deliveries(id, false, None, ALL).await.unwrap()
}

async fn dead(store: &Shelf, id: WebhookId) -> Vec<u64> {
    places(&store.deliveries(id, true, None, ALL).await.unwrap())
}

fn places(deliveries: &[Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| delivery.seq).collect()
}

/// One that was written at [`NOW`] and never tried.
fn delivery(webhook: WebhookId, seq: u64) -> Delivery {
    Delivery { webhook, seq, created_at: NOW, attempts: 0, next_attempt_at: Some(NOW), last_error: None }
}

fn at(minutes: u64) -> UnixMillis {
    UnixMillis(NOW.0 + 60_000 * i64::try_from(minutes).unwrap())
}
