//! All other devices are signed out, and this one goes on.

use serde_json::json;

use crate::support::{ADA, App, Browser, PASSWORD, Phone, SAFARI, delete, post};

const BOB: &str = "bob@example.com";

#[tokio::test]
async fn all_others_end_and_this_one_goes_on() {
    let app = App::new().await;
    let mut here = Browser::new(&app);
    assert_eq!(here.register(ADA, PASSWORD).await.status, 201);
    let mut laptop = Browser::new(&app).named(SAFARI, "[2001:db8::7]:50002");
    assert_eq!(laptop.login(ADA, PASSWORD).await.status, 200);
    let (mut phone, mut bob) = (Phone::new(&app, "ada"), Phone::new(&app, "bob"));
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    bob.register(BOB, PASSWORD).await.session_on_phone(201);
    app.news().await;

    here.send(delete("/auth/sessions").bearer(&here.access_token)).await.no_content(&[]);
    assert_eq!(app.news().await, ["session.ended revoked_by_user"; 2]);
    laptop.me().await.challenged("session_ended", Some("revoked_by_user"));
    laptop.refresh().await.over("session_ended", "revoked_by_user");
    phone.me().await.challenged("session_ended", Some("revoked_by_user"));
    phone.refresh().await.over("session_ended", "revoked_by_user");
    // The access token that asked, the cookie and whatever somebody else holds are as good as before.
    here.me().await.user();
    assert_eq!(here.refresh().await.status, 200);
    assert_eq!(here.sessions().await.len(), 1);
    bob.me().await.user();

    here.send(delete("/auth/sessions").bearer(&here.access_token)).await.no_content(&[]);
    assert_eq!(app.news().await, [""; 0], "there is no other");
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    assert_eq!(here.sessions().await.len(), 2, "who signs in after that stays");
}

#[tokio::test]
async fn an_app_ends_the_others_as_well() {
    let app = App::new().await;
    let (mut phone, mut tablet) = (Phone::new(&app, "ada"), Phone::new(&app, "tablet"));
    phone.register(ADA, PASSWORD).await.session_on_phone(201);
    tablet.login(ADA, PASSWORD).await.session_on_phone(200);
    phone.ask(delete("/auth/sessions")).await.no_content(&[]);
    tablet.refresh().await.over("session_ended", "revoked_by_user");
    phone.refresh().await.session_on_phone(200);
}

/// The right of whoever asks is looked at in the write itself.
#[tokio::test]
async fn whoever_has_been_ended_ends_nobody() {
    let app = App::new().await;
    let (mut phone, mut tablet) = (Phone::new(&app, "ada"), Phone::new(&app, "tablet"));
    phone.register(ADA, PASSWORD).await.session_on_phone(201);
    tablet.login(ADA, PASSWORD).await.session_on_phone(200);
    phone.ask(delete("/auth/sessions")).await.no_content(&[]);
    app.news().await;
    tablet.ask(delete("/auth/sessions")).await.challenged("session_ended", Some("revoked_by_user"));
    assert_eq!(app.news().await, [""; 0]);
    phone.me().await.user();
    let body = json!({"refresh_token": phone.refresh_token});
    app.send(phone.dress(post("/auth/logout")).json(&body)).await.no_content(&[]);
    phone.ask(delete("/auth/sessions")).await.challenged("session_ended", Some("logged_out"));
}
