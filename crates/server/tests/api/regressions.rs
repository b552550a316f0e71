//! What went wrong elsewhere, in a browser's eyes: each test is named after what it prevents. Those that need no HTTP
//! are in core's `regressions.rs`.

use std::time::Duration;

use http::header::SET_COOKIE;
use serde_json::json;

use crate::support::{ADA, App, Browser, OTHER_PASSWORD, PASSWORD, post};

const HOUR: Duration = Duration::from_secs(3600);
const W: Duration = Duration::from_secs(10);

/// Two tabs share a jar. One is refused after the other has got a newer cookie: the jar keeps the newer one.
#[tokio::test]
async fn losers_401_clears_the_winners_cookie() {
    let app = App::new().await;
    let mut jar = Browser::new(&app);
    jar.register(ADA, PASSWORD).await;
    let key = |n: u8| format!("the-key-of-generation-{n}");
    let loser = jar.dress(post("/auth/refresh").json(&json!({"retry_keys": [key(0)]})));
    for generation in 0..3 {
        app.wait(HOUR);
        jar.post("/auth/refresh", &json!({"retry_keys": [key(generation)]})).await;
    }
    let winners = jar.jar.value("rotunda_refresh").map(str::to_owned);
    app.wait(W);
    let late = app.send(loser).await;
    late.refused("token_stale");
    assert!(late.headers.get(SET_COOKIE).is_none());
    jar.receive(&late);
    assert_eq!(jar.jar.value("rotunda_refresh"), winners.as_deref());
    assert_eq!(jar.refresh().await.status, 200);
}

/// Also a refusal that ends the session leaves the jar alone: another tab may have signed in again by now.
#[tokio::test]
async fn a_refusal_signs_the_next_sign_in_out() {
    let app = App::new().await;
    let mut jar = Browser::new(&app);
    jar.register(ADA, PASSWORD).await;
    let used = jar.dress(post("/auth/refresh"));
    app.wait(HOUR);
    jar.refresh().await;
    app.wait(HOUR);
    jar.login(ADA, PASSWORD).await;
    let late = app.send(used).await;
    assert_eq!(late.status, 401, "{}", late.told());
    jar.receive(&late);
    assert_eq!(jar.refresh().await.status, 200);
    jar.me().await.user();
}

/// The answer that is given again inside the window sets the cookies again: whoever asks twice may have neither.
#[tokio::test]
async fn grace_answer_without_set_cookie() {
    let app = App::new().await;
    let mut jar = Browser::new(&app);
    jar.register(ADA, PASSWORD).await;
    app.wait(HOUR);
    let asked = jar.dress(post("/auth/refresh"));
    let lost = app.send(asked.clone()).await;
    let grace = app.send(asked).await;
    assert_eq!((lost.status, grace.status), (200, 200));
    let cookies = |answer: &crate::support::Answer| -> Vec<String> {
        answer.headers.get_all(SET_COOKIE).iter().map(|c| c.to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(cookies(&lost).len(), 2);
    assert_eq!(cookies(&grace), cookies(&lost), "the refresh cookie and the device cookie, as they were");
    jar.receive(&grace);
    app.wait(HOUR);
    assert_eq!(jar.refresh().await.json["session"]["generation"], 2);
}

#[tokio::test]
async fn refresh_after_password_change() {
    let app = App::new().await;
    let (mut here, mut elsewhere) = (Browser::new(&app), Browser::new(&app));
    here.register(ADA, PASSWORD).await;
    elsewhere.login(ADA, PASSWORD).await;
    let before = here.dress(post("/auth/refresh"));
    app.wait(HOUR);
    here.refresh().await;
    let body = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let change = post("/auth/password/change").json(&body).bearer(&here.access_token);
    assert_eq!(here.send(change).await.status, 200);
    elsewhere.refresh().await.over("session_ended", "password_changed");
    app.send(before).await.over("session_ended", "password_changed");
    assert_eq!(here.refresh().await.status, 200, "the one who changed it goes on");
}

#[tokio::test]
async fn a_lock_or_outage_shown_as_401() {
    let app = App::new().await;
    let mut jar = Browser::new(&app);
    jar.register(ADA, PASSWORD).await;
    app.wait(HOUR);
    app.memory.set_out(true);
    let away = jar.refresh().await;
    away.unavailable("5");
    assert!(away.headers.get(SET_COOKIE).is_none());
    app.memory.set_out(false);
    assert_eq!(jar.refresh().await.status, 200);
}

/// A neighbour of the domain cannot set a cookie with `__Host-`, but one whose name begins with white space that is none
/// to a browser. Found by the fuzzer.
#[tokio::test]
async fn white_space_that_a_browser_does_not_know_passes_for_a_prefix() {
    let app = App::new().await;
    let mut jar = Browser::new(&app);
    jar.register(ADA, PASSWORD).await;
    let value = |jar: &Browser<'_>, name| jar.jar.value(name).unwrap().to_owned();
    for (generation, planted) in ["\u{a0}", "\u{2003}", "\u{85}", "\u{3000}"].into_iter().enumerate() {
        app.wait(HOUR);
        let (own, device) = (value(&jar, "rotunda_refresh"), value(&jar, "rotunda_device"));
        let alone = format!("{planted}rotunda_refresh={own}");
        app.send(post("/auth/refresh").cookies(&alone)).await.refused("token_missing");
        let both =
            format!("{planted}rotunda_refresh=planted; \t rotunda_refresh={own} ; rotunda_device={device}");
        let answer = app.send(post("/auth/refresh").cookies(&both)).await;
        assert_eq!(answer.status, 200, "{planted:?} is a part of its cookie's name: {}", answer.told());
        assert_eq!(answer.json["session"]["generation"], generation + 1);
        jar.receive(&answer);
    }
}
