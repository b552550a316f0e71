//! The first admin: by the one-time token of the first start, or by a command.

use rotunda_core::Rotunda;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::limits::{Limits, Quota};
use rotunda_core::model::{AdminPermission, Event, EventKind, SecretText, User};
use rotunda_core::register::Newcomer;
use rotunda_core::store::Roles;
use rotunda_testkit::CommandLine as _;

use crate::meddler::Write;
use crate::roles::names;
use crate::support::{HOUR, PASSWORD, SECOND, World, caller, denied, masters, password};

fn newcomer(name: &str) -> Newcomer {
    let email = format!("{name}@example.com");
    Newcomer { email, password: password(PASSWORD), username: None, name: None }
}

async fn claim(w: &World, token: &str, name: &str) -> Result<User, Error> {
    let token = SecretText::new(token.to_owned());
    w.rotunda.claim_first_admin(&token, &newcomer(name), &caller("192.0.2.1")).await
}

async fn token(rotunda: &Rotunda) -> Option<String> {
    rotunda.first_admin_token().await.unwrap().map(|token| token.expose().to_owned())
}

fn is_too_late(denied: &Denied) -> bool {
    matches!(denied, Denied::InTheWay(why) if why.contains("There has been an admin already"))
}

#[tokio::test]
async fn whoever_has_the_token_of_the_first_start_becomes_an_admin_once() {
    let mut w = World::new().await;
    let shown = token(&w.rotunda).await.unwrap();
    assert!(shown.starts_with("ra1_") && shown.len() == 47, "{shown}");
    w.pass(HOUR);
    w.restart(&[1]).await.unwrap();
    assert_eq!(token(&w.rotunda).await.as_ref(), Some(&shown), "after each start the same");
    assert_ne!(token(&World::new().await.rotunda).await, None);
    let root = claim(&w, &format!(" {shown}\n"), "root").await.unwrap();
    assert!(root.email_verified && root.roles == names(&["admin"]));
    let event = |kind| Event {
        kind,
        at: w.clock_now(),
        user_id: Some(root.id),
        session_id: None,
        about: None,
        caller: caller("192.0.2.1"),
    };
    assert_eq!(w.news().await, [EventKind::UserRegistered, EventKind::FirstAdmin].map(event));
    let tab = w.sign_in("root").await;
    let operator = w.rotunda.operator(&w.bearer(&tab).await, &tab.caller).unwrap();
    assert!(AdminPermission::ALL.iter().all(|permission| operator.may(*permission)));

    assert_eq!(token(&w.rotunda).await, None);
    assert!(is_too_late(&denied(claim(&w, &shown, "eve").await)));
    // Not even when that admin is gone.
    w.rotunda.delete_user(root.id).await.unwrap();
    assert_eq!(token(&w.rotunda).await, None);
    assert!(is_too_late(&denied(claim(&w, &shown, "eve").await)));
}

#[tokio::test]
async fn of_two_with_the_token_one_gets_in() {
    let w = World::new().await;
    let shown = token(&w.rotunda).await.unwrap();
    // The other one comes between the look and the write.
    let (other, same) = (w.clone(), shown.clone());
    w.store.before(Write::Register, async move { drop(claim(&other, &same, "fast").await.unwrap()) });
    assert!(is_too_late(&denied(claim(&w, &shown, "slow").await)));
    let users = w.rotunda.users(None, 10).await.unwrap();
    assert_eq!(users.iter().map(|user| user.email.as_str()).collect::<Vec<_>>(), ["fast@example.com"]);
}

#[tokio::test]
async fn a_wrong_token_says_nothing_and_tries_are_limited() {
    let w = World::with(|policy| {
        policy.limits = Limits { login_per_address: Quota::new(12, SECOND), ..Limits::default() };
    })
    .await;
    let shown = token(&w.rotunda).await.unwrap();
    let mut other = shown.clone().into_bytes();
    other[20] = if other[20] == b'A' { b'B' } else { b'A' };
    let other = String::from_utf8(other).unwrap();
    let others = World::new().await;
    w.pass(HOUR);
    for wrong in ["", "ra1_", "rl1_", &shown[..46], &shown[4..], &other, &format!("{shown}A"), "ra1_é"] {
        assert_eq!(denied(claim(&w, wrong, "eve").await), Denied::LinkInvalid, "{wrong}");
    }
    // What is wrong with the rest is told, and costs nobody the token.
    let weak = Newcomer { password: password("short"), ..newcomer("root") };
    let refused = w.rotunda.claim_first_admin(&shown.clone().into(), &weak, &caller("192.0.2.1")).await;
    assert!(matches!(denied(refused), Denied::PasswordTooShort { .. }));
    claim(&others, &token(&others.rotunda).await.unwrap(), "taken").await.unwrap();
    claim(&w, &shown, "root").await.unwrap();
    for _ in 0..2 {
        assert!(is_too_late(&denied(claim(&w, &shown, "eve").await)));
    }
    assert!(matches!(denied(claim(&w, &shown, "eve").await), Denied::RateLimited(_)));
}

#[tokio::test]
async fn servers_with_one_and_two_master_keys_take_each_others_tokens() {
    let w = World::new().await;
    let policy = w.rotunda.policy().clone();
    let newer = Rotunda::start(w.outside(), masters(&[1, 2]), policy).await.unwrap();
    let (older, shown) = (token(&w.rotunda).await.unwrap(), token(&newer).await.unwrap());
    assert_ne!(older, shown);
    // The one that has not got the newer key yet cannot know what was made under it.
    assert_eq!(denied(claim(&w, &shown, "root").await), Denied::LinkInvalid);
    let (old, at) = (SecretText::new(older), caller("192.0.2.1"));
    newer.claim_first_admin(&old, &newcomer("root"), &at).await.unwrap();
}

#[tokio::test]
async fn a_role_given_by_a_command_makes_the_first_admin_too() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let shown = token(&w.rotunda).await.unwrap();
    assert_eq!(denied(claim(&w, &shown, "ada").await), Denied::EmailTaken);
    w.holds(ada.user.id, &["admin"]).await;
    assert_eq!(w.store.first_admin_at().await.unwrap(), Some(w.clock_now()));
    assert_eq!(token(&w.rotunda).await, None);
    assert!(is_too_late(&denied(claim(&w, &shown, "eve").await)));
}
