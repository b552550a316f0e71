//! Webhooks: changed as they were read, and told of what happens from their place on.

use rotunda_core::model::{Event, EventKind, Sealed, UnixMillis, Webhook, WebhookId};
use rotunda_core::store::{Counting, REMOVES_AT_ONCE};

use super::scene::{Shelf, at_once, happened, journal};
use crate::fixtures::{NOW, a_key_event, a_sealed, a_step, a_webhook, bytes};

/// Letters from everywhere, and what breaks careless quoting.
const UNICODE: &str = r#"Zoë "O'Neil" 🦊 – 한국어 \\ %s ?1 --"#;

pub(super) async fn every_field_of_a_webhook_survives_and_they_come_by_id(store: Shelf) {
    assert!(store.webhooks().await.unwrap().is_empty());
    let full = Webhook {
        url: format!("https://hooks.example.com/?{}", "x".repeat(Webhook::MOST_URL_BYTES - 27)),
        description: Some(UNICODE.to_owned()),
        filters: vec!["session.*".to_owned(), UNICODE.to_owned(), String::new()],
        secret: Sealed { key_id: 255, bytes: vec![0, 255, 39, 0] },
        version: 9,
        created_at: UnixMillis(-1),
        ..a_webhook(1)
    };
    let bare = Webhook { description: None, filters: Vec::new(), enabled: false, ..a_webhook(2) };
    let early = Webhook { id: WebhookId::new(UnixMillis(5), bytes("webhook", 3)), ..a_webhook(3) };
    let mut wanted = vec![full, bare, early];
    for webhook in &wanted {
        assert!(store.put_webhook(webhook.clone(), None, added()).await.unwrap());
    }
    wanted.sort_by_key(|webhook| webhook.id);
    assert!(without_places(&store).await == wanted, "these and no others, each as it was written");
    assert_eq!(happened(&store).await, [added(), added(), added()]);
}

pub(super) async fn a_webhook_is_changed_from_the_version_that_was_read(store: Shelf) {
    let first = a_webhook(1);
    let second = Webhook { url: "https://elsewhere.example.com/".to_owned(), version: 2, ..first.clone() };
    assert!(!store.put_webhook(second.clone(), Some(1), changed()).await.unwrap(), "there is none");
    assert!(store.put_webhook(first.clone(), None, added()).await.unwrap());
    for from in [None, Some(0), Some(2)] {
        assert!(!store.put_webhook(second.clone(), from, changed()).await.unwrap(), "not from {from:?}");
        assert!(without_places(&store).await == [first.clone()], "nothing happens");
        assert_eq!(happened(&store).await, [added()]);
    }
    let other = Webhook {
        description: None,
        filters: Vec::new(),
        secret: a_sealed(7),
        enabled: false,
        ..second.clone()
    };
    assert!(store.put_webhook(other.clone(), Some(1), changed()).await.unwrap());
    assert!(without_places(&store).await == [other], "all of it is as it was given");
    assert_eq!(happened(&store).await, [added(), changed()]);
}

pub(super) async fn a_webhook_is_changed_once_however_many_ask(store: Shelf) {
    for from in [None, Some(1)] {
        let written = at_once(20, |actor| {
            let webhook = Webhook { url: format!("https://{actor}.example.com/"), ..a_webhook(1) };
            let webhook = Webhook { version: from.map_or(1, |version| version + 1), ..webhook };
            let store = store.clone();
            async move { store.put_webhook(webhook, from, changed()).await.unwrap() }
        })
        .await;
        assert_eq!(written.iter().filter(|written| **written).count(), 1, "one wins");
    }
    assert_eq!(happened(&store).await.len(), 2);
}

pub(super) async fn a_webhook_begins_behind_what_has_happened(store: Shelf) {
    happen(&store, 5).await;
    let there = newest(&store).await;
    let first = a_webhook(1);
    assert!(store.put_webhook(Webhook { place: 777, ..first.clone() }, None, added()).await.unwrap());
    let begun = place(&store).await;
    assert!(begun >= there, "behind what there was");
    assert!(begun <= newest(&store).await, "and before what comes");
    happen(&store, 5).await;

    let second = Webhook { place: 777, version: 2, ..first };
    assert!(store.put_webhook(second.clone(), Some(1), changed()).await.unwrap());
    assert_eq!(place(&store).await, begun, "a change leaves it where it is");
    let off = Webhook { enabled: false, version: 3, ..second };
    assert!(store.put_webhook(off.clone(), Some(2), changed()).await.unwrap());
    assert_eq!(place(&store).await, begun, "and so it is when it is switched off");
    let off = Webhook { version: 4, ..off };
    assert!(store.put_webhook(off.clone(), Some(3), changed()).await.unwrap());
    assert_eq!(place(&store).await, begun);
    happen(&store, 5).await;
    let there = newest(&store).await;
    let on = Webhook { enabled: true, version: 5, ..off };
    assert!(store.put_webhook(on, Some(4), changed()).await.unwrap());
    assert!(place(&store).await >= there, "what happened meanwhile is not sent");
    assert!(place(&store).await <= newest(&store).await);
}

pub(super) async fn a_removed_webhook_takes_what_was_on_its_way_along(store: Shelf) {
    let (gone, other) = (a_webhook(1), a_webhook(2));
    for webhook in [&gone, &other] {
        assert!(store.put_webhook(webhook.clone(), None, added()).await.unwrap());
        let places = store.webhooks().await.unwrap();
        let from = places.iter().find(|known| known.id == webhook.id).unwrap().place;
        assert!(store.enqueue(a_step(webhook.id, (from, from + 3), vec![1, 2, 3]), NOW).await.unwrap());
    }
    store.delivery_failed(gone.id, 2, None, "dead".to_owned()).await.unwrap();
    assert!(store.remove_webhook(gone.id, removed()).await.unwrap());
    assert!(without_places(&store).await == [other.clone()]);
    assert!(store.deliveries(gone.id, false, None, 10).await.unwrap().is_empty(), "none is left");
    assert_eq!(store.deliveries(other.id, false, None, 10).await.unwrap().len(), 3, "others wait as ever");
    assert_eq!(happened(&store).await, [added(), added(), removed()]);
    assert!(!store.remove_webhook(gone.id, removed()).await.unwrap(), "there is none");
    assert_eq!(happened(&store).await.len(), 3, "no event");
    let later = store.enqueue(a_step(gone.id, (0, 1), vec![1]), NOW).await.unwrap();
    assert!(!later, "nothing is put on its way to one that is gone");
}

pub(super) async fn what_a_removed_webhook_leaves_is_found_by_nobody_and_forgotten_in_batches(store: Shelf) {
    let (gone, other) = (a_webhook(1), a_webhook(2));
    let rest = 10;
    let many: Vec<u64> = (1..=u64::from(REMOVES_AT_ONCE) + rest).collect();
    for (webhook, places) in [(&gone, many.clone()), (&other, vec![1, 2])] {
        assert!(store.put_webhook(webhook.clone(), None, added()).await.unwrap());
        let known = store.webhooks().await.unwrap().into_iter().find(|known| known.id == webhook.id).unwrap();
        let step = a_step(webhook.id, (known.place, known.place + 9), places);
        assert!(store.enqueue(step, NOW).await.unwrap());
    }
    let dead = *many.last().unwrap();
    store.delivery_failed(gone.id, dead, None, "dead".to_owned()).await.unwrap();
    assert!(store.remove_webhook(gone.id, removed()).await.unwrap());
    for only_dead in [false, true] {
        assert!(
            store.deliveries(gone.id, only_dead, None, 9_999).await.unwrap().is_empty(),
            "none is listed"
        );
    }
    assert!(store.claim_deliveries(gone.id, NOW, NOW, 9_999).await.unwrap().is_empty(), "none is sent");
    for which in [None, Some(dead)] {
        assert_eq!(store.replay_deliveries(gone.id, which, NOW, 9_999).await.unwrap(), 0, "nor again");
    }
    assert_eq!(store.count(Counting::Deliveries, NOW).await.unwrap(), 2, "what the other one waits for");
    assert_eq!(store.count(Counting::DeadDeliveries, NOW).await.unwrap(), 0, "none counts");
    for left in [4, 4, 2, 0] {
        assert_eq!(
            store.forget_deliveries(NOW, 4).await.unwrap(),
            left,
            "no more than asked, until all is gone"
        );
    }
    assert_eq!(store.deliveries(other.id, false, None, 9_999).await.unwrap().len(), 2, "others wait as ever");
}

/// All webhooks, as if their places were 0.
async fn without_places(store: &Shelf) -> Vec<Webhook> {
    store.webhooks().await.unwrap().into_iter().map(|webhook| Webhook { place: 0, ..webhook }).collect()
}

async fn place(store: &Shelf) -> u64 {
    store.webhooks().await.unwrap()[0].place
}

async fn newest(store: &Shelf) -> u64 {
    journal(store).await.last().unwrap().seq
}

async fn happen(store: &Shelf, many: usize) {
    store.post(Vec::new(), vec![a_key_event(EventKind::KeyAdded); many]).await.unwrap();
}

fn added() -> Event {
    a_key_event(EventKind::WebhookAdded)
}

fn changed() -> Event {
    a_key_event(EventKind::WebhookChanged)
}

fn removed() -> Event {
    a_key_event(EventKind::WebhookRemoved)
}
