//! The queue of letters.

use std::time::Duration;

use rotunda_core::model::{
    Caller, Ending, EventKind, Letter, LetterId, LetterKind, LetterLink, Link, LinkPurpose, QueuedLetter,
    UnixMillis,
};
use rotunda_core::store::{Amended, Amending, EndingOne, Ends, LoggedIn, LoggingIn, Posting, Right};

use super::scene::{ALL, Shelf, a_signed_in_user, at_once, happened};
use crate::fixtures::{
    LINK_LIFE, NOW, a_letter, a_link, a_login, a_password_hash, a_posting, a_session, a_user, an_amendment,
    an_end, an_event, email,
};

const LEASE: Duration = Duration::from_mins(5);

pub(super) async fn every_field_of_a_letter_survives(store: Shelf) {
    let user = a_user(1);
    let bare = Letter {
        to: None,
        user_id: None,
        name: None,
        at: UnixMillis(-1),
        caller: Caller::default(),
        ..a_letter(&user, LetterKind::ResetPassword, 1)
    };
    let full = Letter {
        to: Some(email("Zoë.O'Neil+tag@Buecher.Example")),
        name: Some("Zoë \"O'Neil\" 🦊 %s ?1 --".to_owned()),
        other: Some(email("Other@Example.com")),
        link: Some(LetterLink {
            id: a_link(&user, LinkPurpose::Report, 2).id,
            purpose: LinkPurpose::Report,
            key_id: 255,
        }),
        expires_at: UnixMillis(i64::MAX),
        ..a_letter(&user, LetterKind::EmailChanged, 2)
    };
    let mut letters = vec![bare, full];
    letters.extend((10..).zip(LetterKind::ALL).map(|(seed, kind)| a_letter(&user, *kind, seed)));
    let event = an_event(EventKind::RecoveryAsked, &user);
    store.post(letters.iter().cloned().map(alone).collect(), vec![event.clone()]).await.unwrap();
    assert_eq!(happened(&store).await, [event]);
    let mut wanted: Vec<QueuedLetter> = letters.into_iter().map(waiting).collect();
    wanted.sort_by_key(|known| (known.next_attempt_at, known.letter.id));
    assert_eq!(store.letters(ALL).await.unwrap(), wanted, "each is due when it happened");
}

pub(super) async fn letters_come_next_first_and_no_more_than_asked(store: Shelf) {
    let mut wanted = Vec::new();
    for (seed, minutes) in (1..).zip([3, 1, 4, 0, 2]) {
        let letter = Letter { at: at(minutes), ..a_letter(&a_user(1), LetterKind::Test, seed) };
        wanted.push((minutes, letter.id));
        store.post(vec![alone(letter)], Vec::new()).await.unwrap();
    }
    wanted.sort();
    let wanted: Vec<LetterId> = wanted.into_iter().map(|(_, id)| id).collect();
    for limit in [ALL, 5, 2, 0] {
        let found = ids(&store.letters(limit).await.unwrap());
        assert_eq!(found, wanted[..wanted.len().min(limit as usize)], "at most {limit}");
    }
    assert_eq!(ids(&store.claim_letters(at(3), at(9), 2).await.unwrap()), wanted[..2], "the longest first");
    assert_eq!(ids(&store.claim_letters(at(3), at(9), ALL).await.unwrap()), wanted[2..4], "not before time");
}

pub(super) async fn a_claim_counts_and_holds_until_it_runs_out(store: Shelf) {
    let letter = a_letter(&a_user(1), LetterKind::Test, 1);
    store.post(vec![alone(letter.clone())], Vec::new()).await.unwrap();
    let early = store.claim_letters(NOW.minus(Duration::from_millis(1)), at(9), ALL).await.unwrap();
    assert!(early.is_empty(), "it is not due yet");
    let mut now = NOW;
    for attempts in 1..=3 {
        let until = now.plus(LEASE);
        let wanted = [QueuedLetter { attempts, next_attempt_at: until, ..waiting(letter.clone()) }];
        assert_eq!(store.claim_letters(now, until, ALL).await.unwrap(), wanted);
        assert_eq!(store.letters(ALL).await.unwrap(), wanted);
        let meanwhile = until.minus(Duration::from_millis(1));
        assert!(store.claim_letters(meanwhile, at(99), ALL).await.unwrap().is_empty(), "it is held");
        now = until;
    }
}

pub(super) async fn a_letter_is_claimed_once_however_many_ask(store: Shelf) {
    let letters = (0..40).map(|seed| alone(a_letter(&a_user(1), LetterKind::Test, seed))).collect();
    store.post(letters, Vec::new()).await.unwrap();
    let claims = at_once(20, |_| {
        let store = store.clone();
        async move { store.claim_letters(NOW, at(5), 3).await.unwrap() }
    })
    .await;
    let mut found: Vec<LetterId> = claims.iter().flat_map(|claim| ids(claim)).collect();
    assert!(claims.iter().all(|claim| claim.len() <= 3), "no more than asked");
    found.sort();
    let all = found.len();
    found.dedup();
    assert_eq!((all, found.len()), (40, 40), "each letter once");
}

pub(super) async fn the_life_of_a_link_begins_when_its_letter_is_claimed(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    let (sent, waits) = (a_posting(&known.user, 1), a_posting(&known.user, 2));
    let [sent_link, waiting_link] = [&sent, &waits].map(|posting| posting.link.clone().unwrap());
    store.post(vec![sent], Vec::new()).await.unwrap();
    let mut later = waits;
    later.letter.at = at(600);
    store.post(vec![later], Vec::new()).await.unwrap();
    for now in [at(90), at(200)] {
        assert_eq!(store.claim_letters(now, now.plus(LEASE), ALL).await.unwrap().len(), 1);
        let wanted = Link { expires_at: now.plus(LINK_LIFE), ..sent_link.clone() };
        assert!(store.link(sent_link.id).await.unwrap() == Some(wanted), "its life begins at each attempt");
    }
    let untouched = store.link(waiting_link.id).await.unwrap();
    assert!(untouched == Some(waiting_link), "the link of another letter is as it was");
}

pub(super) async fn a_letter_that_failed_waits_and_tells_why(store: Shelf) {
    let [failed, other] = [1, 2].map(|seed| a_letter(&a_user(1), LetterKind::Test, seed));
    store.post([failed.clone(), other.clone()].map(alone).to_vec(), Vec::new()).await.unwrap();
    let long = "x".repeat(QueuedLetter::ERROR_BYTES - 1) + "é, and so on";
    let cut = long[..QueuedLetter::ERROR_BYTES - 1].to_owned();
    for (why, kept) in [("451 try later".to_owned(), "451 try later".to_owned()), (long, cut)] {
        store.letter_failed(failed.id, at(7), why).await.unwrap();
        let wanted =
            QueuedLetter { next_attempt_at: at(7), last_error: Some(kept), ..waiting(failed.clone()) };
        assert_eq!(store.letters(ALL).await.unwrap(), [waiting(other.clone()), wanted]);
    }
    assert_eq!(ids(&store.claim_letters(at(6), at(9), ALL).await.unwrap()), [other.id]);
}

pub(super) async fn a_letter_that_is_done_is_gone(store: Shelf) {
    let [done, other] = [1, 2].map(|seed| a_letter(&a_user(1), LetterKind::Test, seed));
    store.post([done.clone(), other.clone()].map(alone).to_vec(), Vec::new()).await.unwrap();
    for _ in 0..2 {
        store.letter_done(done.id).await.unwrap();
        store.letter_failed(done.id, at(1), "too late".to_owned()).await.unwrap();
        assert_eq!(store.letters(ALL).await.unwrap(), [waiting(other.clone())]);
    }
}

pub(super) async fn the_letter_of_an_end_is_written_once_however_many_ask(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let answers = at_once(20, |number| {
        let (store, posting) = (store.clone(), a_posting(&known.user, number as u64));
        let end = EndingOne { post: vec![posting], ..an_end(&session, Ending::Reused, NOW) };
        async move { store.end(end).await.unwrap() }
    })
    .await;
    let winner = answers.iter().position(|ended| *ended).unwrap() as u64;
    let wanted = a_posting(&known.user, winner);
    assert_eq!(store.letters(ALL).await.unwrap(), [waiting(wanted.letter)]);
    for number in 0..20 {
        let link = a_posting(&known.user, number).link.unwrap().id;
        assert_eq!(store.link(link).await.unwrap().is_some(), number == winner, "the link of {number}");
    }
}

pub(super) async fn letters_come_with_their_change_or_not_at_all(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let [login, refused, end, amend, changed] = [1, 2, 3, 4, 5].map(|seed| a_posting(&known.user, seed));
    let logging_in = |seed, post: &Posting| LoggingIn {
        post: vec![post.clone()],
        ..a_login(&known, &a_session(&known.user, seed))
    };
    assert_eq!(store.login(logging_in(2, &login)).await.unwrap(), LoggedIn::Done);
    let wrong = LoggingIn { password: a_password_hash(9), ..logging_in(3, &refused) };
    assert_eq!(store.login(wrong).await.unwrap(), LoggedIn::Changed);
    let ends = EndingOne { post: vec![end.clone()], ..an_end(&session, Ending::Reported, NOW) };
    let amending = Amending {
        ends: Ends::One(ends.clone()),
        post: vec![amend.clone()],
        ..an_amendment(&known, Right::Session(session.id))
    };
    assert_eq!(store.amend(amending.clone()).await.unwrap(), Amended::Done);
    let again = Amending { post: vec![changed], ..amending };
    assert_eq!(store.amend(again).await.unwrap(), Amended::Changed);
    let mut wanted: Vec<LetterId> = [login, end, amend].iter().map(|posting| posting.letter.id).collect();
    wanted.sort();
    assert_eq!(ids(&store.letters(ALL).await.unwrap()), wanted);
}

fn alone(letter: Letter) -> Posting {
    Posting { letter, link: None }
}

/// A letter as it waits before the first attempt.
fn waiting(letter: Letter) -> QueuedLetter {
    let next_attempt_at = letter.at;
    QueuedLetter { letter, attempts: 0, next_attempt_at, last_error: None }
}

fn ids(letters: &[QueuedLetter]) -> Vec<LetterId> {
    letters.iter().map(|known| known.letter.id).collect()
}

fn at(minutes: u64) -> UnixMillis {
    NOW.plus(Duration::from_mins(minutes))
}
