//! New passwords.

use rotunda_core::model::{Account, Ending, Session, User};
use rotunda_core::store::Amended;

use super::scene::{
    Shelf, a_signed_in_user, account, assert_same_events, at_once, end_event, endings, happened, refresh,
    row, sign_in, view,
};
use crate::fixtures::{
    NOW, a_caller, a_password_change, a_password_hash, a_rotation, a_session, a_user, an_account, an_end,
    an_end_of_all, ended,
};

pub(super) async fn a_password_change_ends_all_sessions_and_starts_one(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let phone = a_session(&known.user, 2);
    let gone = a_session(&known.user, 3);
    for session in [&phone, &gone] {
        sign_in(&store, &known, session).await;
    }
    let phone = refresh(&store, &phone, NOW).await;
    store.end(an_end(&gone, Ending::Reused, NOW)).await.unwrap();

    let change = a_password_change(&known, &own, 4);
    let new = change.session.clone().unwrap();
    assert_eq!(store.amend(change.clone()).await.unwrap(), Amended::Done);

    let after = account(&store, known.user.id).await;
    assert_eq!(after.user, User { ep: known.user.ep + 1, ..known.user });
    assert!(Some(after.password) == change.password, "the new hash is kept");
    assert_eq!(row(&store, new.id).await, new, "the new session lives, under the new epoch");
    for old in [&own, &phone] {
        assert_eq!(row(&store, old.id).await, ended(old, Ending::PasswordChanged, NOW));
        assert!(!store.rotate(a_rotation(old, NOW)).await.unwrap(), "an old session does not rotate");
    }
    assert_eq!(
        row(&store, gone.id).await,
        ended(&gone, Ending::Reused, NOW),
        "what had ended keeps its ending"
    );
    assert!(store.rotate(a_rotation(&new, NOW)).await.unwrap(), "the new session rotates");
    let end = |old: &Session, ending| end_event(old, ending, NOW, a_caller(0));
    let wanted = vec![
        end(&own, Ending::PasswordChanged),
        end(&phone, Ending::PasswordChanged),
        end(&gone, Ending::Reused),
    ];
    assert_same_events(endings(&store).await, wanted);
    let told = happened(&store).await.into_iter().filter(|event| change.events.contains(event)).count();
    assert_eq!(told, change.events.len(), "what the change was to tell is on record, once");
}

pub(super) async fn a_password_change_needs_the_hash_that_was_read(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    refused(&store, &session, &Account { password: a_password_hash(9), ..known }).await;
}

pub(super) async fn a_password_change_needs_the_epoch_that_was_read(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    store.end_all(an_end_of_all(&known.user, Ending::LoggedOutEverywhere, NOW)).await.unwrap();
    let now = account(&store, known.user.id).await;
    let session = a_session(&now.user, 2);
    sign_in(&store, &now, &session).await;
    refused(&store, &session, &known).await;
}

pub(super) async fn a_password_change_needs_a_user(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    refused(&store, &session, &an_account(2)).await;
}

pub(super) async fn a_password_change_needs_a_live_session_that_asks(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let (_, anothers) = a_signed_in_user(&store, 2).await;
    let bystander = a_session(&known.user, 3);
    sign_in(&store, &known, &bystander).await;
    store.end(an_end(&own, Ending::LoggedOut, NOW)).await.unwrap();
    for asking in [&own, &anothers, &a_session(&known.user, 9)] {
        let before = view(&store, bystander.id).await;
        let change = a_password_change(&known, asking, 50);
        let answer = store.amend(change).await.unwrap();
        assert_eq!(answer, Amended::Changed, "whoever asks has no live session of this user");
        assert_eq!(view(&store, bystander.id).await, before, "no event, and nothing ended");
    }
}

pub(super) async fn a_password_change_leaves_others_alone(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let (other, session) = a_signed_in_user(&store, 2).await;
    assert_eq!(store.amend(a_password_change(&known, &own, 3)).await.unwrap(), Amended::Done);
    let after = account(&store, other.user.id).await;
    assert_eq!(after.user, a_user(2));
    assert!(after.password == other.password, "the other user's hash is as it was");
    assert_eq!(row(&store, session.id).await, session);
}

pub(super) async fn a_password_changes_once_however_many_ask(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let answers = at_once(10, |number| {
        let store = store.clone();
        let change = a_password_change(&known, &session, 10 + number as u64);
        async move { store.amend(change).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| **answer == Amended::Done).count(), 1);
    assert_eq!(account(&store, known.user.id).await.user.ep, 1);
    assert_eq!(store.sessions_of(known.user.id, NOW, 100).await.unwrap().len(), 1);
    let wanted = vec![end_event(&session, Ending::PasswordChanged, NOW, a_caller(0))];
    assert_same_events(endings(&store).await, wanted);
}

/// Tries a change on an account that was read otherwise: nothing changes, and this session of it lives.
async fn refused(store: &Shelf, session: &Session, read: &Account) {
    let before = view(store, session.id).await;
    let change = a_password_change(read, session, 50);
    let new = change.session.as_ref().unwrap().id;
    assert_eq!(store.amend(change).await.unwrap(), Amended::Changed, "the account is not as it was read");
    assert!(store.facts(new).await.unwrap().is_none(), "no session");
    assert_eq!(view(store, session.id).await, before, "no event, and nothing ended");
}
