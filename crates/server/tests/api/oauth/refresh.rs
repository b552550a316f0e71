//! A refresh at the standard endpoint (RFC 6749 §6): the rules of `/auth/refresh`, in the standard's words.

use std::time::Duration;

use rotunda_core::model::ClientKind;
use serde_json::json;

use super::{Client, Session, ada_has_an_account};
use crate::support::{ADA, APP_ORIGIN, Answer, App, Browser, PASSWORD, post, retry_key};

const HOUR: Duration = Duration::from_secs(3600);

/// Ada signs in on her phone.
async fn on_phone(app: &App) -> Session {
    ada_has_an_account(app).await;
    let body = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
    Session::of(&app.send(post("/auth/login").json(&body)).await)
}

/// Refreshes as the public client of that name.
async fn refreshes(app: &App, session: &Session, client: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [session.refreshing(), vec![("client_id", client)], more.to_vec()].concat();
    app.send(post("/oauth/token").form(&fields)).await
}

#[tokio::test]
async fn a_phone_refreshes_loses_an_answer_and_comes_back_with_its_retry_key() {
    let app = App::new().await;
    let first = on_phone(&app).await;
    let (key, next) = (retry_key("ada", 1), retry_key("ada", 2));
    let lost = refreshes(&app, &first, "native", &[("retry_keys", &key)]).await;
    lost.session_on_phone(200);
    // The same members as at /auth/refresh, and those of RFC 6749 §5.1 among them.
    assert_eq!(lost.json["session"]["generation"], 1);
    assert_eq!(lost.json["device_secret"], first.device_secret.as_str());
    app.wait(HOUR);
    let again = refreshes(&app, &first, "native", &[("retry_keys", &format!("{key} {next}"))]).await;
    again.session_on_phone(200);
    assert_eq!(again.json["refresh_token"], lost.json["refresh_token"]);
    let second = Session::of(&again);
    let third = refreshes(&app, &second, "native", &[("retry_keys", &next)]).await;
    third.session_on_phone(200);
    // The two doors lead to one family.
    let third = Session::of(&third);
    app.wait(HOUR);
    let body = json!({"refresh_token": third.refresh_token, "device_secret": third.device_secret});
    let fourth = app.send(post("/auth/refresh").json(&body)).await;
    assert_eq!(fourth.json["session"]["generation"], 3, "{}", fourth.told());
}

#[tokio::test]
async fn a_used_token_ends_the_session_and_the_standards_error_says_why() {
    let app = App::new().await;
    let first = on_phone(&app).await;
    let second = Session::of(&refreshes(&app, &first, "native", &[]).await);
    app.wait(HOUR);
    refreshes(&app, &first, "native", &[]).await.grant_refused("token_reused", Some("reused"));
    refreshes(&app, &second, "native", &[]).await.grant_refused("session_ended", Some("reused"));
    assert_eq!(app.story(&first.id).await, ["user.signed_in", "session.ended reused"]);
}

#[tokio::test]
async fn every_refusal_is_the_standards_and_keeps_its_reason() {
    let app = App::new().await;
    let ada = on_phone(&app).await;
    let asks = async |fields: &[(&str, &str)]| {
        app.send(post("/oauth/token").form(&[&[("grant_type", "refresh_token")], fields].concat())).await
    };
    let native = ("client_id", "native");
    let token = ("refresh_token", ada.refresh_token.as_str());
    asks(&[native, ("refresh_token", "rt1_x")]).await.grant_refused("token_unknown", None);
    asks(&[native, ("refresh_token", &ada.access_token)]).await.grant_refused("token_unknown", None);
    asks(&[native]).await.problem(400, "invalid_request");
    asks(&[native, ("refresh_token", "")]).await.problem(400, "invalid_request");
    asks(&[native, token, ("retry_keys", "short")]).await.problem(400, "invalid_request");
    let five = (0..5).map(|n| retry_key("ada", n)).collect::<Vec<_>>().join(" ");
    asks(&[native, token, ("retry_keys", &five)]).await.problem(400, "invalid_request");
    asks(&[native, token, ("scope", "admin")]).await.problem(400, "invalid_scope");
    // A client that is not named, is not there, or is another one.
    asks(&[token]).await.client_refused(false);
    asks(&[token, ("client_id", "nobody")]).await.error(401, "invalid_client", None, None, &[]);
    asks(&[token, ("client_id", "web")]).await.grant_refused("client_mismatch", None);
    // None of these has changed anything; an empty scope is none.
    let answer = refreshes(&app, &ada, "native", &[("scope", "")]).await;
    answer.session_on_phone(200);
    let ada = Session::of(&answer);
    app.wait(HOUR);
    // The device secret was shown, so that it must be.
    asks(&[native, ("refresh_token", &ada.refresh_token)]).await.grant_refused("proof_missing", None);
    let other = ("device_secret", "rd1_x");
    asks(&[native, ("refresh_token", &ada.refresh_token), other])
        .await
        .grant_refused("token_reused", Some("reused"));
}

#[tokio::test]
async fn a_browsers_token_is_for_its_cookie_alone() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    let token = ada.jar.value("rotunda_refresh").unwrap().to_owned();
    for client in ["web", "native"] {
        let form = [("grant_type", "refresh_token"), ("refresh_token", &token), ("client_id", client)];
        let answer = app.send(post("/oauth/token").form(&form).on_page(APP_ORIGIN)).await;
        answer.grant_refused("client_mismatch", None);
    }
    // In the cookie it is not even looked at here.
    let form = post("/oauth/token").form(&[("grant_type", "refresh_token"), ("client_id", "web")]);
    app.send(form.cookies(&format!("rotunda_refresh={token}"))).await.problem(400, "invalid_request");
    assert_eq!(ada.refresh().await.status, 200);
}

#[tokio::test]
async fn the_shop_refreshes_with_its_secret_at_either_door() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let shop = Client::shop(&app).await;
    let ada = shop.signs_in(&app).await;
    let answer = app.send(shop.form("/oauth/token", &ada.refreshing())).await;
    answer.session_on_phone(200);
    let ada = Session::of(&answer);
    app.wait(HOUR);
    let body = json!({"refresh_token": ada.refresh_token, "device_secret": ada.device_secret});
    let answer = app.send(shop.asks(post("/auth/refresh").json(&body))).await;
    answer.session_on_phone(200);
    let ada = Session::of(&answer);
    app.wait(HOUR);
    let posted = [ada.refreshing(), vec![("client_id", "shop"), ("client_secret", &shop.secret)]].concat();
    let answer = app.send(post("/oauth/token").form(&posted)).await;
    answer.session_on_phone(200);
    assert_eq!(answer.json["session"]["generation"], 3);
    assert_eq!(answer.json["session"]["id"], ada.id.as_str());
}

/// Whoever has copied everything that the shop keeps for Ada, and not the shop's own secret, can do nothing with it: neither
/// go on with the session nor end it.
#[tokio::test]
async fn the_shops_token_without_the_shops_secret_ends_nothing() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let (shop, other) =
        (Client::shop(&app).await, Client::add(&app, "other", ClientKind::Confidential, &[]).await);
    let first = shop.signs_in(&app).await;
    let second = Session::of(&app.send(shop.form("/oauth/token", &first.refreshing())).await);
    app.wait(HOUR);
    app.news().await;
    // With the used token and with the current one.
    for stolen in [&first, &second] {
        let form = stolen.refreshing();
        app.send(post("/oauth/token").form(&form)).await.client_refused(false);
        refreshes(&app, stolen, "shop", &[]).await.client_refused(false);
        refreshes(&app, stolen, "native", &[]).await.client_refused(false);
        app.send(shop.with("rubbish").form("/oauth/token", &form)).await.client_refused(true);
        app.send(other.form("/oauth/token", &form)).await.grant_refused("client_mismatch", None);
        let body = json!({"refresh_token": stolen.refresh_token, "device_secret": stolen.device_secret});
        app.send(post("/auth/refresh").json(&body)).await.client_refused(false);
        let body = json!({"refresh_token": stolen.refresh_token, "client_id": "shop"});
        app.send(post("/auth/refresh").json(&body)).await.client_refused(false);
        app.send(post("/auth/logout").json(&body)).await.client_refused(false);
    }
    assert!(app.news().await.iter().all(|kind| kind == "client.refused"));
    app.send(shop.form("/oauth/token", &second.refreshing())).await.session_on_phone(200);
    // What the shop itself does is judged as always.
    app.wait(HOUR);
    app.send(shop.form("/oauth/token", &first.refreshing()))
        .await
        .grant_refused("token_reused", Some("reused"));
}
