//! Signing keys, the limits, and whether all is well.

use std::time::Duration;

use rotunda_core::limits::{Limits, Quota};
use serde_json::json;

use super::{Operator, each};
use crate::support::{ADA, App, OTHER_PASSWORD, PASSWORD, Phone, Setup, text};

#[tokio::test]
async fn a_key_is_rotated_and_revoked_and_nobody_is_signed_out() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let keys = root.get("keys").await;
    assert_eq!(each(&keys, "phase"), ["signing"]);
    let first = each(&keys, "kid")[0].to_owned();
    let added = root.post("keys/rotate", &json!({"reason": "Yearly"})).await;
    assert_eq!((added.status, &added.json["phase"]), (201, &json!("coming")), "{}", added.told());
    let again = root.post("keys/rotate", &json!({})).await;
    assert_eq!((again.status, &again.json), (200, &added.json));
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    root.post(&format!("keys/{first}/revoke"), &json!({"reason": "Leaked"})).await.no_content(&[]);
    // Its tokens are refused, that of the operator among them; a refresh brings one of another key.
    root.get("keys").await.challenged("token_unknown", None);
    app.wait(Duration::from_secs(1));
    ada.refresh().await.session_on_phone(200);
    ada.me().await.user();
    let root = Operator::with_roles(&app, "other@example.com", &["admin"]).await;
    let keys = root.get("keys").await;
    let mut phases = each(&keys, "phase");
    phases.sort_unstable();
    assert_eq!(phases, ["coming", "revoked", "signing"]);
    root.post(&format!("keys/{first}/revoke"), &json!({})).await.problem(404, "not_found");
    root.post("keys/nobody/revoke", &json!({})).await.problem(404, "not_found");
    let log = root.get("audit?kind=key.revoked").await;
    assert_eq!((each(&log, "about"), each(&log, "reason")), (vec![first.as_str()], vec!["Leaked"]));
}

#[tokio::test]
async fn a_limit_that_somebody_has_run_into_is_lifted() {
    let login_per_account = Quota::new(2, Duration::from_secs(3600));
    let login_per_address = Quota::new(7, Duration::from_secs(3600));
    let limits = Limits { enabled: true, login_per_account, login_per_address, ..Limits::default() };
    let app = Setup::new().limits(limits).start().await;
    let root = Operator::admin(&app).await;
    let user = text(&Phone::new(&app, "ada").register(ADA, PASSWORD).await.json["user"]["id"]);
    let shown = root.get("limits").await;
    assert_eq!(shown.json["enabled"], true);
    let login = &shown.json["limits"].as_array().unwrap()[1];
    assert_eq!(*login, json!({"name": "login_per_account", "burst": 2, "per_ms": 3_600_000}));
    let guess = async || Phone::new(&app, "guess").login(ADA, OTHER_PASSWORD).await.status;
    assert_eq!([guess().await, guess().await, guess().await], [401, 401, 429]);
    root.post("limits/lift", &json!({"user": user})).await.no_content(&[]);
    assert_eq!([guess().await, guess().await, guess().await], [401, 401, 429]);
    let lift = json!({"address": "198.51.100.23", "reason": "The office"});
    root.post("limits/lift", &lift).await.no_content(&[]);
    assert_eq!(guess().await, 429, "the account's own limit is another one");
    for wrong in [
        json!({}),
        json!({"user": user, "address": "192.0.2.1"}),
        json!({"address": "x"}),
        json!({"user": "x"}),
    ] {
        root.post("limits/lift", &wrong).await.problem(400, "invalid_request");
    }
    let gone = json!({"user": "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c20"});
    root.post("limits/lift", &gone).await.problem(404, "not_found");
}

#[tokio::test]
async fn the_front_page_in_figures() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    ada.clone().login(ADA, OTHER_PASSWORD).await.refused("credentials_invalid");
    app.wait(Duration::from_secs(60));
    ada.refresh().await.session_on_phone(200);
    let overview = root.get("overview").await;
    assert_eq!(overview.status, 200, "{}", overview.told());
    assert_eq!(
        (&overview.json["around"]["users"], &overview.json["around"]["live_sessions"]),
        (&json!(2), &json!(2))
    );
    let hours = overview.json["hours"].as_array().unwrap();
    let last = hours.last().unwrap();
    assert_eq!(hours.len(), 48);
    assert_eq!(
        [&last["refreshes"], &last["sign_ins_refused"], &last["thefts"]],
        [&json!(1), &json!(1), &json!(0)]
    );
    assert_eq!(overview.json["keys"].as_array().unwrap().len(), 1);
    assert_eq!([&overview.json["roles"], &overview.json["clients"]], [&json!(0), &json!(2)]);
}
