//! Looking for things: every row that fits, once, whatever the size of a page.

use std::net::IpAddr;

use rotunda_core::model::{
    Account, Actor, Caller, ClientId, DeviceId, Event, EventKind, Facts, RecordedEvent, RoleName, Session,
    SessionId, Subject, UnixMillis, User, UserState,
};
use rotunda_core::store::{EventSearch, LoggingIn, Named, Page, SessionSearch, UserPlace, UserSearch};

use super::roles::hold;
use super::scene::{Shelf, add, journal};
use crate::fixtures::{
    NOW, a_caller, a_key_event, a_login, a_role, a_session, a_user, an_account, an_end, an_end_of_all,
    an_event, an_operator, bytes, email, role_name, role_names, username,
};

/// Of one row, of fewer than there are, of more.
const SIZES: [u32; 3] = [1, 3, 1_000];

pub(super) async fn users_are_found_by_whatever_is_given(store: Shelf) {
    let users = population(&store).await;
    let id = |seed| Some(Named::Id(a_user(seed).id));
    let email = |text: &str| Some(Named::EmailBegins(text.to_owned()));
    let name = |text: &str| Some(Named::UsernameBegins(text.to_owned()));
    let named = [None, id(1), id(4), id(99), Some(Named::Subject("urn:old:3".to_owned()))];
    let named = named.into_iter().chain(["zo", "zo_", "zo%", "zoë", "user", "user-1@", "zz", "z"].map(email));
    let named = named.chain(["a", "a_", "a.", "ab", "user-", "x"].map(name));
    let roles = [None, Some(RoleName::admin()), Some(role_name("support")), Some(role_name("unknown"))];
    let mut found = 0;
    for named in named {
        for state in [None, Some(UserState::Active), Some(UserState::Disabled)] {
            for role in roles.clone() {
                let by = UserSearch { named: named.clone(), state, role };
                let mut wanted: Vec<User> =
                    users.iter().filter(|user| user_fits(user, &by)).cloned().collect();
                wanted.sort_by_key(|user| (key(user, &by), user.id));
                found += wanted.len();
                for size in SIZES {
                    assert_eq!(all_users(&store, &by, size).await, wanted, "{by:?}, {size} at once");
                }
            }
        }
    }
    assert!(found > 100, "something was looked for: {found}");
}

pub(super) async fn sessions_are_found_by_whatever_is_given(store: Shelf) {
    let (sessions, facts) = gatherings(&store).await;
    let now = moment(30);
    let places = [None, address("192.0.2.200"), address("2001:db8::1"), address("192.0.2.99")];
    let clients = [None, Some(ClientId::web()), Some(ClientId("app".to_owned()))];
    let times = [(None, None), (Some(3), None), (None, Some(4)), (Some(2), Some(5)), (Some(5), Some(2))];
    let mut found = 0;
    for user in [None, Some(a_user(1).id), Some(a_user(77).id)] {
        for device in [None, Some(sessions[0].device_id)] {
            for client in clients.clone() {
                for address in places {
                    for live in [None, Some(true), Some(false)] {
                        for (from, until) in times {
                            let (from, until) = (from.map(moment), until.map(moment));
                            let client = client.clone();
                            let by = SessionSearch { user, device, client, address, live, from, until };
                            let wanted = wanted_sessions(&store, &facts, &by, now).await;
                            found += wanted.len();
                            let size = SIZES[found % SIZES.len()];
                            let there = all_sessions(&store, &by, (now, size)).await;
                            assert!(there == wanted, "{by:?}, {size} at once: {}", ids(&there, &wanted));
                        }
                    }
                }
            }
        }
    }
    assert!(found > 100, "something was looked for: {found}");
}

pub(super) async fn events_are_found_by_whatever_is_given(store: Shelf) {
    happenings(&store).await;
    let all = journal(&store).await;
    let kinds = [None, Some("session.ended"), Some("user.edited"), Some("unknown")];
    let actors = [None, an_operator(1).actor, Some(Actor::CommandLine)];
    let times = [(None, None), (Some(3), None), (None, Some(4)), (Some(2), Some(5)), (Some(5), Some(2))];
    let mut found = 0;
    for user in [None, Some(a_user(1).id), Some(a_user(77).id)] {
        for session in [None, Some(a_session(&a_user(1), 1).id)] {
            for actor in actors.clone() {
                for kind in kinds {
                    for address in [None, address("192.0.2.1"), address("2001:db8::1")] {
                        for (from, until) in times {
                            let (from, until) = (from.map(moment), until.map(moment));
                            let (kind, actor) = (kind.map(str::to_owned), actor.clone());
                            let by = EventSearch { user, session, actor, kind, address, from, until };
                            let fitting = all.iter().rev().filter(|known| event_fits(&known.event, &by));
                            let wanted: Vec<RecordedEvent> = fitting.cloned().collect();
                            found += wanted.len();
                            let size = SIZES[found % SIZES.len()];
                            assert_eq!(all_events(&store, &by, size).await, wanted, "{by:?}, {size} at once");
                        }
                    }
                }
            }
        }
    }
    assert!(found > 100, "something was looked for: {found}");
}

/// Every page one after the other; each says where to go on, and comes to stand behind the one before.
pub(super) async fn all_users(store: &Shelf, by: &UserSearch, size: u32) -> Vec<User> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page: Page<User, UserPlace> = store.search_users(by.clone(), after, size).await.unwrap();
        assert!(page.rows.len() <= size as usize, "no more than asked");
        all.extend(page.rows);
        after = page.next;
        assert!(all.len() < 10_000, "it comes to an end");
        if after.is_none() {
            return all;
        }
    }
}

/// The same of sessions.
pub(super) async fn all_sessions(
    store: &Shelf,
    by: &SessionSearch,
    (now, size): (UnixMillis, u32),
) -> Vec<Facts> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.search_sessions(by.clone(), now, after, size).await.unwrap();
        assert!(page.rows.len() <= size as usize, "no more than asked");
        assert!(page.next.is_none_or(|next| after.is_none_or(|after| next < after)), "it goes on");
        all.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

/// The same of events.
pub(super) async fn all_events(store: &Shelf, by: &EventSearch, size: u32) -> Vec<RecordedEvent> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = store.search_events(by.clone(), before, size).await.unwrap();
        assert!(page.rows.len() <= size as usize, "no more than asked");
        assert!(page.next.is_none_or(|next| before.is_none_or(|before| next < before)), "it goes on");
        all.extend(page.rows);
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

/// A dozen users: names that quoting breaks on, two states, roles.
async fn population(store: &Shelf) -> Vec<User> {
    for name in ["support", "other"] {
        assert!(store.put_role(a_role(name), None, a_key_event(EventKind::RoleAdded)).await.unwrap());
    }
    let plain = |seed| (seed, a_user(seed).email, a_user(seed).username);
    let called = |seed, address: &str, name: Option<&str>| (seed, email(address), name.map(username));
    let users = [
        plain(1),
        plain(2),
        called(3, "Zoe@example.com", Some("A_b")),
        called(4, "zo_e@example.com", Some("a.b")),
        called(5, "zo%e@example.com", None),
        called(6, "ZoË@example.com", Some("AxB")),
        called(7, "zo🦊@example.com", None),
        called(8, "zp@example.com", Some("ab")),
        called(9, "z@example.com", Some("abc")),
        called(10, "zo@example.com", Some("a_")),
        plain(11),
        plain(12),
    ];
    for (seed, email, username) in users {
        let known = an_account(seed);
        let subject = (seed == 3).then(|| Subject::parse("urn:old:3").unwrap());
        add(store, &Account { user: User { email, username, subject, ..known.user }, ..known }, None).await;
        match seed % 4 {
            0 => hold(store, seed, &role_names(["admin", "support"])).await,
            1 => hold(store, seed, &role_names(["support"])).await,
            2 => hold(store, seed, &role_names(["other"])).await,
            _ => {}
        }
        if seed % 3 == 0 {
            let end = an_end_of_all(&a_user(seed), rotunda_core::model::Ending::UserDisabled, NOW);
            let end = rotunda_core::store::EndingAll { state: Some(UserState::Disabled), ..end };
            assert!(store.end_all(end).await.unwrap().is_some());
        }
    }
    store.users(None, 100).await.unwrap()
}

/// Sessions of three users at several moments, some over, from several addresses.
async fn gatherings(store: &Shelf) -> (Vec<Session>, Vec<Facts>) {
    let accounts = [1, 2, 3].map(an_account);
    for account in &accounts {
        add(store, account, None).await;
    }
    let mut sessions = Vec::new();
    for seed in 0..12_u64 {
        let account = &accounts[usize::try_from(seed % 3).unwrap()];
        let begun = moment(i64::try_from(seed / 2).unwrap());
        let plain = a_session(&account.user, 100 + seed);
        let session = Session {
            id: SessionId::new(begun, bytes("found", seed)),
            device_id: if seed % 6 == 0 { device(&account.user) } else { plain.device_id },
            client_id: if seed % 4 == 1 { ClientId("app".to_owned()) } else { ClientId::web() },
            created_at: begun,
            auth_time: begun,
            idle_expires_at: if seed % 5 == 3 { moment(29) } else { moment(10_000) },
            absolute_expires_at: moment(20_000),
            ..plain
        };
        let event = Event {
            session_id: Some(session.id),
            caller: from(seed),
            ..an_event(EventKind::SignedIn, &account.user)
        };
        let login = LoggingIn { event, ..a_login(account, &session) };
        assert_eq!(store.login(login).await.unwrap(), rotunda_core::store::LoggedIn::Done);
        if seed % 5 == 2 {
            let ending = rotunda_core::model::Ending::LoggedOut;
            assert!(store.end(an_end(&session, ending, moment(20))).await.unwrap());
        }
        sessions.push(session);
    }
    // The first one moves twice, and comes back.
    for seed in [0, 1, 0] {
        let first = &sessions[0];
        let moved = an_event(EventKind::AddressChanged, &accounts[0].user);
        let moved = Event { session_id: Some(first.id), caller: from(seed + 1), ..moved };
        store.post(Vec::new(), vec![moved]).await.unwrap();
    }
    let mut facts = Vec::new();
    for session in &sessions {
        facts.push(store.facts(session.id).await.unwrap().unwrap());
    }
    facts.sort_by_key(|facts| std::cmp::Reverse(facts.session.id));
    (sessions, facts)
}

/// Events of several kinds, to several people, at moments that are not in the order of writing: an expiry is written
/// down later than it happened.
async fn happenings(store: &Shelf) {
    let kinds = [
        EventKind::SignedIn,
        EventKind::SessionEnded(rotunda_core::model::Ending::LoggedOut),
        EventKind::SessionEnded(rotunda_core::model::Ending::IdleExpired),
        EventKind::UserEdited,
    ];
    let mut events = Vec::new();
    for seed in 0..24_u64 {
        let user = a_user(1 + seed % 3);
        let kind = kinds[usize::try_from(seed % 4).unwrap()];
        let actor = match seed % 5 {
            0 => an_operator(1).actor,
            1 => Some(Actor::CommandLine),
            _ => None,
        };
        let address = if seed % 7 == 0 { address("2001:db8::1") } else { a_caller(seed % 3).address };
        events.push(Event {
            at: moment(i64::try_from(seed * 5 % 7).unwrap()),
            user_id: (seed % 6 != 5).then_some(user.id),
            session_id: (seed % 2 == 0).then(|| a_session(&user, 1).id),
            caller: Caller { actor, address, ..Caller::default() },
            ..an_event(kind, &user)
        });
    }
    store.post(Vec::new(), events).await.unwrap();
}

fn user_fits(user: &User, by: &UserSearch) -> bool {
    let named = match &by.named {
        None => true,
        Some(Named::Id(id)) => user.id == *id,
        Some(Named::Subject(subject)) => user.subject == Subject::parse(subject),
        Some(Named::EmailBegins(text) | Named::UsernameBegins(text)) => {
            key(user, by).is_some_and(|key| key.starts_with(text))
        }
    };
    let held = |role| user.roles.contains(role);
    named && by.state.is_none_or(|state| user.state == state) && by.role.as_ref().is_none_or(held)
}

/// What users are ordered by before their id.
fn key(user: &User, by: &UserSearch) -> Option<String> {
    match &by.named {
        Some(Named::EmailBegins(_)) => Some(user.email.key().to_owned()),
        Some(Named::UsernameBegins(_)) => user.username.as_ref().map(|name| name.key().to_owned()),
        _ => None,
    }
}

async fn wanted_sessions(store: &Shelf, facts: &[Facts], by: &SessionSearch, now: UnixMillis) -> Vec<Facts> {
    let events = journal(store).await;
    let was_at = |id: SessionId, address: IpAddr| {
        let there = |event: &Event| event.session_id == Some(id) && event.caller.address == Some(address);
        events.iter().any(|known| there(&known.event))
    };
    let fits = |facts: &&Facts| {
        let session = &facts.session;
        by.user.is_none_or(|user| session.user_id == user)
            && by.device.is_none_or(|device| session.device_id == device)
            && by.client.as_ref().is_none_or(|client| session.client_id == *client)
            && by.address.is_none_or(|address| was_at(session.id, address))
            && by.live.is_none_or(|live| facts.ending_at(now).is_none() == live)
            && by.from.is_none_or(|from| session.created_at >= from)
            && by.until.is_none_or(|until| session.created_at < until)
    };
    facts.iter().filter(fits).cloned().collect()
}

fn event_fits(event: &Event, by: &EventSearch) -> bool {
    by.user.is_none_or(|user| event.user_id == Some(user))
        && by.session.is_none_or(|session| event.session_id == Some(session))
        && (by.actor.is_none() || event.caller.actor == by.actor)
        && by.kind.as_ref().is_none_or(|kind| event.kind.as_str() == kind)
        && (by.address.is_none() || event.caller.address == by.address)
        && by.from.is_none_or(|from| event.at >= from)
        && by.until.is_none_or(|until| event.at < until)
}

/// The device that a user has several sessions on.
fn device(user: &User) -> DeviceId {
    DeviceId::new(NOW, bytes(&user.id.to_string(), 0))
}

fn from(seed: u64) -> Caller {
    let address = [address("192.0.2.200"), address("2001:db8::1"), None][usize::try_from(seed % 3).unwrap()];
    Caller { address, ..Caller::default() }
}

fn ids(found: &[Facts], wanted: &[Facts]) -> String {
    let ids = |facts: &[Facts]| facts.iter().map(|facts| facts.session.id).collect::<Vec<_>>();
    format!("found {:?}, wanted {:?}", ids(found), ids(wanted))
}

fn moment(minutes: i64) -> UnixMillis {
    UnixMillis(NOW.0 + 60_000 * minutes)
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}
