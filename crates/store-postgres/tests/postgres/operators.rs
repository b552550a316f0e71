//! What operators do to all users at once, while those go on: nobody stands in another one's way. And what is known of somebody who goes
//! while the audit log is chained.

use rotunda_core::model::{
    Account, Ending, Event, EventKind, Role, Session, Standing, Tally, UnixMillis, Webhook,
};
use rotunda_core::store::{
    Accounts, AnswerKey, Audit, Desk, Edited, Editing, EventSearch, Journal, Roles, Search, SessionSearch,
    Sessions, Webhooks,
};
use rotunda_store_postgres::PostgresStore;
use rotunda_testkit::fixtures::{
    NOW, a_chaining, a_deletion, a_key_event, a_login, a_mark, a_registration, a_role, a_rotation, a_session,
    a_step, a_webhook, an_account, an_editing, an_end, an_end_of_all, role_names,
};

use crate::scene::{Place, a_signed_in_user};
use crate::servers::{Servers, at_once};

const ROUNDS: u64 = 24;
const ACTORS: usize = 22;

/// A user with two sessions, a role and a webhook.
#[derive(Clone)]
struct Scene {
    seed: u64,
    known: Account,
    sessions: [Session; 2],
    role: Role,
    webhook: Webhook,
}

impl Scene {
    async fn begin(store: &PostgresStore, round: u64) -> Self {
        let seed = round * 1_000;
        let known = an_account(seed);
        let sessions = [1, 2].map(|n| a_session(&known.user, seed + n));
        store.register(a_registration(&known, Some(&sessions[0]))).await.unwrap();
        store.login(a_login(&known, &sessions[1])).await.unwrap();
        let (role, webhook) = (a_role(&format!("role-{round}")), a_webhook(round));
        assert!(store.put_role(role.clone(), None, a_key_event(EventKind::RoleAdded)).await.unwrap());
        let added = a_key_event(EventKind::WebhookAdded);
        assert!(store.put_webhook(webhook.clone(), None, added).await.unwrap());
        Self { seed, known, sessions, role, webhook }
    }

    async fn act(&self, store: &PostgresStore, actor: usize, is_last: bool) {
        let Self { seed, known, sessions, role, webhook } = self;
        let user = &known.user;
        let fresh = seed + 100 + actor as u64;
        match actor {
            0 | 1 => {
                let roles = [role.name.clone()].into();
                store.edit_user(Editing { roles, ..an_editing(user) }).await.unwrap();
            }
            2 => {
                let removed = a_key_event(EventKind::RoleRemoved);
                store.remove_role(role.name.clone(), role.version, removed).await.unwrap();
            }
            3 => {
                let other = a_role(&format!("other-{fresh}"));
                assert!(store.put_role(other, None, a_key_event(EventKind::RoleAdded)).await.unwrap());
            }
            4 | 5 => drop(store.end_everyone(NOW, a_key_event(EventKind::EveryoneSignedOut)).await.unwrap()),
            6..=8 => chain(store).await,
            9 => forget(store).await,
            10 | 11 => drop(store.login(a_login(known, &a_session(user, fresh))).await.unwrap()),
            12 | 13 => drop(store.rotate(a_rotation(&sessions[actor % 2], NOW)).await.unwrap()),
            14 if is_last => assert!(store.delete_user(a_deletion(user)).await.unwrap()),
            14 => drop(store.end_all(an_end_of_all(user, Ending::RevokedByAdmin, NOW)).await.unwrap()),
            15 => drop(store.end(an_end(&sessions[0], Ending::Reused, NOW)).await.unwrap()),
            16 | 17 => drop(store.expire(NOW, 100).await.unwrap()),
            18 => deliver(store, webhook).await,
            19 => {
                let events = store.search_events(EventSearch::default(), None, 10).await.unwrap();
                assert!(!events.rows.is_empty());
                store.search_sessions(SessionSearch::default(), NOW, None, 10).await.unwrap();
            }
            20 => {
                let both = vec![(Tally::SignIns, 1), (Tally::Refreshes, 2), (Tally::SignIns, 1)];
                store.add_tallies(NOW, both).await.unwrap();
            }
            _ => {
                let key = AnswerKey { key: [1; 32], request: [2; 32] };
                store.begin_answer(key, NOW, UnixMillis(0)).await.unwrap();
                store.drop_answer(key).await.unwrap();
            }
        }
    }
}

/// Chains what comes after the head, unless somebody else does.
async fn chain(store: &PostgresStore) {
    let head = store.audit_ends().await.unwrap().head;
    let events = store.events(head.as_ref().map_or(0, |head| head.seq), 20).await.unwrap();
    let places: Vec<u64> = events.iter().map(|recorded| recorded.seq).collect();
    if !places.is_empty() {
        store.chain(a_chaining(head, &places)).await.unwrap();
    }
}

/// Forgets all that is chained, unless somebody else does.
async fn forget(store: &PostgresStore) {
    let ends = store.audit_ends().await.unwrap();
    if let Some(head) = ends.head {
        store.forget_events(ends.floor, head).await.unwrap();
    }
}

async fn deliver(store: &PostgresStore, webhook: &Webhook) {
    let known = store.webhooks().await.unwrap().into_iter().find(|known| known.id == webhook.id).unwrap();
    let (from, to) = (known.place, known.place + 2);
    assert!(store.enqueue(a_step(webhook.id, (from, to), vec![from + 1, to]), NOW).await.unwrap());
    let taken = store.claim_deliveries(webhook.id, NOW, UnixMillis(NOW.0 + 1), 10).await.unwrap();
    assert_eq!(taken.len(), 2);
    assert!(store.remove_webhook(webhook.id, a_key_event(EventKind::WebhookRemoved)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_and_users_do_not_stand_in_each_others_way() {
    let servers = Servers::<2>::start().await;
    for round in 0..ROUNDS {
        let scene = Scene::begin(&servers.stores[0], round).await;
        at_once(ACTORS, |actor| {
            let (scene, store) = (scene.clone(), servers.of(actor / 2 + actor));
            async move { scene.act(&store, actor, round % 2 == 0).await }
        })
        .await;
    }
    assert_eq!(servers.retries(), 0, "nothing had to be run again");
    let lost =
        "SELECT count(*) FROM user_role WHERE NOT EXISTS (SELECT 1 FROM role WHERE name = user_role.role)";
    let lost: i64 = servers.client().await.query_one(lost, &[]).await.unwrap().get(0);
    assert_eq!(lost, 0, "nobody holds a role that is gone");
}

/// The hash was made of what is no longer there, and the salt would let somebody guess what that was.
#[tokio::test]
async fn an_event_whose_caller_is_forgotten_before_it_is_chained_gets_no_salt() {
    let place = Place::new().await;
    let store = place.open().await;
    let (known, _) = a_signed_in_user(&store, 1).await;
    let (_, _) = a_signed_in_user(&store, 2).await;
    let events = store.events(0, 10).await.unwrap();
    let places: Vec<u64> = events.iter().map(|recorded| recorded.seq).collect();
    assert!(store.delete_user(a_deletion(&known.user)).await.unwrap());
    assert!(store.chain(a_chaining(None, &places)).await.unwrap());
    let chained = store.events(0, places.len() as u32).await.unwrap();
    for (was, is) in events.iter().zip(&chained) {
        let link = is.link.as_ref().unwrap();
        assert_eq!(link.hash, a_mark(is.seq).hash);
        let is_theirs = was.event.user_id == Some(known.user.id);
        assert_eq!(link.salt.is_none(), is_theirs, "{was:?}");
        assert_eq!(is.event.caller.address.is_none(), is_theirs);
    }
}

/// Whoever writes a session has read the revision in the same moment: it has ended with the others, or begun after them.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_begins_as_everyone_is_signed_out_lives_only_where_it_came_later() {
    let servers = Servers::<2>::start().await;
    for round in 0..ROUNDS {
        let store = servers.of(0);
        let known = an_account(round);
        store.register(a_registration(&known, None)).await.unwrap();
        at_once(6, |actor| {
            let (store, known) = (servers.of(actor), known.clone());
            async move {
                match actor {
                    0 => drop(
                        store.end_everyone(NOW, a_key_event(EventKind::EveryoneSignedOut)).await.unwrap(),
                    ),
                    _ => {
                        let session = a_session(&known.user, round * 100 + actor as u64);
                        store.login(a_login(&known, &session)).await.unwrap();
                    }
                }
            }
        })
        .await;
        let below = store.roles().await.unwrap().1;
        let live = store.sessions_of(known.user.id, NOW, 10).await.unwrap();
        assert!(live.iter().all(|session| session.revision == below));
        while store.expire(NOW, 100).await.unwrap() > 0 {}
        let by = SessionSearch { user: Some(known.user.id), ..SessionSearch::default() };
        let all = store.search_sessions(by, NOW, None, 10).await.unwrap().rows;
        let over = all.iter().filter(|facts| facts.session.standing != Standing::Live).count();
        assert_eq!(live.len() + over, 5, "each lives, or its ending is written");
        assert_eq!(store.sessions_of(known.user.id, NOW, 10).await.unwrap().len(), live.len());
    }
}

/// What N servers give at once is held once.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_that_give_roles_one_does() {
    let servers = Servers::<2>::start().await;
    let store = servers.of(0);
    let (known, _) = a_signed_in_user(&store, 1).await;
    for name in ["one", "two"] {
        assert!(store.put_role(a_role(name), None, a_key_event(EventKind::RoleAdded)).await.unwrap());
    }
    let answers =
        at_once(8, |actor| {
            let (store, user) = (servers.of(actor), known.user.clone());
            let roles = role_names([if actor < 4 { "one" } else { "two" }]);
            let told = Event { user_id: Some(user.id), ..a_key_event(EventKind::RolesChanged) };
            async move {
                store.edit_user(Editing { roles, events: vec![told], ..an_editing(&user) }).await.unwrap()
            }
        })
        .await;
    let done: Vec<&Edited> = answers.iter().filter(|answer| **answer != Edited::Changed).collect();
    let [Edited::Done(now)] = done[..] else { unreachable!("{done:?}") };
    assert_eq!(store.account_of(known.user.id).await.unwrap().unwrap().user, **now);
    assert_eq!((servers.count("user_role").await, now.ce), (1, 1));
}
