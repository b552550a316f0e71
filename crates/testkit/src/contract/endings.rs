//! How sessions end: one, or all of a user.

use std::time::Duration;

use rotunda_core::model::{Ending, EventKind, SessionId, Standing, UserState};
use rotunda_core::store::{EndingAll, EndingOne, LoggedIn};

use super::scene::{
    Shelf, a_signed_in_user, account, add, assert_same_events, at_once, end_event, happened, journal,
    refresh, row, sign_in, view,
};
use crate::fixtures::{
    NOW, a_caller, a_login, a_rotation, a_session, a_user, an_account, an_end, an_end_of_all, an_event, ended,
};

const LATER: Duration = Duration::from_mins(5);

pub(super) async fn an_end_ends_the_session_and_writes_its_event(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let other = a_session(&known.user, 2);
    add(&store, &an_account(3), None).await;
    sign_in(&store, &known, &other).await;
    let written = journal(&store).await.len();
    let at = NOW.plus(LATER);
    let end = EndingOne { caller: a_caller(5), ..an_end(&session, Ending::RevokedByUser, at) };
    assert!(store.end(end).await.unwrap());
    assert_eq!(row(&store, session.id).await, ended(&session, Ending::RevokedByUser, at));
    assert_eq!(row(&store, other.id).await, other);
    assert_eq!(account(&store, known.user.id).await.user, known.user, "the epoch is for all sessions");
    let wanted = end_event(&session, Ending::RevokedByUser, at, a_caller(5));
    assert_eq!(happened(&store).await[written..], [wanted]);
}

pub(super) async fn the_first_ending_stays(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::Reused, NOW)).await.unwrap());
    let before = view(&store, session.id).await;
    for ending in [Ending::Reused, Ending::LoggedOut] {
        assert!(!store.end(an_end(&session, ending, NOW.plus(LATER))).await.unwrap());
        assert_eq!(view(&store, session.id).await, before);
    }
}

pub(super) async fn an_end_needs_the_generation_that_was_decided_on(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let session = refresh(&store, &session, NOW).await;
    let before = view(&store, session.id).await;
    let at =
        |generation| EndingOne { at_generation: Some(generation), ..an_end(&session, Ending::Reused, NOW) };
    for generation in [0, 2, u32::MAX] {
        assert!(!store.end(at(generation)).await.unwrap(), "it stands at another generation");
        assert_eq!(view(&store, session.id).await, before);
    }
    assert!(store.end(at(1)).await.unwrap());
}

pub(super) async fn an_end_needs_a_session(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let nothing =
        EndingOne { id: SessionId::from_bytes([7; 16]), ..an_end(&session, Ending::LoggedOut, NOW) };
    assert!(!store.end(nothing).await.unwrap());
    assert!(journal(&store).await.is_empty());
    assert_eq!(row(&store, session.id).await, session);
}

pub(super) async fn a_session_ends_once_however_many_ask(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let answers = at_once(30, |number| {
        let (store, session) = (store.clone(), session.clone());
        let ending = Ending::ALL[number % Ending::ALL.len()];
        async move { store.end(an_end(&session, ending, NOW)).await.unwrap().then_some(ending) }
    })
    .await;
    let winners: Vec<Ending> = answers.into_iter().flatten().collect();
    let [winner] = winners[..] else { panic!("ended {} times: {winners:?}", winners.len()) };
    assert_eq!(row(&store, session.id).await, ended(&session, winner, NOW));
    assert_eq!(happened(&store).await, [end_event(&session, winner, NOW, a_caller(0))]);
}

pub(super) async fn the_end_of_all_ends_the_live_sessions_of_this_user_only(store: Shelf) {
    let (known, first) = a_signed_in_user(&store, 1).await;
    let (other, not_theirs) = a_signed_in_user(&store, 2).await;
    let mut live = vec![first];
    for seed in 11..=13 {
        let session = a_session(&known.user, seed);
        sign_in(&store, &known, &session).await;
        live.push(session);
    }
    let gone = live.pop().unwrap();
    assert!(store.end(an_end(&gone, Ending::Reused, NOW)).await.unwrap());
    live[0] = refresh(&store, &live[0], NOW).await;
    let written = journal(&store).await.len();

    let at = NOW.plus(LATER);
    let ending = Ending::LoggedOutEverywhere;
    let all = EndingAll { caller: a_caller(5), ..an_end_of_all(&known.user, ending, at) };
    let mut wanted = all.events.clone();
    assert_eq!(store.end_all(all).await.unwrap(), Some(3));
    for session in &live {
        assert_eq!(row(&store, session.id).await, ended(session, ending, at));
        wanted.push(end_event(session, ending, at, a_caller(5)));
    }
    assert_same_events(happened(&store).await.split_off(written), wanted);
    assert_eq!(row(&store, gone.id).await, ended(&gone, Ending::Reused, NOW), "the first ending stays");
    assert_eq!(account(&store, known.user.id).await.user.ep, known.user.ep + 1);
    assert_eq!(row(&store, not_theirs.id).await, not_theirs);
    assert_eq!(account(&store, other.user.id).await.user, other.user);
}

pub(super) async fn the_end_of_all_raises_the_epoch_where_nothing_is_left_to_end(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    for ep in 1..=3 {
        let all = an_end_of_all(&known.user, Ending::RevokedByAdmin, NOW);
        assert_eq!(store.end_all(all).await.unwrap(), Some(0));
        assert_eq!(account(&store, known.user.id).await.user.ep, ep);
        assert_eq!(journal(&store).await.len() as u64, ep, "the event that goes with it");
    }
}

pub(super) async fn the_end_of_all_needs_a_user(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let all = an_end_of_all(&a_user(2), Ending::RevokedByAdmin, NOW);
    assert_eq!(store.end_all(all).await.unwrap(), None);
    assert!(journal(&store).await.is_empty());
    assert_eq!(row(&store, session.id).await, session);
}

pub(super) async fn the_end_of_all_can_disable_the_user(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let all = an_end_of_all(&known.user, Ending::UserDisabled, NOW);
    assert_eq!(store.end_all(EndingAll { state: Some(UserState::Disabled), ..all }).await.unwrap(), Some(1));
    let now = account(&store, known.user.id).await;
    assert_eq!((now.user.state, now.user.ep), (UserState::Disabled, 1));
    let answer = store.login(a_login(&now, &a_session(&now.user, 2))).await.unwrap();
    assert_eq!(answer, LoggedIn::Changed, "nobody signs in");
    assert!(!store.rotate(a_rotation(&session, NOW)).await.unwrap(), "nothing rotates");

    let again = an_end_of_all(&known.user, Ending::RevokedByAdmin, NOW);
    assert_eq!(store.end_all(again).await.unwrap(), Some(0));
    let now = account(&store, known.user.id).await.user;
    assert_eq!(now.state, UserState::Disabled, "without a state the user stays as they are");
}

pub(super) async fn an_enabled_user_signs_in_again_and_old_sessions_stay_dead(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let all = an_end_of_all(&known.user, Ending::UserDisabled, NOW);
    store.end_all(EndingAll { state: Some(UserState::Disabled), ..all }).await.unwrap();
    let event = an_event(EventKind::UserEnabled, &known.user);
    assert!(store.enable(known.user.id, event.clone()).await.unwrap());
    assert_eq!(happened(&store).await.pop(), Some(event));
    let now = account(&store, known.user.id).await;
    assert_eq!((now.user.state, now.user.ep), (UserState::Active, 1), "the epoch never goes back");
    assert_eq!(row(&store, session.id).await, ended(&session, Ending::UserDisabled, NOW));
    assert!(!store.rotate(a_rotation(&session, NOW)).await.unwrap());
    assert_eq!(store.login(a_login(&now, &a_session(&now.user, 2))).await.unwrap(), LoggedIn::Done);
}

pub(super) async fn enabling_changes_nothing_where_nothing_is_disabled(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let before = view(&store, session.id).await;
    for user in [known.user, a_user(2)] {
        assert!(!store.enable(user.id, an_event(EventKind::UserEnabled, &user)).await.unwrap());
    }
    assert_eq!(view(&store, session.id).await, before);
}

/// A rotation that was decided just before the expiry may arrive after the end of all: it must find nothing live.
pub(super) async fn the_end_of_all_catches_what_has_expired_unrecorded(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let in_time = a_rotation(&session, session.idle_expires_at.minus(LATER));
    let late = session.idle_expires_at.plus(LATER);
    store.end_all(an_end_of_all(&known.user, Ending::LoggedOutEverywhere, late)).await.unwrap();
    assert!(!store.rotate(in_time).await.unwrap());
    assert_ne!(row(&store, session.id).await.standing, Standing::Live);
    let ends =
        journal(&store).await.into_iter().filter(|known| known.event.session_id == Some(session.id)).count();
    assert_eq!(ends, 1, "each session has exactly one ending");
}
