//! Outages and overload: never the user's fault, never "signed out".

use std::sync::Arc;

use rotunda_core::bearer::Bearer;
use rotunda_core::denied::Denied;
use rotunda_core::login::Login;
use rotunda_core::logout::Logout;
use rotunda_core::model::Session;
use rotunda_core::password::ChangePassword;
use rotunda_core::{Outside, Rotunda};
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::{BrokenEntropy, MemoryStore};

use crate::meddler::Write;
use crate::support::{HOUR, Holder, MS, PASSWORD, SECOND, World, denied, failure, masters, password};

fn change() -> ChangePassword {
    ChangePassword {
        current: password(PASSWORD),
        new: password("a new and longer one"),
        caller: crate::support::caller("192.0.2.1"),
    }
}

fn rows(store: &MemoryStore) -> Vec<Session> {
    store.snapshot().sessions.into_values().collect()
}

#[tokio::test]
async fn a_store_that_always_says_changed_meanwhile_is_an_overload_and_not_a_loop() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(HOUR);
    let row = w.row(&tab).await;
    w.store.never_lets(Write::Rotate);
    let reads = w.store.reads();
    assert!(failure(w.refresh(&tab).await).is_overload());
    assert_eq!(w.store.reads() - reads, 8, "as many rounds as the engine promises, and no more");
    w.assert_untouched(&tab, &row).await;
}

#[tokio::test]
async fn a_reuse_that_cannot_be_written_is_not_told() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let used = tab.clone();
    w.pass(HOUR);
    let row = w.refreshes(&mut tab).await.session;
    w.pass(HOUR);
    w.store.never_lets(Write::End);
    assert!(failure(w.refresh(&used).await).is_overload());
    w.assert_untouched(&tab, &row).await;
}

#[tokio::test]
async fn a_login_that_never_goes_through_is_an_overload_and_not_a_wrong_password() {
    let w = World::new().await;
    w.register("ada").await;
    w.store.never_lets(Write::Login);
    let checks = w.hasher.verifications();
    assert!(failure(w.rotunda.login(&World::login_of("ada")).await).is_overload());
    assert_eq!(w.hasher.verifications() - checks, 4);
    assert_eq!((w.row_count(), w.news().await), (1, vec![]));
}

/// Everything that a user can ask for, none of which is answered as a refusal.
async fn everything_fails(w: &World, tab: &Holder, bearer: &Bearer) {
    let r = &w.rotunda;
    let logout = |change: fn(&mut Logout, &Holder)| {
        let mut logout = Logout::default();
        change(&mut logout, tab);
        logout
    };
    let unknown = Login { handle: None, ..World::login_of("ada") };
    let failures = [
        failure(r.refresh(&tab.attempt()).await),
        failure(r.login(&World::login_of("ada")).await),
        failure(r.login(&unknown).await),
        failure(r.register(&World::registration("bob")).await),
        failure(r.bearer(&tab.access).await),
        failure(r.bearer_of_page(tab.page.as_ref().unwrap()).await),
        failure(r.logout(&logout(|l, tab| l.refresh_token = Some(tab.token.clone().into()))).await),
        failure(r.logout(&logout(|l, tab| l.pages = tab.page.iter().cloned().collect())).await),
        failure(r.logout(&logout(|l, tab| l.bearer = Some(tab.access.clone().into()))).await),
        failure(r.logout_all(bearer, &tab.caller).await),
        failure(r.sessions(bearer).await),
        failure(r.end_session(bearer, tab.session.id, &tab.caller).await),
        failure(r.change_password(bearer, &change()).await),
        failure(r.disable_user(tab.user.id).await),
        failure(r.revoke_session(tab.session.id).await),
        failure(r.why(tab.session.id).await),
        failure(r.enable_user(tab.user.id).await),
        r.accept_ahead(None).await.unwrap_err(),
        r.sweep().await.unwrap_err(),
        r.ready().await.unwrap_err(),
    ];
    for (number, failure) in failures.iter().enumerate() {
        assert!(failure.is_temporary() && !failure.is_overload(), "{number}: {failure:?}");
    }
}

#[tokio::test]
async fn a_store_that_is_down_refuses_nobody_and_signs_nobody_out() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    let bearer = w.bearer(&tab).await;
    let before = rows(&w.store.inner);
    w.store.inner.set_out(true);
    everything_fails(&w, &tab, &bearer).await;
    w.store.inner.set_out(false);
    assert_eq!((rows(&w.store.inner), w.news().await), (before, vec![]));
    w.rotunda.ready().await.unwrap();
    w.refreshes(&mut tab).await;
}

#[tokio::test]
async fn garbage_is_refused_even_while_the_store_is_down() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.store.inner.set_out(true);
    let mut attempt = tab.attempt();
    let mut garbage = attempt.token.expose().to_owned();
    garbage.replace_range(10..11, "_");
    attempt.token = garbage.into();
    assert_eq!(denied(w.rotunda.refresh(&attempt).await), Denied::TokenUnknown);
}

#[tokio::test]
async fn a_full_password_pool_is_an_overload_for_known_and_unknown_alike() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.hasher.set_overloaded(true);
    let unknown = Login { handle: None, ..World::login_of("ada") };
    assert!(failure(w.rotunda.login(&World::login_of("ada")).await).is_overload());
    assert!(failure(w.rotunda.login(&unknown).await).is_overload());
    assert!(failure(w.rotunda.register(&World::registration("bob")).await).is_overload());
    let bearer = w.bearer(&tab).await;
    assert!(failure(w.rotunda.change_password(&bearer, &change()).await).is_overload());
    w.assert_untouched(&tab, &tab.session).await;
    assert_eq!(w.row_count(), 1);
}

#[tokio::test]
async fn without_randomness_nothing_is_given_and_nothing_changes() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(HOUR);
    let dry = Outside { entropy: Arc::new(BrokenEntropy), ..w.outside() };
    let dry = Rotunda::start(dry, masters(&[1]), w.rotunda.policy().clone()).await.unwrap();
    assert!(failure(dry.refresh(&tab.attempt()).await).is_temporary());
    assert!(failure(dry.login(&World::login_of("ada")).await).is_temporary());
    assert!(failure(dry.register(&World::registration("bob")).await).is_temporary());
    w.assert_untouched(&tab, &tab.session).await;
    assert_eq!(w.row_count(), 1);
}

#[tokio::test]
async fn whether_it_is_ready_is_asked_once_a_second_and_at_once_after_an_outage() {
    let w = World::new().await;
    w.store.inner.set_out(true);
    assert!(w.rotunda.ready().await.is_err(), "nothing is believed before it was seen");
    w.store.inner.set_out(false);
    w.rotunda.ready().await.unwrap();
    w.store.inner.set_out(true);
    w.pass(SECOND - MS);
    w.rotunda.ready().await.unwrap();
    w.pass(MS);
    for _ in 0..2 {
        assert!(
            w.rotunda.ready().await.is_err(),
            "a second later it is asked, and an outage is not remembered"
        );
    }
    w.store.inner.set_out(false);
    w.rotunda.ready().await.unwrap();
}
