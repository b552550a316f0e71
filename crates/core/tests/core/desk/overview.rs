//! The front page, the limits, and what clients and keys write down.

use std::time::Duration;

use rotunda_core::clients::NewClient;
use rotunda_core::denied::Denied;
use rotunda_core::desk::overview::{FRESH, HOURS};
use rotunda_core::desk::{Around, Lift};
use rotunda_core::limits::{Limits, Quota};
use rotunda_core::login::Login;
use rotunda_core::model::{ClientId, ClientKind, EventKind, Tally};
use rotunda_core::signing::Rotated;

use super::done;
use crate::support::{DAY, HOUR, MS, World, denied, password};

#[tokio::test]
async fn what_happened_is_told_by_the_hour_from_all_servers_together() {
    let w = World::new().await;
    let mut other = w.clone();
    other.restart(&[1]).await.unwrap();
    let mut ada = w.register("ada").await;
    let mut thief = ada.copied_by("thief");
    assert!(other.rotunda.login(&World::login_of("ada")).await.is_ok());
    let wrong = Login { password: password("a wrong password"), ..World::login_of("ada") };
    denied(w.rotunda.login(&wrong).await);
    w.pass(HOUR);
    ada.make_key();
    w.rotunda.flush_tallies().await.unwrap();
    other.rotunda.flush_tallies().await.unwrap();
    w.refreshes(&mut ada).await;
    w.pass(10 * MS);
    w.pass(Duration::from_secs(60));
    thief.make_key();
    assert_eq!(other.refused(&thief).await, Denied::TokenReused);
    other.rotunda.flush_tallies().await.unwrap();
    let overview = w.operator().overview().await.unwrap();
    assert_eq!(overview.hours.len(), usize::from(HOURS));
    assert!(overview.hours.iter().rev().skip(1).all(|hour| hour.counts.is_empty()));
    let now: Vec<_> = overview.hours.last().unwrap().counts.clone().into_iter().collect();
    let wanted = [
        (Tally::SignIns, 2),
        (Tally::SignInsRefused, 1),
        (Tally::Refreshes, 1),
        (Tally::RefreshesRefused, 1),
        (Tally::Thefts, 1),
    ];
    assert_eq!(now, wanted, "an hour has whatever was added in it");
    let begins = overview.hours.last().unwrap().begins_at;
    assert!(begins <= w.clock_now() && w.clock_now() < begins.plus(HOUR) && begins.0 % 3_600_000 == 0);
    w.pass(2 * DAY);
    let later = w.operator().overview().await.unwrap();
    assert!(later.hours.iter().all(|hour| hour.counts.is_empty()), "two days are told");
    w.pass(7 * DAY);
    assert_eq!(w.rotunda.sweep().await.unwrap().tallies, 5, "and seven kept");
}

#[tokio::test]
async fn users_and_sessions_are_counted_once_a_minute_at_most() {
    let w = World::new().await;
    w.register("ada").await;
    let nothing_waits = (0, 0, 0);
    let counted = |live_sessions, users, (letters_waiting, deliveries_waiting, deliveries_dead)| Around {
        as_of: w.clock_now(),
        live_sessions,
        users,
        letters_waiting,
        deliveries_waiting,
        deliveries_dead,
    };
    let around = counted(1, 1, nothing_waits);
    assert_eq!(w.operator().overview().await.unwrap().around, Some(around));
    w.register("bob").await;
    w.pass(FRESH - MS);
    w.rotunda.look_around().await.unwrap();
    assert_eq!(w.operator().overview().await.unwrap().around, Some(around));
    w.pass(MS);
    w.rotunda.look_around().await.unwrap();
    let around = counted(2, 2, nothing_waits);
    let overview = w.operator().overview().await.unwrap();
    assert_eq!(overview.around, Some(around));
    assert_eq!((overview.keys.len(), overview.roles, overview.clients), (1, 0, 2));
    assert_eq!(overview.letters_waiting, 0);
}

#[tokio::test]
async fn a_limit_that_somebody_has_run_into_is_lifted_and_nobody_elses() {
    let w = World::with(|policy| {
        let strict = Quota::new(1, HOUR);
        policy.limits = Limits { login_per_account: strict, forgot_per_account: strict, ..Limits::default() };
    })
    .await;
    let (ada, bob) = (w.register("ada").await, w.register("bob").await);
    let wrong = |name: &str| Login { password: password("a wrong password"), ..World::login_of(name) };
    let tries = async |name: &str| denied(w.rotunda.login(&wrong(name)).await);
    let limited = |denied: &Denied| matches!(denied, Denied::RateLimited(_));
    for name in ["ada", "bob"] {
        assert_eq!(tries(name).await, Denied::CredentialsInvalid);
        assert!(limited(&tries(name).await));
    }
    w.news().await;
    let desk = w.operator();
    assert_eq!(desk.limits().unwrap().login_per_account, Quota::new(1, HOUR));
    desk.lift_limits(Lift::User(ada.user.id)).await.unwrap();
    assert_eq!(w.news().await, [done(&w, &desk, EventKind::LimitLifted, Some(&ada))]);
    assert_eq!(tries("ada").await, Denied::CredentialsInvalid);
    assert!(limited(&tries("bob").await), "{} has still to wait", bob.name);
}

#[tokio::test]
async fn an_address_that_has_run_into_a_limit_is_let_try_again() {
    let w = World::with(|policy| {
        policy.limits = Limits { register_per_address: Quota::new(1, HOUR), ..Limits::default() };
    })
    .await;
    w.register("ada").await;
    let next = World::registration("bob");
    let tried = w.rotunda.register(&next).await.map(drop);
    assert!(matches!(denied(tried), Denied::RateLimited(_)));
    let address = next.caller.address.unwrap();
    let desk = w.operator();
    desk.lift_limits(Lift::Address(address)).await.unwrap();
    let mut told = done(&w, &desk, EventKind::LimitLifted, None);
    told.about = Some(address.to_string());
    assert_eq!(w.news().await, [told]);
    assert!(w.rotunda.register(&next).await.is_ok());
}

#[tokio::test]
async fn clients_and_keys_say_which_and_who_did_it() {
    let w = World::new().await;
    let permissions = ["clients.write", "keys.manage"];
    let root = w.operator_with("root", &permissions).await;
    let desk = w.desk_with_reason(&root, "spring cleaning").await;
    let event = |kind, about: &str| {
        let mut event = done(&w, &desk, kind, None);
        event.about = Some(about.to_owned());
        event
    };
    let new = |id: &str, kind| NewClient { id: id.to_owned(), kind: Some(kind), scopes: Vec::new() };
    let shop = desk.add_client(&new("shop", ClientKind::Confidential)).await.unwrap().client.id;
    desk.rotate_client_secret(&shop, HOUR).await.unwrap();
    let long = desk.rotate_client_secret(&shop, 91 * DAY).await;
    assert!(matches!(denied(long.map(drop)), Denied::Unfit(why) if why.contains("90 days")));
    desk.remove_client(&shop).await.unwrap();
    let kinds = [EventKind::ClientAdded, EventKind::ClientSecretChanged, EventKind::ClientRemoved];
    assert_eq!(w.news().await, kinds.map(|kind| event(kind, "shop")));
    let Rotated::Added(key) = desk.rotate_keys().await.unwrap() else { panic!("no key was coming") };
    desk.revoke_key(&key.kid).await.unwrap();
    let kinds = [EventKind::KeyAdded, EventKind::KeyRevoked];
    assert_eq!(w.news().await, kinds.map(|kind| event(kind, &key.kid)));
    // What cannot be is told for what it is.
    let taken = desk.add_client(&new("web", ClientKind::Web)).await;
    assert!(matches!(denied(taken.map(drop)), Denied::InTheWay(_)));
    let unfit = desk.add_client(&new("a name", ClientKind::Web)).await;
    assert!(matches!(denied(unfit.map(drop)), Denied::Unfit(_)));
    assert_eq!(denied(desk.remove_client(&ClientId("shop".to_owned())).await), Denied::NotFound);
}
