//! Everyone is signed out at once, and the endings are written down later.

use std::time::Duration;

use rotunda_core::model::{
    Account, Caller, Ending, Event, EventKind, Everyone, Revocation, Revoked, Session, SessionId, Standing,
    UnixMillis,
};
use rotunda_core::store::{
    Amended, Amending, Cap, Counting, Ends, LoggedIn, LoggingIn, Right, SessionSearch, WhenFull,
};

use super::scene::{
    ALL, Shelf, a_signed_in_user, add, assert_same_events, at_once, end_event, endings, happened, revoked,
    row, sign_in,
};
use crate::fixtures::{
    NOW, a_key_event, a_login, a_role, a_session, an_account, an_amendment, an_end, an_operator, ended,
};

/// When everyone is signed out, after whatever was done at [`NOW`].
const THEN: UnixMillis = UnixMillis(NOW.0 + 60_000);

pub(super) async fn the_end_of_everyone_is_told_by_the_facts_and_the_feed(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let (_, over) = a_signed_in_user(&store, 2).await;
    assert!(store.end(an_end(&over, Ending::LoggedOut, NOW)).await.unwrap());
    assert_eq!(store.facts(session.id).await.unwrap().unwrap().everyone, None, "it has never happened");
    let (before, told) = (happened(&store).await.len(), revoked(&store).await.len());

    let shelf = store.shelf_version().await.unwrap();
    assert_eq!(store.end_everyone(THEN, event()).await.unwrap(), 1);
    assert!(store.shelf_version().await.unwrap() > shelf, "servers read the revision again");
    let everyone = Some(Everyone { below: 1, at: THEN });
    let facts = store.facts(session.id).await.unwrap().unwrap();
    assert_eq!(facts.everyone, everyone);
    assert_eq!(facts.ending_at(THEN), Some((Ending::RevokedByAdmin, THEN)));
    let facts = store.facts_of_page(over.page_hash.unwrap()).await.unwrap().unwrap();
    assert_eq!(facts.everyone, everyone, "by the page too");
    assert_eq!(facts.ending_at(THEN), Some((Ending::LoggedOut, NOW)), "the first ending stays");
    assert_eq!(happened(&store).await[before..], [event()], "one event for all of them");
    let entry = Revocation { what: Revoked::Everyone { rv: 1 }, at: THEN };
    assert_eq!(revoked(&store).await[told..], [entry], "one entry for all of them");
    assert_eq!(store.roles().await.unwrap().1, 1, "the revision");
    let later = UnixMillis(THEN.0 + 1);
    assert_eq!(store.end_everyone(later, event()).await.unwrap(), 2);
    let facts = store.facts(session.id).await.unwrap().unwrap();
    assert_eq!(facts.everyone, Some(Everyone { below: 2, at: later }), "the last time counts");
}

pub(super) async fn who_was_signed_out_with_everyone_is_on_no_list_of_the_living(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let (other, _) = a_signed_in_user(&store, 2).await;
    store.end_everyone(THEN, event()).await.unwrap();
    for account in [&known, &other] {
        let id = account.user.id;
        assert!(store.sessions_of(id, THEN, ALL).await.unwrap().is_empty(), "not among the user's");
        assert_eq!(store.count(Counting::SessionsOf(id), THEN).await.unwrap(), 0, "not counted");
    }
    assert_eq!(store.count(Counting::LiveSessions, THEN).await.unwrap(), 0);
    let by = |live| SessionSearch { live: Some(live), ..SessionSearch::default() };
    let living = store.search_sessions(by(true), THEN, None, 10).await.unwrap();
    assert!(living.rows.is_empty(), "not found among the living");
    let gone = store.search_sessions(by(false), THEN, None, 10).await.unwrap();
    assert_eq!(gone.rows.len(), 2, "but among the others");

    let cap = Cap { client_id: None, most: 1, when_full: WhenFull::Refuse };
    let next = later(&known, 11);
    let login = LoggingIn { caps: vec![cap], ..a_login(&known, &next) };
    assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done, "they take no room");
    let evict = Cap { client_id: None, most: 1, when_full: WhenFull::EvictOldest };
    let newest = later(&known, 12);
    let login = LoggingIn { caps: vec![evict], ..a_login(&known, &newest) };
    assert_eq!(store.login(login).await.unwrap(), LoggedIn::Done);
    assert_eq!(row(&store, next.id).await.standing, gone_at(Ending::Evicted, newest.created_at));
    assert_eq!(told_ending(&store, session.id).await, Some((Ending::RevokedByAdmin, THEN)), "not evicted");
}

pub(super) async fn the_endings_of_everyone_are_written_once_and_no_more_than_asked(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let mut wanted = Vec::new();
    let mut rows = Vec::new();
    for seed in 1..=7 {
        let session = a_session(&known.user, seed);
        sign_in(&store, &known, &session).await;
        rows.push(ended(&session, Ending::RevokedByAdmin, THEN));
        wanted.push(end_event(&session, Ending::RevokedByAdmin, THEN, Caller::default()));
    }
    let over = a_session(&known.user, 8);
    sign_in(&store, &known, &over).await;
    assert!(store.end(an_end(&over, Ending::LoggedOut, NOW)).await.unwrap());
    wanted.push(end_event(&over, Ending::LoggedOut, NOW, crate::fixtures::a_caller(0)));
    rows.push(ended(&over, Ending::LoggedOut, NOW));
    store.end_everyone(THEN, event()).await.unwrap();
    let told = revoked(&store).await;
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(store.expire(THEN, 3).await.unwrap());
    }
    assert_eq!(taken, [3, 3, 1, 0]);
    for session in rows {
        assert_eq!(row(&store, session.id).await, session);
    }
    assert_same_events(endings(&store).await, wanted);
    assert_eq!(revoked(&store).await, told, "the feed has told of everyone already");
}

pub(super) async fn whatever_ended_first_is_the_ending(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let at = |seconds: i64| UnixMillis(THEN.0 + 1_000 * seconds);
    let cases = [
        (at(-5), at(99), (Ending::IdleExpired, at(-5))),
        (at(99), at(-7), (Ending::AbsoluteExpired, at(-7))),
        (at(5), at(99), (Ending::RevokedByAdmin, THEN)),
        (at(99), at(6), (Ending::RevokedByAdmin, THEN)),
        (at(99), at(99), (Ending::RevokedByAdmin, THEN)),
    ];
    let mut wanted = Vec::new();
    for (seed, (idle_expires_at, absolute_expires_at, ending)) in (1..).zip(cases) {
        let session = Session { idle_expires_at, absolute_expires_at, ..a_session(&known.user, seed) };
        sign_in(&store, &known, &session).await;
        wanted.push((session.id, ending));
    }
    store.end_everyone(THEN, event()).await.unwrap();
    for (id, ending) in &wanted {
        let facts = store.facts(*id).await.unwrap().unwrap();
        assert_eq!(facts.ending_at(at(10)), Some(*ending), "as the facts have it");
    }
    assert_eq!(store.expire(at(10), ALL).await.unwrap(), 5);
    for (id, (ending, at)) in wanted {
        assert_eq!(row(&store, id).await.standing, gone_at(ending, at), "and as it is written down");
    }
    assert_eq!(store.expire(at(10), ALL).await.unwrap(), 0, "once is enough");
}

pub(super) async fn sessions_that_begin_after_everyones_end_live(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    store.end_everyone(THEN, event()).await.unwrap();
    let asking = later(&known, 11);
    sign_in(&store, &known, &asking).await;
    let other = an_account(2);
    let registered = later(&other, 12);
    add(&store, &other, Some(&registered)).await;
    let changed = later(&known, 13);
    let renewing = Amending {
        ends: Ends::One(an_end(&asking, Ending::Renewed, changed.created_at)),
        session: Some(changed.clone()),
        ..an_amendment(&known, Right::Session(asking.id))
    };
    assert_eq!(store.amend(renewing).await.unwrap(), Amended::Done);
    for session in [&registered, &changed] {
        assert_eq!(told_ending(&store, session.id).await, None);
        assert_eq!(row(&store, session.id).await, Session { revision: 1, ..session.clone() });
    }
    assert_eq!(store.expire(changed.created_at, ALL).await.unwrap(), 1, "the one from before");
    assert_eq!(store.sessions_of(known.user.id, changed.created_at, ALL).await.unwrap().len(), 1);
    assert_eq!(store.count(Counting::LiveSessions, changed.created_at).await.unwrap(), 2);
}

pub(super) async fn a_session_begins_with_the_revision_of_the_store(store: Shelf) {
    let known = an_account(1);
    let of = |seed| Session { revision: 99, ..a_session(&known.user, seed) };
    add(&store, &known, Some(&of(1))).await;
    assert_eq!(row(&store, of(1).id).await.revision, 0, "whatever was given");
    assert!(store.put_role(a_role("a"), None, a_key_event(EventKind::RoleAdded)).await.unwrap());
    sign_in(&store, &known, &of(2)).await;
    assert_eq!(row(&store, of(2).id).await.revision, 1);
    store.end_everyone(THEN, event()).await.unwrap();
    sign_in(&store, &known, &of(4)).await;
    let amending = Amending { session: Some(of(3)), ..an_amendment(&known, Right::Session(of(4).id)) };
    assert_eq!(store.amend(amending).await.unwrap(), Amended::Done);
    assert_eq!(row(&store, of(3).id).await.revision, 2);
    assert_eq!(row(&store, of(2).id).await.revision, 1, "that of others stays");
}

pub(super) async fn the_end_of_the_others_leaves_out_who_was_signed_out_with_everyone(store: Shelf) {
    let (known, before) = a_signed_in_user(&store, 1).await;
    store.end_everyone(THEN, event()).await.unwrap();
    let (asking, other) = (later(&known, 11), later(&known, 12));
    for session in [&asking, &other] {
        sign_in(&store, &known, session).await;
    }
    let at = asking.created_at;
    let others = Ends::Others { than: asking.id, at };
    let amending = Amending { ends: others, ..an_amendment(&known, Right::Session(asking.id)) };
    assert_eq!(store.amend(amending).await.unwrap(), Amended::Done);
    assert_eq!(row(&store, other.id).await.standing, gone_at(Ending::RevokedByUser, at));
    store.expire(at, ALL).await.unwrap();
    assert_eq!(row(&store, before.id).await.standing, gone_at(Ending::RevokedByAdmin, THEN));
    assert_eq!(told_ending(&store, asking.id).await, None, "the one that asks lives");
}

pub(super) async fn a_revision_is_given_once_however_many_ask(store: Shelf) {
    let answers = at_once(20, |actor| {
        let store = store.clone();
        async move {
            if actor % 2 == 0 {
                return Some(store.end_everyone(THEN, event()).await.unwrap());
            }
            let role = a_role(&format!("role-{actor}"));
            assert!(store.put_role(role, None, a_key_event(EventKind::RoleAdded)).await.unwrap());
            None
        }
    })
    .await;
    let mut given: Vec<u64> = answers.into_iter().flatten().collect();
    given.extend(revoked(&store).await.into_iter().filter_map(|entry| match entry.what {
        Revoked::Role { rv, .. } => Some(rv),
        _ => None,
    }));
    given.sort_unstable();
    assert_eq!(given, (1..=20).collect::<Vec<_>>(), "each once");
    assert_eq!(store.roles().await.unwrap().1, 20);
}

pub(super) async fn whoever_is_signed_out_with_everyone_ends_once_however_many_write_it(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let sessions: Vec<Session> = (1..=20).map(|seed| a_session(&known.user, seed)).collect();
    for session in &sessions {
        sign_in(&store, &known, session).await;
    }
    store.end_everyone(THEN, event()).await.unwrap();
    let counted = at_once(8, |actor| {
        let (store, sessions) = (store.clone(), sessions.clone());
        async move {
            if actor % 2 == 0 {
                return store.expire(THEN, 7).await.unwrap();
            }
            let mut ended = 0;
            for session in &sessions {
                ended += u32::from(store.end(an_end(session, Ending::LoggedOut, THEN)).await.unwrap());
            }
            ended
        }
    })
    .await;
    assert_eq!(counted.iter().sum::<u32>(), 20);
    let mut ended: Vec<Option<SessionId>> =
        endings(&store).await.into_iter().map(|event| event.session_id).collect();
    ended.sort();
    ended.dedup();
    assert_eq!((ended.len(), endings(&store).await.len()), (20, 20), "one ending each");
}

/// The ending that a session has just after everyone was signed out.
async fn told_ending(store: &Shelf, id: SessionId) -> Option<(Ending, UnixMillis)> {
    store.facts(id).await.unwrap().unwrap().ending_at(UnixMillis(THEN.0 + 1))
}

/// A session that begins after everyone was signed out.
fn later(known: &Account, seed: u64) -> Session {
    let created_at = THEN.plus(Duration::from_secs(seed));
    Session { created_at, auth_time: created_at, ..a_session(&known.user, seed) }
}

fn gone_at(ending: Ending, at: UnixMillis) -> Standing {
    Standing::Ended { ending, at }
}

fn event() -> Event {
    Event { caller: an_operator(1), at: THEN, ..a_key_event(EventKind::EveryoneSignedOut) }
}
