//! What time does: expiry, and forgetting.

use std::time::Duration;

use rotunda_core::model::{Account, Caller, Ending, Event, Session, Standing, UnixMillis};

use super::scene::{
    ALL, Shelf, a_signed_in_user, add, assert_same_events, end_event, happened, journal, refresh, row,
    sign_in, view,
};
use crate::fixtures::{NOW, a_rotation, a_session, an_account, an_end, ended};

const MINUTE: Duration = Duration::from_mins(1);

pub(super) async fn what_expired_ends_at_the_moment_it_expired(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let now = at(10);
    let cases = [
        (at(10), at(99), Some((Ending::IdleExpired, at(10)))),
        (at(3), at(5), Some((Ending::IdleExpired, at(3)))),
        (at(99), at(10), Some((Ending::AbsoluteExpired, at(10)))),
        (at(6), at(4), Some((Ending::AbsoluteExpired, at(4)))),
        (at(7), at(7), Some((Ending::AbsoluteExpired, at(7)))),
        (UnixMillis(at(10).0 + 1), at(99), None),
        (at(99), UnixMillis(at(10).0 + 1), None),
    ];
    let mut wanted_events: Vec<Event> = Vec::new();
    let mut wanted_rows: Vec<Session> = Vec::new();
    for (seed, (idle, absolute, over)) in (1..).zip(cases) {
        let session = a_session_until(&store, &known, seed, (idle, absolute)).await;
        wanted_events.extend(over.map(|(ending, at)| end_event(&session, ending, at, Caller::default())));
        wanted_rows.push(over.map_or(session.clone(), |(ending, at)| ended(&session, ending, at)));
    }
    wanted_events.splice(0..0, happened(&store).await);
    assert_eq!(store.expire(now, ALL).await.unwrap(), 5);
    for session in wanted_rows {
        assert_eq!(row(&store, session.id).await, session);
    }
    assert_same_events(happened(&store).await, wanted_events);
    assert_eq!(store.expire(now, ALL).await.unwrap(), 0, "once is enough");
}

pub(super) async fn what_lives_does_not_expire(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let session = refresh(&store, &session, at(5)).await;
    let before = view(&store, session.id).await;
    let last_moment = session.idle_expires_at.minus(Duration::from_millis(1));
    for now in [NOW, last_moment, UnixMillis(i64::MIN)] {
        assert_eq!(store.expire(now, ALL).await.unwrap(), 0);
        assert_eq!(view(&store, session.id).await, before);
    }
    assert!(store.rotate(a_rotation(&session, last_moment)).await.unwrap());
}

pub(super) async fn what_ended_does_not_expire_again(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    let before = view(&store, session.id).await;
    assert_eq!(store.expire(session.absolute_expires_at, ALL).await.unwrap(), 0);
    assert_eq!(view(&store, session.id).await, before);
}

pub(super) async fn expiry_takes_no_more_than_asked_and_reaches_all(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    for seed in 1..=7 {
        a_session_until(&store, &known, seed, (at(u32::try_from(seed).unwrap()), at(99))).await;
    }
    let written = journal(&store).await.len();
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(store.expire(at(50), 3).await.unwrap());
    }
    assert_eq!(taken, [3, 3, 1, 0]);
    assert_eq!(journal(&store).await.len(), written + 7, "one event each");
}

pub(super) async fn a_live_session_is_never_forgotten(store: Shelf) {
    let (_, live) = a_signed_in_user(&store, 1).await;
    let end_of_time = UnixMillis(i64::MAX);
    assert_eq!(
        store.forget_ended(end_of_time, ALL).await.unwrap(),
        0,
        "not even when its time is up: it has no ending"
    );
    assert_eq!(row(&store, live.id).await.standing, Standing::Live);
    assert!(store.rotate(a_rotation(&live, NOW)).await.unwrap());
}

pub(super) async fn what_ended_before_is_forgotten_and_no_more_than_asked(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let mut sessions = Vec::new();
    for seed in 0..6 {
        let session = a_session(&known.user, seed);
        sign_in(&store, &known, &session).await;
        let end = an_end(&session, Ending::LoggedOut, at(u32::try_from(seed).unwrap()));
        assert!(store.end(end).await.unwrap());
        sessions.push(session);
    }
    assert_eq!(
        store.forget_ended(at(0), ALL).await.unwrap(),
        0,
        "what ended at that moment did not end before"
    );
    assert_eq!(store.forget_ended(at(4), 3).await.unwrap(), 3);
    assert_eq!(store.forget_ended(at(4), 3).await.unwrap(), 1);
    assert_eq!(store.forget_ended(at(4), 3).await.unwrap(), 0);
    for (minute, session) in sessions.iter().enumerate() {
        assert_eq!(
            store.facts(session.id).await.unwrap().is_some(),
            minute >= 4,
            "the one that ended in minute {minute}"
        );
    }
}

pub(super) async fn what_happened_outlives_the_session(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::Reused, NOW)).await.unwrap());
    let before = journal(&store).await;
    assert_eq!(store.forget_ended(at(1), ALL).await.unwrap(), 1);
    assert!(store.facts(session.id).await.unwrap().is_none());
    assert_eq!(journal(&store).await, before);
    assert_eq!(store.events_of(session.id, ALL).await.unwrap(), before);
    assert!(!store.rotate(a_rotation(&session, NOW)).await.unwrap());
    assert!(!store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
}

async fn a_session_until(
    store: &Shelf,
    known: &Account,
    seed: u64,
    (idle_expires_at, absolute_expires_at): (UnixMillis, UnixMillis),
) -> Session {
    let session = Session { idle_expires_at, absolute_expires_at, ..a_session(&known.user, seed) };
    sign_in(store, known, &session).await;
    session
}

fn at(minutes: u32) -> UnixMillis {
    NOW.plus(MINUTE * minutes)
}
