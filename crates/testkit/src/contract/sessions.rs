//! How sessions are found and listed.

use std::time::Duration;

use rotunda_core::model::{DeviceHash, Ending, PageHash, Session, SessionId, UserState};
use rotunda_core::store::EndingAll;

use super::scene::{Shelf, a_signed_in_user, add, refresh, sign_in};
use crate::fixtures::{NOW, a_session, a_user, an_account, an_end, an_end_of_all};

const MINUTE: Duration = Duration::from_mins(1);

pub(super) async fn sessions_of_a_user_are_theirs_and_live(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let (_, not_theirs) = a_signed_in_user(&store, 2).await;
    let gone = a_session(&known.user, 3);
    sign_in(&store, &known, &gone).await;
    assert!(store.end(an_end(&gone, Ending::LoggedOut, NOW)).await.unwrap());
    let short = Session { absolute_expires_at: NOW.plus(MINUTE), ..a_session(&known.user, 4) };
    sign_in(&store, &known, &short).await;

    let list = async |user, now| ids(store.sessions_of(user, now, 10).await.unwrap());
    assert_eq!(sorted(list(known.user.id, NOW).await), sorted(vec![session.id, short.id]));
    assert_eq!(
        list(known.user.id, NOW.plus(MINUTE)).await,
        [session.id],
        "what is over at that moment is left out"
    );
    assert!(list(known.user.id, session.idle_expires_at).await.is_empty());
    assert_eq!(list(not_theirs.user_id, NOW).await, [not_theirs.id]);
    assert!(list(a_user(9).id, NOW).await.is_empty());
    assert_eq!(store.sessions_of(not_theirs.user_id, NOW, 10).await.unwrap(), [not_theirs]);
}

pub(super) async fn sessions_come_latest_used_first_and_no_more_than_asked(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let mut by_age = Vec::new();
    for seed in [3, 1, 4, 2, 5] {
        let began = NOW.plus(MINUTE * u32::try_from(seed).unwrap());
        let session = Session { created_at: began, ..a_session(&known.user, seed) };
        sign_in(&store, &known, &session).await;
        by_age.push((seed, session));
    }
    by_age.sort_by_key(|(seed, _)| *seed);
    let [one, two, three, four, five] = [0, 1, 2, 3, 4].map(|place: usize| by_age[place].1.clone());
    refresh(&store, &two, NOW.plus(MINUTE * 20)).await;
    refresh(&store, &one, NOW.plus(MINUTE * 10)).await;
    let wanted = ids(vec![two, one, five, four, three]);
    let now = NOW.plus(MINUTE * 30);
    for limit in [5, 100, 3, 1] {
        let found = ids(store.sessions_of(known.user.id, now, limit).await.unwrap());
        assert_eq!(found, wanted[..wanted.len().min(limit as usize)], "at most {limit}");
    }
}

pub(super) async fn a_device_is_known_by_its_user_alone(store: Shelf) {
    let (known, first) = a_signed_in_user(&store, 1).await;
    let again =
        Session { device_id: first.device_id, device_hash: first.device_hash, ..a_session(&known.user, 2) };
    sign_in(&store, &known, &again).await;
    let (other, _) = a_signed_in_user(&store, 3).await;
    let device = async |user, hash| store.device_of(user, hash).await.unwrap();
    assert_eq!(device(known.user.id, first.device_hash).await, Some(first.device_id));
    assert_eq!(
        device(other.user.id, first.device_hash).await,
        None,
        "on that device only this user is known"
    );
    assert_eq!(device(known.user.id, DeviceHash([0; 32])).await, None);
}

pub(super) async fn a_device_is_known_after_its_session_ended(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    let found = store.device_of(known.user.id, session.device_hash).await.unwrap();
    assert_eq!(found, Some(session.device_id));
}

pub(super) async fn a_device_whose_secret_was_copied_is_not_known_any_more(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let again = Session { device_hash: session.device_hash, ..a_session(&known.user, 2) };
    sign_in(&store, &known, &again).await;
    assert!(store.end(an_end(&again, Ending::Reused, NOW)).await.unwrap());
    assert_eq!(store.device_of(known.user.id, session.device_hash).await.unwrap(), None);
}

pub(super) async fn tokens_ahead_are_believed_until_told_otherwise(store: Shelf) {
    let (_, one) = a_signed_in_user(&store, 1).await;
    let (_, two) = a_signed_in_user(&store, 2).await;
    let later = NOW.plus(MINUTE);
    for until in [None, Some(NOW), Some(later), None, Some(later)] {
        store.accept_ahead(until).await.unwrap();
        for session in [&one, &two] {
            let by_id = store.facts(session.id).await.unwrap().unwrap();
            let by_page = store.facts_of_page(session.page_hash.unwrap()).await.unwrap().unwrap();
            assert_eq!(by_id.accept_ahead_until, until);
            assert_eq!(by_page.accept_ahead_until, until);
        }
    }
}

pub(super) async fn facts_are_found_by_page(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let app = Session { page_hash: None, ..a_session(&known.user, 2) };
    sign_in(&store, &known, &app).await;
    a_signed_in_user(&store, 3).await;
    let page = session.page_hash.unwrap();
    let found = store.facts_of_page(page).await.unwrap();
    assert_eq!(found, store.facts(session.id).await.unwrap());
    assert_eq!(found.unwrap().session, session);
    assert!(store.facts_of_page(PageHash([0; 32])).await.unwrap().is_none());
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    let found = store.facts_of_page(page).await.unwrap();
    assert_eq!(found, store.facts(session.id).await.unwrap(), "also after it has ended");
}

pub(super) async fn facts_hold_the_user_as_they_are_now(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    assert_eq!(store.facts(session.id).await.unwrap().unwrap().user, known.user);
    let all = an_end_of_all(&known.user, Ending::UserDisabled, NOW);
    store.end_all(EndingAll { state: Some(UserState::Disabled), ..all }).await.unwrap();
    let facts = store.facts(session.id).await.unwrap().unwrap();
    assert_eq!((facts.user.ep, facts.user.state), (1, UserState::Disabled));
    assert_eq!(facts.session.ep, 0, "the session keeps the epoch that it began with");
}

fn ids(sessions: Vec<Session>) -> Vec<SessionId> {
    sessions.into_iter().map(|session| session.id).collect()
}

fn sorted(mut ids: Vec<SessionId>) -> Vec<SessionId> {
    ids.sort();
    ids
}
