//! A day on a phone. No answer here sets a cookie: `session_on_phone` and `no_content` say so each time.

use std::time::Duration;

use serde_json::json;

use crate::support::{ADA, App, OTHER_PASSWORD, PASSWORD, Phone, post, retry_key, text};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_day_on_a_phone() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    let answer = ada.register(ADA, PASSWORD).await;
    let first = answer.session_on_phone(201);
    assert!(text(&answer.json["refresh_token"]).starts_with("rt1_"));
    assert!(text(&answer.json["device_secret"]).starts_with("rd1_"));
    assert_eq!(answer.json["session"]["idle_expires_at"], "2026-01-31T00:00:00.000Z");
    assert_eq!(answer.json["session"]["expires_at"], "2026-04-01T00:00:00.000Z");
    ada.me().await.user();
    for generation in 1..=3 {
        app.wait(HOUR);
        let tokens = ada.refresh().await.session_on_phone(200);
        assert_eq!((tokens.generation, &tokens.session), (generation, &first.session));
    }
    assert_eq!(app.news().await, ["user.registered", "user.signed_in"]);

    let out = post("/auth/logout").json(&json!({"refresh_token": ada.refresh_token}));
    app.send(ada.dress(out.clone())).await.no_content(&[]);
    app.send(ada.dress(out)).await.no_content(&[]);
    assert_eq!(app.news().await, ["session.ended logged_out"]);
    ada.me().await.challenged("session_ended", Some("logged_out"));
    ada.refresh().await.over("session_ended", "logged_out");

    let again = ada.login(ADA, PASSWORD).await.session_on_phone(200);
    assert_eq!(app.device_of(&again.session).await, app.device_of(&first.session).await);
}

#[tokio::test]
async fn a_lost_reply_is_given_again_to_the_same_retry_key_a_day_later() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    app.wait(HOUR);
    let lost = ada.refresh_and_lose_the_answer().await;
    lost.session_on_phone(200);
    app.wait(24 * HOUR);
    let found = ada.refresh().await;
    assert_eq!(found.session_on_phone(200).generation, 1);
    assert_eq!(
        found.json["refresh_token"], lost.json["refresh_token"],
        "one successor, whoever asks how often"
    );
    app.wait(HOUR);
    assert_eq!(ada.refresh().await.session_on_phone(200).generation, 2);
    assert_eq!(app.news().await, ["user.registered", "user.signed_in", "session.late_retry"]);
}

#[tokio::test]
async fn a_very_late_request_of_the_phone_itself_changes_nothing() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let held_up = ada.refreshing();
    for _ in 0..3 {
        app.wait(HOUR);
        ada.refresh().await.session_on_phone(200);
    }
    app.wait(HOUR);
    app.send(held_up).await.refused("token_stale");
    ada.refresh().await.session_on_phone(200);
    assert_eq!(app.news().await, ["user.registered", "user.signed_in"]);
}

#[tokio::test]
async fn a_stolen_token_is_found_out_and_her_other_sessions_live_on() {
    let app = App::new().await;
    let (mut ada, mut tablet) = (Phone::new(&app, "ada"), Phone::new(&app, "tablet"));
    let ours = ada.register(ADA, PASSWORD).await.session_on_phone(201);
    tablet.login(ADA, PASSWORD).await.session_on_phone(200);
    app.wait(HOUR);
    ada.refresh().await.session_on_phone(200);
    let mut thief = ada.stolen_by("thief");
    app.wait(HOUR);
    ada.refresh().await.session_on_phone(200);
    app.wait(HOUR);
    app.news().await;
    // The thief has every key of the past, and not the one that she made for her next attempt.
    thief.refresh().await.session_on_phone(200);
    assert_eq!(app.news().await, ["session.late_retry"]);
    app.wait(HOUR);
    thief.refresh().await.session_on_phone(200);
    app.wait(HOUR);
    ada.refresh().await.over("token_reused", "reused");
    thief.refresh().await.over("session_ended", "reused");
    ada.me().await.challenged("token_expired", None);
    assert_eq!(app.news().await, ["session.ended reused"]);
    let story = ["user.signed_in", "session.late_retry", "session.ended reused"];
    assert_eq!(app.story(&ours.session).await, story);
    tablet.refresh().await.session_on_phone(200);
}

#[tokio::test]
async fn a_token_that_leaked_alone_is_refused_and_changes_nothing() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let first = post("/auth/refresh").json(&json!({"refresh_token": ada.refresh_token}));
    app.send(first).await.session_without_secret(200);
    app.wait(Duration::from_secs(1));
    ada.refresh().await.session_on_phone(200);
    app.wait(HOUR);
    ada.refresh().await.session_on_phone(200);
    app.wait(HOUR);
    app.news().await;
    let alone = post("/auth/refresh").json(&json!({"refresh_token": ada.refresh_token}));
    app.send(alone).await.refused("proof_missing");
    assert_eq!(app.news().await, ["session.proof_missing"]);
    ada.refresh().await.session_on_phone(200);
}

#[tokio::test]
async fn a_token_belongs_to_its_client_and_its_carrier() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let named = json!({"refresh_token": ada.refresh_token, "client_id": "web"});
    app.send(post("/auth/refresh").json(&named)).await.refused("client_mismatch");
    let in_a_cookie = format!("rotunda_refresh={}", ada.refresh_token);
    app.send(post("/auth/refresh").cookies(&in_a_cookie)).await.refused("client_mismatch");
    let garbage = json!({"refresh_token": "rt1_garbage"});
    app.send(post("/auth/refresh").json(&garbage)).await.refused("token_unknown");
    let named = json!({"refresh_token": ada.refresh_token, "client_id": "native"});
    app.send(post("/auth/refresh").json(&named)).await.session_without_secret(200);
}

#[tokio::test]
async fn she_signs_out_by_bearer() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    app.news().await;
    let out = ada.dress(post("/auth/logout")).bearer(&ada.access_token);
    app.send(out.clone()).await.no_content(&[]);
    app.send(out.clone()).await.no_content(&[]);
    assert_eq!(app.news().await, ["session.ended logged_out"]);
    ada.refresh().await.over("session_ended", "logged_out");
    // Nobody may believe to have signed out with a token that says no longer who is asking.
    app.wait(HOUR);
    app.send(out).await.challenged("token_expired", None);
}

#[tokio::test]
async fn any_generation_of_the_refresh_token_signs_out() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let oldest = ada.refresh_token.clone();
    for _ in 0..3 {
        app.wait(HOUR);
        ada.refresh().await.session_on_phone(200);
    }
    app.send(post("/auth/logout").json(&json!({"refresh_token": oldest}))).await.no_content(&[]);
    ada.refresh().await.over("session_ended", "logged_out");
}

#[tokio::test]
async fn a_new_password_ends_the_other_phone_and_renews_this_one() {
    let app = App::new().await;
    let (mut ada, mut tablet) = (Phone::new(&app, "ada"), Phone::new(&app, "tablet"));
    let old = ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let other = tablet.login(ADA, PASSWORD).await.session_on_phone(200);
    app.wait(HOUR);
    ada.refresh().await.session_on_phone(200);
    app.news().await;
    let body = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let ask = ada.dress(post("/auth/password/change")).bearer(&ada.access_token).json(&body);
    let answer = app.send(ask).await;
    let new = answer.session_on_phone(200);
    assert_ne!(new.session, old.session);
    assert_eq!(app.device_of(&new.session).await, app.device_of(&old.session).await);
    assert_ne!(answer.json["device_secret"], ada.device_secret, "nothing that was copied from it lives on");
    ada.receive(&answer);
    for session in [&old.session, &other.session] {
        assert_eq!(app.story(session).await.last().unwrap(), "session.ended password_changed");
    }
    tablet.refresh().await.over("session_ended", "password_changed");
    app.wait(HOUR);
    ada.refresh().await.session_on_phone(200);
    tablet.login(ADA, PASSWORD).await.refused("credentials_invalid");
    tablet.login(ADA, OTHER_PASSWORD).await.session_on_phone(200);
}

#[tokio::test]
async fn logout_all_ends_every_phone() {
    let app = App::new().await;
    let (mut ada, mut tablet) = (Phone::new(&app, "ada"), Phone::new(&app, "tablet"));
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    tablet.login(ADA, PASSWORD).await.session_on_phone(200);
    app.send(ada.dress(post("/auth/logout-all")).bearer(&ada.access_token)).await.no_content(&[]);
    for phone in [&mut ada, &mut tablet] {
        phone.me().await.challenged("session_ended", Some("logged_out_everywhere"));
        phone.refresh().await.over("session_ended", "logged_out_everywhere");
    }
}

#[tokio::test]
async fn retry_keys_are_1_to_4_of_22_to_64_characters() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let key = |n| retry_key("ada", n);
    let ask = |keys: serde_json::Value| {
        post("/auth/refresh").json(&json!({"refresh_token": ada.refresh_token, "retry_keys": keys}))
    };
    let (short, long) = ("k".repeat(21), "k".repeat(65));
    let spaced = format!("{} k", key(1));
    let bad = [
        json!([]),
        json!([key(1), key(2), key(3), key(4), key(5)]),
        json!([short]),
        json!([long]),
        json!([key(1), "schlüssel-schlüssel-schlüssel"]),
        json!([spaced]),
        json!([key(1), 5]),
        json!([key(1), null]),
        json!([[key(1)]]),
        json!(key(1)),
        json!({"0": key(1)}),
    ];
    for keys in bad {
        app.send(ask(keys)).await.problem(400, "invalid_request");
    }
    for keys in [json!(["k".repeat(22)]), json!(["k".repeat(64), key(1), key(2), key(3)]), json!(null)] {
        app.send(ask(keys)).await.session_without_secret(200);
    }
}
