//! What happened to an account lately, told to whoever it belongs to.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ADA, App, Browser, OTHER_PASSWORD, PASSWORD, Phone, get, post};

const HOUR: Duration = Duration::from_secs(3600);

async fn kinds(phone: &mut Phone<'_>) -> Vec<(String, Value)> {
    events(phone)
        .await
        .iter()
        .map(|event| (event["kind"].as_str().unwrap().to_owned(), event["ended"].clone()))
        .collect()
}

async fn events(phone: &mut Phone<'_>) -> Vec<Value> {
    let answer = phone.ask(get("/auth/events")).await;
    answer.ok(&["events"]);
    answer.json["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_newest_comes_first_and_a_theft_is_among_them() {
    let app = App::new().await;
    let (mut browser, mut phone) = (Browser::new(&app), Phone::new(&app, "ada"));
    assert_eq!(browser.register(ADA, PASSWORD).await.status, 201);
    app.wait(HOUR);
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    let stolen = phone.session.clone();
    let thief = phone.stolen_by("thief");
    for _ in 0..2 {
        app.wait(HOUR);
        phone.refresh().await.session_on_phone(200);
    }
    app.wait(HOUR);
    // A used token, without the retry keys that only its owner has.
    let replay = json!({"refresh_token": thief.refresh_token, "device_secret": thief.device_secret});
    app.send(thief.dress(post("/auth/refresh")).json(&replay)).await.over("token_reused", "reused");
    app.wait(HOUR);
    phone.login(ADA, PASSWORD).await.session_on_phone(200);

    let told = events(&mut phone).await;
    let short: Vec<_> = told.iter().map(|event| json!([event["kind"], event["ended"]])).collect();
    let wanted = [
        json!(["user.signed_in", null]),
        json!(["session.ended", "reused"]),
        json!(["user.signed_in", null]),
        json!(["user.signed_in", null]),
        json!(["user.registered", null]),
    ];
    assert_eq!(short, wanted);
    let theft = &told[1];
    assert_eq!(theft["session_id"], json!(stolen));
    assert_eq!(theft["address"], "198.51.100.23");
    assert!(theft["user_agent"].as_str().unwrap().starts_with("Rotary/"), "{theft}");
    // The same body as in the export, there the oldest first.
    let export = phone.export().await;
    app.news().await;
    let mut exported = export.json["events"].as_array().unwrap().clone();
    exported.retain(|event| event["kind"] != "user.data_exported");
    exported.reverse();
    assert_eq!(exported, told);
}

#[tokio::test]
async fn nobody_sees_what_happened_to_others() {
    let app = App::new().await;
    let (mut ada, mut bob) = (Phone::new(&app, "ada"), Phone::new(&app, "bob"));
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    ada.login(ADA, OTHER_PASSWORD).await.refused("credentials_invalid");
    bob.register("bob@example.com", PASSWORD).await.session_on_phone(201);
    let registered = ["user.signed_in", "user.registered"].map(|kind| (kind.to_owned(), Value::Null));
    assert_eq!(kinds(&mut bob).await, registered);
    assert_eq!(kinds(&mut ada).await, registered, "a sign-in that failed is nobody's");
}

#[tokio::test]
async fn there_are_a_hundred_at_most() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    for _ in 0..60 {
        ada.reauthenticate(PASSWORD).await.session_on_phone(200);
    }
    let told = events(&mut ada).await;
    assert_eq!(told.len(), 100);
    assert_eq!(told[0]["kind"], "user.reauthenticated");
}
