//! What happened lately, and the story of a theft.

use std::time::Duration;

use serde_json::json;

use super::{ada, phone, says, shows};
use crate::support::{App, PASSWORD, get, post};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn what_happened_is_told_in_words_the_newest_first() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    app.wait(HOUR);
    phone(&app).await;
    let answer = ada.send(get("/account")).await;
    shows(&answer, 200, "Your account", &[]);
    let text = answer.text();
    let told = text.split("id=\"events\"").nth(1).unwrap();
    let place = |what: &str| told.find(what).unwrap_or_else(|| panic!("{what}: {told}"));
    assert!(place("You signed in.") < place("Your account was created."));
    assert!(told.contains("From Rotary on iPhone, 198.51.100.23"), "{told}");
    for machine in ["user.signed_in", "session.ended", "Older"] {
        assert_eq!(says(&answer, machine), 0, "{machine}: {}", answer.told());
    }
}

#[tokio::test]
async fn older_events_are_folded_away_and_what_goes_along_is_left_out() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    for _ in 0..14 {
        ada.reauthenticate(PASSWORD).await;
    }
    let answer = ada.send(get("/account")).await;
    shows(&answer, 200, "Your account", &[]);
    assert_eq!(says(&answer, "<summary>Older (6)</summary>"), 1, "{}", answer.told());
    assert_eq!(says(&answer, "You entered your password again."), 14);
    assert_eq!(says(&answer, "A session was renewed"), 0, "told by the other");
}

/// Signed in, refreshed, the used token comes back from elsewhere, ended.
#[tokio::test]
async fn a_theft_is_told_as_a_story() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    app.wait(HOUR);
    let mut phone = phone(&app).await;
    let thief = phone.stolen_by("thief");
    for _ in 0..2 {
        app.wait(HOUR);
        phone.refresh().await.session_on_phone(200);
    }
    let before = ada.send(get("/account")).await;
    assert_eq!(says(&before, "class=\"theft\""), 0);
    app.wait(HOUR);
    // A used token, without the retry keys that only its owner has.
    let replay = json!({"refresh_token": thief.refresh_token, "device_secret": thief.device_secret});
    let replay = post("/auth/refresh").json(&replay).user_agent("curl/8.5.0").peer("192.0.2.66:1");
    app.send(replay).await.over("token_reused", "reused");

    let answer = ada.send(get("/account")).await;
    shows(&answer, 200, "Your account", &[]);
    assert_eq!(says(&answer, "class=\"theft\""), 1, "{}", answer.told());
    let text = answer.text();
    let story = text.split("class=\"theft\"").nth(1).unwrap().split("</section>").next().unwrap();
    let steps: Vec<&str> = story.split("<li>").skip(1).collect();
    let wanted: [&[&str]; 4] = [
        &["1 January 2026, 01:00 UTC", "You signed in.", "Rotary on iPhone, 198.51.100.23"],
        &["1 January 2026, 03:00 UTC", "was last renewed", "Rotary on iPhone, 198.51.100.23"],
        &["1 January 2026, 04:00 UTC", "came back from here", "curl, 192.0.2.66"],
        &["1 January 2026, 04:00 UTC", "ended at once"],
    ];
    assert_eq!(steps.len(), wanted.len(), "{story}");
    for (step, wanted) in steps.iter().zip(wanted) {
        assert!(wanted.iter().all(|said| step.contains(said)), "{wanted:?}: {step}");
    }
    assert!(story.contains("change your password"), "{story}");
}
