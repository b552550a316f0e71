//! Every statement, with how PostgreSQL means to find its rows. Whoever adds one adds it here, and says so if it scans.

use rotunda_core::model::UnixMillis;
use rotunda_grounds::one_postgres;

use crate::pool::{Held, Pool};
use crate::{
    Options, amend, caps, clients, copy, delete, devices, feed, janitor, journal, keys, letters, limits,
    links, login, logout, password, places, pool, refresh, register, schema, sessions, skeleton, users,
};

/// All statements that name a table of ours.
const ALL: &[&str] = &[
    amend::AMEND,
    amend::AS_READ,
    amend::EMAIL_TAKEN,
    amend::HOLD_LIVE,
    caps::LIVE,
    clients::ADD,
    clients::ADD_SECRET,
    clients::LIST,
    clients::REMOVE,
    clients::REMOVE_SECRETS,
    clients::SECRETS,
    clients::THERE,
    copy::ANYTHING,
    copy::FINISHED,
    copy::MARK,
    copy::UNFINISHED,
    copy::read::CHECKS,
    copy::read::DEVICES,
    copy::read::EVENTS,
    copy::read::HOW_MANY_CLIENTS,
    copy::read::KEEPS,
    copy::read::LAST_DEVICE,
    copy::read::LAST_EVENT,
    copy::read::LAST_LETTER,
    copy::read::LAST_LINK,
    copy::read::LAST_REVOCATION,
    copy::read::LAST_SESSION,
    copy::read::LAST_USER,
    copy::read::LETTERS,
    copy::read::LINKS,
    copy::read::NUMBERS,
    copy::read::REVOCATIONS,
    copy::read::SESSIONS,
    copy::read::USERS,
    copy::write::ADD_DEVICE,
    copy::write::ADD_EVENT,
    copy::write::ADD_KEY,
    copy::write::ADD_REVOCATION,
    copy::write::NO_CHECKS,
    copy::write::NO_CLIENTS,
    copy::write::NO_KEEPS,
    copy::write::NO_KEYS,
    copy::write::NO_SECRETS,
    copy::write::NUMBER,
    copy::write::TRIED,
    delete::DEVICES,
    delete::LETTERS,
    delete::LINKS,
    delete::SESSIONS,
    delete::STRIP,
    delete::USER,
    devices::FORGET,
    devices::FORGET_LIVE,
    devices::FORGET_OLDEST,
    devices::FORGET_ONE,
    devices::OF_HASH,
    devices::OF_SESSION,
    devices::OF_USER,
    devices::SEE,
    feed::AFTER,
    feed::BEGIN_ANEW,
    feed::ENTER,
    feed::FORGET,
    feed::FORGET_KEEP,
    feed::IS_TOKEN_REVOKED,
    feed::LONGEST_KEEP,
    feed::NOTE_KEEP,
    janitor::EXPIRE,
    janitor::FORGET,
    janitor::THESE,
    janitor::WALK,
    journal::AFTER,
    journal::FORGET,
    journal::NOTE,
    journal::NOTE_FROM_NOWHERE,
    journal::OF_SESSION,
    journal::OF_USER,
    journal::RECORD,
    keys::ADD,
    keys::ADD_CHECK,
    keys::CHANGE_SHELF,
    keys::CHECK,
    keys::FORGET,
    keys::HOLD_SHELF,
    keys::NEWEST,
    keys::REVOKE,
    keys::SHELF_VERSION,
    keys::SIGNING_KEYS,
    keys::TRY_A_WRITE,
    letters::CLAIM,
    letters::DONE,
    letters::FAILED,
    letters::INSERT,
    letters::LIST,
    limits::CLEAR,
    limits::FORGET,
    limits::GIVE_BACK,
    limits::TAKE,
    links::BEGIN,
    links::BY_ID,
    links::FORGET,
    links::HOLD,
    links::HOLD_OF,
    links::INSERT,
    links::USE,
    links::USE_LATER_REPORTS,
    login::AS_READ,
    login::INSERT,
    logout::END,
    logout::END_ALL,
    logout::END_OTHERS,
    logout::HOLD_USER,
    logout::LOCK_LIVE,
    logout::RAISE_EPOCH,
    password::REHASH,
    places::ADVANCE,
    places::COUNTER,
    places::PLACE_EVENTS,
    places::PLACE_REVOCATIONS,
    places::UNPLACED_EVENTS,
    places::UNPLACED_REVOCATIONS,
    refresh::ACCEPT_AHEAD,
    refresh::ACCEPT_NO_MORE,
    refresh::FACTS,
    refresh::ROTATE,
    refresh::ROTATE_ALL,
    register::INSERT,
    register::TAKEN,
    sessions::FACTS_OF_PAGE,
    sessions::SESSIONS_OF,
    skeleton::SETTLE,
    users::BY_EMAIL,
    users::BY_ID,
    users::BY_SUBJECT,
    users::BY_USERNAME,
    users::ENABLE,
    users::HOLD,
    users::LIST,
];

/// A handful of rows, read when they have changed; and one for each setting that servers have had of late.
const MAY_SCAN: &[&str] = &[
    clients::LIST,
    keys::SIGNING_KEYS,
    feed::FORGET_KEEP,
    feed::LONGEST_KEEP,
    copy::ANYTHING,
    copy::read::CHECKS,
    copy::read::HOW_MANY_CLIENTS,
    copy::read::KEEPS,
    copy::read::NUMBERS,
    copy::write::NO_CHECKS,
    copy::write::NO_CLIENTS,
    copy::write::NO_KEEPS,
    copy::write::NO_KEYS,
    copy::write::NO_SECRETS,
];

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
        (journal::FORGET, "outbox_time"),
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
    let folders =
        [concat!(env!("CARGO_MANIFEST_DIR"), "/src"), concat!(env!("CARGO_MANIFEST_DIR"), "/src/copy")];
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
