//! What the revocation feed tells, and what it does not.

use rotunda_core::model::{
    Ending, EventKind, FeedId, LinkPurpose, Revocation, Revoked, Session, SessionId, Subject, UnixMillis,
    User,
};
use rotunda_core::store::{
    Amended, Amending, Cap, Deleting, EndingOne, Ends, LoggedIn, LoggingIn, Posting, Registered, Registering,
    Right, WhenFull,
};

use super::scene::{
    Shelf, a_signed_in_user, account, add, at_once, feed, happened, refresh, revoked, sign_in,
};
use crate::fixtures::{
    NOW, a_deletion, a_link, a_login, a_password_change, a_password_hash, a_registration, a_session, a_user,
    an_account, an_amendment, an_end, an_end_of_all, an_event,
};

pub(super) async fn every_ending_but_an_expiry_is_told_once(store: Shelf) {
    let (known, first) = a_signed_in_user(&store, 1).await;
    let mut wanted = Vec::new();
    for (seed, ending) in (10..).zip(Ending::ALL.iter().copied()) {
        let session = a_session(&known.user, seed);
        sign_in(&store, &known, &session).await;
        let at = UnixMillis(NOW.0 + seed as i64);
        assert!(store.end(an_end(&session, ending, at)).await.unwrap());
        if !matches!(ending, Ending::IdleExpired | Ending::AbsoluteExpired) {
            wanted.push(Revocation { what: Revoked::Session { id: session.id, ending }, at });
        }
        assert_eq!(revoked(&store).await, wanted, "{ending}");
    }
    refresh(&store, &first, NOW).await;
    assert_eq!(revoked(&store).await.len(), Ending::ALL.len() - 2);
}

pub(super) async fn an_end_that_is_refused_tells_nothing(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let (_, gone) = a_signed_in_user(&store, 2).await;
    assert!(store.end(an_end(&gone, Ending::LoggedOut, NOW)).await.unwrap());
    let before = feed(&store).await;
    for end in [
        EndingOne { at_generation: Some(7), ..an_end(&session, Ending::Reused, NOW) },
        EndingOne { id: SessionId::from_bytes([7; 16]), ..an_end(&session, Ending::LoggedOut, NOW) },
        an_end(&gone, Ending::Reused, NOW),
    ] {
        assert!(!store.end(end).await.unwrap());
        assert_eq!(feed(&store).await, before, "nothing is told");
    }
}

pub(super) async fn a_session_is_told_once_however_many_end_it(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let answers = at_once(30, |_| {
        let (store, end) = (store.clone(), an_end(&session, Ending::LoggedOut, NOW));
        async move { store.end(end).await.unwrap() }
    })
    .await;
    assert_eq!(answers.into_iter().filter(|ended| *ended).count(), 1);
    assert_eq!(revoked(&store).await, [told(&session, Ending::LoggedOut)]);
}

pub(super) async fn sessions_that_make_room_or_are_replaced_are_told(store: Shelf) {
    let (known, first) = a_signed_in_user(&store, 1).await;
    let (_, elsewhere) = a_signed_in_user(&store, 2).await;
    let login = LoggingIn {
        replaces: Some(an_end(&elsewhere, Ending::LoggedOut, NOW)),
        caps: vec![Cap { client_id: None, most: 1, when_full: WhenFull::EvictOldest }],
        ..a_login(&known, &a_session(&known.user, 3))
    };
    let refused = LoggingIn { password: a_password_hash(9), ..login.clone() };
    assert_eq!(store.login(refused).await.unwrap(), LoggedIn::Changed);
    assert_eq!(revoked(&store).await, [], "a login that is refused ends nothing");
    assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done);
    let mut wanted = vec![told(&first, Ending::Evicted), told(&elsewhere, Ending::LoggedOut)];
    assert_told(&store, &wanted).await;

    let third = a_session(&known.user, 3);
    let newcomer = an_account(4);
    let replaces = Some(an_end(&third, Ending::LoggedOut, NOW));
    let new = Registering { replaces, ..a_registration(&newcomer, Some(&a_session(&newcomer.user, 4))) };
    assert_eq!(store.register(new.clone()).await.unwrap(), Registered::Done);
    wanted.push(told(&third, Ending::LoggedOut));
    assert_told(&store, &wanted).await;
    assert_eq!(store.register(new).await.unwrap(), Registered::IdTaken);
    assert_told(&store, &wanted).await;
}

pub(super) async fn the_end_of_all_is_told_by_the_epoch_alone(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    sign_in(&store, &known, &a_session(&known.user, 2)).await;
    sign_in(&store, &known, &a_session(&known.user, 3)).await;
    let all = an_end_of_all(&known.user, Ending::LoggedOutEverywhere, NOW);
    assert_eq!(store.end_all(all.clone()).await.unwrap(), Some(3));
    let mut wanted = vec![raised(&known.user.id.to_string(), 1, Ending::LoggedOutEverywhere)];
    assert_eq!(revoked(&store).await, wanted, "one entry for all of them");

    assert_eq!(store.end_all(all).await.unwrap(), Some(0));
    wanted.push(raised(&known.user.id.to_string(), 2, Ending::LoggedOutEverywhere));
    assert_eq!(revoked(&store).await, wanted, "what somebody has read a moment ago may still be signed");

    let nobody = an_end_of_all(&a_user(9), Ending::RevokedByAdmin, NOW);
    assert_eq!(store.end_all(nobody).await.unwrap(), None);
    assert_eq!(revoked(&store).await, wanted, "nobody, nothing");
}

pub(super) async fn a_user_is_told_by_the_subject_that_tokens_carry(store: Shelf) {
    let subject = Subject::parse("User-0815").expect("a subject");
    let mut known = an_account(1);
    known.user.subject = Some(subject);
    add(&store, &known, None).await;
    store.end_all(an_end_of_all(&known.user, Ending::UserDisabled, NOW)).await.unwrap();
    assert_eq!(revoked(&store).await, [raised("User-0815", 1, Ending::UserDisabled)]);
    assert!(store.delete_user(a_deletion(&known.user)).await.unwrap());
    assert_eq!(revoked(&store).await[1..], [raised("User-0815", 2, Ending::UserDeleted)]);
}

pub(super) async fn a_change_that_ends_all_is_told_by_the_epoch_alone(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    sign_in(&store, &known, &a_session(&known.user, 2)).await;
    let wrong = Amending { account: an_account_with(&known.user, 9), ..a_password_change(&known, &own, 5) };
    assert_eq!(store.amend(wrong).await.unwrap(), Amended::Changed);
    assert_eq!(revoked(&store).await, [], "a change that is refused ends nothing");
    assert_eq!(store.amend(a_password_change(&known, &own, 5)).await.unwrap(), Amended::Done);
    let sub = known.user.id.to_string();
    assert_eq!(revoked(&store).await, [raised(&sub, 1, Ending::PasswordChanged)]);
    let goes_on = a_session(&known.user, 5).id;
    let facts = store.facts(goes_on).await.unwrap().expect("the session that goes on");
    assert_eq!(facts.session.ep, 1, "the session that began with it is not refused");
}

pub(super) async fn a_change_that_ends_one_session_tells_of_that_one(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let other = a_session(&known.user, 2);
    sign_in(&store, &known, &other).await;
    let amending = |ends: Ends| Amending { ends, ..an_amendment(&known, Right::Session(own.id)) };
    assert_eq!(store.amend(amending(Ends::Nothing)).await.unwrap(), Amended::Done);
    assert_eq!(revoked(&store).await, []);
    let end = an_end(&other, Ending::Renewed, NOW);
    for _ in 0..2 {
        assert_eq!(store.amend(amending(Ends::One(end.clone()))).await.unwrap(), Amended::Done);
        assert_eq!(revoked(&store).await, [told(&other, Ending::Renewed)], "once");
    }
    // With a link, too.
    let link = a_link(&known.user, LinkPurpose::Report, 1);
    let letter = crate::fixtures::a_letter(&known.user, rotunda_core::model::LetterKind::ResetPassword, 1);
    store.post(vec![Posting { letter, link: Some(link.clone()) }], Vec::new()).await.unwrap();
    let report = Amending {
        ends: Ends::One(an_end(&own, Ending::Reported, NOW)),
        ..an_amendment(&known, Right::Link(link.id))
    };
    assert_eq!(store.amend(report).await.unwrap(), Amended::Done);
    assert_eq!(revoked(&store).await[1..], [told(&own, Ending::Reported)]);
}

pub(super) async fn a_deleted_user_is_told_by_the_epoch_after_theirs(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    sign_in(&store, &known, &a_session(&known.user, 2)).await;
    store.end_all(an_end_of_all(&known.user, Ending::LoggedOutEverywhere, NOW)).await.unwrap();
    let refused = Deleting { asking: Some(own.id), ..a_deletion(&known.user) };
    let before = feed(&store).await;
    assert!(!store.delete_user(refused).await.unwrap(), "this session has ended");
    assert_eq!(feed(&store).await, before);
    let now = account(&store, known.user.id).await;
    sign_in(&store, &now, &a_session(&now.user, 3)).await;
    assert!(store.delete_user(a_deletion(&known.user)).await.unwrap());
    let wanted = [raised(&known.user.id.to_string(), 2, Ending::UserDeleted)];
    assert_eq!(revoked(&store).await[1..], wanted);
    assert!(!store.delete_user(a_deletion(&known.user)).await.unwrap());
    assert_eq!(revoked(&store).await.len(), 2);
}

pub(super) async fn an_ordinary_day_tells_nothing(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let expiring = a_session(&known.user, 2);
    sign_in(&store, &known, &expiring).await;
    let mut session = refresh(&store, &session, NOW).await;
    session = refresh(&store, &session, UnixMillis(NOW.0 + 1)).await;
    assert!(!store.rotate(crate::fixtures::a_rotation(&expiring, expiring.idle_expires_at)).await.unwrap());
    assert_eq!(store.expire(expiring.idle_expires_at, 10).await.unwrap(), 1);
    assert_eq!(store.expire(session.absolute_expires_at, 10).await.unwrap(), 1);
    let to = a_password_hash(3);
    assert!(store.rehash(known.user.id, known.password, to).await.unwrap());
    store.note(an_event(EventKind::SignInFailed, &known.user), NOW).await.unwrap();
    store.ready().await.unwrap();
    assert_eq!(revoked(&store).await, [], "nobody's access token outlives its session");
}

pub(super) async fn a_token_is_revoked_once_however_many_ask(store: Shelf) {
    let event = an_event(EventKind::TokenRevoked, &a_user(1));
    assert!(!store.is_token_revoked("jti-1").await.unwrap());
    at_once(20, |number| {
        let (store, event) = (store.clone(), event.clone());
        let at = UnixMillis(NOW.0 + number as i64);
        async move { store.revoke_token("jti-1".to_owned(), at, event).await.unwrap() }
    })
    .await;
    let entries = revoked(&store).await;
    let [entry] = &entries[..] else { panic!("told {} times", entries.len()) };
    assert_eq!(entry.what, Revoked::Token { jti: "jti-1".to_owned() });
    assert_eq!(happened(&store).await, std::slice::from_ref(&event), "one event");
    assert!(store.is_token_revoked("jti-1").await.unwrap());
    for other in ["jti-2", "JTI-1", "jti-", ""] {
        assert!(!store.is_token_revoked(other).await.unwrap(), "{other}");
    }
    store.revoke_token("jti-2".to_owned(), NOW, event).await.unwrap();
    assert_eq!(revoked(&store).await.len(), 2, "each has its own");
}

/// Names of different things may be the same text.
pub(super) async fn only_a_token_is_revoked_as_a_token(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    let jti = session.id.to_string();
    assert!(!store.is_token_revoked(&jti).await.unwrap());
    store.revoke_token(jti.clone(), NOW, an_event(EventKind::TokenRevoked, &a_user(1))).await.unwrap();
    assert!(store.is_token_revoked(&jti).await.unwrap());
    assert_eq!(revoked(&store).await.len(), 2);
}

pub(super) async fn a_feed_keeps_its_id_until_a_restore_is_told(store: Shelf) {
    let id = async || -> FeedId { store.revocations(None, NOW, 1).await.unwrap().feed };
    let first = id().await;
    let (_, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    store.forget_revocations(UnixMillis(i64::MAX), 10).await.unwrap();
    store.accept_ahead(None).await.unwrap();
    assert_eq!(id().await, first);
    store.accept_ahead(Some(NOW)).await.unwrap();
    let second = id().await;
    assert_ne!(second, first, "after a restore, a place may be given again");
    store.accept_ahead(None).await.unwrap();
    assert_eq!(id().await, second);
}

fn told(session: &Session, ending: Ending) -> Revocation {
    Revocation { what: Revoked::Session { id: session.id, ending }, at: NOW }
}

fn raised(sub: &str, ep: u64, ending: Ending) -> Revocation {
    Revocation { what: Revoked::User { sub: sub.to_owned(), ep, ending }, at: NOW }
}

fn an_account_with(user: &User, password: u64) -> rotunda_core::model::Account {
    rotunda_core::model::Account { user: user.clone(), password: a_password_hash(password) }
}

/// That these entries and no others are there, whatever their order: the order within one write is the store's own.
async fn assert_told(store: &Shelf, wanted: &[Revocation]) {
    let found = revoked(store).await;
    assert!(
        found.len() == wanted.len() && wanted.iter().all(|entry| found.contains(entry)),
        "these and no others: {found:#?}"
    );
}
