//! Every statement, with how PostgreSQL means to find its rows. Whoever adds one adds it here, and says so if it scans.

mod statements;

use rotunda_core::model::UnixMillis;
use rotunda_grounds::one_postgres;

use crate::pool::{Held, Pool};
use crate::{
    Options, audit, caps, deliveries, devices, feed, janitor, journal, letters, links, logout, places, pool,
    refresh, roles, schema, search, sessions, skeleton,
};
use statements::{ALL, MAY_SCAN};

/// Two users with what belongs to them, and what PostgreSQL knows of tables of that size: reading all of one is as cheap as
/// looking a row up. Plans that are made now are kept while they grow.
const YOUNG: &str = "\
    INSERT INTO users SELECT gen_random_uuid(), n, n, n, n, n, true, 'active', 0, 'hash', 0, n \
        FROM (SELECT number::text AS n FROM generate_series(1, 2) AS number) AS numbers; \
    INSERT INTO device SELECT gen_random_uuid(), id, decode(md5(id::text || n), 'hex'), n, n \
        FROM users, generate_series(1, 3) AS n; \
    INSERT INTO session SELECT gen_random_uuid(), id, 'native', gen_random_uuid(), '', true, \
            CASE n WHEN 1 THEN decode(md5(id::text), 'hex') END, true, 0, '', NULL, NULL, NULL, NULL, 1, 1, NULL, '', \
            n, n, '[]', 1, 1, 1, 0, CASE WHEN n > 2 THEN 'ended' ELSE 'live' END, CASE WHEN n > 2 THEN 'logout' END, \
            CASE WHEN n > 2 THEN n END \
        FROM users, generate_series(1, 5) AS n; \
    INSERT INTO outbox (seq, at_ms, kind, user_id, session_id) \
        SELECT row_number() OVER (), ended_at, 'session.ended', user_id, id FROM session WHERE ended_at IS NOT NULL; \
    INSERT INTO revocation (seq, at_ms, kind, subject) SELECT seq, at_ms, 'session', session_id FROM outbox; \
    INSERT INTO link SELECT gen_random_uuid(), 'report', '', id, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 FROM users; \
    INSERT INTO bucket SELECT id, 0, 0 FROM users; \
    ANALYZE";

/// On tables that are empty or small, and on a connection as the store has it: a plan that is made then is kept while they
/// grow.
#[tokio::test]
async fn no_statement_goes_through_a_whole_table() {
    for held in [empty("plans_no_scans").await, young("plans_no_scans_young").await] {
        none_scans(&held).await;
    }
}

async fn none_scans(held: &Held) {
    for sql in ALL.iter().filter(|sql| !MAY_SCAN.contains(sql)) {
        let plan = plan(held, sql).await;
        assert!(!plan.contains("Seq Scan"), "{sql}\n{plan}");
        // An index that is gone through from end to end is no better.
        let starts = plan.matches("Index Scan").count() + plan.matches("Index Only Scan").count();
        let bounded = plan.matches("Index Cond").count() + plan.matches("Limit").count();
        assert!(starts <= bounded, "{sql}\n{plan}");
        assert!(!plan.contains("Index Cond: (status = 'live'::text)"), "{sql}\n{plan}");
    }
}

/// Where another index would do as well while the table is small, and not when it is large.
#[tokio::test]
async fn each_statement_that_has_an_index_of_its_own_uses_it() {
    let held = empty("plans_own_index").await;
    for (sql, index) in [
        (caps::LIVE, "session_of_user"),
        (devices::OF_USER, "device_pkey"),
        (devices::FORGET, "device_seen"),
        (feed::AFTER, "revocation_place"),
        (feed::FORGET, "revocation_time"),
        (feed::IS_TOKEN_REVOKED, "revocation_token"),
        (janitor::EXPIRE, "session_pkey"),
        (janitor::FORGET, "session_ended"),
        (janitor::WALK, "session_pkey"),
        (journal::AFTER, "outbox_place"),
        (journal::NOTE, "outbox_repeated"),
        (journal::NOTE_FROM_NOWHERE, "outbox_repeated"),
        (journal::OF_SESSION, "outbox_session"),
        (journal::OF_USER, "outbox_user"),
        (letters::CLAIM, "letter_due"),
        (links::FORGET, "link_expiry"),
        (logout::END_ALL, "session_of_user"),
        (logout::END_OTHERS, "session_of_user"),
        (logout::LOCK_LIVE, "session_of_user"),
        (places::PLACE_EVENTS, "outbox_unplaced"),
        (places::PLACE_REVOCATIONS, "revocation_unplaced"),
        (places::UNPLACED_EVENTS, "outbox_unplaced"),
        (refresh::FACTS, "session_pkey"),
        (refresh::ROTATE, "session_pkey"),
        (refresh::ROTATE_ALL, "session_pkey"),
        (sessions::FACTS_OF_PAGE, "session_page"),
        (sessions::SESSIONS_OF, "session_of_user"),
        (skeleton::SETTLE, "session_pkey"),
        (audit::CHAIN, "outbox_place"),
        (audit::FORGET, "outbox_place"),
        (audit::UNCHAINED, "outbox_place"),
        (deliveries::CLAIM, "webhook_delivery_due"),
        (deliveries::FORGET, "webhook_delivery_old"),
        (deliveries::LIST, "webhook_delivery_pkey"),
        (deliveries::LIST_DEAD, "webhook_delivery_dead"),
        (deliveries::REPLAY_SOME, "webhook_delivery_dead"),
        (janitor::SIGNED_OUT, "session_live"),
        (roles::SETS, "users_roles"),
    ] {
        let plan = plan(&held, sql).await;
        assert!(plan.contains(index), "{index}: {sql}\n{plan}");
    }
}

/// The same of searches and counts.
#[tokio::test]
async fn each_search_goes_along_its_own_index() {
    let held = empty("plans_of_searches").await;
    for (sql, index) in [
        (search::count::BY_EMAIL, "users_email_begins"),
        (search::count::BY_ROLE, "user_role_pkey"),
        (search::count::BY_USERNAME, "users_username_begins"),
        (search::count::DISABLED, "users_disabled"),
        (search::count::FIRST_LIVE, "session_live"),
        (search::count::LIVE, "session_live"),
        (search::count::SESSIONS_OF, "session_of_user"),
        (search::events::ALL, "outbox_place"),
        (search::events::BY_ACTOR, "outbox_actor"),
        (search::events::FROM_ADDRESS, "outbox_address"),
        (search::events::OF_KIND, "outbox_kind"),
        (search::events::OF_SESSION, "outbox_session"),
        (search::events::OF_USER, "outbox_user"),
        (search::events::SPAN, "outbox_time"),
        (search::sessions::ALL, "session_pkey"),
        (search::sessions::AT_ADDRESS, "outbox_address"),
        (search::sessions::OF_DEVICE, "session_of_device"),
        (search::sessions::OF_USER, "session_by_user"),
        (search::users::ALL, "users_pkey"),
        (search::users::BY_EMAIL, "users_email_begins"),
        (search::users::BY_ROLE, "user_role_pkey"),
        (search::users::BY_USERNAME, "users_username_begins"),
        (search::users::DISABLED, "users_disabled"),
    ] {
        let plan = plan(&held, sql).await;
        assert!(plan.contains(index), "{index}: {sql}\n{plan}");
    }
}

/// The same with what PostgreSQL knows of a few rows.
#[tokio::test]
async fn what_belongs_to_a_user_is_not_looked_for_by_time() {
    let held = young("plans_of_user").await;
    for (sql, index) in [
        (devices::OF_USER, "device_pkey"),
        (journal::OF_USER, "outbox_user"),
        (search::events::OF_SESSION, "outbox_session"),
        (search::events::OF_USER, "outbox_user"),
        (search::sessions::OF_DEVICE, "session_of_device"),
        (search::sessions::OF_USER, "session_by_user"),
        (sessions::SESSIONS_OF, "session_of_user"),
    ] {
        let plan = plan(&held, sql).await;
        assert!(plan.contains(index), "{index}: {sql}\n{plan}");
    }
}

/// So rows are locked in the order in which they are named.
#[tokio::test]
async fn a_batch_goes_to_its_rows_one_after_the_other() {
    for held in [empty("plans_batch").await, young("plans_batch_young").await] {
        for sql in [refresh::FACTS, refresh::ROTATE_ALL, skeleton::SETTLE, janitor::EXPIRE] {
            let plan = plan(&held, sql).await;
            assert!(plan.contains("Nested Loop") && !plan.contains("Bitmap"), "{plan}");
            let (_, lookup) = plan.split_once("Index Scan using session_pkey on session").unwrap();
            assert!(lookup.lines().nth(1).unwrap().contains("Index Cond: (id = "), "{plan}");
        }
    }
}

#[tokio::test]
async fn a_refresh_touches_no_index() {
    let held = empty("plans_hot").await;
    let indexed = "SELECT string_agg(indexdef, ' ') FROM pg_indexes WHERE tablename = 'session'";
    let indexes: String = held.get().unwrap().query_one(indexed, &[]).await.unwrap().get(0);
    let set = refresh::ROTATE_ALL.split_once(" FROM ").unwrap().0.split_once(" SET ").unwrap().1;
    let changed: Vec<&str> = set
        .split(',')
        .filter_map(|assignment| assignment.trim().split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(changed.len(), 14);
    assert!(changed.iter().all(|column| !indexes.contains(column)), "{changed:?}\n{indexes}");
}

#[test]
fn every_statement_is_on_the_list() {
    let folders = [
        concat!(env!("CARGO_MANIFEST_DIR"), "/src"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/src/copy"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/src/search"),
    ];
    let files = folders
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path());
    let sources = files.filter(|path| path.is_file() && !path.ends_with("plans.rs"));
    let declared: usize = sources
        .map(|path| std::fs::read_to_string(path).unwrap())
        .map(|text| {
            let constants = text.split("pub(crate) const ").skip(1);
            constants
                .filter(|rest| rest.split_once('=').is_some_and(|(head, _)| head.contains(": &str")))
                .count()
        })
        .sum();
    assert_eq!(declared, ALL.len());
}

async fn empty(name: &'static str) -> Held {
    let url = tokio::task::spawn_blocking(move || one_postgres().database(name)).await.unwrap();
    let options = Options { url, connections: 1, ca_file: None };
    let config = pool::config(&options).unwrap();
    let pool = Pool::new(&config, &pool::tls(&config, None).unwrap(), 1).unwrap();
    schema::prepare(&pool, UnixMillis(0)).await.unwrap();
    pool.get().await.unwrap()
}

async fn young(name: &'static str) -> Held {
    let held = empty(name).await;
    held.get().unwrap().batch_execute(YOUNG).await.unwrap();
    held
}

async fn plan(held: &Held, sql: &str) -> String {
    let client = held.get().unwrap();
    let parameters = client.prepare(sql).await.unwrap().params().len();
    client.batch_execute(&format!("PREPARE one AS {sql}")).await.unwrap();
    let nulls = match parameters {
        0 => String::new(),
        some => format!("({})", vec!["NULL"; some].join(", ")),
    };
    let steps = client.query(&format!("EXPLAIN EXECUTE one{nulls}"), &[]).await.unwrap();
    client.batch_execute("DEALLOCATE one").await.unwrap();
    steps.iter().map(|step| step.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
}
