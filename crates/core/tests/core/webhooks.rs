//! Other people's servers are told of what happens: each event, at least once, signed.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding};
use rotunda_core::denied::Denied;
use rotunda_core::desk::{Desk, EditWebhook, NewWebhook, Operator};
use rotunda_core::model::{AdminPermission, Delivery, Webhook, WebhookId};
use rotunda_core::outside::{NotDelivered, Parcel};
use rotunda_core::store::{REMOVES_AT_ONCE, WebhookStep, Webhooks as _};
use rotunda_core::webhooks::{KEEP_DEAD, MOST_ATTEMPTS, Told};
use serde_json::Value;

use crate::support::{World, denied};

fn desk(w: &World) -> Desk<'_> {
    w.rotunda.desk(Operator::command_line())
}

fn to(filters: &[&str]) -> NewWebhook {
    NewWebhook {
        url: "https://example.com/hooks".to_owned(),
        description: None,
        filters: filters.iter().map(|&it| it.to_owned()).collect(),
    }
}

async fn the(w: &World, id: WebhookId) -> Webhook {
    desk(w).webhook(id).await.unwrap()
}

/// Fills and delivers until there is nothing to do at this moment.
async fn round(w: &World, id: WebhookId) -> Told {
    while w.rotunda.fill_webhook(&the(w, id).await).await.unwrap() {}
    let mut all = Told::default();
    loop {
        let told = w.rotunda.deliver_webhook(&the(w, id).await).await.unwrap();
        all.arrived += told.arrived;
        all.put_off += told.put_off;
        all.given_up += told.given_up;
        if !told.is_full {
            return all;
        }
    }
}

fn told(w: &World) -> Vec<Value> {
    w.receivers.taken().iter().map(|parcel| serde_json::from_slice(&parcel.body).unwrap()).collect()
}

fn kinds(w: &World) -> Vec<String> {
    told(w).iter().map(|it| it["type"].as_str().unwrap().to_owned()).collect()
}

fn header(parcel: &Parcel, name: &str) -> String {
    parcel.headers.iter().find(|(it, _)| *it == name).unwrap().1.clone()
}

fn not_now(not_before: Option<Duration>) -> NotDelivered {
    NotDelivered { why: "it answered 500 Internal Server Error".to_owned(), not_before }
}

#[tokio::test]
async fn what_happens_is_told_in_order_and_signed() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let (webhook, secret) = desk(&w).add_webhook(&to(&["user.*", "session.*"])).await.unwrap();
    assert_eq!(round(&w, webhook.id).await, Told::default(), "what was before it is not told");
    w.logs_out(&ada).await;
    assert_eq!(round(&w, webhook.id).await, Told { arrived: 1, ..Told::default() });
    assert_eq!(round(&w, webhook.id).await, Told::default(), "and once");
    let taken = w.receivers.taken();
    let parcel = taken.last().unwrap();
    let body: Value = serde_json::from_slice(&parcel.body).unwrap();
    assert_eq!(body["type"], "session.ended");
    assert_eq!(body["data"]["user"], ada.user.sub());
    assert_eq!(body["data"]["session"], ada.session.id.to_string());
    assert_eq!(body["data"]["ended"], "logged_out");
    assert_eq!(parcel.url, "https://example.com/hooks");
    // As a receiver checks it.
    let key = Base64::decode_vec(secret.expose().strip_prefix("whsec_").unwrap()).unwrap();
    let (id, at) = (header(parcel, "webhook-id"), header(parcel, "webhook-timestamp"));
    assert_eq!(at, w.clock_now().seconds().to_string());
    let signed = [format!("{id}.{at}.").as_bytes(), &parcel.body].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
    assert_eq!(header(parcel, "webhook-signature"), format!("v1,{}", Base64::encode_string(tag.as_ref())));
}

#[tokio::test]
async fn what_does_not_arrive_is_tried_again_later_each_time_and_then_kept_for_a_replay() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    w.register("ada").await;
    let happened = w.clock_now();
    let mut last = Duration::ZERO;
    for attempt in 1..=MOST_ATTEMPTS {
        w.receivers.refuse(not_now(None));
        let told = round(&w, webhook.id).await;
        if attempt == MOST_ATTEMPTS {
            assert_eq!((told.put_off, told.given_up), (0, 1));
            break;
        }
        assert_eq!((told.put_off, told.given_up), (1, 0), "attempt {attempt}");
        let waiting = desk(&w).deliveries(webhook.id, false, None, 10).await.unwrap();
        let [Delivery { attempts, next_attempt_at: Some(next), last_error: Some(why), .. }] =
            waiting.as_slice()
        else {
            panic!("{waiting:?}");
        };
        assert_eq!((*attempts, why.as_str()), (attempt, "it answered 500 Internal Server Error"));
        let wait = w.clock_now().until(*next);
        assert!(wait.mul_f64(1.25) >= last, "{wait:?} after {last:?}");
        assert_eq!(round(&w, webhook.id).await, Told::default(), "not before its time");
        last = wait;
        w.pass(wait);
    }
    let dead = desk(&w).deliveries(webhook.id, true, None, 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].next_attempt_at), (1, None));
    w.pass(Duration::from_secs(24 * 3600));
    assert_eq!(round(&w, webhook.id).await, Told::default(), "a dead letter stays where it is");
    assert_eq!(desk(&w).replay(webhook.id, Some(dead[0].seq)).await.unwrap(), 1);
    round(&w, webhook.id).await;
    assert_eq!(kinds(&w), ["user.registered"]);
    let id = format!("{}_{}_{}", webhook.id, dead[0].seq, happened.0);
    assert_eq!(header(&w.receivers.taken()[0], "webhook-id"), id, "days later, by another attempt");
    assert!(desk(&w).deliveries(webhook.id, true, None, 10).await.unwrap().is_empty());
}

/// A receiver remembers ids, and a store that was put back gives places anew.
#[tokio::test]
async fn after_a_restore_nothing_comes_with_the_id_of_something_else() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    let backup = w.store.inner.snapshot();
    w.register("ada").await;
    round(&w, webhook.id).await;
    w.store.inner.restore(backup);
    w.pass(Duration::from_secs(60));
    w.register("bea").await;
    round(&w, webhook.id).await;
    let (told, taken) = (told(&w), w.receivers.taken());
    assert_eq!(told[0]["data"]["event"], told[1]["data"]["event"], "the same place");
    assert_ne!(header(&taken[0], "webhook-id"), header(&taken[1], "webhook-id"));
}

#[tokio::test]
async fn a_receiver_that_asks_to_be_left_alone_is() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    w.register("ada").await;
    w.receivers.refuse(not_now(Some(Duration::from_secs(3_600))));
    round(&w, webhook.id).await;
    w.pass(Duration::from_secs(3_599));
    assert_eq!(round(&w, webhook.id).await, Told::default());
    w.pass(Duration::from_secs(1));
    assert_eq!(round(&w, webhook.id).await.arrived, 1);
}

#[tokio::test]
async fn a_webhook_is_told_of_what_it_asks_for() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["session.*", "user.registered"])).await.unwrap();
    let ada = w.register("ada").await;
    w.logs_out(&ada).await;
    round(&w, webhook.id).await;
    assert_eq!(kinds(&w), ["user.registered", "session.ended"]);
    let off = EditWebhook { enabled: Some(false), ..EditWebhook::default() };
    desk(&w).edit_webhook(webhook.id, &off, Some(1)).await.unwrap();
    w.register("bea").await;
    assert_eq!(round(&w, webhook.id).await, Told::default());
    let on = EditWebhook { enabled: Some(true), ..EditWebhook::default() };
    assert_eq!(denied(desk(&w).edit_webhook(webhook.id, &on, Some(1)).await), Denied::ChangedMeanwhile);
    desk(&w).edit_webhook(webhook.id, &on, Some(2)).await.unwrap();
    w.register("cyd").await;
    round(&w, webhook.id).await;
    assert_eq!(
        kinds(&w),
        ["user.registered", "session.ended", "user.registered"],
        "Bea came while it was off"
    );
}

/// A round knows a webhook as it was when it began.
#[tokio::test]
async fn what_is_changed_during_a_round_is_true_of_the_next_message() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    w.register("ada").await;
    let before = the(&w, webhook.id).await;
    w.rotunda.fill_webhook(&before).await.unwrap();
    let off = EditWebhook { enabled: Some(false), ..EditWebhook::default() };
    desk(&w).edit_webhook(webhook.id, &off, None).await.unwrap();
    assert_eq!(w.rotunda.deliver_webhook(&before).await.unwrap(), Told::default());
    assert_eq!(w.receivers.taken().len(), 0, "it is off");
    let url = "https://example.org/elsewhere".to_owned();
    let on = EditWebhook { enabled: Some(true), url: Some(url.clone()), ..EditWebhook::default() };
    desk(&w).edit_webhook(webhook.id, &on, None).await.unwrap();
    w.pass(Duration::from_secs(121));
    assert_eq!(w.rotunda.deliver_webhook(&before).await.unwrap().arrived, 1);
    assert_eq!(w.receivers.taken()[0].url, url);
}

/// What a round has read of a webhook decides about nothing once an operator has changed it.
#[tokio::test]
async fn what_is_asked_for_is_decided_by_the_webhook_as_it_is() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    let filters = async |filters: &[&str]| {
        let edit = EditWebhook { filters: Some(to(filters).filters), ..EditWebhook::default() };
        desk(&w).edit_webhook(webhook.id, &edit, None).await.unwrap();
    };
    let ada = w.register("ada").await;
    let before = the(&w, webhook.id).await;
    filters(&["session.ended"]).await;
    w.logs_out(&ada).await;
    w.rotunda.fill_webhook(&before).await.unwrap();
    assert_eq!(the(&w, webhook.id).await.place, before.place, "it was not looked at as it was");
    round(&w, webhook.id).await;
    assert_eq!(kinds(&w), ["session.ended"], "what is asked for by now, and nothing that was before");

    w.register("bea").await;
    filters(&["user.registered"]).await;
    let before = the(&w, webhook.id).await;
    let off = EditWebhook { enabled: Some(false), ..EditWebhook::default() };
    desk(&w).edit_webhook(webhook.id, &off, None).await.unwrap();
    w.rotunda.fill_webhook(&before).await.unwrap();
    let waiting = desk(&w).deliveries(webhook.id, false, None, 10).await.unwrap();
    assert!(waiting.is_empty(), "it is off: {waiting:?}");
}

/// What does not arrive stays in the journal, and not once more for each webhook.
#[tokio::test]
async fn nothing_more_is_written_down_for_a_receiver_while_something_is_due() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    for number in 0..10 {
        w.register(&format!("user{number}")).await;
    }
    w.rotunda.tell_webhook(&the(&w, webhook.id).await).await.unwrap();
    w.register("late").await;
    (0..8).for_each(|_| w.receivers.refuse(not_now(None)));
    let told = w.rotunda.tell_webhook(&the(&w, webhook.id).await).await.unwrap();
    assert_eq!((told.put_off, told.is_full), (8, true));
    let waiting = async || desk(&w).deliveries(webhook.id, false, None, 100).await.unwrap().len();
    assert_eq!(waiting().await, 10, "two were not tried yet");
    let told = w.rotunda.tell_webhook(&the(&w, webhook.id).await).await.unwrap();
    assert_eq!((told.arrived, told.is_full), (2, false));
    assert_eq!(waiting().await, 9, "the eight, and the one that came later");
}

/// Two servers go their rounds at once: each event is written down once, and taken by one of them.
#[tokio::test]
async fn two_servers_tell_it_once() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    for number in 0..20 {
        w.register(&format!("user{number}")).await;
    }
    let both = the(&w, webhook.id).await;
    let (one, two) = tokio::join!(w.rotunda.fill_webhook(&both), w.rotunda.fill_webhook(&both));
    assert!(one.is_ok() && two.is_ok());
    let now = the(&w, webhook.id).await;
    for _ in 0..3 {
        let (one, two) = tokio::join!(w.rotunda.deliver_webhook(&now), w.rotunda.deliver_webhook(&now));
        assert!(one.is_ok() && two.is_ok());
    }
    let mut ids: Vec<String> = w.receivers.taken().iter().map(|it| header(it, "webhook-id")).collect();
    assert_eq!(ids.len(), 20);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

#[tokio::test]
async fn another_secret_signs_from_then_on_and_a_removed_webhook_is_told_nothing() {
    let w = World::new().await;
    let (webhook, old) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    w.register("ada").await;
    let new = desk(&w).rotate_webhook_secret(webhook.id).await.unwrap();
    assert_ne!(old.expose(), new.expose());
    round(&w, webhook.id).await;
    let parcel = &w.receivers.taken()[0];
    let (id, at) = (header(parcel, "webhook-id"), header(parcel, "webhook-timestamp"));
    let signed = [format!("{id}.{at}.").as_bytes(), &parcel.body].concat();
    let sign = |secret: &str| {
        let key = Base64::decode_vec(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
        format!("v1,{}", Base64::encode_string(tag.as_ref()))
    };
    assert_eq!(header(parcel, "webhook-signature"), sign(new.expose()));
    assert_ne!(header(parcel, "webhook-signature"), sign(old.expose()));
    w.register("bea").await;
    let before = the(&w, webhook.id).await;
    w.rotunda.fill_webhook(&before).await.unwrap();
    desk(&w).remove_webhook(webhook.id).await.unwrap();
    let told = w.rotunda.deliver_webhook(&before).await.unwrap();
    assert_eq!(told, Told::default());
    assert_eq!(denied(desk(&w).remove_webhook(webhook.id).await), Denied::NotFound);
}

/// Whoever is told of everything from now on reads the audit log from now on.
#[tokio::test]
async fn to_have_somebody_told_takes_what_reading_the_log_takes() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.*"])).await.unwrap();
    let writer = w.operator_with("writer", &["webhooks.read", "webhooks.write"]).await;
    let reader = w.operator_with("reader", &["webhooks.write", "audit.read"]).await;
    let (writer, reader) = (w.desk_of(&writer).await, w.desk_of(&reader).await);
    let missing = Denied::PermissionMissing(AdminPermission::AuditRead);
    assert_eq!(denied(writer.add_webhook(&to(&["user.*"])).await.map(drop)), missing);
    let edit = async |desk: &Desk<'_>, edit: EditWebhook| desk.edit_webhook(webhook.id, &edit, None).await;
    let nothing = EditWebhook::default;
    for harmless in [
        nothing(),
        EditWebhook { description: Some(Some("For the alarm".to_owned())), ..nothing() },
        EditWebhook { url: Some(webhook.url.clone()), filters: Some(webhook.filters.clone()), ..nothing() },
        EditWebhook { enabled: Some(true), ..nothing() },
        EditWebhook { enabled: Some(false), ..nothing() },
    ] {
        edit(&writer, harmless).await.unwrap();
    }
    for more in [
        EditWebhook { enabled: Some(true), ..nothing() },
        EditWebhook { url: Some("https://example.org/".to_owned()), ..nothing() },
        EditWebhook { filters: Some(Vec::new()), ..nothing() },
    ] {
        assert_eq!(denied(edit(&writer, more.clone()).await.map(drop)), missing, "{more:?}");
        edit(&reader, more).await.unwrap();
    }
    reader.add_webhook(&to(&[])).await.unwrap();
}

#[tokio::test]
async fn each_replay_is_on_record() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    w.register("ada").await;
    round(&w, webhook.id).await;
    let place = the(&w, webhook.id).await.place;
    let step = WebhookStep { webhook: webhook.id, version: 1, from: place, to: place, events: vec![1, 2] };
    assert!(w.store.inner.enqueue(step, w.clock_now()).await.unwrap());
    for seq in [1, 2] {
        w.store.inner.delivery_failed(webhook.id, seq, None, "dead".to_owned()).await.unwrap();
    }
    w.news().await;
    // Two in one moment, by one operator, about one webhook: alike in everything, and two all the same.
    assert_eq!(desk(&w).replay(webhook.id, Some(1)).await.unwrap(), 1);
    assert_eq!(desk(&w).replay(webhook.id, Some(2)).await.unwrap(), 1);
    assert_eq!(w.news().await.len(), 2);
    assert_eq!(desk(&w).replay(webhook.id, Some(2)).await.unwrap(), 0);
    assert_eq!(w.news().await.len(), 0, "nothing was made again");
}

#[tokio::test]
async fn what_a_removed_webhook_has_left_is_swept() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&[])).await.unwrap();
    let place = the(&w, webhook.id).await.place;
    let events = (1..=u64::from(REMOVES_AT_ONCE) + 5).collect();
    let step = WebhookStep { webhook: webhook.id, version: 1, from: place, to: place, events };
    assert!(w.store.inner.enqueue(step, w.clock_now()).await.unwrap());
    desk(&w).remove_webhook(webhook.id).await.unwrap();
    assert_eq!(desk(&w).overview().await.unwrap().deliveries_waiting, 0, "it is gone for everybody");
    assert_eq!(w.rotunda.sweep().await.unwrap().deliveries, 5);
    assert_eq!(w.rotunda.sweep().await.unwrap().deliveries, 0);
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_says_why() {
    let w = World::new().await;
    for (new, why) in [
        (NewWebhook { url: "ftp://x".to_owned(), ..to(&[]) }, "https://"),
        (NewWebhook { url: format!("https://{}", "x".repeat(3_000)), ..to(&[]) }, "2048 bytes"),
        (to(&["session.end"]), "session.end"),
        (NewWebhook { filters: vec!["session.*".to_owned(); 33], ..to(&[]) }, "32 filters"),
        (NewWebhook { description: Some("a\nb".to_owned()), ..to(&[]) }, "256 characters"),
    ] {
        let Denied::Unfit(text) = denied(desk(&w).add_webhook(&new).await.map(drop)) else {
            panic!("{new:?}")
        };
        assert!(text.contains(why), "{text}");
    }
    assert!(desk(&w).webhooks().await.unwrap().is_empty());
    for _ in 0..Webhook::MOST {
        desk(&w).add_webhook(&to(&[])).await.unwrap();
    }
    let Denied::InTheWay(text) = denied(desk(&w).add_webhook(&to(&[])).await.map(drop)) else { panic!() };
    assert!(text.contains("100"), "{text}");
}

#[tokio::test]
async fn what_was_given_up_is_forgotten_after_a_month() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&["user.registered"])).await.unwrap();
    w.register("ada").await;
    for _ in 0..MOST_ATTEMPTS {
        w.receivers.refuse(not_now(None));
        round(&w, webhook.id).await;
        w.pass(Duration::from_secs(30 * 3600));
    }
    assert_eq!(desk(&w).deliveries(webhook.id, true, None, 10).await.unwrap().len(), 1);
    w.pass(KEEP_DEAD);
    assert_eq!(w.rotunda.sweep().await.unwrap().deliveries, 1);
    assert!(desk(&w).deliveries(webhook.id, true, None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_test_says_whether_it_arrived() {
    let w = World::new().await;
    let (webhook, _) = desk(&w).add_webhook(&to(&[])).await.unwrap();
    desk(&w).send_test(webhook.id).await.unwrap().unwrap();
    assert_eq!(kinds(&w), ["webhook.test"]);
    w.receivers.refuse(not_now(None));
    assert_eq!(desk(&w).send_test(webhook.id).await.unwrap(), Err(not_now(None)));
}
