//! Searches and counts where this store could go wrong and others could not: which index leads, and how far it is followed.

use rotunda_core::model::{
    Caller, Event, EventKind, RoleName, SessionId, UnixMillis, User, UserState, Username,
};
use rotunda_core::store::{
    Accounts, Counting, EventSearch, Journal, LOOKS_AT, Named, Page, Search, SessionSearch, UserPlace,
    UserSearch,
};
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::fixtures::{
    NOW, a_caller, a_registration, a_session, an_account, an_event, email, role_name, username,
};

use crate::scene::{Place, a_signed_in_user};

/// Whatever is asked together, and whichever of it is rare or frequent.
#[tokio::test]
async fn the_same_users_are_found_and_counted_whatever_leads() {
    let place = Place::new();
    let store = place.open();
    for seed in 0..200 {
        let mut account = an_account(seed);
        let even = seed.is_multiple_of(2);
        account.user = User {
            email: email(&format!("{}{seed}@example.com", if seed.is_multiple_of(3) { "a" } else { "ab" })),
            username: (!seed.is_multiple_of(5))
                .then(|| username(&format!("{}{seed}", if even { "na" } else { "nb" }))),
            state: if seed.is_multiple_of(7) { UserState::Disabled } else { UserState::Active },
            roles: held(seed),
            ..account.user
        };
        store.register(a_registration(&account, None)).await.unwrap();
    }
    let users = store.users(None, 1_000).await.unwrap();
    let names = ["", "a", "ab", "ab1", "z"].map(|begin| Some(Named::EmailBegins(begin.to_owned())));
    let user_names = ["", "n", "nb", "nb1"].map(|begin| Some(Named::UsernameBegins(begin.to_owned())));
    let mut asked = 0;
    for named in [None].into_iter().chain(names).chain(user_names) {
        for state in [None, Some(UserState::Active), Some(UserState::Disabled)] {
            for role in [None, Some("many"), Some("few"), Some("none")] {
                let by = UserSearch { named: named.clone(), state, role: role.map(role_name) };
                let mut wanted: Vec<&User> = users.iter().filter(|user| is_meant(user, &by)).collect();
                match &by.named {
                    Some(Named::EmailBegins(_)) => wanted.sort_by_key(|user| user.email.key()),
                    Some(_) => wanted.sort_by_key(|user| user.username.as_ref().map(Username::key)),
                    None => {}
                }
                let found = all(&store, &by).await;
                assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{by:?}");
                let counted = store.count(Counting::Users(by.clone()), NOW).await.unwrap();
                assert_eq!(counted, wanted.len() as u64, "{by:?}");
                asked += 1;
            }
        }
    }
    assert_eq!(asked, 120);
}

/// Half of the users hold one role, and a few another one.
fn held(seed: u64) -> std::collections::BTreeSet<RoleName> {
    let many = (!seed.is_multiple_of(2)).then(|| role_name("many"));
    let few = (seed.is_multiple_of(50)).then(|| role_name("few"));
    many.into_iter().chain(few).collect()
}

fn is_meant(user: &User, by: &UserSearch) -> bool {
    let named = match &by.named {
        Some(Named::EmailBegins(begin)) => user.email.key().starts_with(begin),
        Some(Named::UsernameBegins(begin)) => {
            user.username.as_ref().is_some_and(|name| name.key().starts_with(begin))
        }
        _ => true,
    };
    named
        && by.state.is_none_or(|state| user.state == state)
        && by.role.as_ref().is_none_or(|role| user.roles.contains(role))
}

async fn all(store: &SqliteStore, by: &UserSearch) -> Vec<User> {
    let mut found = Vec::new();
    let mut after: Option<UserPlace> = None;
    loop {
        let page = store.search_users(by.clone(), after, 7).await.unwrap();
        assert!(page.rows.len() <= 7);
        found.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn a_place_on_another_search_has_nothing_behind_it() {
    let place = Place::new();
    let store = place.open();
    let (known, _) = a_signed_in_user(&store, 1).await;
    let nothing = Page { rows: Vec::new(), next: None };
    let by_email = UserSearch { named: Some(Named::EmailBegins("user".to_owned())), ..UserSearch::default() };
    let by_id = Some(UserPlace::Id(known.user.id));
    assert_eq!(store.search_users(by_email.clone(), by_id, 9).await.unwrap(), nothing);
    let by_key = Some(UserPlace::Key(String::new()));
    assert_eq!(store.search_users(UserSearch::default(), by_key.clone(), 9).await.unwrap(), nothing);
    assert_eq!(store.search_users(by_email, by_key, 9).await.unwrap().rows, [known.user]);
}

/// An office: the events of one session there are more than one search looks at.
#[tokio::test]
async fn every_session_at_an_address_is_found_however_many_events_there_are() {
    let place = Place::new();
    let store = place.open();
    let caller = a_caller(9);
    let mut sessions: Vec<SessionId> = Vec::new();
    for seed in 1..=5 {
        let (account, session) = a_signed_in_user(&store, seed).await;
        let event = Event {
            session_id: Some(session.id),
            caller: caller.clone(),
            ..an_event(EventKind::SignedIn, &account.user)
        };
        store.note(event, NOW).await.unwrap();
        sessions.push(session.id);
    }
    sessions.sort();
    sessions.reverse();
    let repeat = format!(
        "INSERT INTO outbox (at_ms, kind, user_id, session_id, address) \
         WITH RECURSIVE times (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM times WHERE n < {}) \
         SELECT at_ms, kind, user_id, session_id, address FROM outbox, times WHERE session_id = ?1 AND address = ?2",
        2 * LOOKS_AT
    );
    let address = caller.address.unwrap();
    let noisy = rusqlite::params![sessions[1].as_bytes(), address.to_string()];
    assert_eq!(place.stranger().execute(&repeat, noisy).unwrap(), 2 * LOOKS_AT as usize);
    // Of one that is forgotten, the events stay.
    let gone = "DELETE FROM session WHERE id = ?1";
    assert_eq!(place.stranger().execute(gone, [sessions[3].as_bytes()]).unwrap(), 1);

    let by = SessionSearch { address: Some(address), ..SessionSearch::default() };
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..3 {
        let page = store.search_sessions(by.clone(), NOW, after, 2).await.unwrap();
        found.extend(page.rows.into_iter().map(|facts| facts.session.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    sessions.remove(3);
    assert_eq!((found, after), (sessions, None));
}

/// The janitor writes down at noon what has ended in the morning.
#[tokio::test]
async fn what_was_written_down_late_is_found_at_its_time() {
    let place = Place::new();
    let store = place.open();
    let at = |minute: i64| UnixMillis(NOW.0 + 60_000 * minute);
    let minutes = [5, 1, 9, 3, 20, 4, 8, 2];
    let known = an_account(1);
    for minute in minutes {
        let event = Event {
            at: at(minute),
            caller: Caller::default(),
            ..an_event(EventKind::ProofMissing, &known.user)
        };
        store.note(event, at(30)).await.unwrap();
    }
    let by = EventSearch { from: Some(at(2)), until: Some(at(9)), ..EventSearch::default() };
    let page = store.search_events(by.clone(), None, 100).await.unwrap();
    let places: Vec<u64> = page.rows.iter().map(|row| row.seq).collect();
    assert_eq!((places, page.next), (vec![8, 7, 6, 4, 1], None), "the newest first, by place");
    let page = store.search_events(by, Some(7), 2).await.unwrap();
    let places: Vec<u64> = page.rows.iter().map(|row| row.seq).collect();
    assert_eq!((places, page.next), (vec![6, 4], Some(4)));
    let never = EventSearch { from: Some(at(21)), ..EventSearch::default() };
    assert_eq!(store.search_events(never, None, 9).await.unwrap(), Page { rows: Vec::new(), next: None });
}

#[tokio::test]
async fn a_page_that_finds_nothing_says_where_to_go_on_and_the_last_one_does_not() {
    let place = Place::new();
    let store = place.open();
    let (known, _) = a_signed_in_user(&store, 1).await;
    place.copy_the_session(LOOKS_AT + 9);
    let device = a_session(&known.user, 2).device_id;
    let by = SessionSearch { user: Some(known.user.id), client: Some(other()), ..SessionSearch::default() };
    let first = store.search_sessions(by.clone(), NOW, None, 10).await.unwrap();
    assert!(first.rows.is_empty() && first.next.is_some());
    let last = store.search_sessions(by, NOW, first.next, 10).await.unwrap();
    assert_eq!(last, Page { rows: Vec::new(), next: None });
    let by = SessionSearch { device: Some(device), ..SessionSearch::default() };
    assert_eq!(
        store.search_sessions(by, NOW, None, 10).await.unwrap(),
        Page { rows: Vec::new(), next: None }
    );
}

fn other() -> rotunda_core::model::ClientId {
    rotunda_core::model::ClientId("other".to_owned())
}

#[tokio::test]
async fn many_live_sessions_are_counted_by_their_index_and_few_by_their_rows() {
    let place = Place::new();
    let store = place.open();
    a_signed_in_user(&store, 1).await;
    place.copy_the_session(9_999);
    let expired = "UPDATE session SET idle_expires_at = 1 WHERE rowid % 2";
    place.stranger().execute(expired, []).unwrap();
    assert_eq!(store.count(Counting::LiveSessions, NOW).await.unwrap(), 5_000, "those that live");
    place.copy_the_session(10_000);
    assert_eq!(store.count(Counting::LiveSessions, NOW).await.unwrap(), 20_000, "until the janitor comes");
    let recorded =
        "UPDATE session SET status = 'ended', ended = 'idle_expired', ended_at = 1 WHERE idle_expires_at = 1";
    place.stranger().execute(recorded, []).unwrap();
    assert_eq!(store.count(Counting::LiveSessions, NOW).await.unwrap(), 5_000);
}
