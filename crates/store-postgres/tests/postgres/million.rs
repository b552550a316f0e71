//! A million users, sessions and events: how long every search and every count takes.
//!
//! A measurement, not a part of every run: it fills some 4 GB, which takes some minutes.
//!
//! ```text
//! cargo test -p rotunda-store-postgres --test postgres -- --ignored --nocapture a_million
//! ```

#![expect(clippy::disallowed_methods, reason = "how long answers take is what is measured here")]

mod fill;

use std::time::{Duration, Instant};

use rotunda_core::failure::Failure;
use rotunda_core::model::{Actor, ClientId, RoleName, UnixMillis, UserState};
use rotunda_core::store::{
    Counting, EventSearch, Named, Roles, Search, SessionSearch, UserPlace, UserSearch,
};
use rotunda_grounds::Postgres;
use rotunda_store_postgres::PostgresStore;
use rotunda_testkit::fixtures::NOW;

use crate::scene::{options, stranger};
use fill::{Samples, fill};

/// How often each question is asked, each time about something else where it can be.
const TIMES: usize = 100;

/// What the slowest of a hundred answers may take.
const MOST: Duration = Duration::from_millis(200);

/// As many rows as a page of the console has.
const PAGE: u32 = 50;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: it fills 4 GB and takes minutes"]
async fn a_million_users_sessions_and_events_are_searched_and_counted_in_time() {
    let server = tokio::task::spawn_blocking(server).await.unwrap();
    let store = PostgresStore::open(&options(&server.url()), NOW).await.unwrap();
    let client = stranger(&server.url()).await;
    let started = Instant::now();
    fill(&client).await;
    println!("filled {} in {:?}", fill::size(&client).await, started.elapsed());
    let samples = Samples::read(&client, TIMES).await;
    let before = resident();
    let mut slow = Vec::new();
    users(&store, &samples, &mut slow).await;
    sessions(&store, &samples, &mut slow).await;
    events(&store, &samples, &mut slow).await;
    counts(&store, &samples, &mut slow).await;
    fill::refresh_some(&client).await;
    let live = |_| store.count(Counting::LiveSessions, NOW);
    // Only told. No request waits for it: where there are as many, it is asked once a minute, for the front page.
    time("count: live sessions, after 100,000 refreshes", &mut Vec::new(), live).await;
    println!("memory: {before} kB before, {} kB after", resident());
    assert!(slow.is_empty(), "slower than {MOST:?}: {slow:?}");
}

/// Room for what is asked for often, and nothing waits for the disk.
fn server() -> Postgres {
    Postgres::builder().setting("shared_buffers", "1GB").setting("max_wal_size", "8GB").start()
}

async fn users(store: &PostgresStore, samples: &Samples, slow: &mut Vec<String>) {
    let named = |named| UserSearch { named: Some(named), ..UserSearch::default() };
    let role = |name| UserSearch { role: RoleName::parse(name), ..UserSearch::default() };
    let state = |state| UserSearch { state: Some(state), ..UserSearch::default() };
    let disabled = state(UserState::Disabled);
    let email = |begin: &str| named(Named::EmailBegins(begin.to_owned()));
    let key = |text: &str| Some(UserPlace::Key(text.to_owned()));
    let cases: Vec<(&str, UserSearch, bool, Option<UserPlace>)> = vec![
        ("all", UserSearch::default(), true, None),
        ("e-mail begins with a letter", email("m"), false, None),
        ("e-mail begins with a letter, deep", email("m"), false, key("mz")),
        ("e-mail begins with three letters", email("mab"), false, None),
        ("user name begins with a letter", named(Named::UsernameBegins("m".to_owned())), false, None),
        ("user name begins, deep", named(Named::UsernameBegins("m".to_owned())), false, key("mz")),
        ("role of 300,000", role("member"), true, None),
        ("role of 1,000", role("support"), true, None),
        ("role of nobody", role("nobody"), true, None),
        ("disabled", disabled.clone(), true, None),
        ("active", state(UserState::Active), true, None),
        ("e-mail and disabled", UserSearch { state: disabled.state, ..email("m") }, false, None),
        ("e-mail and role of nobody", UserSearch { role: role("nobody").role, ..email("m") }, false, None),
        ("role and disabled", UserSearch { state: disabled.state, ..role("member") }, true, None),
    ];
    for (name, by, deep, after) in cases {
        let first = |_| store.search_users(by.clone(), after.clone(), PAGE);
        time(&format!("users: {name}"), slow, first).await;
        if deep {
            let after = |n: usize| Some(UserPlace::Id(samples.users[n]));
            let next = |n| store.search_users(by.clone(), after(n), PAGE);
            time(&format!("users: {name}, deep"), slow, next).await;
        }
    }
    let one = |n: usize| store.search_users(named(Named::Id(samples.users[n])), None, PAGE);
    time("users: id", slow, one).await;
    let one = |n: usize| store.search_users(named(Named::Subject(samples.subjects[n].clone())), None, PAGE);
    time("users: subject", slow, one).await;
    let support = RoleName::parse("support").unwrap();
    time("users: sets of roles", slow, |_| store.role_sets(&support, 100)).await;
}

async fn sessions(store: &PostgresStore, samples: &Samples, slow: &mut Vec<String>) {
    let all = SessionSearch::default;
    let live = |live| SessionSearch { live: Some(live), ..all() };
    let client = |name: &str| Some(ClientId(name.to_owned()));
    let busy = SessionSearch { user: Some(samples.busy_user), ..all() };
    let office = SessionSearch { address: Some(samples.office), ..all() };
    let span = SessionSearch { from: Some(fill::at(300_000)), until: Some(fill::at(400_000)), ..all() };
    let cases: Vec<(&str, SessionSearch)> = vec![
        ("all", all()),
        ("live", live(true)),
        ("not live", live(false)),
        ("client of half of them", SessionSearch { client: client("web"), ..all() }),
        ("client of nobody", SessionSearch { client: client("nobody"), ..all() }),
        ("user with 5,000", busy.clone()),
        ("user with 5,000, live", SessionSearch { live: Some(true), ..busy.clone() }),
        ("user with 5,000, client of nobody", SessionSearch { client: client("nobody"), ..busy }),
        ("device with 5,000", SessionSearch { device: Some(samples.busy_device), ..all() }),
        ("address of 100,000", office.clone()),
        ("address of 100,000, not live", SessionSearch { live: Some(false), ..office.clone() }),
        ("address of 100,000, client of nobody", SessionSearch { client: client("nobody"), ..office }),
        ("span of time", span.clone()),
        ("span of time, client of nobody", SessionSearch { client: client("nobody"), ..span }),
    ];
    for (name, by) in cases {
        let first = |_| store.search_sessions(by.clone(), NOW, None, PAGE);
        time(&format!("sessions: {name}"), slow, first).await;
        let next = |n: usize| store.search_sessions(by.clone(), NOW, Some(samples.sessions[n]), PAGE);
        time(&format!("sessions: {name}, deep"), slow, next).await;
    }
    let of = |n: usize| SessionSearch { user: Some(samples.users[n]), ..all() };
    time("sessions: user", slow, |n| store.search_sessions(of(n), NOW, None, PAGE)).await;
    let on = |n: usize| SessionSearch { device: Some(samples.devices[n]), ..all() };
    time("sessions: device", slow, |n| store.search_sessions(on(n), NOW, None, PAGE)).await;
    let at = |n: usize| SessionSearch { address: Some(samples.addresses[n]), ..all() };
    time("sessions: address", slow, |n| store.search_sessions(at(n), NOW, None, PAGE)).await;
}

async fn events(store: &PostgresStore, samples: &Samples, slow: &mut Vec<String>) {
    let all = EventSearch::default;
    let kind = |kind: &str| EventSearch { kind: Some(kind.to_owned()), ..all() };
    let actor = EventSearch { actor: Some(Actor::CommandLine), ..all() };
    let office = EventSearch { address: Some(samples.office), ..all() };
    let (from, until) = (Some(fill::at(300_000)), Some(fill::at(400_000)));
    let cases: Vec<(&str, EventSearch)> = vec![
        ("all", all()),
        ("kind of 600,000", kind("user.signed_in")),
        ("kind of none", kind("user.deleted")),
        ("actor of 10,000", actor.clone()),
        ("address of 100,000", office.clone()),
        ("span of time", EventSearch { from, until, ..all() }),
        ("until", EventSearch { until, ..all() }),
        ("kind in a span of time", EventSearch { from, until, ..kind("user.signed_in") }),
        ("actor in a span of time", EventSearch { from, until, ..actor }),
        ("address, of no kind", EventSearch { kind: Some("user.deleted".to_owned()), ..office }),
    ];
    for (name, by) in cases {
        let first = |_| store.search_events(by.clone(), None, PAGE);
        time(&format!("events: {name}"), slow, first).await;
        let next = |n: usize| store.search_events(by.clone(), Some(samples.places[n]), PAGE);
        time(&format!("events: {name}, deep"), slow, next).await;
    }
    let of = |n: usize| EventSearch { user: Some(samples.users[n]), ..all() };
    time("events: user", slow, |n| store.search_events(of(n), None, PAGE)).await;
    let busy = EventSearch { user: Some(samples.busy_user), ..all() };
    time("events: user with 5,000", slow, |_| store.search_events(busy.clone(), None, PAGE)).await;
    let next = |n: usize| store.search_events(busy.clone(), Some(samples.places[n]), PAGE);
    time("events: user with 5,000, deep", slow, next).await;
    let of = |n: usize| EventSearch { session: Some(samples.sessions[n]), ..all() };
    time("events: session", slow, |n| store.search_events(of(n), None, PAGE)).await;
    let at = |n: usize| EventSearch { address: Some(samples.addresses[n]), ..all() };
    time("events: address", slow, |n| store.search_events(at(n), None, PAGE)).await;
}

async fn counts(store: &PostgresStore, samples: &Samples, slow: &mut Vec<String>) {
    let users = |by| Counting::Users(by);
    let email = |begin: &str| Some(Named::EmailBegins(begin.to_owned()));
    let role = |name| UserSearch { role: RoleName::parse(name), ..UserSearch::default() };
    let disabled = UserSearch { state: Some(UserState::Disabled), ..UserSearch::default() };
    let none = UserSearch::default;
    let cases: Vec<(&str, Counting)> = vec![
        ("all users", Counting::AllUsers),
        ("live sessions", Counting::LiveSessions),
        ("sessions of a user with 5,000", Counting::SessionsOf(samples.busy_user)),
        ("letters", Counting::Letters),
        ("deliveries", Counting::Deliveries),
        ("dead deliveries", Counting::DeadDeliveries),
        ("users", users(none())),
        ("users by e-mail", users(UserSearch { named: email("m"), ..none() })),
        ("users by a longer e-mail", users(UserSearch { named: email("mab"), ..none() })),
        ("users with a role of 300,000", users(role("member"))),
        ("users with a role of 1,000", users(role("support"))),
        ("disabled users", users(disabled.clone())),
        ("active users", users(UserSearch { state: Some(UserState::Active), ..none() })),
        ("disabled users by e-mail", users(UserSearch { named: email("m"), ..disabled.clone() })),
        ("disabled users with a role", users(UserSearch { state: disabled.state, ..role("member") })),
        ("users by e-mail with a role", users(UserSearch { named: email("m"), ..role("support") })),
    ];
    for (name, what) in cases {
        let counted = store.count(what.clone(), NOW).await.unwrap();
        time(&format!("count: {name} ({counted})"), slow, |_| store.count(what.clone(), NOW)).await;
    }
}

/// Asks and prints how long the answers took.
async fn time<T, F>(what: &str, slow: &mut Vec<String>, ask: impl Fn(usize) -> F)
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut took = Vec::with_capacity(TIMES);
    for number in 0..TIMES {
        let asked = Instant::now();
        ask(number).await.unwrap();
        took.push(asked.elapsed());
    }
    took.sort();
    let at = |percent: usize| took[(TIMES * percent / 100).min(TIMES - 1)];
    println!("{what:60} p50 {:>10.2?} p99 {:>10.2?}", at(50), at(99));
    if at(99) >= MOST {
        slow.push(what.to_owned());
    }
}

/// What this process has in memory, in kB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// So that a span of time in a search is one of sessions.
#[test]
fn the_first_of_the_million_is_the_oldest() {
    assert!(fill::at(0) < fill::at(1_000_000) && fill::at(1_000_000) == UnixMillis(NOW.0));
}
