//! How many sessions a user may have, and what happens to a login when there are as many.

use std::sync::Arc;

use rotunda_core::denied::Denied;
use rotunda_core::login::Login;
use rotunda_core::model::{ClientId, Ending, EventKind};
use rotunda_core::policy::Policy;
use rotunda_core::store::WhenFull;
use tokio::task::JoinSet;

use crate::support::{Holder, MINUTE, PASSWORD, World, denied, over, password};

fn overall(most: u32, when_full: WhenFull) -> impl FnOnce(&mut Policy) {
    move |policy| {
        policy.max_per_user = Some(most);
        policy.when_full = when_full;
    }
}

fn per_client(policy: &mut Policy, name: &str, most: u32, when_full: WhenFull) {
    let client = policy.clients.get_mut(&ClientId(name.to_owned())).unwrap();
    client.max_per_user = Some(most);
    client.when_full = when_full;
}

/// So many browsers, a minute apart.
async fn browsers(w: &World, how_many: usize) -> Vec<Holder> {
    let mut all = vec![w.register("ada").await];
    while all.len() < how_many {
        w.pass(MINUTE);
        all.push(w.sign_in("ada").await);
    }
    w.pass(MINUTE);
    all
}

#[tokio::test]
async fn the_one_that_was_used_the_longest_ago_makes_room() {
    let w = World::with(overall(3, WhenFull::EvictOldest)).await;
    let mut all = browsers(&w, 3).await;
    w.refreshes(&mut all[0]).await;
    w.pass(MINUTE);
    w.news().await;
    let fourth = w.rotunda.login(&World::login_of("ada")).await.unwrap();
    let kinds = w.kinds().await;
    assert_eq!(kinds, [EventKind::SessionEnded(Ending::Evicted), EventKind::SignedIn]);
    assert_eq!(w.refused(&all[1]).await, over(Ending::Evicted), "the first was used since");
    w.refresh(&all[0]).await.unwrap();
    w.refresh(&all[2]).await.unwrap();
    assert_eq!(w.live().len(), 3);
    assert!(w.live().iter().any(|session| session.id == fourth.session.id));
}

#[tokio::test]
async fn or_nobody_comes_in_before_somebody_signs_out() {
    let w = World::with(overall(3, WhenFull::Refuse)).await;
    let all = browsers(&w, 3).await;
    let bob = w.register("bob").await;
    assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::TooManySessions);
    assert_eq!((w.live().len(), w.news().await.len()), (4, 0), "nothing happened");
    assert_eq!(denied(w.knocks("ada", "a wrong one").await), Denied::CredentialsInvalid, "who knows nothing");
    w.refresh(&bob).await.unwrap();
    // A browser that leaves its session behind needs no more room than it had.
    let login = Login { page: all[2].page.clone(), ..World::login_of("ada") };
    let third = w.sign_in_with("ada", login).await;
    assert_eq!(w.refused(&all[2]).await, over(Ending::LoggedOut));
    // Nor does whoever enters the password once more.
    let bearer = w.bearer(&third).await;
    w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &third.caller).await.unwrap();
    w.logs_out(&all[0]).await;
    w.knocks("ada", PASSWORD).await.unwrap();
    assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::TooManySessions);
}

#[tokio::test]
async fn one_whose_time_is_up_takes_no_room() {
    let w = World::with(overall(2, WhenFull::Refuse)).await;
    let all = browsers(&w, 2).await;
    w.pass(all[0].session.idle);
    w.knocks("ada", PASSWORD).await.unwrap();
    w.knocks("ada", PASSWORD).await.unwrap();
    assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::TooManySessions);
}

#[tokio::test]
async fn each_client_counts_its_own_and_the_cap_over_all_counts_everything() {
    let w = World::with(|policy| {
        overall(4, WhenFull::EvictOldest)(policy);
        per_client(policy, "native", 2, WhenFull::Refuse);
    })
    .await;
    let mut first = w.register("ada").await;
    let mut apps = Vec::new();
    for _ in 0..2 {
        w.pass(MINUTE);
        apps.push(w.sign_in_app("ada").await);
    }
    w.pass(MINUTE);
    let native = Login { client_id: Some(ClientId("native".to_owned())), ..World::login_of("ada") };
    assert_eq!(denied(w.rotunda.login(&native).await), Denied::TooManySessions, "the client's is full");
    w.refreshes(&mut first).await;
    w.sign_in("ada").await;
    assert_eq!(w.live().len(), 4);
    w.pass(MINUTE);
    w.refreshes(&mut first).await;
    w.sign_in("ada").await;
    assert_eq!(w.live().len(), 4, "the one over all is");
    assert_eq!(w.refused(&apps[0]).await, over(Ending::Evicted));
    for _ in 0..2 {
        w.pass(MINUTE);
        w.rotunda.login(&native).await.unwrap();
    }
    assert_eq!(w.refused(&apps[1]).await, over(Ending::Evicted), "that one made room for the first of these");
    let live = w.live();
    assert_eq!(denied(w.rotunda.login(&native).await), Denied::TooManySessions, "both are");
    assert!(live == w.live() && live.len() == 4, "and nobody was put out for it");
}

async fn fifty_at_once(when_full: WhenFull) -> (World, usize) {
    let w = World::with(overall(5, when_full)).await;
    w.register("ada").await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let rotunda = Arc::clone(&w.rotunda);
        tasks.spawn(async move { rotunda.login(&World::login_of("ada")).await });
    }
    let mut through = 0;
    for result in tasks.join_all().await {
        match result {
            Ok(_) => through += 1,
            refused => assert_eq!(denied(refused), Denied::TooManySessions),
        }
    }
    (w, through)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_logins_at_once_as_many_live_as_may() {
    let (w, through) = fifty_at_once(WhenFull::Refuse).await;
    assert_eq!((w.live().len(), through), (5, 4), "one was there before");
    let (w, through) = fifty_at_once(WhenFull::EvictOldest).await;
    assert_eq!((w.live().len(), through, w.row_count()), (5, 50, 51));
    let evicted = EventKind::SessionEnded(Ending::Evicted);
    assert_eq!(w.kinds().await.into_iter().filter(|kind| *kind == evicted).count(), 46);
}
