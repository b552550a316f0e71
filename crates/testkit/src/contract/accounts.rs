//! Users: how they come to be, and how they are found.

use rotunda_core::model::{
    Account, Ending, EventKind, Handle, PageHash, SessionId, Standing, Subject, User, UserId,
};
use rotunda_core::store::{Registered, Registering};

use super::scene::{
    Shelf, a_signed_in_user, account, add, assert_same_events, at_once, end_event, happened, journal, row,
    view,
};
use crate::fixtures::{
    NOW, a_caller, a_password_hash, a_registration, a_session, a_user, an_account, an_end, an_event, bytes,
    email, username,
};

pub(super) async fn a_registered_user_is_found_by_id_address_and_name(store: Shelf) {
    for seed in 1..=3 {
        add(&store, &an_account(seed), None).await;
    }
    let wanted = an_account(2);
    let by_email = Handle::Email(wanted.user.email.clone());
    let by_name = Handle::Username(wanted.user.username.clone().unwrap());
    for found in [
        store.account_of(wanted.user.id).await.unwrap(),
        store.account(&by_email).await.unwrap(),
        store.account(&by_name).await.unwrap(),
    ] {
        let found = found.expect("the user is found");
        assert_eq!(found.user, wanted.user);
        assert!(found.password == wanted.password, "the hash is this user's");
    }
}

pub(super) async fn an_address_and_a_name_are_found_whatever_the_case(store: Shelf) {
    let user = User { email: email("Änne@Example.COM"), username: Some(username("AnNe")), ..a_user(1) };
    add(&store, &Account { user: user.clone(), ..an_account(1) }, None).await;
    let handles = [
        Handle::Email(email("änne@example.com")),
        Handle::Email(email("ÄNNE@EXAMPLE.COM")),
        Handle::Username(username("anne")),
        Handle::Username(username("ANNE")),
    ];
    for handle in handles {
        let found = store.account(&handle).await.unwrap();
        assert_eq!(
            found.map(|a| a.user),
            Some(user.clone()),
            "{handle:?} finds the user as they wrote themselves"
        );
    }
}

pub(super) async fn nobody_is_found_where_nobody_is(store: Shelf) {
    add(&store, &an_account(1), None).await;
    let stranger = a_user(2);
    assert!(store.account_of(stranger.id).await.unwrap().is_none());
    assert!(store.account(&Handle::Email(stranger.email)).await.unwrap().is_none());
    assert!(store.account(&Handle::Username(username("user-2"))).await.unwrap().is_none());
    assert!(store.facts(SessionId::from_bytes([0; 16])).await.unwrap().is_none());
    assert!(store.facts_of_page(PageHash([0; 32])).await.unwrap().is_none());
}

pub(super) async fn a_registration_brings_its_session_and_its_events(store: Shelf) {
    let new = an_account(1);
    let session = a_session(&new.user, 1);
    let mut registration = a_registration(&new, Some(&session));
    registration.events.push(an_event(EventKind::SignedIn, &new.user));
    let wanted = registration.events.clone();
    assert_eq!(store.register(registration).await.unwrap(), Registered::Done);
    assert_eq!(row(&store, session.id).await, session);
    assert_eq!(happened(&store).await, wanted);
}

pub(super) async fn a_registration_ends_the_session_it_replaces(store: Shelf) {
    let (_, left_behind) = a_signed_in_user(&store, 1).await;
    let new = an_account(2);
    let end = an_end(&left_behind, Ending::LoggedOut, NOW);
    let registration = Registering { replaces: Some(end), ..a_registration(&new, None) };
    let mut wanted = registration.events.clone();
    wanted.push(end_event(&left_behind, Ending::LoggedOut, NOW, a_caller(0)));
    assert_eq!(store.register(registration).await.unwrap(), Registered::Done);
    let standing = row(&store, left_behind.id).await.standing;
    assert_eq!(standing, Standing::Ended { ending: Ending::LoggedOut, at: NOW });
    assert_same_events(happened(&store).await, wanted);
}

pub(super) async fn an_address_belongs_to_one_user_whatever_the_case(store: Shelf) {
    let first = User { email: email("änne@example.com"), ..a_user(1) };
    add(&store, &Account { user: first, ..an_account(1) }, None).await;
    let second = User { email: email("ÄNNE@Example.com"), ..a_user(2) };
    let answer =
        store.register(a_registration(&Account { user: second, ..an_account(2) }, None)).await.unwrap();
    assert_eq!(answer, Registered::EmailTaken);
}

pub(super) async fn a_username_belongs_to_one_user_whatever_the_case(store: Shelf) {
    let first = User { username: Some(username("Anne")), ..a_user(1) };
    add(&store, &Account { user: first, ..an_account(1) }, None).await;
    let second = User { username: Some(username("aNNE")), ..a_user(2) };
    let answer =
        store.register(a_registration(&Account { user: second, ..an_account(2) }, None)).await.unwrap();
    assert_eq!(answer, Registered::UsernameTaken);
}

pub(super) async fn an_id_belongs_to_one_user(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let same_id = User { id: known.user.id, ..a_user(2) };
    let all_the_same = User { name: None, ..known.user.clone() };
    for user in [same_id, all_the_same] {
        let answer = store.register(a_registration(&Account { user, ..an_account(2) }, None)).await.unwrap();
        assert_eq!(answer, Registered::IdTaken, "before anything else is asked");
    }
    assert_eq!(account(&store, known.user.id).await.user, known.user);
    assert_eq!(happened(&store).await, []);
}

pub(super) async fn a_subject_belongs_to_one_user_and_its_case_counts(store: Shelf) {
    let with = |seed, text| User { subject: Subject::parse(text), ..a_user(seed) };
    let (first, other_case) = (with(1, "aB3"), with(2, "Ab3"));
    for (seed, user) in [(1, &first), (2, &other_case)] {
        add(&store, &Account { user: user.clone(), ..an_account(seed) }, None).await;
    }
    let third = Account { user: with(3, "aB3"), ..an_account(3) };
    assert_eq!(store.register(a_registration(&third, None)).await.unwrap(), Registered::IdTaken);
    for user in [first, other_case] {
        let found = store.account(&Handle::Subject(user.subject.clone().unwrap())).await.unwrap();
        assert_eq!(found.map(|account| account.user), Some(user));
    }
    assert!(store.account(&Handle::Subject(Subject::parse("ab3").unwrap())).await.unwrap().is_none());
}

pub(super) async fn users_without_a_username_do_not_collide(store: Shelf) {
    for seed in 1..=3 {
        let user = User { username: None, ..a_user(seed) };
        add(&store, &Account { user, ..an_account(seed) }, None).await;
    }
    assert_eq!(store.users(None, 10).await.unwrap().len(), 3);
}

pub(super) async fn a_refused_registration_leaves_nothing_behind(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let before = view(&store, session.id).await;
    let same_email = User { email: known.user.email.clone(), ..a_user(2) };
    let same_name = User { username: known.user.username.clone(), ..a_user(3) };
    for (seed, user) in [(2, same_email), (3, same_name)] {
        let refused = a_session(&user, seed);
        let registration = Registering {
            replaces: Some(an_end(&session, Ending::LoggedOut, NOW)),
            ..a_registration(&Account { user: user.clone(), ..an_account(seed) }, Some(&refused))
        };
        assert_ne!(store.register(registration).await.unwrap(), Registered::Done);
        assert!(store.account_of(user.id).await.unwrap().is_none(), "no user");
        assert!(store.facts(refused.id).await.unwrap().is_none(), "no session");
        assert_eq!(view(&store, session.id).await, before, "no event, and the other session lives");
    }
}

pub(super) async fn one_address_is_given_once_however_many_ask(store: Shelf) {
    let answers = at_once(20, |number| {
        let (store, seed) = (store.clone(), number as u64);
        let user = User { email: email("wanted@example.com"), ..a_user(seed) };
        let account = Account { user, ..an_account(seed) };
        let session = a_session(&account.user, seed);
        async move { store.register(a_registration(&account, Some(&session))).await.unwrap() }
    })
    .await;
    let done = answers.iter().filter(|answer| **answer == Registered::Done).count();
    let taken = answers.iter().filter(|answer| **answer == Registered::EmailTaken).count();
    assert_eq!((done, taken), (1, 19));
    assert_eq!(store.users(None, 100).await.unwrap().len(), 1);
    assert_eq!(journal(&store).await.len(), 1);
}

pub(super) async fn users_come_in_id_order_and_page_by_page(store: Shelf) {
    let mut wanted: Vec<UserId> = [0x00, 0x7f, 0x80, 0xff].map(edge_id).to_vec();
    wanted.extend((1..=7).map(|seed| a_user(seed).id));
    for (seed, id) in (1..).zip(wanted.iter().rev()) {
        let user = User { id: *id, ..a_user(seed) };
        add(&store, &Account { user, ..an_account(seed) }, None).await;
    }
    wanted.sort();
    let mut found: Vec<UserId> = Vec::new();
    loop {
        let page = store.users(found.last().copied(), 3).await.unwrap();
        assert!(page.len() <= 3, "no more than asked");
        if page.is_empty() {
            break;
        }
        found.extend(page.iter().map(|user| user.id));
    }
    assert_eq!(found, wanted);
}

pub(super) async fn a_rehash_changes_the_hash_and_nothing_else(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let (other, _) = a_signed_in_user(&store, 2).await;
    let before = view(&store, session.id).await;
    let stronger = a_password_hash(99);
    assert!(store.rehash(known.user.id, known.password.clone(), stronger.clone()).await.unwrap());
    assert!(account(&store, known.user.id).await.password == stronger, "the new hash is kept");
    assert!(account(&store, other.user.id).await.password == other.password, "the other user's is as it was");
    assert_eq!(view(&store, session.id).await, before);
}

pub(super) async fn a_rehash_needs_the_hash_that_was_read(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    assert!(!store.rehash(known.user.id, a_password_hash(7), a_password_hash(8)).await.unwrap());
    assert!(account(&store, known.user.id).await.password == known.password, "the hash is as it was");
    assert!(
        !store.rehash(a_user(2).id, known.password, a_password_hash(8)).await.unwrap(),
        "there is no such user"
    );
}

/// An id that begins with this byte: order is by bytes without a sign.
fn edge_id(high: u8) -> UserId {
    let mut id: [u8; 16] = bytes("edge", u64::from(high));
    id[0] = high;
    UserId::from_bytes(id)
}
