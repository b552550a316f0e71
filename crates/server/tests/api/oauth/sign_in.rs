//! A shop's server signs its users in, and nobody else does so in its name.

use http::header::AUTHORIZATION;
use rotunda_core::model::{Caller, ClientKind, LetterKind};
use rotunda_core::policy::Registration;
use serde_json::{Value, json};

use super::{Client, Session, ada_has_an_account};
use crate::support::{ADA, APP_ORIGIN, App, Ask, OTHER_PASSWORD, PASSWORD, Phone, Setup, post};

fn login(body: &Value) -> Ask {
    post("/auth/login").json(body)
}

#[tokio::test]
async fn the_shop_signs_ada_in_by_basic_or_in_the_body() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let shop = Client::shop(&app).await;
    let body = json!({"email": ADA, "password": PASSWORD});
    let mut named = body.clone();
    named["client_id"] = json!("shop");
    let mut posted = named.clone();
    posted["client_secret"] = json!(shop.secret);
    for ask in [shop.asks(login(&body)), shop.asks(login(&named)), login(&posted)] {
        app.send(ask).await.session_on_phone(200);
    }
    let ada = shop.signs_in(&app).await;
    assert_eq!(super::claims(&ada.access_token)["client_id"], "shop");
    app.send(crate::support::get("/auth/me").bearer(&ada.access_token)).await.user();
    app.send(shop.asks(login(&posted))).await.problem(400, "invalid_request");
    posted["client_id"] = Value::Null;
    app.send(login(&posted)).await.problem(400, "invalid_request");
}

#[tokio::test]
async fn without_its_secret_nobody_signs_in_as_the_shop_and_no_password_is_looked_at() {
    let app = Setup::new().policy(|policy| policy.registration = Registration::Verified).start().await;
    let shop = Client::shop(&app).await;
    let body = json!({"email": ADA, "password": PASSWORD});
    let registering = post("/auth/register").json(&body);
    app.send(shop.asks(registering.clone())).await.letter_sent();
    let token = app.link(LetterKind::VerifyEmail).await;
    let verify = json!({"token": token, "password": PASSWORD, "client_id": "shop"});
    let reset = json!({"token": "rl1_x", "new_password": OTHER_PASSWORD, "client_id": "shop"});
    let mut named = body.clone();
    named["client_id"] = json!("shop");
    let hashed = app.hasher.verifications();
    for (path, body) in [
        ("/auth/login", &named),
        ("/auth/register", &named),
        ("/auth/email/verify", &verify),
        ("/auth/password/reset", &reset),
    ] {
        app.send(post(path).json(body)).await.client_refused(false);
        app.send(post(path).json(body).basic("shop", "rubbish")).await.client_refused(true);
        let mut posted = body.clone();
        posted["client_secret"] = json!("rubbish");
        app.send(post(path).json(&posted)).await.client_refused(false);
    }
    assert_eq!(app.hasher.verifications(), hashed, "no password was looked at");
    // The link is as good as before, for whoever the shop lets in.
    let answer = app.send(shop.asks(post("/auth/email/verify").json(&verify))).await;
    answer.session_on_phone(200);
    assert_eq!(super::claims(&Session::of(&answer).access_token)["client_id"], "shop");
    app.send(post("/auth/password/forgot").json(&json!({"email": ADA}))).await.letter_sent();
    let token = app.link(LetterKind::ResetPassword).await;
    let reset = json!({"token": token, "new_password": OTHER_PASSWORD});
    app.send(shop.asks(post("/auth/password/reset").json(&reset))).await.session_on_phone(200);
}

#[tokio::test]
async fn a_service_signs_nobody_in() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let reports = Client::reports(&app).await;
    let body = json!({"email": ADA, "password": PASSWORD});
    let hashed = app.hasher.verifications();
    app.send(reports.asks(login(&body))).await.problem(400, "unauthorized_client");
    let new = json!({"email": "eve@example.com", "password": PASSWORD, "client_id": "reports"});
    app.send(post("/auth/register").json(&new)).await.problem(400, "unauthorized_client");
    assert_eq!(app.hasher.verifications(), hashed);
}

/// A proxy in front of a staging site asks for a password of its own, which reaches us in the same header.
#[tokio::test]
async fn a_basic_header_of_somebody_else_is_left_alone() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    Client::shop(&app).await;
    let native = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
    for (id, secret) in [("staging", "open sesame"), ("shop", "rubbish"), ("web", "x")] {
        app.send(login(&native).basic(id, secret)).await.session_on_phone(200);
    }
    let garbled = login(&native).with(AUTHORIZATION, "Basic !");
    app.send(garbled).await.session_on_phone(200);
    let web = json!({"email": ADA, "password": PASSWORD});
    let answer = app.send(login(&web).basic("staging", "open sesame").on_page(APP_ORIGIN)).await;
    assert_eq!(answer.status, 200, "{}", answer.told());
}

#[tokio::test]
async fn a_phone_has_nothing_to_show_and_what_it_shows_is_refused() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let kiosk = rotunda_core::clients::NewClient {
        id: "kiosk".to_owned(),
        kind: Some(ClientKind::Native),
        scopes: Vec::new(),
    };
    assert!(app.rotunda.add_client(&kiosk, &Caller::default()).await.unwrap().secret.is_none());
    let mut body = json!({"email": ADA, "password": PASSWORD, "client_id": "kiosk"});
    app.send(login(&body)).await.session_on_phone(200);
    body["client_secret"] = json!("rc1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    app.send(login(&body)).await.client_refused(false);
}

#[tokio::test]
async fn a_logout_with_the_shops_token_takes_the_shop() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let (shop, other) =
        (Client::shop(&app).await, Client::add(&app, "other", ClientKind::Confidential, &[]).await);
    let ada = shop.signs_in(&app).await;
    let body = json!({"refresh_token": ada.refresh_token});
    let logout = || post("/auth/logout").json(&body);
    app.send(logout()).await.client_refused(false);
    app.send(other.asks(logout())).await.challenged("client_mismatch", None);
    app.send(crate::support::get("/auth/me").bearer(&ada.access_token)).await.user();
    app.send(shop.asks(logout())).await.no_content(&[]);
    assert_eq!(app.story(&ada.id).await.last().unwrap(), "session.ended logged_out");
    // A phone's is its own affair, as before.
    let mut phone = Phone::new(&app, "ada");
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    let body = json!({"refresh_token": phone.refresh_token});
    app.send(post("/auth/logout").json(&body)).await.no_content(&[]);
}
