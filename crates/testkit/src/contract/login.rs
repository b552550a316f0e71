//! Sessions that begin with a password.

use rotunda_core::model::{Account, Ending, PasswordHash, Session, Standing, User, UserState};
use rotunda_core::store::{EndingOne, LoggedIn, LoggingIn};

use super::scene::{
    Shelf, a_signed_in_user, add, assert_same_events, end_event, happened, refresh, row, view,
};
use crate::fixtures::{
    NOW, a_caller, a_login, a_password_hash, a_session, an_account, an_end, an_end_of_all, ended,
};

pub(super) async fn a_login_starts_a_session_and_writes_its_event(store: Shelf) {
    let (account, first) = a_signed_in_user(&store, 1).await;
    let session = a_session(&account.user, 2);
    let login = a_login(&account, &session);
    let event = login.event.clone();
    assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done);
    assert_eq!(row(&store, session.id).await, session);
    assert_eq!(row(&store, first.id).await, first, "a session on another device goes on");
    assert_eq!(happened(&store).await, [event]);
}

pub(super) async fn a_login_needs_a_user(store: Shelf) {
    let (_, bystander) = a_signed_in_user(&store, 9).await;
    refused(&store, &an_account(1), &bystander).await;
}

pub(super) async fn a_login_needs_an_active_user(store: Shelf) {
    let (_, bystander) = a_signed_in_user(&store, 9).await;
    let mut account = an_account(1);
    account.user.state = UserState::Disabled;
    add(&store, &account, None).await;
    refused(&store, &account, &bystander).await;
}

pub(super) async fn a_login_needs_the_epoch_that_was_read(store: Shelf) {
    let (_, bystander) = a_signed_in_user(&store, 9).await;
    let account = an_account(1);
    add(&store, &account, None).await;
    store.end_all(an_end_of_all(&account.user, Ending::LoggedOutEverywhere, NOW)).await.unwrap();
    refused(&store, &account, &bystander).await;
    let ahead = User { ep: 2, ..account.user.clone() };
    refused(&store, &Account { user: ahead, ..account }, &bystander).await;
}

pub(super) async fn a_login_needs_the_password_hash_that_was_read(store: Shelf) {
    let (_, bystander) = a_signed_in_user(&store, 9).await;
    let account = an_account(1);
    add(&store, &account, None).await;
    refused(&store, &Account { password: a_password_hash(2), ..account.clone() }, &bystander).await;
    let mut longer = account.password.expose().to_owned();
    longer.push('0');
    refused(&store, &Account { password: PasswordHash::new(longer), ..account }, &bystander).await;
}

pub(super) async fn a_login_ends_the_session_it_replaces(store: Shelf) {
    let (account, own) = a_signed_in_user(&store, 1).await;
    let (_, of_somebody_else) = a_signed_in_user(&store, 2).await;
    let mut wanted = Vec::new();
    for (seed, left_behind) in [(3, own), (4, of_somebody_else)] {
        let login = replacing(&account, &a_session(&account.user, seed), &left_behind);
        wanted.push(login.event.clone());
        wanted.push(end_event(&left_behind, Ending::Evicted, NOW, a_caller(0)));
        assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done);
        assert_eq!(row(&store, left_behind.id).await, ended(&left_behind, Ending::Evicted, NOW));
    }
    assert_same_events(happened(&store).await, wanted);
}

pub(super) async fn a_login_leaves_an_ended_session_as_it_was(store: Shelf) {
    let (account, old) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&old, Ending::LoggedOut, NOW)).await.unwrap());
    let login = replacing(&account, &a_session(&account.user, 2), &old);
    let wanted = vec![end_event(&old, Ending::LoggedOut, NOW, a_caller(0)), login.event.clone()];
    assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done, "what it replaces is no condition");
    assert_eq!(row(&store, old.id).await, ended(&old, Ending::LoggedOut, NOW));
    assert_eq!(happened(&store).await, wanted);
}

pub(super) async fn a_login_replaces_at_the_generation_that_was_decided_on(store: Shelf) {
    let (account, old) = a_signed_in_user(&store, 1).await;
    let old = refresh(&store, &old, NOW).await;
    let mut login = replacing(&account, &a_session(&account.user, 2), &old);
    login.replaces = login.replaces.map(|end| EndingOne { at_generation: Some(0), ..end });
    assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done, "what it replaces is no condition");
    assert_eq!(row(&store, old.id).await.standing, Standing::Live, "it has moved on since");
}

fn replacing(account: &Account, session: &Session, left_behind: &Session) -> LoggingIn {
    let end = an_end(left_behind, Ending::Evicted, NOW);
    LoggingIn { replaces: Some(end), ..a_login(account, session) }
}

/// Tries a login that must not go through: no session, no event, and what it would have replaced lives.
async fn refused(store: &Shelf, account: &Account, bystander: &Session) {
    let before = view(store, bystander.id).await;
    let session = a_session(&account.user, 50);
    let answer = store.login(replacing(account, &session, bystander)).await.unwrap();
    assert_eq!(answer, LoggedIn::Changed, "this login does not go through");
    assert!(store.facts(session.id).await.unwrap().is_none(), "no session");
    assert_eq!(view(store, bystander.id).await, before, "no event, and the other session lives");
}
