//! How many sessions a user may have.

use std::time::Duration;

use rotunda_core::model::{Account, ClientId, Ending, EventKind, Session, SessionId, UnixMillis};
use rotunda_core::store::{Cap, EndingOne, LoggedIn, LoggingIn, WhenFull};

use super::scene::{
    Shelf, a_signed_in_user, add, assert_same_events, at_once, end_event, endings, happened, refresh, row,
    sign_in, view,
};
use crate::fixtures::{NOW, a_caller, a_login, a_session, an_account, an_end, ended};

const EVICT: WhenFull = WhenFull::EvictOldest;
const REFUSE: WhenFull = WhenFull::Refuse;

pub(super) async fn a_full_cap_evicts_those_used_the_longest_ago(store: Shelf) {
    let (known, first) = a_signed_in_user(&store, 1).await;
    let (_, others) = a_signed_in_user(&store, 9).await;
    let [second, third] = [2, 3].map(|seed| session(&known, seed));
    sign_in(&store, &known, &second).await;
    sign_in(&store, &known, &third).await;
    let first = refresh(&store, &first, at(10)).await;
    let written = happened(&store).await.len();
    let mut login = a_login(&known, &session(&known, 20));
    login.caps = vec![cap(None, 2, EVICT)];
    login.event.caller = a_caller(7);
    let mut wanted = vec![login.event.clone()];
    wanted.extend([&second, &third].map(|old| end_event(old, Ending::Evicted, at(20), a_caller(7))));
    assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done);
    for old in [second, third] {
        assert_eq!(row(&store, old.id).await, ended(&old, Ending::Evicted, at(20)));
    }
    assert_eq!(row(&store, first.id).await, first, "it was used after them");
    assert_eq!(row(&store, others.id).await, others, "another user's is not concerned");
    assert_same_events(happened(&store).await.split_off(written), wanted);
}

pub(super) async fn a_cap_that_refuses_changes_nothing(store: Shelf) {
    let (known, first) = a_signed_in_user(&store, 1).await;
    let app = Session { client_id: native(), ..session(&known, 2) };
    sign_in(&store, &known, &app).await;
    let before = view(&store, first.id).await;
    let stale = EndingOne { at_generation: Some(7), ..an_end(&app, Ending::LoggedOut, NOW) };
    for (caps, replaces) in [
        (vec![cap(None, 2, REFUSE)], None),
        (vec![cap(None, 1, REFUSE)], None),
        (vec![cap(Some(ClientId::web()), 1, REFUSE)], None),
        (vec![cap(None, 2, REFUSE)], Some(stale)),
        // What one cap would evict stays where another one refuses.
        (vec![cap(Some(ClientId::web()), 1, EVICT), cap(None, 1, REFUSE)], None),
    ] {
        let new = session(&known, 30);
        let login = LoggingIn { caps, replaces, ..a_login(&known, &new) };
        assert_eq!(store.login(login).await.unwrap(), LoggedIn::Full);
        assert!(store.facts(new.id).await.unwrap().is_none(), "no session");
        assert_eq!(view(&store, first.id).await, before, "no event, and nothing ended");
        assert_eq!(row(&store, app.id).await, app);
        assert_eq!(store.devices_of(known.user.id, 10).await.unwrap().len(), 2, "no device");
    }
    let login = LoggingIn { caps: vec![cap(None, 3, REFUSE)], ..a_login(&known, &session(&known, 30)) };
    assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done, "there is room for one more");
}

pub(super) async fn caps_count_per_client_and_over_all(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let [web, app] = [ClientId::web(), native()];
    let [one, two, three, four] = [(1, &app), (2, &web), (3, &web), (4, &app)]
        .map(|(seed, client)| Session { client_id: client.clone(), ..session(&known, seed) });
    for session in [&one, &two, &three, &four] {
        sign_in(&store, &known, session).await;
    }
    let login = |seed, caps| LoggingIn { caps, ..a_login(&known, &session(&known, seed)) };
    let caps = vec![cap(Some(web.clone()), 2, EVICT), cap(None, 4, EVICT)];
    assert_eq!(store.login(login(5, caps)).await.unwrap(), LoggedIn::Done);
    let five = session(&known, 5);
    assert_eq!(live(&store, &known).await, [&five, &four, &three, &one].map(|session| session.id));
    let caps = vec![cap(Some(web), 3, EVICT), cap(None, 3, EVICT)];
    assert_eq!(store.login(login(6, caps)).await.unwrap(), LoggedIn::Done);
    let six = session(&known, 6);
    assert_eq!(
        live(&store, &known).await,
        [&six, &five, &four].map(|session| session.id),
        "the app's as well"
    );
    assert_eq!(endings(&store).await.len(), 3);
}

pub(super) async fn what_is_left_behind_or_expired_takes_no_room(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let short = Session { idle_expires_at: at(5), ..session(&known, 2) };
    let brief = Session { absolute_expires_at: at(5), ..session(&known, 3) };
    for session in [&short, &brief] {
        sign_in(&store, &known, session).await;
    }
    let new = session(&known, 5);
    let login = LoggingIn {
        caps: vec![cap(None, 1, REFUSE), cap(None, 1, EVICT)],
        replaces: Some(an_end(&own, Ending::LoggedOut, at(5))),
        ..a_login(&known, &new)
    };
    assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done);
    assert_eq!(row(&store, own.id).await, ended(&own, Ending::LoggedOut, at(5)));
    assert_eq!(row(&store, short.id).await, short, "its expiry is written down by whoever does that");
    assert_eq!(live(&store, &known).await, [new.id]);
}

pub(super) async fn of_many_logins_at_once_no_more_than_the_cap_stay(store: Shelf) {
    const MANY: usize = 200;
    let known = an_account(1);
    add(&store, &known, None).await;
    let answers = at_once(MANY, |number| {
        let new = a_session(&known.user, number as u64);
        let login = LoggingIn { caps: vec![cap(None, 5, EVICT)], ..a_login(&known, &new) };
        let store = store.clone();
        async move { patiently(&store, &login).await }
    })
    .await;
    assert!(answers.iter().all(|answer| *answer == LoggedIn::Done));
    assert_eq!(live(&store, &known).await.len(), 5);
    let ends = endings(&store).await;
    assert_eq!(ends.len(), MANY - 5);
    assert!(ends.iter().all(|event| event.kind == EventKind::SessionEnded(Ending::Evicted)));
}

/// A store may say that this is too much at once; then nothing has happened.
async fn patiently(store: &Shelf, login: &LoggingIn) -> LoggedIn {
    for _ in 0..20 {
        match store.login(login.clone()).await {
            Err(failure) if failure.is_overload() => {}
            answer => return answer.unwrap(),
        }
    }
    panic!("too much at once, for ever");
}

pub(super) async fn of_many_logins_at_once_the_others_are_refused(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let answers = at_once(30, |number| {
        let new = a_session(&known.user, number as u64);
        let login = LoggingIn { caps: vec![cap(None, 5, REFUSE)], ..a_login(&known, &new) };
        let store = store.clone();
        async move { store.login(login).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| **answer == LoggedIn::Done).count(), 5);
    assert_eq!(answers.iter().filter(|answer| **answer == LoggedIn::Full).count(), 25);
    assert_eq!(live(&store, &known).await.len(), 5);
}

async fn live(store: &Shelf, known: &Account) -> Vec<SessionId> {
    let sessions = store.sessions_of(known.user.id, at(30), 1_000).await.unwrap();
    sessions.into_iter().map(|session| session.id).collect()
}

fn native() -> ClientId {
    ClientId("native".to_owned())
}

/// One that begins so many minutes after the first.
fn session(known: &Account, minutes: u64) -> Session {
    Session { created_at: at(minutes), ..a_session(&known.user, minutes) }
}

fn cap(client_id: Option<ClientId>, most: u32, when_full: WhenFull) -> Cap {
    Cap { client_id, most, when_full }
}

fn at(minutes: u64) -> UnixMillis {
    NOW.plus(Duration::from_mins(minutes))
}
