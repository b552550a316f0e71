//! The lists that clients share are closed: what we can say is on them, under these very names.
//!
//! That no answer of any test says anything else is checked in `support/everywhere.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse as _;

use rotunda_core::denied::Denied;
use rotunda_core::limits::{Limits, Quota};
use rotunda_core::model::{AddressBinding, AdminPermission, ClientId, Ending};
use rotunda_core::password::acceptable::Predictable;
use rotunda_core::store::WhenFull;
use rotunda_server::reply::Problem;
use rotunda_testkit::CommandLine as _;
use serde_json::json;

use crate::admin::Operator;
use crate::support::lists::{ENDINGS, REASONS};
use crate::support::{ADA, App, Browser, OTHER_PASSWORD, PASSWORD, Phone, Setup, get, post};

/// What a later version will say: nothing here can be asked to say it yet.
const NOT_YET: [&str; 1] = ["email_unverified"];

#[test]
fn the_endings_are_those_of_the_contract() {
    let ours: BTreeSet<_> = Ending::ALL.iter().map(|ending| ending.as_str()).collect();
    assert_eq!(ours, BTreeSet::from(ENDINGS));
}

#[test]
fn every_refusal_has_a_reason_of_the_contract_or_none() {
    use Denied as D;
    // The compiler asks for the new ones: `successor` knows every variant.
    let all = std::iter::successors(Some(D::CredentialsInvalid), successor);
    let reasons: BTreeSet<_> = all.filter_map(|denied| denied.reason()).collect();
    let later = BTreeSet::from(NOT_YET);
    assert_eq!(reasons, BTreeSet::from(REASONS).difference(&later).copied().collect());
}

/// Whatever is refused is counted under a name of its own: nothing is `other`.
#[tokio::test]
async fn every_refusal_is_counted_by_its_reason_or_its_code() {
    let app = App::new().await;
    let (_, watch) = rotunda_server::watched_router(Arc::clone(&app.rotunda), app.web.clone());
    let counted = || watch.refusals().into_iter().collect::<BTreeMap<_, _>>();
    let mut all = std::iter::successors(Some(Denied::CredentialsInvalid), successor).collect::<Vec<_>>();
    assert!(all.len() > 40);
    for denied in all.drain(..) {
        let name = denied.reason();
        let before = counted();
        let answer = Problem::Denied(denied.clone()).into_response();
        let bearer = Problem::Bearer(denied).into_response();
        assert!(answer.status().is_client_error() && bearer.status().is_client_error());
        // Other tests refuse meanwhile.
        assert!(name.is_none_or(|name| counted()[name] >= before[name] + 2), "{name:?}");
    }
    assert_eq!(counted()["other"], 0);
}

fn successor(denied: &Denied) -> Option<Denied> {
    use Denied as D;
    Some(match denied {
        D::CredentialsInvalid => D::UserDisabled,
        D::UserDisabled => D::TokenMissing,
        D::TokenMissing => D::TokenUnknown,
        D::TokenUnknown => D::TokenAhead,
        D::TokenAhead => D::TokenExpired,
        D::TokenExpired => D::TokenStale,
        D::TokenStale => D::TokenReused,
        D::TokenReused => D::ProofMissing,
        D::ProofMissing => D::GenerationMismatch(7),
        D::GenerationMismatch(_) => D::ClientMismatch,
        D::ClientMismatch => D::AddressMismatch,
        D::AddressMismatch => D::SessionEnded(None),
        D::SessionEnded(_) => D::ReauthenticationNeeded(Duration::ZERO),
        D::ReauthenticationNeeded(_) => D::TooManySessions,
        D::TooManySessions => D::LinkInvalid,
        D::LinkInvalid => D::RateLimited(Duration::ZERO),
        D::RateLimited(_) => D::ClientRefused,
        D::ClientRefused => D::ClientMayNot,
        D::ClientMayNot => D::ScopeInvalid,
        D::ScopeInvalid => D::ScopeMissing("revocations.read"),
        D::ScopeMissing(_) => D::PermissionMissing(AdminPermission::UsersRead),
        D::PermissionMissing(_) => D::ActingForAnother,
        D::ActingForAnother => D::AboveCaller(String::new()),
        D::AboveCaller(_) => D::NotToYourself,
        D::NotToYourself => D::ChangedMeanwhile,
        D::ChangedMeanwhile => D::Unfit(String::new()),
        D::Unfit(_) => D::InTheWay(String::new()),
        D::InTheWay(_) => D::ClientUnknown,
        D::ClientUnknown => D::NotFound,
        D::NotFound => D::RegistrationOff,
        D::RegistrationOff => D::EmailTaken,
        D::EmailTaken => D::UsernameTaken,
        D::UsernameTaken => D::EmailInvalid,
        D::EmailInvalid => D::UsernameInvalid,
        D::UsernameInvalid => D::NameInvalid,
        D::NameInvalid => D::PasswordTooShort { least: 12 },
        D::PasswordTooShort { .. } => D::PasswordTooLong,
        D::PasswordTooLong => D::PasswordCommon,
        D::PasswordCommon => D::PasswordBreached,
        D::PasswordBreached => D::PasswordPredictable(Predictable::Run),
        D::PasswordPredictable(_) => return None,
    })
}

/// Everything that can happen to a bound phone, until every reason has been heard.
#[tokio::test]
async fn every_reason_is_heard_over_http() {
    let bind = |policy: &mut rotunda_core::policy::Policy| {
        let forgot_per_address = Quota::new(1, Duration::from_secs(60));
        policy.limits = Limits { enabled: true, forgot_per_address, ..Limits::off() };
        (policy.max_per_user, policy.when_full) = (Some(1), WhenFull::Refuse);
        let native = policy.clients.get_mut(&ClientId("native".to_owned())).unwrap();
        native.bind_address = AddressBinding::Network;
    };
    let app = Setup::new().policy(bind).start().await;
    let mut heard = BTreeSet::new();
    let hour = Duration::from_secs(3600);
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let oldest = ada.refreshing();
    let mut hear = |answer: crate::support::Answer| {
        let reason = answer.json["reason"].as_str().unwrap_or_else(|| panic!("{}", answer.told()));
        heard.insert(reason.to_owned());
    };
    let root = Operator::admin(&app).await;
    let user = app.store.facts(ada.session.parse().unwrap()).await.unwrap().unwrap().user.id;
    let why = json!({"reason": "Ticket 7", "client_id": "native"});
    let acting = root.post(&format!("users/{user}/act"), &why).await;
    let token = acting.json["access_token"].as_str().unwrap();
    hear(app.send(get("/auth/me/export").bearer(token)).await);
    root.delete(&format!("sessions/{}", acting.json["session_id"].as_str().unwrap())).await.no_content(&[]);
    hear(app.send(get("/auth/me")).await);
    hear(app.send(get("/auth/me").bearer("x")).await);
    hear(ada.clone().login(ADA, OTHER_PASSWORD).await);
    hear(app.send(ada.refreshing().peer("192.0.2.1:1")).await);
    for _ in 0..3 {
        app.wait(hour);
        ada.refresh().await.session_on_phone(200);
    }
    hear(app.send(oldest.clone()).await);
    let elsewhere =
        json!({"refresh_token": ada.refresh_token, "device_secret": ada.device_secret, "generation": 4});
    hear(app.send(ada.dress(post("/auth/refresh").json(&elsewhere))).await);
    hear(ada.export().await);
    hear(ada.clone().login(ADA, PASSWORD).await);
    hear(app.send(post("/auth/report").json(&json!({"token": "rl1_x"}))).await);
    let forgot = || ada.dress(post("/auth/password/forgot").json(&json!({"email": ADA})));
    app.send(forgot()).await.letter_sent();
    hear(app.send(forgot()).await);
    app.wait(hour);
    hear(ada.me().await);
    let named = json!({"refresh_token": ada.refresh_token, "client_id": "web"});
    hear(app.send(ada.dress(post("/auth/refresh").json(&named))).await);
    let alone = json!({"refresh_token": ada.refresh_token});
    hear(app.send(ada.dress(post("/auth/refresh").json(&alone))).await);
    let mut moved = ada.clone();
    moved.device_secret = "rd1_x".to_owned();
    hear(moved.refresh().await);
    hear(ada.refresh().await);
    ada.login(ADA, PASSWORD).await.session_on_phone(200);
    let user = app.rotunda.users(None, 1).await.unwrap().pop().unwrap();
    app.rotunda.disable_user(user.id).await.unwrap();
    hear(ada.login(ADA, PASSWORD).await);
    let expected: BTreeSet<_> =
        REASONS.iter().filter(|reason| !NOT_YET.contains(reason)).map(|r| (*r).to_owned()).collect();
    assert_eq!(heard, expected);
}

/// Each session that ended did so once, whatever was tried on it afterwards.
#[tokio::test]
async fn a_session_has_exactly_one_ending() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    let session = ada.sessions().await[0]["id"].as_str().unwrap().to_owned();
    let mut tab = ada.clone();
    ada.logout().await;
    tab.refresh().await.over("session_ended", "logged_out");
    tab.logout().await;
    let user = app.rotunda.users(None, 1).await.unwrap().pop().unwrap();
    app.rotunda.disable_user(user.id).await.unwrap();
    app.rotunda.revoke_session(session.parse().unwrap()).await.unwrap();
    app.wait(Duration::from_secs(40 * 24 * 3600));
    tab.send(post("/auth/refresh")).await.refused("token_missing");
    assert_eq!(app.story(&session).await, ["user.signed_in", "session.ended logged_out"]);
}
