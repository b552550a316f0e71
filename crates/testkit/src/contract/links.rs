//! Links: written with their letter, used once.

use std::time::Duration;

use rotunda_core::model::{LetterKind, Link, LinkPurpose, PendingUser, UnixMillis, User};
use rotunda_core::store::{Amended, Amending, Posting, Registered, Registering, Right};

use super::scene::{Shelf, a_signed_in_user, account, add, at_once, happened, view};
use crate::fixtures::{
    NOW, a_letter, a_link, a_password_hash, a_registration, a_session, a_user, an_account, an_amendment,
    email, username,
};

pub(super) async fn every_field_of_a_link_survives(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let nobody = Link { user_id: None, email: None, ..a_link(&known.user, LinkPurpose::ResetPassword, 1) };
    let full = Link {
        ep: (1 << 53) + 1,
        email: Some(email("Zoë.O'Neil+tag@Buecher.Example")),
        session_id: Some(session.id),
        created_at: UnixMillis(-1),
        life: Duration::from_millis(1),
        expires_at: UnixMillis(i64::MAX),
        ..a_link(&known.user, LinkPurpose::Report, 2)
    };
    let newcomer = |username, name: Option<&str>, seed| Link {
        user_id: None,
        newcomer: Some(PendingUser {
            username,
            name: name.map(str::to_owned),
            password: a_password_hash(seed),
        }),
        ..a_link(&a_user(seed), LinkPurpose::Register, seed)
    };
    let mut links = vec![
        nobody,
        full,
        newcomer(Some(username("Zo.E_-9")), Some("Zoë 🦊"), 3),
        newcomer(None, None, 4),
        newcomer(Some(username("anne")), None, 5),
        newcomer(None, Some("Anne"), 6),
    ];
    links.extend((10..).zip(LinkPurpose::ALL).map(|(seed, purpose)| a_link(&known.user, *purpose, seed)));
    for link in &links {
        write(&store, link).await;
    }
    for link in links {
        let found = store.link(link.id).await.unwrap();
        assert!(found == Some(link.clone()), "the link {} is the one that was written", link.id);
    }
    assert!(store.link(a_link(&known.user, LinkPurpose::Report, 99).id).await.unwrap().is_none());
}

/// The oldest wins, whoever comes first: whoever changed the address has reports too, and all of theirs are later.
pub(super) async fn a_report_that_brings_an_address_back_uses_up_those_from_after_it(store: Shelf) {
    let at = |minutes| NOW.plus(Duration::from_mins(minutes));
    for (seed, purpose, email, gone) in [
        (0, LinkPurpose::Report, Some("back@example.com"), true),
        (100, LinkPurpose::Report, None, false),
        (200, LinkPurpose::ChangeEmail, Some("new@example.com"), false),
    ] {
        let (known, _) = a_signed_in_user(&store, seed + 1).await;
        let (other, _) = a_signed_in_user(&store, seed + 2).await;
        let link = |user: &User, purpose, n, minutes| Link {
            created_at: at(minutes),
            ..a_link(user, purpose, seed + n)
        };
        let used = link(&known.user, purpose, 1, 5);
        let later = link(&known.user, LinkPurpose::Report, 2, 6);
        let stay = [
            link(&known.user, LinkPurpose::Report, 3, 4),
            link(&known.user, LinkPurpose::ResetPassword, 4, 6),
            link(&other.user, LinkPurpose::Report, 5, 6),
        ];
        for link in [&used, &later].into_iter().chain(&stay) {
            write(&store, link).await;
        }
        let email = email.map(crate::fixtures::email);
        let amending = Amending { email, ..an_amendment(&known, Right::Link(used.id)) };
        assert_eq!(store.amend(amending).await.unwrap(), Amended::Done);
        assert_eq!(store.link(later.id).await.unwrap().is_none(), gone, "{purpose:?}");
        for link in &stay {
            assert!(store.link(link.id).await.unwrap().is_some(), "{purpose:?}: {:?}", link.purpose);
        }
    }
}

pub(super) async fn links_that_expired_are_forgotten_and_no_more_than_asked(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    let at = |minutes| NOW.plus(Duration::from_mins(minutes));
    let mut links = Vec::new();
    for seed in 0..6 {
        let link = Link { expires_at: at(seed), ..a_link(&known.user, LinkPurpose::Report, seed) };
        write(&store, &link).await;
        links.push(link.id);
    }
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(store.forget_links(at(3), 3).await.unwrap());
    }
    assert_eq!(taken, [3, 1, 0], "what expires at that moment has expired");
    for (minute, link) in links.into_iter().enumerate() {
        assert_eq!(store.link(link).await.unwrap().is_some(), minute > 3, "the one of minute {minute}");
    }
}

pub(super) async fn a_link_is_used_once_however_many_ask(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    let link = a_link(&known.user, LinkPurpose::VerifyEmail, 1);
    write(&store, &link).await;
    let answers = at_once(20, |_| {
        let (store, amending) = (store.clone(), an_amendment(&known, Right::Link(link.id)));
        async move { store.amend(amending).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| **answer == Amended::Done).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Amended::Changed).count(), 19);
    assert!(store.link(link.id).await.unwrap().is_none());
}

pub(super) async fn a_link_gives_its_user_a_right_and_nobody_else(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    let (other, _) = a_signed_in_user(&store, 2).await;
    let nobodys = Link { user_id: None, ..a_link(&known.user, LinkPurpose::Register, 1) };
    let theirs = a_link(&known.user, LinkPurpose::ResetPassword, 2);
    let unknown = a_link(&other.user, LinkPurpose::ResetPassword, 3);
    for link in [&nobodys, &theirs] {
        write(&store, link).await;
    }
    for link in [&nobodys, &theirs, &unknown] {
        let mut amending = an_amendment(&other, Right::Link(link.id));
        amending.password = Some(a_password_hash(9));
        assert_eq!(store.amend(amending).await.unwrap(), Amended::Changed);
        assert!(account(&store, other.user.id).await.password == other.password, "the hash is as it was");
    }
    assert!(store.link(theirs.id).await.unwrap().is_some(), "it was not used");
    let answer = store.amend(an_amendment(&known, Right::Link(theirs.id))).await.unwrap();
    assert_eq!(answer, Amended::Done);
}

pub(super) async fn a_registration_uses_up_its_link(store: Shelf) {
    let link = Link { user_id: None, ..a_link(&a_user(1), LinkPurpose::Register, 1) };
    write(&store, &link).await;
    let answers = at_once(10, |number| {
        let new = an_account(number as u64);
        let registration = Registering { uses: Some(link.id), ..a_registration(&new, None) };
        let store = store.clone();
        async move { store.register(registration).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| **answer == Registered::Done).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == Registered::LinkGone).count(), 9);
    assert_eq!(store.users(None, 100).await.unwrap().len(), 1);
    assert_eq!(happened(&store).await.len(), 1);
    assert!(store.link(link.id).await.unwrap().is_none());
}

pub(super) async fn a_refused_registration_leaves_its_link(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let link = Link { user_id: None, ..a_link(&a_user(2), LinkPurpose::Register, 1) };
    write(&store, &link).await;
    let before = view(&store, session.id).await;
    let same_email = User { email: known.user.email.clone(), ..a_user(2) };
    let same_name = User { username: known.user.username.clone(), ..a_user(2) };
    for (user, wanted) in
        [(same_email.clone(), Registered::EmailTaken), (same_name, Registered::UsernameTaken)]
    {
        let mut new = an_account(2);
        new.user = user;
        let first = a_session(&new.user, 2);
        let registration = Registering { uses: Some(link.id), ..a_registration(&new, Some(&first)) };
        assert_eq!(store.register(registration).await.unwrap(), wanted);
        assert!(store.link(link.id).await.unwrap() == Some(link.clone()), "the link stays");
        assert_eq!(view(&store, session.id).await, before);
    }
    let mut new = an_account(2);
    new.user = same_email;
    let gone = a_link(&a_user(2), LinkPurpose::Register, 9).id;
    let registration = Registering { uses: Some(gone), ..a_registration(&new, None) };
    let answer = store.register(registration).await.unwrap();
    assert_eq!(answer, Registered::LinkGone, "who has no link is not told about names");
    add(&store, &an_account(3), None).await;
}

pub(super) async fn write(store: &Shelf, link: &Link) {
    let seed = link.id.as_bytes().iter().fold(0, |sum, byte| sum * 31 % 1_000_003 + u64::from(*byte));
    let letter = a_letter(&a_user(0), LetterKind::Test, seed);
    store.post(vec![Posting { letter, link: Some(link.clone()) }], Vec::new()).await.unwrap();
}
