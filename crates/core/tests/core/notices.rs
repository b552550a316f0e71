//! Notices that nobody asked for: a sign-in on a new device, and a token that was copied.

use rotunda_core::denied::Denied;
use rotunda_core::login::Login;
use rotunda_core::model::{Caller, ClientId, DeviceSecret, LetterKind};
use tokio::task::JoinSet;

use crate::flows::{NEW, address_of};
use crate::support::{DAY, HOUR, MS, PASSWORD, World, caller};

fn login_from(address: &str, device: Option<DeviceSecret>) -> Login {
    Login { caller: caller(address), device, ..World::login_of("ada") }
}

fn app_from(address: &str, device: Option<DeviceSecret>) -> Login {
    Login { client_id: Some(ClientId("native".to_owned())), ..login_from(address, device) }
}

#[tokio::test]
async fn an_unknown_device_is_told_of_and_a_known_one_is_not() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    w.no_letters().await;
    w.rotunda.login(&login_from("203.0.113.1", ada.device.clone())).await.unwrap();
    w.no_letters().await;
    let grant = w.rotunda.login(&login_from("203.0.113.2", None)).await.unwrap();
    let [letter] = w.letters([LetterKind::NewDevice]).await;
    assert_eq!(address_of(&letter), "ada@example.com");
    assert_eq!((letter.letter.caller, letter.letter.at), (caller("203.0.113.2"), w.clock_now()));
    w.rotunda.login(&login_from("203.0.113.3", grant.device_secret)).await.unwrap();
    w.no_letters().await;
    let strangers = DeviceSecret::from_bytes([7; 32]);
    w.rotunda.login(&login_from("203.0.113.4", Some(strangers))).await.unwrap();
    w.link(LetterKind::NewDevice).await;
}

#[tokio::test]
async fn a_wrong_password_tells_nobody() {
    let w = World::new().await;
    w.register("ada").await;
    w.knocks("ada", "not my password").await.err().unwrap();
    w.no_letters().await;
}

#[tokio::test]
async fn an_app_that_never_shows_its_device_is_told_of_once_a_day() {
    let w = World::new().await;
    w.register("ada").await;
    w.rotunda.login(&app_from("203.0.113.1", None)).await.unwrap();
    w.link(LetterKind::NewDevice).await;
    w.pass(DAY - MS);
    let begun = w.store.inner.snapshot();
    w.rotunda.login(&app_from("203.0.113.1", None)).await.unwrap();
    w.no_letters().await;
    w.store.inner.restore(begun.clone());
    w.pass(MS);
    w.rotunda.login(&app_from("203.0.113.1", None)).await.unwrap();
    w.link(LetterKind::NewDevice).await;
    w.store.inner.restore(begun.clone());
    w.rotunda.login(&app_from("203.0.113.2", None)).await.unwrap();
    w.link(LetterKind::NewDevice).await;
    let other = Caller { user_agent: Some("curl/8.5.0".to_owned()), ..caller("203.0.113.1") };
    w.store.inner.restore(begun);
    w.rotunda.login(&Login { caller: other, ..app_from("203.0.113.1", None) }).await.unwrap();
    w.link(LetterKind::NewDevice).await;
}

/// A browser keeps its cookies, so one without them is another one, whatever it calls itself and wherever it is.
#[tokio::test]
async fn a_browser_without_cookies_is_told_of_each_time_and_ten_times_a_day_at_most() {
    let w = World::new().await;
    w.register("ada").await;
    for _ in 0..9 {
        w.rotunda.login(&login_from("203.0.113.1", None)).await.unwrap();
        w.link(LetterKind::NewDevice).await;
    }
    w.rotunda.login(&login_from("203.0.113.1", None)).await.unwrap();
    w.no_letters().await;
    w.pass(DAY);
    w.rotunda.login(&login_from("203.0.113.1", None)).await.unwrap();
    w.link(LetterKind::NewDevice).await;
}

#[tokio::test]
async fn whoever_signs_in_after_a_registration_or_a_reset_hears_of_no_new_device() {
    let w = World::verified().await;
    w.asks_to_register(&World::registration("ada")).await;
    let link = w.link(LetterKind::VerifyEmail).await;
    let ada = w.verify(&link, PASSWORD).await.unwrap();
    w.no_letters().await;
    w.rotunda.login(&login_from("203.0.113.1", ada.device_secret)).await.unwrap();
    w.no_letters().await;
    let token = w.forgets("ada").await;
    w.reset(&token, NEW).await.unwrap();
    w.letters([LetterKind::PasswordReset]).await;
}

#[tokio::test]
async fn a_theft_is_told_of_once_however_many_requests_find_it() {
    let w = World::new().await;
    let stale = w.register("ada").await;
    let mut tab = stale.clone();
    for _ in 0..4 {
        w.pass(HOUR);
        w.refreshes(&mut tab).await;
    }
    w.no_letters().await;
    w.store.gather(20);
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (rotunda, attempt) = (w.rotunda.clone(), stale.attempt());
        tasks.spawn(async move { rotunda.refresh(&attempt).await.is_err() });
    }
    assert!(tasks.join_all().await.into_iter().all(|refused| refused));
    let [letter] = w.letters([LetterKind::TheftFound]).await;
    assert_eq!(address_of(&letter), "ada@example.com");
    assert_eq!(w.refused(&stale).await, Denied::SessionEnded(Some(rotunda_core::model::Ending::Reused)));
    w.no_letters().await;
}
