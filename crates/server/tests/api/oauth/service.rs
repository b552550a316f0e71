//! A service gets a token of its own (RFC 6749 §4.4).

use std::time::Duration;

use http::Method;
use rotunda_core::model::ClientKind;
use serde_json::{Value, json};

use super::{Client, ada_has_an_account, claims};
use crate::support::{APP_ORIGIN, App, Ask, OWN_ORIGIN, Phone, get, post};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn a_token_says_that_it_is_the_services_own() {
    let app = App::new().await;
    let reports = Client::reports(&app).await;
    let answer = app.send(reports.form("/oauth/token", &[GRANT])).await;
    answer.ok(&["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!(
        (&answer.json["token_type"], &answer.json["expires_in"], &answer.json["scope"]),
        (&json!("Bearer"), &json!(900), &json!("reports.print revocations.read"))
    );
    let token = answer.json["access_token"].as_str().unwrap();
    let mut said = claims(token);
    let jti = said["jti"].take();
    assert!(jti.as_str().is_some_and(|jti| jti.len() == 22), "{jti}");
    let now = app.now().seconds();
    assert_eq!(
        said,
        json!({
            "iss": OWN_ORIGIN, "sub": "client:reports", "aud": OWN_ORIGIN, "exp": now + 900, "iat": now, "jti": null,
            "client_id": "reports", "roles": [], "scope": "reports.print revocations.read",
        })
    );
    assert_ne!(reports.token(&app).await, token, "each is another one");
    assert_eq!(app.send(get("/revocations").bearer(token)).await.status, 200);
    // There is nobody behind it whose account it could be about.
    for path in ["/auth/me", "/auth/sessions", "/auth/me/export"] {
        app.send(get(path).bearer(token)).await.challenged("token_unknown", None);
    }
    app.send(post("/auth/logout-all").bearer(token)).await.challenged("token_unknown", None);
    app.wait(Duration::from_secs(900));
    app.send(get("/revocations").bearer(token)).await.challenged("token_expired", None);
}

#[tokio::test]
async fn a_service_gets_what_it_asks_for_and_never_more_than_is_its_own() {
    let app = App::new().await;
    let reports = Client::reports(&app).await;
    let asks = async |scope: &str| app.send(reports.form("/oauth/token", &[GRANT, ("scope", scope)])).await;
    let all = "reports.print revocations.read";
    for (asked, granted) in [
        ("revocations.read", "revocations.read"),
        ("reports.print", "reports.print"),
        ("revocations.read reports.print", all),
        ("reports.print reports.print", "reports.print"),
        // Sent without a value counts as left out (§3.2).
        ("", all),
    ] {
        let answer = asks(asked).await;
        assert_eq!(answer.json["scope"], granted, "{asked:?}: {}", answer.told());
        assert_eq!(claims(answer.json["access_token"].as_str().unwrap())["scope"], granted);
    }
    for more in [
        "admin",
        "reports.print admin",
        "reports.print  revocations.read",
        " ",
        "REPORTS.PRINT",
        "reports.print,x",
    ] {
        asks(more).await.problem(400, "invalid_scope");
    }
    let bare = Client::add(&app, "bare", ClientKind::Service, &[]).await;
    let answer = app.send(bare.form("/oauth/token", &[GRANT])).await;
    answer.ok(&["access_token", "expires_in", "token_type"]);
    assert_eq!(claims(answer.json["access_token"].as_str().unwrap())["scope"], Value::Null);
    let token = answer.json["access_token"].as_str().unwrap();
    assert_eq!(app.send(get("/revocations").bearer(token)).await.status, 403);
}

#[tokio::test]
async fn only_services_get_tokens_for_themselves() {
    let app = App::new().await;
    let shop = Client::shop(&app).await;
    app.send(shop.form("/oauth/token", &[GRANT])).await.problem(400, "unauthorized_client");
    for public in ["web", "native"] {
        app.send(post("/oauth/token").form(&[GRANT, ("client_id", public)])).await.client_refused(false);
    }
}

#[tokio::test]
async fn a_service_has_no_use_for_a_refresh_token() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let reports = Client::reports(&app).await;
    let mut phone = Phone::new(&app, "ada");
    phone.login(crate::support::ADA, crate::support::PASSWORD).await.session_on_phone(200);
    let form = [("grant_type", "refresh_token"), ("refresh_token", phone.refresh_token.as_str())];
    app.send(reports.form("/oauth/token", &form)).await.grant_refused("client_mismatch", None);
    phone.refresh().await.session_on_phone(200);
}

/// No page may send cookies there, and none is set.
#[tokio::test]
async fn the_standard_endpoints_know_no_cookies_and_no_credentials_of_pages() {
    let app = App::new().await;
    let reports = Client::reports(&app).await;
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        let preflight = Ask::new(Method::OPTIONS, path)
            .on_page(APP_ORIGIN)
            .with("access-control-request-method", "POST")
            .with("access-control-request-headers", "authorization,content-type");
        let answer = app.send(preflight).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP_ORIGIN), "{}", answer.told());
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    let ask = reports.form("/oauth/token", &[GRANT]).on_page(APP_ORIGIN).cookies("rotunda_refresh=rt1_x");
    let answer = app.send(ask).await;
    assert_eq!((answer.status, answer.cookies().len()), (200, 0), "{}", answer.told());
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}
