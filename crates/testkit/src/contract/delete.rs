//! Users who go.

use rotunda_core::model::{Account, Caller, Ending, Event, EventKind, Handle, LetterKind, Session};
use rotunda_core::store::{Amended, Deleting, LoggedIn, Posting, Registered, Right};

use super::scene::{
    ALL, Shelf, a_signed_in_user, add, assert_same_events, at_once, end_event, happened, row, sign_in, view,
};
use crate::fixtures::{
    NOW, a_deletion, a_letter, a_login, a_password_change, a_posting, a_registration, a_rotation, a_session,
    a_user, an_account, an_amendment, an_end, an_event,
};

pub(super) async fn a_deleted_user_leaves_only_what_happened(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let (other, others) = a_signed_in_user(&store, 2).await;
    let gone = a_session(&known.user, 3);
    sign_in(&store, &known, &gone).await;
    assert!(store.end(an_end(&gone, Ending::LoggedOut, NOW)).await.unwrap());
    store.post(vec![a_posting(&known.user, 1), a_posting(&other.user, 2)], Vec::new()).await.unwrap();
    let strangers = an_event(EventKind::SignInFailed, &other.user);
    store.note(strangers.clone(), NOW).await.unwrap();
    let mut wanted = happened(&store).await;

    let last = a_letter(&known.user, LetterKind::AccountDeleted, 9);
    let post = vec![Posting { letter: last.clone(), link: None }];
    let deletion = Deleting { asking: Some(own.id), post, ..a_deletion(&known.user) };
    wanted.extend(deletion.events.clone());
    wanted.push(end_event(&own, Ending::UserDeleted, NOW, Caller::default()));
    assert!(store.delete_user(deletion).await.unwrap());

    assert_gone(&store, &known, &[&own, &gone]).await;
    assert!(store.link(a_posting(&known.user, 1).link.unwrap().id).await.unwrap().is_none());
    let letters = store.letters(ALL).await.unwrap();
    let wanted_letters = [a_posting(&other.user, 2).letter, last].map(|letter| letter.id);
    let mut found: Vec<_> = letters.iter().map(|waiting| waiting.letter.id).collect();
    found.sort();
    let mut sorted = wanted_letters.to_vec();
    sorted.sort();
    assert_eq!(found, sorted, "the last letter stays until it is sent");
    for event in &mut wanted {
        if event.user_id == Some(known.user.id) {
            event.caller = Caller::default();
        }
    }
    assert_same_events(happened(&store).await, wanted);
    assert_eq!(row(&store, others.id).await, others, "another user's session lives");
    assert!(store.link(a_posting(&other.user, 2).link.unwrap().id).await.unwrap().is_some());
    assert_eq!(store.devices_of(other.user.id, ALL).await.unwrap().len(), 1);
    assert!(happened(&store).await.contains(&strangers), "what happened to others is as it was");
}

pub(super) async fn a_deletion_needs_a_user_and_a_live_session_that_asks(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let (_, anothers) = a_signed_in_user(&store, 2).await;
    let gone = a_session(&known.user, 3);
    sign_in(&store, &known, &gone).await;
    assert!(store.end(an_end(&gone, Ending::LoggedOut, NOW)).await.unwrap());
    let before = view(&store, own.id).await;
    for asking in [&gone, &anothers, &a_session(&known.user, 9)] {
        let post = vec![a_posting(&known.user, 4)];
        let deletion = Deleting { asking: Some(asking.id), post, ..a_deletion(&known.user) };
        assert!(!store.delete_user(deletion).await.unwrap());
        assert_eq!(view(&store, own.id).await, before, "no event, and nothing ended");
    }
    assert!(!store.delete_user(a_deletion(&a_user(8))).await.unwrap(), "there is no such user");
    assert_eq!(view(&store, own.id).await, before);
    assert!(store.letters(ALL).await.unwrap().is_empty(), "no letter");
    assert!(store.delete_user(a_deletion(&known.user)).await.unwrap(), "an operator needs no session");
    assert!(!store.delete_user(a_deletion(&known.user)).await.unwrap(), "once is enough");
}

pub(super) async fn the_names_of_a_deleted_user_are_free(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    assert!(store.delete_user(a_deletion(&known.user)).await.unwrap());
    let mut new = an_account(2);
    new.user.email = known.user.email.clone();
    new.user.username = known.user.username.clone();
    add(&store, &new, None).await;
    let found = store.account(&Handle::Email(known.user.email)).await.unwrap();
    assert_eq!(found.map(|account| account.user.id), Some(new.user.id));
}

pub(super) async fn nothing_slips_past_a_deletion(store: Shelf) {
    for round in 0..20 {
        let (known, own) = a_signed_in_user(&store, round).await;
        let login = a_session(&known.user, round + 1_000);
        let changed = a_session(&known.user, round + 2_000);
        let deleted = at_once(8, |actor| {
            let (store, known) = (store.clone(), known.clone());
            let (own, login) = (own.clone(), login.clone());
            async move {
                match actor {
                    0 => return store.delete_user(a_deletion(&known.user)).await.unwrap(),
                    1 => drop(store.login(a_login(&known, &login)).await.unwrap()),
                    2 => drop(store.amend(a_password_change(&known, &own, round + 2_000)).await.unwrap()),
                    3 => drop(store.end(an_end(&own, Ending::LoggedOut, NOW)).await.unwrap()),
                    4 => again(&store, &known, round).await,
                    _ => drop(store.rotate(a_rotation(&own, NOW)).await.unwrap()),
                }
                false
            }
        })
        .await;
        assert!(deleted[0], "nothing takes the deletion away");
        assert_gone(&store, &known, &[&own, &login, &changed]).await;
        assert!(!store.rotate(a_rotation(&own, NOW)).await.unwrap());
        let answer = store.login(a_login(&known, &a_session(&known.user, 7_000))).await.unwrap();
        assert_eq!(answer, LoggedIn::Changed);
        let answer = store.amend(an_amendment(&known, Right::Session(own.id))).await.unwrap();
        assert_eq!(answer, Amended::Changed);
        let theirs = store.events_of_user(known.user.id, ALL).await.unwrap();
        assert!(theirs.iter().all(|event| event.event.caller == Caller::default()), "nobody is named");
        let begun = |event: &Event| event.kind == EventKind::SignedIn;
        let over = |event: &Event| matches!(event.kind, EventKind::SessionEnded(_));
        let count = |of: &dyn Fn(&Event) -> bool| theirs.iter().filter(|known| of(&known.event)).count();
        assert!(count(&over) > count(&begun), "each session has its ending, the first one too");
    }
}

/// Somebody registers with the address that is going.
async fn again(store: &Shelf, known: &Account, round: u64) {
    let mut new = an_account(round + 5_000);
    new.user.email = known.user.email.clone();
    let answer = store.register(a_registration(&new, None)).await.unwrap();
    assert!(matches!(answer, Registered::Done | Registered::EmailTaken));
}

async fn assert_gone(store: &Shelf, known: &Account, sessions: &[&Session]) {
    let user = &known.user;
    assert!(store.account_of(user.id).await.unwrap().is_none(), "no user");
    let by_name = store.account(&Handle::Username(user.username.clone().unwrap())).await.unwrap();
    assert!(by_name.is_none(), "not by name either");
    for session in sessions {
        assert!(store.facts(session.id).await.unwrap().is_none(), "no session");
        assert_eq!(store.device_of(user.id, session.device_hash).await.unwrap(), None, "no device");
    }
    assert!(store.devices_of(user.id, ALL).await.unwrap().is_empty());
}
