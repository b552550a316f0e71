//! The end of a token, asked for by its client (RFC 7009).

use std::time::Duration;

use rotunda_core::model::ClientKind;
use serde_json::json;

use super::{Client, Session, ada_has_an_account};
use crate::support::{ADA, App, Ask, Browser, PASSWORD, get, post};

/// As the public client of that name.
fn revoking(client: &str, token: &str) -> Ask {
    post("/oauth/revoke").form(&[("token", token), ("client_id", client)])
}

async fn on_phone(app: &App) -> Session {
    let body = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
    Session::of(&app.send(post("/auth/login").json(&body)).await)
}

#[tokio::test]
async fn a_refresh_token_takes_its_session_along() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let (ada, laptop) = (on_phone(&app).await, on_phone(&app).await);
    app.send(revoking("native", &ada.refresh_token)).await.revoked();
    app.send(get("/auth/me").bearer(&ada.access_token)).await.challenged("session_ended", Some("logged_out"));
    let again = [ada.refreshing(), vec![("client_id", "native")]].concat();
    app.send(post("/oauth/token").form(&again)).await.grant_refused("session_ended", Some("logged_out"));
    app.send(get("/auth/me").bearer(&laptop.access_token)).await.user();
    // Once is enough, and however often is fine (§2.2).
    app.send(revoking("native", &ada.refresh_token)).await.revoked();
    assert_eq!(app.story(&ada.id).await, ["user.signed_in", "session.ended logged_out"]);
}

/// Its client may hold an old one only, because an answer was lost.
#[tokio::test]
async fn a_refresh_token_of_any_generation_will_do() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let ada = on_phone(&app).await;
    let newer = app
        .send(post("/oauth/token").form(&[ada.refreshing(), vec![("client_id", "native")]].concat()))
        .await;
    let newer = Session::of(&newer);
    app.wait(Duration::from_secs(3600));
    app.send(revoking("native", &ada.refresh_token)).await.revoked();
    app.send(get("/auth/me").bearer(&newer.access_token)).await.challenged("token_expired", None);
    let again = [newer.refreshing(), vec![("client_id", "native")]].concat();
    app.send(post("/oauth/token").form(&again)).await.grant_refused("session_ended", Some("logged_out"));
}

#[tokio::test]
async fn an_access_token_is_refused_at_once_and_its_session_goes_on() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let ada = on_phone(&app).await;
    let reports = Client::reports(&app).await;
    app.news().await;
    app.send(get("/auth/me").bearer(&ada.access_token)).await.user();
    app.send(revoking("native", &ada.access_token)).await.revoked();
    app.send(get("/auth/me").bearer(&ada.access_token)).await.challenged("token_unknown", None);
    app.send(get("/auth/verify").bearer(&ada.access_token)).await.challenged("token_unknown", None);
    reports.introspects(&app, &ada.access_token).await.inactive();
    app.send(revoking("native", &ada.access_token)).await.revoked();
    assert_eq!(app.news().await, ["token.revoked"], "once");
    assert_eq!(app.story(&ada.id).await, ["user.signed_in", "token.revoked"]);
    // The next token of the session is another one.
    let next = [ada.refreshing(), vec![("client_id", "native")]].concat();
    let next = Session::of(&app.send(post("/oauth/token").form(&next)).await);
    app.send(get("/auth/me").bearer(&next.access_token)).await.user();
    // Services hear of it.
    let feed = app.send(get("/revocations").bearer(&reports.token(&app).await)).await;
    let jti = super::claims(&ada.access_token)["jti"].clone();
    let entry = |it: &serde_json::Value| it["type"] == "token" && it["jti"] == jti;
    assert!(feed.json["entries"].as_array().unwrap().iter().any(entry), "{}", feed.told());
}

#[tokio::test]
async fn a_service_gives_its_own_token_up() {
    let app = App::new().await;
    let reports = Client::reports(&app).await;
    let token = reports.token(&app).await;
    app.send(reports.form("/oauth/revoke", &[("token", &token), ("token_type_hint", "access_token")]))
        .await
        .revoked();
    app.send(get("/revocations").bearer(&token)).await.challenged("token_unknown", None);
    assert_eq!(app.send(get("/revocations").bearer(&reports.token(&app).await)).await.status, 200);
}

/// §2.2: an invalid token is no error, since there is nothing that a client could do about it. The hint is only a hint.
#[tokio::test]
async fn what_is_no_token_is_as_revoked_as_it_can_be() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let ada = on_phone(&app).await;
    for hint in ["access_token", "refresh_token", "id_token", ""] {
        for token in [
            "x",
            "rt1_x",
            "a.b.c",
            "\u{1f511}",
            &format!("{}x", ada.refresh_token),
            &format!("{}x", ada.access_token),
        ] {
            let form = [("token", token), ("client_id", "native"), ("token_type_hint", hint)];
            app.send(post("/oauth/revoke").form(&form)).await.revoked();
        }
    }
    app.send(get("/auth/me").bearer(&ada.access_token)).await.user();
    let wrong_hint =
        [("token", ada.refresh_token.as_str()), ("client_id", "native"), ("token_type_hint", "access_token")];
    app.send(post("/oauth/revoke").form(&wrong_hint)).await.revoked();
    app.send(get("/auth/me").bearer(&ada.access_token)).await.challenged("session_ended", Some("logged_out"));
    // One that has run out, too.
    let ada = on_phone(&app).await;
    app.wait(Duration::from_secs(3600));
    app.news().await;
    app.send(revoking("native", &ada.access_token)).await.revoked();
    assert_eq!(app.news().await, [""; 0]);
    for missing in [&[("client_id", "native")][..], &[("client_id", "native"), ("token", "")]] {
        app.send(post("/oauth/revoke").form(missing)).await.problem(400, "invalid_request");
    }
}

/// §2.1: the client first, then whether the token was issued to it; otherwise the request is refused.
#[tokio::test]
async fn nobody_revokes_the_token_of_another_client() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let (shop, other) =
        (Client::shop(&app).await, Client::add(&app, "other", ClientKind::Confidential, &[]).await);
    let (at_shop, phone) = (shop.signs_in(&app).await, on_phone(&app).await);
    for token in [&at_shop.refresh_token, &at_shop.access_token] {
        app.send(revoking("shop", token)).await.client_refused(false);
        app.send(shop.with("rubbish").form("/oauth/revoke", &[("token", token)])).await.client_refused(true);
        app.send(other.form("/oauth/revoke", &[("token", token)]))
            .await
            .grant_refused("client_mismatch", None);
        app.send(revoking("native", token)).await.grant_refused("client_mismatch", None);
        app.send(post("/oauth/revoke").form(&[("token", token)])).await.client_refused(false);
    }
    for token in [&phone.refresh_token, &phone.access_token] {
        app.send(shop.form("/oauth/revoke", &[("token", token)]))
            .await
            .grant_refused("client_mismatch", None);
        app.send(revoking("web", token)).await.grant_refused("client_mismatch", None);
    }
    app.send(revoking("nobody", "x")).await.client_unknown();
    for session in [&at_shop, &phone] {
        app.send(get("/auth/me").bearer(&session.access_token)).await.user();
    }
    app.send(shop.form("/oauth/revoke", &[("token", &at_shop.refresh_token)])).await.revoked();
    app.send(get("/auth/me").bearer(&at_shop.access_token))
        .await
        .challenged("session_ended", Some("logged_out"));
}

#[tokio::test]
async fn a_browsers_access_token_can_be_revoked_by_name() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    let token = crate::support::text(&ada.register(ADA, PASSWORD).await.json["access_token"]);
    app.send(revoking("web", &token)).await.revoked();
    app.send(get("/auth/me").bearer(&token)).await.challenged("token_unknown", None);
}
