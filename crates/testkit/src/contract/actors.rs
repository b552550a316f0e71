//! Who acted for whom, who asked for what, and why.

use rotunda_core::model::{
    Actor, Caller, ClientId, Ending, Event, EventKind, Session, Standing, UnixMillis, User,
};
use rotunda_core::store::{EndingAll, EndingOne};

use super::scene::{ALL, Shelf, a_signed_in_user, add, endings, happened, refresh, row, sign_in};
use crate::fixtures::{
    NOW, a_role, a_session, a_user, an_account, an_end, an_end_of_all, an_event, an_operator, role_names,
};

/// Letters from everywhere, and what breaks careless quoting.
const UNICODE: &str = r#"Zoë "O'Neil" 🦊 – 한국어 \\ %s ?1 --"#;

pub(super) async fn who_acts_in_a_session_survives(store: Shelf) {
    let operator = an_account(9);
    add(&store, &operator, None).await;
    let known = an_account(1);
    let acted = |seed| Session { acting: Some(operator.user.id), ..a_session(&known.user, seed) };
    add(&store, &known, Some(&acted(1))).await;
    sign_in(&store, &known, &acted(2)).await;
    sign_in(&store, &known, &a_session(&known.user, 3)).await;
    for wanted in [acted(1), acted(2), a_session(&known.user, 3)] {
        assert_eq!(row(&store, wanted.id).await, wanted);
        let listed = store.sessions_of(known.user.id, NOW, ALL).await.unwrap();
        assert_eq!(listed.iter().find(|session| session.id == wanted.id), Some(&wanted));
    }
    let later = UnixMillis(NOW.0 + 1);
    let moved = refresh(&store, &acted(1), later).await;
    assert_eq!(moved.acting, Some(operator.user.id), "a refresh leaves it");
    assert!(store.end(an_end(&moved, Ending::LoggedOut, later)).await.unwrap());
    assert_eq!(row(&store, moved.id).await.acting, Some(operator.user.id), "and so does an end");
}

pub(super) async fn roles_and_claims_epoch_of_a_new_user_survive(store: Shelf) {
    let added = crate::fixtures::a_key_event(EventKind::RoleAdded);
    assert!(store.put_role(a_role("support"), None, added).await.unwrap());
    for (seed, roles) in
        [(1, role_names([])), (2, role_names(["support"])), (3, role_names(["admin", "support"]))]
    {
        let mut known = an_account(seed);
        known.user = User { ce: (1 << 53) + seed, roles, ..known.user };
        let session = a_session(&known.user, seed);
        add(&store, &known, Some(&session)).await;
        let facts = store.facts(session.id).await.unwrap().unwrap();
        assert_eq!(facts.user, known.user);
        assert_eq!(store.account_of(known.user.id).await.unwrap().unwrap().user, known.user);
    }
    let sets = store.role_sets(&crate::fixtures::role_name("support"), ALL).await.unwrap();
    assert_eq!(sets.len(), 2, "they are found as holders");
}

pub(super) async fn an_event_tells_who_asked_and_why_and_what_about(store: Shelf) {
    let plain = an_event(EventKind::UserDisabled, &a_user(1));
    let by = |actor| Caller { actor, ..plain.caller.clone() };
    let longest: String = UNICODE.chars().cycle().take(200).collect();
    let about: String = "x".repeat(Event::ABOUT_BYTES);
    let written = [
        Event { caller: by(Some(Actor::User(a_user(2).id))), ..plain.clone() },
        Event { caller: by(Some(Actor::Client(ClientId("a:b-ünïcode".to_owned())))), ..plain.clone() },
        Event { caller: by(Some(Actor::CommandLine)), about: Some(UNICODE.to_owned()), ..plain.clone() },
        Event { caller: Caller { reason: Some(longest), ..by(None) }, ..plain.clone() },
        Event { about: Some(about), ..plain.clone() },
        Event { about: Some(String::new()), ..plain.clone() },
        plain.clone(),
    ];
    for event in &written {
        store.note(event.clone(), UnixMillis(i64::MAX)).await.unwrap();
    }
    assert_eq!(happened(&store).await, written);
    let theirs = store.events_of_user(a_user(1).id, ALL).await.unwrap();
    assert_eq!(theirs.into_iter().map(|known| known.event).collect::<Vec<_>>(), written);
    let reason = Some("another".to_owned());
    let again = Event { caller: Caller { reason, ..by(Some(Actor::CommandLine)) }, ..written[2].clone() };
    store.note(again, NOW).await.unwrap();
    assert_eq!(happened(&store).await.len(), written.len(), "why makes no note another one");
}

pub(super) async fn an_ending_tells_who_asked_and_what_about(store: Shelf) {
    let (known, first) = a_signed_in_user(&store, 1).await;
    let about = Some("generation 3".to_owned());
    let caller = an_operator(5);
    let end =
        EndingOne { caller: caller.clone(), about: about.clone(), ..an_end(&first, Ending::Reused, NOW) };
    assert!(store.end(end).await.unwrap());
    let one = endings(&store).await.pop().unwrap();
    assert_eq!((one.caller, one.about), (caller.clone(), about), "of one session");

    for seed in [2, 3] {
        sign_in(&store, &known, &a_session(&known.user, seed)).await;
    }
    let end = EndingAll { caller: caller.clone(), ..an_end_of_all(&known.user, Ending::RevokedByAdmin, NOW) };
    assert_eq!(store.end_all(end).await.unwrap(), Some(2));
    let all = endings(&store).await;
    assert!(all.iter().all(|event| event.caller == caller), "and of all");
    assert!(matches!(row(&store, first.id).await.standing, Standing::Ended { .. }));
}
