//! Is this token good just now? (RFC 7662)

use std::time::Duration;

use rotunda_core::model::{Caller, ClientKind};
use rotunda_testkit::CommandLine as _;
use serde_json::json;

use super::{Client, Session, ada_has_an_account, claims};
use crate::admin::Operator;
use crate::support::{ADA, App, OTHER_PASSWORD, OWN_ORIGIN, PASSWORD, Phone, post, text};

#[tokio::test]
async fn an_access_token_is_active_and_says_what_it_says() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let (shop, reports) = (Client::shop(&app).await, Client::reports(&app).await);
    let ada = shop.signs_in(&app).await;
    let now = app.now().seconds();
    let expected = json!({
        "active": true, "token_type": "Bearer", "iss": OWN_ORIGIN, "aud": [OWN_ORIGIN], "sub": ada.user, "sid": ada.id,
        "client_id": "shop", "iat": now, "exp": now + 900, "auth_time": now, "ep": 0, "amr": ["pwd"], "roles": [],
        "jti": claims(&ada.access_token)["jti"],
    });
    for asking in [&shop, &reports] {
        let answer = asking.introspects(&app, &ada.access_token).await;
        assert_eq!((answer.status, &answer.json), (200, &expected));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let own = reports.token(&app).await;
    let answer = shop.introspects(&app, &own).await;
    let expected = json!({
        "active": true, "token_type": "Bearer", "iss": OWN_ORIGIN, "aud": [OWN_ORIGIN], "sub": "client:reports",
        "client_id": "reports", "iat": now, "exp": now + 900, "scope": "reports.print revocations.read",
        "jti": claims(&own)["jti"],
    });
    assert_eq!(answer.json, expected);
    let hinted = shop.form("/oauth/introspect", &[("token", &own), ("token_type_hint", "refresh_token")]);
    assert_eq!(app.send(hinted).await.json, expected);
    app.wait(Duration::from_secs(900));
    for token in [&ada.access_token, &own] {
        shop.introspects(&app, token).await.inactive();
    }
}

#[tokio::test]
async fn whoever_acts_is_told() {
    let app = App::new().await;
    let reports = Client::reports(&app).await;
    let ada = Phone::new(&app, "ada").register(ADA, PASSWORD).await.json["user"]["id"].clone();
    let root = Operator::admin(&app).await;
    let why = json!({"reason": "Ticket 7", "client_id": "native"});
    let acting = root.post(&format!("users/{}/act", text(&ada)), &why).await.json;
    let told = reports.introspects(&app, &text(&acting["access_token"])).await.json;
    assert_eq!((&told["sub"], &told["act"]), (&ada, &json!({"sub": root.user})));
}

#[tokio::test]
async fn whatever_ends_a_token_ends_it_here_at_once() {
    let app = App::new().await;
    let reports = Client::reports(&app).await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let active = async |token: &str| reports.introspects(&app, token).await.json["active"] == true;
    // Signed out.
    let token = ada.access_token.clone();
    assert!(active(&token).await);
    ada.ask(post("/auth/logout")).await.no_content(&[]);
    reports.introspects(&app, &token).await.inactive();
    // Revoked by itself.
    ada.login(ADA, PASSWORD).await.session_on_phone(200);
    let form = [("token", ada.access_token.as_str()), ("client_id", "native")];
    app.send(post("/oauth/revoke").form(&form)).await.revoked();
    reports.introspects(&app, &ada.access_token).await.inactive();
    // The password changed: the epoch is another one.
    ada.login(ADA, PASSWORD).await.session_on_phone(200);
    let old = ada.access_token.clone();
    let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    ada.ask(post("/auth/password/change").json(&change)).await.session_on_phone(200);
    reports.introspects(&app, &old).await.inactive();
    assert!(active(&ada.access_token).await);
    // Disabled.
    let user = app.rotunda.users(None, 1).await.unwrap().pop().unwrap();
    app.rotunda.disable_user(user.id).await.unwrap();
    reports.introspects(&app, &ada.access_token).await.inactive();
    // Its key revoked, its client removed.
    let other = Client::add(&app, "other", ClientKind::Service, &[]).await;
    let token = other.token(&app).await;
    assert!(active(&token).await);
    app.rotunda.remove_client(&other.id(), &Caller::default()).await.unwrap();
    reports.introspects(&app, &token).await.inactive();
    let token = reports.token(&app).await;
    let kid = app.rotunda.signing_keys().await.unwrap()[0].kid.clone();
    app.rotunda.revoke_key(&kid, &Caller::default()).await.unwrap();
    reports.introspects(&app, &token).await.inactive();
    for rubbish in ["x", "rt1_x", "a.b.c", "rc1_x"] {
        reports.introspects(&app, rubbish).await.inactive();
    }
}

#[tokio::test]
async fn a_refresh_token_is_its_own_clients_affair_and_asking_changes_nothing() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let (shop, reports) = (Client::shop(&app).await, Client::reports(&app).await);
    let other = Client::add(&app, "other", ClientKind::Confidential, &[]).await;
    let first = shop.signs_in(&app).await;
    let signed_in = app.now().seconds();
    app.wait(Duration::from_secs(60));
    let life: u32 = 30 * 24 * 3600;
    let answer = shop.introspects(&app, &first.refresh_token).await;
    let expected = json!({
        "active": true, "token_type": "refresh_token", "iss": OWN_ORIGIN, "sub": first.user, "sid": first.id,
        "client_id": "shop", "iat": signed_in, "exp": signed_in + i64::from(life), "auth_time": signed_in,
    });
    assert_eq!((answer.status, &answer.json), (200, &expected), "asking does not keep the session alive");
    for stranger in [&reports, &other] {
        stranger.introspects(&app, &first.refresh_token).await.inactive();
    }
    let second = Session::of(&app.send(shop.form("/oauth/token", &first.refreshing())).await);
    app.wait(Duration::from_secs(3600));
    // Only the current one, and to ask about a used one is no reuse.
    shop.introspects(&app, &first.refresh_token).await.inactive();
    let answer = shop.introspects(&app, &second.refresh_token).await;
    assert_eq!(answer.json["active"], true, "{}", answer.told());
    let third = Session::of(&app.send(shop.form("/oauth/token", &second.refreshing())).await);
    app.rotunda.revoke_session(third.id.parse().unwrap()).await.unwrap();
    shop.introspects(&app, &third.refresh_token).await.inactive();
    let fourth = shop.signs_in(&app).await;
    app.wait(Duration::from_secs(life.into()));
    shop.introspects(&app, &fourth.refresh_token).await.inactive();
}

#[tokio::test]
async fn only_a_client_that_authenticates_may_ask() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let shop = Client::shop(&app).await;
    let token = shop.signs_in(&app).await.access_token;
    let field = ("token", token.as_str());
    let asks = |fields: &[(&str, &str)]| post("/oauth/introspect").form(fields);
    app.send(asks(&[field])).await.client_refused(false);
    app.send(asks(&[field]).bearer(&token)).await.client_refused(false);
    for named in ["shop", "web", "native"] {
        app.send(asks(&[field, ("client_id", named)])).await.client_refused(false);
    }
    app.send(shop.with("rubbish").form("/oauth/introspect", &[field])).await.client_refused(true);
    app.send(shop.form("/oauth/introspect", &[])).await.problem(400, "invalid_request");
    let posted = [field, ("client_id", "shop"), ("client_secret", &shop.secret)];
    assert_eq!(app.send(asks(&posted)).await.json["active"], true);
}
