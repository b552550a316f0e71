//! Looking for things among many, and counting them.

use rotunda_core::model::{
    ClientId, Ending, Event, EventKind, Session, SessionId, UnixMillis, User, UserState, WebhookId,
};
use rotunda_core::store::{
    COUNTS_TO, Counting, EndingAll, EventSearch, LOOKS_AT, Named, Registered, Registering, SessionSearch,
    UserSearch,
};

use super::scene::{Shelf, a_signed_in_user, add, at_once, sign_in};
use super::search::{all_events, all_sessions, all_users};
use crate::fixtures::{
    NOW, a_key_event, a_posting, a_registration, a_session, a_step, a_user, a_webhook, an_account, an_end,
    an_end_of_all, an_event, bytes, role_name,
};

/// More than one search looks at.
const MANY: u64 = LOOKS_AT as u64 + 50;

/// What no index serves is reached too: page by page, with empty ones in between.
pub(super) async fn what_is_rare_among_many_users_and_sessions_is_found(store: Shelf) {
    // The last user is another than the many before, and the first session than the many after.
    for first in (0..MANY).step_by(50) {
        at_once(50, |number| {
            let (store, new) = (store.clone(), one_of_many(first + number as u64));
            async move { assert_eq!(store.register(new).await.unwrap(), Registered::Done) }
        })
        .await;
    }
    let mut keys: Vec<String> = (0..MANY).map(|seed| a_user(seed).email.key().to_owned()).collect();
    keys.sort_unstable();
    let rare = (0..MANY).map(a_user).find(|user| user.email.key() == keys[keys.len() - 1]).unwrap();
    let end =
        EndingAll { state: Some(UserState::Disabled), ..an_end_of_all(&rare, Ending::UserDisabled, NOW) };
    store.end_all(end).await.unwrap();

    let by = UserSearch { state: Some(UserState::Disabled), ..beginning("user-") };
    let found: Vec<User> = all_users(&store, &by, 10).await;
    assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), [rare.id]);
    let everybody = all_users(&store, &beginning("user-"), 1_000).await;
    let found: Vec<&str> = everybody.iter().map(|user| user.email.key()).collect();
    assert!(found == keys, "each once, in their order");
    let by = SessionSearch { client: Some(ClientId("rare".to_owned())), ..SessionSearch::default() };
    let found = all_sessions(&store, &by, (NOW, 10)).await;
    assert_eq!(found.iter().map(|facts| facts.user.id).collect::<Vec<_>>(), [a_user(0).id]);
}

/// A user with a session; that of seed 0 began before all others, and belongs to another client.
fn one_of_many(seed: u64) -> Registering {
    let account = an_account(seed);
    let plain = a_session(&account.user, seed);
    let session = match seed {
        0 => Session {
            id: SessionId::new(UnixMillis(NOW.0 - 1), bytes("rare", seed)),
            client_id: ClientId("rare".to_owned()),
            ..plain
        },
        _ => plain,
    };
    Registering { events: Vec::new(), ..a_registration(&account, Some(&session)) }
}

/// The same of events.
pub(super) async fn what_is_rare_among_many_events_is_found(store: Shelf) {
    let rare = Event { about: Some("rare".to_owned()), ..an_event(EventKind::UserEdited, &a_user(1)) };
    let mut events = vec![rare.clone()];
    events.extend(vec![an_event(EventKind::SignedIn, &a_user(1)); usize::try_from(MANY).unwrap()]);
    events.extend(vec![an_event(EventKind::UserEdited, &a_user(2)); usize::try_from(MANY).unwrap()]);
    store.post(Vec::new(), events).await.unwrap();
    let by = EventSearch {
        user: Some(a_user(1).id),
        kind: Some("user.edited".to_owned()),
        ..EventSearch::default()
    };
    let found = all_events(&store, &by, 10).await;
    let found: Vec<Event> = found.into_iter().map(|known| known.event).collect();
    assert!(found.len() == 1 && found[0] == rare, "it and no other: {found:?}");
    let by = EventSearch { address: rare.caller.address, ..by };
    assert_eq!(all_events(&store, &by, 10).await.len(), 1);
    let all = all_events(&store, &EventSearch::default(), 1_000).await;
    assert_eq!(all.len() as u64, 2 * MANY + 1, "each once");
}

pub(super) async fn what_there_is_is_counted(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let (other, over) = a_signed_in_user(&store, 2).await;
    sign_in(&store, &known, &a_session(&known.user, 3)).await;
    let brief = Session { idle_expires_at: UnixMillis(NOW.0 + 5), ..a_session(&known.user, 4) };
    sign_in(&store, &known, &brief).await;
    assert!(store.end(an_end(&over, Ending::LoggedOut, NOW)).await.unwrap());
    add(&store, &an_account(5), None).await;
    let end = an_end_of_all(&a_user(5), Ending::UserDisabled, NOW);
    store.end_all(EndingAll { state: Some(UserState::Disabled), ..end }).await.unwrap();
    store.post(vec![a_posting(&known.user, 1), a_posting(&known.user, 2)], Vec::new()).await.unwrap();

    let count = |what: Counting| {
        let store = store.clone();
        async move { store.count(what, UnixMillis(NOW.0 + 5)).await.unwrap() }
    };
    assert_eq!(count(Counting::AllUsers).await, 3);
    assert_eq!(count(Counting::LiveSessions).await, 2, "neither the one that ended nor one whose time is up");
    assert_eq!(store.count(Counting::LiveSessions, NOW).await.unwrap(), 3);
    assert_eq!(count(Counting::SessionsOf(known.user.id)).await, 2);
    assert_eq!(count(Counting::SessionsOf(other.user.id)).await, 0);
    assert_eq!(count(Counting::Letters).await, 2);
    assert_eq!(count(Counting::Users(UserSearch::default())).await, 3);
    assert_eq!(count(Counting::Users(beginning("user-1"))).await, 1);
    let disabled = UserSearch { state: Some(UserState::Disabled), ..UserSearch::default() };
    assert_eq!(count(Counting::Users(disabled)).await, 1);
    let by_name = UserSearch { named: Some(Named::Id(known.user.id)), ..UserSearch::default() };
    assert_eq!(count(Counting::Users(by_name)).await, 1);
    let admins = UserSearch { role: Some(role_name("admin")), ..UserSearch::default() };
    assert_eq!(count(Counting::Users(admins)).await, 0);
    assert!(store.facts(session.id).await.unwrap().is_some());
}

pub(super) async fn a_count_of_deliveries_stops_where_it_is_said(store: Shelf) {
    let webhook = a_webhook(1);
    let added = a_key_event(EventKind::WebhookAdded);
    assert!(store.put_webhook(webhook.clone(), None, added).await.unwrap());
    let enqueue = |from: u64, to: u64| enqueue(&store, webhook.id, from, to);
    enqueue(0, 3).await;
    store.delivery_failed(webhook.id, 2, None, "gone".to_owned()).await.unwrap();
    assert_eq!(store.count(Counting::Deliveries, NOW).await.unwrap(), 2);
    assert_eq!(store.count(Counting::DeadDeliveries, NOW).await.unwrap(), 1);
    enqueue(3, COUNTS_TO + 5).await;
    assert_eq!(store.count(Counting::Deliveries, NOW).await.unwrap(), COUNTS_TO + 1, "that is: more");
}

/// Puts the places after `from` up to `to` on their way.
async fn enqueue(store: &Shelf, id: WebhookId, from: u64, to: u64) {
    let now = store.webhooks().await.unwrap().into_iter().find(|known| known.id == id).unwrap();
    let places: Vec<u64> = (from + 1..=to).collect();
    assert!(store.enqueue(a_step(id, (now.place, now.place + to), places), NOW).await.unwrap());
}

fn beginning(text: &str) -> UserSearch {
    UserSearch { named: Some(Named::EmailBegins(text.to_owned())), ..UserSearch::default() }
}
