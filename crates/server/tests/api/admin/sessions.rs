//! Sessions: found by each of what is known of them, told, and ended: one, a user's, everyone's.

use std::time::Duration;

use serde_json::json;

use super::{Operator, each, page_by_page};
use crate::support::{ADA, App, PASSWORD, Phone, get, text};

const BOB: &str = "bob@example.com";

#[tokio::test]
async fn sessions_are_found_by_each_of_what_is_known_of_them() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let mut ada = Phone::new(&app, "ada");
    let user = text(&ada.register(ADA, PASSWORD).await.json["user"]["id"]);
    let first = ada.session.clone();
    app.wait(Duration::from_secs(300));
    // On the same device, and on another one.
    ada.login(ADA, PASSWORD).await.session_on_phone(200);
    let second = ada.session.clone();
    app.wait(Duration::from_secs(300));
    let mut tablet = Phone::new(&app, "tablet");
    tablet.login(ADA, PASSWORD).await.session_on_phone(200);
    let mut bob = Phone::new(&app, "bob");
    bob.register(BOB, PASSWORD).await.session_on_phone(201);

    let (all, pages) = page_by_page(&root, "sessions", "id").await;
    assert_eq!((all.len(), pages), (5, 3));
    let of_ada = [tablet.session.as_str(), second.as_str(), first.as_str()];
    assert_eq!(page_by_page(&root, &format!("sessions?user={user}"), "id").await.0, of_ada);
    assert_eq!(page_by_page(&root, &format!("users/{user}/sessions"), "id").await.0, of_ada);
    let device = app.device_of(&first).await;
    assert_eq!(page_by_page(&root, &format!("sessions?device={device}"), "id").await.0, [&*second, &*first]);
    assert_eq!(page_by_page(&root, "sessions?address=198.51.100.23", "id").await.0.len(), 5);
    assert_eq!(each(&root.get("sessions?address=198.51.100.24").await, "id"), [""; 0]);
    let later = "2026-01-01T00:05:00Z";
    assert_eq!(each(&root.get(&format!("sessions?user={user}&from={later}")).await, "id"), of_ada[..2]);
    assert_eq!(each(&root.get(&format!("sessions?user={user}&until={later}")).await, "id"), of_ada[2..]);
    assert_eq!(each(&root.get("sessions?client=web").await, "id"), [""; 0]);
    for wrong in ["user=x", "device=x", "address=x", "live=yes", "from=today", "client=%20", "dry_run=true"] {
        root.get(&format!("sessions?{wrong}")).await.problem(400, "invalid_request");
    }

    root.delete(&format!("sessions/{second}?reason=Lost+phone")).await.no_content(&[]);
    ada.refresh().await.over("session_ended", "revoked_by_admin");
    assert_eq!(
        each(&root.get(&format!("sessions?user={user}&live=false")).await, "ended"),
        ["revoked_by_admin"]
    );
    assert_eq!(
        root.get(&format!("sessions?user={user}&live=true")).await.json["items"].as_array().unwrap().len(),
        2
    );
    // Over since then, and whoever says so again is right.
    root.delete(&format!("sessions/{second}")).await.no_content(&[]);
    root.delete("sessions/x").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_session_tells_its_story() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let mut thief = ada.stolen_by("thief");
    let path = format!("sessions/{}", ada.session);
    let story = root.get(&path).await;
    assert_eq!(story.json["end"]["past"], json!(false));
    // Her key excuses the thief once; then there are two of them.
    for n in 0..4 {
        app.wait(Duration::from_secs(180));
        let phone = if n % 2 == 0 { &mut ada } else { &mut thief };
        phone.refresh().await;
    }
    let story = root.get(&path).await;
    let kinds: Vec<_> = story.json["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        (kinds.first(), kinds.last()),
        (Some(&"user.signed_in"), Some(&"session.ended")),
        "{}",
        story.told()
    );
    assert_eq!(
        (&story.json["end"]["ending"], &story.json["session"]["ended"]),
        (&json!("reused"), &json!("reused"))
    );
    root.get("sessions/0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21").await.problem(404, "not_found");
}

#[tokio::test]
async fn everyone_is_counted_first_and_then_signed_out() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let (mut ada, mut bob) = (Phone::new(&app, "ada"), Phone::new(&app, "bob"));
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    bob.register(BOB, PASSWORD).await.session_on_phone(201);
    app.wait(Duration::from_secs(60));
    // It has to be said which of the two is meant.
    for unclear in ["sessions", "sessions?dry_run=maybe", "sessions?dryrun=true", "sessions?dry_run"] {
        root.delete(unclear).await.problem(400, "invalid_request");
    }
    let dry = root.delete("sessions?dry_run=true").await;
    assert_eq!((dry.status, &dry.json), (200, &json!({"dry_run": true, "sessions": 3})), "{}", dry.told());
    ada.refresh().await.session_on_phone(200);
    app.news().await;
    let wet = root.delete("sessions?dry_run=false&reason=The+database+was+copied").await;
    assert_eq!((wet.status, &wet.json), (200, &json!({"dry_run": false, "sessions": 3})), "{}", wet.told());
    assert_eq!(app.news().await, ["everyone.signed_out"]);
    for phone in [&mut ada, &mut bob] {
        phone.refresh().await.over("session_ended", "revoked_by_admin");
    }
    root.get("me").await.challenged("session_ended", Some("revoked_by_admin"));
    let feed = Operator::service(&app, "reader", &["revocations.read"]).await.ask(get("/revocations")).await;
    assert!(feed.json["entries"].as_array().unwrap().iter().any(|entry| entry["type"] == "everyone"));
    // Whoever signs in again stays.
    app.wait(Duration::from_secs(60));
    ada.login(ADA, PASSWORD).await.session_on_phone(200);
    ada.me().await.user();
}

#[tokio::test]
async fn a_users_sessions_end_together() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let mut ada = Phone::new(&app, "ada");
    let user = text(&ada.register(ADA, PASSWORD).await.json["user"]["id"]);
    Phone::new(&app, "tablet").login(ADA, PASSWORD).await.session_on_phone(200);
    let ended = root.delete(&format!("users/{user}/sessions")).await;
    assert_eq!((ended.status, &ended.json), (200, &json!({"sessions": 2})));
    ada.refresh().await.over("session_ended", "revoked_by_admin");
    root.get("me").await.ok(&["actor", "permissions", "proved_at", "session_id", "user_id"]);
    root.delete("users/0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c20/sessions").await.problem(404, "not_found");
}
