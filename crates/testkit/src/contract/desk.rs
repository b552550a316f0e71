//! Figures by the hour, and answers that are given twice.

use std::time::Duration;

use rotunda_core::model::{Tally, UnixMillis};
use rotunda_core::store::{AnswerBegun, AnswerKey, KeptAnswer};

use super::scene::{ALL, Shelf, at_once};
use crate::fixtures::{NOW, a_sealed, bytes};

/// Before every note.
const NEVER: UnixMillis = UnixMillis(i64::MIN);

pub(super) async fn figures_of_an_hour_add_up(store: Shelf) {
    let all: Vec<(Tally, u64)> = Tally::ALL.iter().copied().zip(1..).collect();
    store.add_tallies(hour(2), all.clone()).await.unwrap();
    store.add_tallies(hour(0), vec![(Tally::Thefts, 1 << 52)]).await.unwrap();
    store.add_tallies(hour(2), vec![(Tally::SignIns, 10), (Tally::Thefts, 100)]).await.unwrap();
    store.add_tallies(hour(1), Vec::new()).await.unwrap();
    store.add_tallies(hour(0), vec![(Tally::Thefts, 1)]).await.unwrap();
    let mut wanted: Vec<_> = all.into_iter().map(|(tally, count)| (hour(2), tally, count)).collect();
    for (_, tally, count) in &mut wanted {
        *count += match tally {
            Tally::SignIns => 10,
            Tally::Thefts => 100,
            _ => 0,
        };
    }
    assert_eq!(sorted(&store, hour(2)).await, wanted, "from that hour on");
    wanted.insert(0, (hour(0), Tally::Thefts, (1 << 52) + 1));
    assert_eq!(sorted(&store, hour(0)).await, wanted, "oldest first, without the hours that have none");
    let after = UnixMillis(hour(2).0 + 1);
    assert!(store.tallies(after).await.unwrap().is_empty());
}

pub(super) async fn figures_add_up_however_many_add(store: Shelf) {
    at_once(20, |actor| {
        let store = store.clone();
        async move {
            let more = vec![(Tally::Refreshes, 1), (Tally::SignIns, actor as u64)];
            store.add_tallies(hour(0), more).await.unwrap();
        }
    })
    .await;
    let wanted = [(hour(0), Tally::SignIns, 190), (hour(0), Tally::Refreshes, 20)];
    assert_eq!(sorted(&store, hour(0)).await, wanted);
}

pub(super) async fn old_figures_are_forgotten_and_no_more_than_asked(store: Shelf) {
    for number in 0..4 {
        store.add_tallies(hour(number), vec![(Tally::SignIns, 1), (Tally::Thefts, 1)]).await.unwrap();
    }
    assert_eq!(store.forget_tallies(hour(0), ALL).await.unwrap(), 0, "that hour is not before itself");
    assert_eq!(store.forget_tallies(hour(2), 3).await.unwrap(), 3);
    assert_eq!(store.forget_tallies(hour(2), 3).await.unwrap(), 1);
    assert_eq!(store.forget_tallies(hour(2), 3).await.unwrap(), 0);
    let left: Vec<UnixMillis> = store.tallies(NEVER).await.unwrap().into_iter().map(|row| row.0).collect();
    assert_eq!(left, [hour(2), hour(2), hour(3), hour(3)]);
}

pub(super) async fn an_answer_is_given_again(store: Shelf) {
    let (first, other) = (key(1, 1), key(2, 1));
    assert!(begin(&store, first).await == AnswerBegun::New);
    assert!(begin(&store, first).await == AnswerBegun::UnderWay, "somebody is about to");
    assert!(begin(&store, key(1, 2)).await == AnswerBegun::Another, "with another request");
    assert!(begin(&store, other).await == AnswerBegun::New, "another key is another one");
    store.finish_answer(first, answer(1)).await.unwrap();
    assert!(begin(&store, first).await == AnswerBegun::Again(answer(1)));
    assert!(begin(&store, first).await == AnswerBegun::Again(answer(1)), "as often as it is asked");
    assert!(begin(&store, key(1, 2)).await == AnswerBegun::Another);
    assert!(begin(&store, other).await == AnswerBegun::UnderWay);
    let far = store.begin_answer(first, hour(99), hour(98)).await.unwrap();
    assert!(far == AnswerBegun::Again(answer(1)), "what was answered is not lost");
}

pub(super) async fn an_answer_that_was_lost_is_begun_again(store: Shelf) {
    let first = key(1, 1);
    assert!(begin(&store, first).await == AnswerBegun::New);
    let later = |now, lost| store.begin_answer(first, now, lost);
    assert!(later(hour(1), NOW).await.unwrap() == AnswerBegun::UnderWay, "at that moment is not before");
    assert!(later(hour(1), UnixMillis(NOW.0 + 1)).await.unwrap() == AnswerBegun::New);
    assert!(later(hour(2), hour(1)).await.unwrap() == AnswerBegun::UnderWay, "it was begun again then");
    store.finish_answer(first, answer(1)).await.unwrap();
    assert!(begin(&store, first).await == AnswerBegun::Again(answer(1)));
    let lost = key(2, 1);
    assert!(begin(&store, lost).await == AnswerBegun::New);
    let another = store.begin_answer(key(2, 9), hour(1), hour(1)).await.unwrap();
    assert!(another == AnswerBegun::New, "a lost note counts as none, whatever was asked");
    assert!(begin(&store, lost).await == AnswerBegun::Another);
}

pub(super) async fn an_answer_that_is_dropped_was_never_begun(store: Shelf) {
    assert!(begin(&store, key(1, 1)).await == AnswerBegun::New);
    assert!(begin(&store, key(2, 1)).await == AnswerBegun::New);
    store.drop_answer(key(1, 1)).await.unwrap();
    store.drop_answer(key(7, 7)).await.unwrap();
    assert!(begin(&store, key(2, 1)).await == AnswerBegun::UnderWay, "others stay");
    assert!(begin(&store, key(1, 2)).await == AnswerBegun::New);
}

pub(super) async fn a_request_is_answered_by_one_however_many_begin(store: Shelf) {
    for (round, lost) in [(1, NEVER), (2, hour(1))] {
        let begun = at_once(20, |_| {
            let store = store.clone();
            async move { store.begin_answer(key(1, 1), hour(round), lost).await.unwrap() }
        })
        .await;
        let new = begun.iter().filter(|begun| **begun == AnswerBegun::New).count();
        let under_way = begun.iter().filter(|begun| **begun == AnswerBegun::UnderWay).count();
        let wanted = if round == 1 { (1, 19) } else { (0, 20) };
        assert_eq!((new, under_way), wanted, "in round {round}");
    }
    let begun = at_once(20, |_| {
        let store = store.clone();
        async move { store.begin_answer(key(1, 1), hour(9), hour(5)).await.unwrap() }
    })
    .await;
    let new = begun.iter().filter(|begun| **begun == AnswerBegun::New).count();
    assert_eq!(new, 1, "one takes over what was lost");
}

pub(super) async fn old_answers_are_forgotten_and_no_more_than_asked(store: Shelf) {
    for number in 0..4_u8 {
        let begun = store.begin_answer(key(number, 1), hour(number.into()), NEVER).await.unwrap();
        assert!(begun == AnswerBegun::New);
    }
    store.finish_answer(key(0, 1), answer(1)).await.unwrap();
    assert_eq!(store.forget_answers(hour(0), ALL).await.unwrap(), 0, "at that moment is not before");
    assert_eq!(store.forget_answers(hour(3), 2).await.unwrap(), 2);
    assert_eq!(store.forget_answers(hour(3), 2).await.unwrap(), 1);
    assert_eq!(store.forget_answers(hour(3), 2).await.unwrap(), 0);
    assert!(begin(&store, key(0, 1)).await == AnswerBegun::New, "answered or not");
    assert!(begin(&store, key(3, 1)).await == AnswerBegun::UnderWay);
}

async fn begin(store: &Shelf, key: AnswerKey) -> AnswerBegun {
    store.begin_answer(key, NOW, NEVER).await.unwrap()
}

/// The figures from an hour on, those of one hour in the order of [`Tally::ALL`].
async fn sorted(store: &Shelf, from: UnixMillis) -> Vec<(UnixMillis, Tally, u64)> {
    let mut found = store.tallies(from).await.unwrap();
    assert!(found.is_sorted_by_key(|row| row.0), "oldest first");
    found.sort_by_key(|row| (row.0, row.1));
    found
}

fn key(key: u8, request: u8) -> AnswerKey {
    AnswerKey { key: [key; 32], request: bytes("request", request.into()) }
}

fn answer(seed: u64) -> KeptAnswer {
    KeptAnswer { status: 599, body: a_sealed(seed) }
}

fn hour(number: u64) -> UnixMillis {
    NOW.plus(Duration::from_hours(number))
}
