//! The same days on the store that people start with, and over a restart.

use std::sync::Arc;
use std::time::Duration;

use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::fixtures::NOW;
use tempfile::TempDir;

use crate::support::{ADA, App, Browser, PASSWORD, Phone, Setup, get, post};

const HOUR: Duration = Duration::from_secs(3600);

async fn on_disk(folder: &TempDir, seed: u64) -> App {
    let store = SqliteStore::open(&folder.path().join("rotunda.db"), NOW).unwrap();
    let setup = Setup::new();
    Setup { store: Some(Arc::new(store)), seed, ..setup }.start().await
}

#[tokio::test]
async fn a_day_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let app = on_disk(&folder, 1).await;
    let (mut browser, mut phone) = (Browser::new(&app), Phone::new(&app, "ada"));
    assert_eq!(browser.register(ADA, PASSWORD).await.status, 201);
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    app.wait(HOUR);
    assert_eq!(browser.refresh().await.status, 200);
    phone.refresh().await.session_on_phone(200);
    assert_eq!(browser.sessions().await.len(), 2);
    let mut thief = phone.stolen_by("thief");
    app.wait(HOUR);
    phone.refresh().await.session_on_phone(200);
    app.wait(HOUR);
    thief.refresh().await.session_on_phone(200);
    app.wait(HOUR);
    thief.refresh().await.session_on_phone(200);
    app.wait(HOUR);
    phone.refresh().await.over("token_reused", "reused");
    assert_eq!(browser.refresh().await.status, 200);
    assert_eq!(app.send(browser.bare(post("/auth/logout"))).await.status, 204);
    browser.refresh().await.over("session_ended", "logged_out");
    let news = [
        "user.registered",
        "user.signed_in",
        "user.signed_in",
        "session.late_retry",
        "session.ended reused",
        "session.ended logged_out",
    ];
    assert_eq!(app.news().await, news);
}

#[tokio::test]
async fn a_restart_signs_nobody_out_and_forgets_no_theft() {
    let folder = tempfile::tempdir().unwrap();
    let before = on_disk(&folder, 1).await;
    let mut phone = Phone::new(&before, "ada");
    phone.register(ADA, PASSWORD).await.session_on_phone(201);
    before.wait(HOUR);
    let first = phone.refreshing();
    phone.refresh_and_lose_the_answer().await.session_on_phone(200);
    let access_token = phone.access_token.clone();
    drop(before);

    let after = on_disk(&folder, 2).await;
    after.send(get("/auth/me").bearer(&access_token)).await.user();
    after.wait(2 * HOUR);
    // The reply that was lost before the restart is given again after it.
    let answer = after.send(first.clone()).await;
    assert_eq!(answer.session_on_phone(200).generation, 1);
    let without_keys = serde_json::json!({
        "refresh_token": phone_token(&first), "device_secret": answer.json["device_secret"],
    });
    after.send(post("/auth/refresh").json(&without_keys)).await.over("token_reused", "reused");
}

fn phone_token(ask: &crate::support::Ask) -> String {
    let body: serde_json::Value = serde_json::from_slice(ask.body_bytes()).unwrap();
    crate::support::text(&body["refresh_token"])
}
