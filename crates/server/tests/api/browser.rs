//! A day in a browser.

use std::time::Duration;

use serde_json::json;

use crate::support::{ADA, App, Browser, OTHER_PASSWORD, PASSWORD, SAFARI, delete, get, post};

const REFRESH: &str = "rotunda_refresh=rt1_…; HttpOnly; Max-Age=604800; Path=/auth/refresh; SameSite=Strict";
const DEVICE: &str = "rotunda_device=rd1_…; HttpOnly; Max-Age=34560000; Path=/auth; SameSite=Strict";
const PAGE: &str = "rotunda_page=rp1_…; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax";
const REFRESH_GONE: &str = "rotunda_refresh=; HttpOnly; Max-Age=0; Path=/auth/refresh; SameSite=Strict";
const PAGE_GONE: &str = "rotunda_page=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax";

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_day_in_a_browser() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);

    let answer = ada.register(ADA, PASSWORD).await;
    let first = answer.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    assert_eq!(first.generation, 0);
    let session = &answer.json["session"];
    assert_eq!(session["created_at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(session["idle_expires_at"], "2026-01-08T00:00:00.000Z");
    assert_eq!(session["expires_at"], "2026-01-31T00:00:00.000Z");
    assert_eq!(
        (&answer.json["expires_in"], &answer.json["refresh_expires_in"]),
        (&json!(900), &json!(604_800))
    );
    assert_eq!(app.news().await, ["user.registered", "user.signed_in"]);

    let answer = ada.me().await;
    answer.user();
    assert_eq!(answer.json["email"], ADA);
    assert_eq!(answer.json["email_verified"], false);

    app.wait(HOUR);
    let second = ada.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]);
    assert_eq!((second.generation, &second.session), (1, &first.session));
    assert_ne!(second.access_token, first.access_token);
    assert_eq!(app.news().await, [""; 0], "an ordinary day leaves no trace");

    let sessions = ada.sessions().await;
    let expected = json!([{
        "id": first.session,
        "client_id": "web",
        "device_id": app.device_of(&first.session).await,
        "label": "Firefox on Linux",
        "address": "203.0.113.7",
        "device_first_seen_at": "2026-01-01T00:00:00.000Z",
        "created_at": "2026-01-01T00:00:00.000Z",
        "last_used_at": "2026-01-01T01:00:00.000Z",
        "expires_at": "2026-01-08T01:00:00.000Z",
        "current": true,
    }]);
    assert_eq!(json!(sessions), expected);

    ada.logout().await.no_content(&[REFRESH_GONE, PAGE_GONE]);
    assert_eq!(ada.jar.names(), ["rotunda_device"], "the device is remembered, the session is not");
    assert_eq!(app.news().await, ["session.ended logged_out"]);
    ada.logout().await.no_content(&[REFRESH_GONE, PAGE_GONE]);
    assert_eq!(app.news().await, [""; 0], "a session ends once");
    ada.me().await.challenged("session_ended", Some("logged_out"));

    let again = ada.login(ADA, PASSWORD).await.session_in_browser(200, &[REFRESH, DEVICE, PAGE]);
    assert_ne!(again.session, first.session);
    assert_eq!(app.device_of(&again.session).await, app.device_of(&first.session).await);
    assert_eq!(app.news().await, ["user.signed_in"]);
}

#[tokio::test]
async fn the_first_device_ends_the_second() {
    let app = App::new().await;
    let mut first = Browser::new(&app);
    first.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    app.wait(HOUR);
    let mut second = Browser::new(&app).named(SAFARI, "[2001:db8::7]:50002");
    let stolen = second.login(ADA, PASSWORD).await.session_in_browser(200, &[REFRESH, DEVICE, PAGE]);
    app.news().await;

    first.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]);
    let sessions = first.sessions().await;
    let told: Vec<_> = sessions.iter().map(|s| json!([s["label"], s["address"], s["current"]])).collect();
    let firefox = json!(["Firefox on Linux", "203.0.113.7", true]);
    let safari = json!(["Safari on macOS", "2001:db8::7", false]);
    assert!(told.contains(&firefox) && told.contains(&safari) && told.len() == 2, "{told:?}");

    let end = delete(&format!("/auth/sessions/{}", stolen.session)).bearer(&first.access_token);
    first.send(end.clone()).await.no_content(&[]);
    assert_eq!(app.news().await, ["session.ended revoked_by_user"]);
    first.send(end).await.no_content(&[]);
    assert_eq!(app.news().await, [""; 0]);

    second.me().await.challenged("session_ended", Some("revoked_by_user"));
    second.refresh().await.over("session_ended", "revoked_by_user");
    first.me().await.user();
    assert_eq!(first.sessions().await.len(), 1);
}

#[tokio::test]
async fn a_refresh_after_a_logout_says_so_and_touches_no_cookie() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let mut other_tab = ada.clone();
    ada.logout().await.no_content(&[REFRESH_GONE, PAGE_GONE]);
    // `over` says with `everywhere` that no cookie is set: another tab's login may have set a good one since.
    other_tab.refresh().await.over("session_ended", "logged_out");
    ada.refresh().await.refused("token_missing");
}

#[tokio::test]
async fn the_same_answer_again_inside_the_window_and_its_cookies_too() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    app.wait(HOUR);
    ada.send_and_lose_the_answer(post("/auth/refresh")).await.session_in_browser(200, &[REFRESH, DEVICE]);
    app.wait(Duration::from_millis(9_999));
    let mut other_tab = ada.clone();
    // The cookie lives as long as the session does, which these answers did not prolong.
    let refresh = REFRESH.replace("604800", "604790");
    for tab in [&mut ada, &mut other_tab] {
        let tokens = tab.refresh().await.session_in_browser(200, &[&refresh, DEVICE]);
        assert_eq!(tokens.generation, 1);
    }
    assert_eq!(ada.jar.value("rotunda_refresh"), other_tab.jar.value("rotunda_refresh"));
    ada.me().await.user();
    assert_eq!(app.news().await, ["user.registered", "user.signed_in"]);
}

#[tokio::test]
async fn a_copied_jar_is_found_out_and_only_its_session_ends() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    let ours = ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let mut elsewhere = Browser::new(&app).named(SAFARI, "198.51.100.9:1");
    elsewhere.login(ADA, PASSWORD).await.session_in_browser(200, &[REFRESH, DEVICE, PAGE]);
    let mut thief = ada.clone();
    app.wait(HOUR);
    thief.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]);
    app.wait(HOUR);
    app.news().await;
    ada.refresh().await.over("token_reused", "reused");
    thief.refresh().await.over("session_ended", "reused");
    assert_eq!(app.news().await, ["session.ended reused"]);
    assert_eq!(app.story(&ours.session).await, ["user.signed_in", "session.ended reused"]);
    elsewhere.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]);
}

#[tokio::test]
async fn a_refresh_cookie_alone_is_worth_nothing_once_the_device_was_shown() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    app.wait(HOUR);
    ada.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]);
    app.wait(HOUR);
    app.news().await;
    let mut leaked = ada.clone();
    leaked.jar.lose("rotunda_device");
    leaked.refresh().await.refused("proof_missing");
    assert_eq!(app.news().await, ["session.proof_missing"]);
    ada.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]);
    // Beside another device's secret, whether it could be one or not, the token has moved.
    app.wait(HOUR);
    let mut moved = ada.clone();
    moved.jar.replace("rotunda_device", "made-up");
    moved.refresh().await.over("token_reused", "reused");
    ada.refresh().await.over("session_ended", "reused");
    assert_eq!(app.news().await, ["session.ended reused"]);
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_renews_this_one() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    let old = ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    app.wait(HOUR);
    ada.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]);
    let mut other = Browser::new(&app).named(SAFARI, "198.51.100.9:1");
    other.login(ADA, PASSWORD).await.session_in_browser(200, &[REFRESH, DEVICE, PAGE]);
    let mut old_tab = ada.clone();
    app.news().await;

    let wrong = json!({"current_password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD});
    let change = |body| post("/auth/password/change").json(&body);
    let ask = change(wrong).bearer(&ada.access_token);
    ada.send(ask).await.refused("credentials_invalid");
    assert_eq!(app.news().await, ["user.sign_in_failed"], "whoever guesses leaves a trace");
    let right = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let ask = change(right).bearer(&ada.access_token);
    let new = ada.send(ask).await.session_in_browser(200, &[REFRESH, DEVICE, PAGE]);
    assert_ne!(new.session, old.session);
    assert_eq!(app.device_of(&new.session).await, app.device_of(&old.session).await);
    let mut news = app.news().await;
    news.sort();
    let ended = "session.ended password_changed";
    assert_eq!(news, [ended, ended, "user.epoch_raised password_changed", "user.password_changed"]);

    other.refresh().await.over("session_ended", "password_changed");
    other.me().await.challenged("session_ended", Some("password_changed"));
    old_tab.refresh().await.over("session_ended", "password_changed");
    ada.me().await.user();
    app.wait(HOUR);
    ada.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]);
    ada.login(ADA, PASSWORD).await.refused("credentials_invalid");
    ada.login(ADA, OTHER_PASSWORD).await.session_in_browser(200, &[REFRESH, DEVICE, PAGE]);
}

#[tokio::test]
async fn signing_in_again_leaves_the_old_session_behind() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let mut old_tab = ada.clone();
    app.news().await;
    ada.login(ADA, PASSWORD).await.session_in_browser(200, &[REFRESH, DEVICE, PAGE]);
    let mut news = app.news().await;
    news.sort();
    assert_eq!(news, ["session.ended logged_out", "user.signed_in"]);
    old_tab.refresh().await.over("session_ended", "logged_out");
    assert_eq!(ada.sessions().await.len(), 1);
}

#[tokio::test]
async fn logout_all_ends_every_device_and_clears_this_browser() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let mut other = Browser::new(&app).named(SAFARI, "198.51.100.9:1");
    other.login(ADA, PASSWORD).await.session_in_browser(200, &[REFRESH, DEVICE, PAGE]);
    app.news().await;
    let ask = post("/auth/logout-all").bearer(&ada.access_token);
    ada.send(ask).await.no_content(&[REFRESH_GONE, PAGE_GONE]);
    let mut news = app.news().await;
    news.sort();
    assert_eq!(
        news,
        [
            "session.ended logged_out_everywhere",
            "session.ended logged_out_everywhere",
            "user.epoch_raised logged_out_everywhere",
        ]
    );
    other.me().await.challenged("session_ended", Some("logged_out_everywhere"));
    other.refresh().await.over("session_ended", "logged_out_everywhere");
    ada.me().await.challenged("session_ended", Some("logged_out_everywhere"));
    ada.login(ADA, PASSWORD).await.session_in_browser(200, &[REFRESH, DEVICE, PAGE]);
}

#[tokio::test]
async fn a_logout_by_bearer_from_a_page_clears_this_browser_too() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let ask = post("/auth/logout").bearer(&ada.access_token);
    // The server that rendered the page passes on what it was sent, and says nothing about the page.
    app.send(ada.bare(ask.clone())).await.no_content(&[REFRESH_GONE, PAGE_GONE]);
    ada.send(ask).await.no_content(&[REFRESH_GONE, PAGE_GONE]);
    ada.send(get("/auth/me").bearer(&ada.access_token)).await.challenged("session_ended", Some("logged_out"));
}

#[tokio::test]
async fn somebody_elses_session_is_not_there() {
    let app = App::new().await;
    let (mut ada, mut bob) = (Browser::new(&app), Browser::new(&app));
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let theirs =
        bob.register("bob@example.com", PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let nobodys = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21";
    for id in [theirs.session.as_str(), nobodys] {
        let ask = delete(&format!("/auth/sessions/{id}")).bearer(&ada.access_token);
        ada.send(ask).await.problem(404, "not_found");
    }
    bob.me().await.user();
    assert_eq!(ada.sessions().await.len(), 1);
}

/// A page cannot read its cookie. One whose cookie an answer has replaced that it never saw says which generation it
/// believes in, and is told which it is before the keys that it sends are taken for those of another token.
#[tokio::test]
async fn a_page_that_is_behind_its_cookie_is_told_the_generation_and_asks_again() {
    let app = App::new().await;
    let mut page = Browser::new(&app);
    page.register(ADA, PASSWORD).await;
    app.wait(HOUR);
    let mut unseen = page.clone();
    unseen.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]);
    page = unseen;
    app.wait(HOUR);
    let keys = ["the-key-of-generation-0"];
    let answer = page.post("/auth/refresh", &json!({"generation": 0, "retry_keys": keys})).await;
    answer.refused("generation_mismatch");
    assert_eq!(answer.json["generation"], 1);
    let keys = ["the-key-of-generation-0", "the-key-of-generation-1"];
    let answer = page.post("/auth/refresh", &json!({"generation": 1, "retry_keys": keys})).await;
    assert_eq!(answer.session_in_browser(200, &[REFRESH, DEVICE]).generation, 2);
    app.news().await;
    let malformed = page.post("/auth/refresh", &json!({"generation": -1})).await;
    assert_eq!(malformed.status, 400);
}
