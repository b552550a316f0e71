//! Every statement, with how SQLite means to find its rows. Whoever adds one adds it here, and says so if it scans.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Null;

use crate::search::count;
use crate::{
    amend, answers, audit, backup, caps, clients, copy, delete, deliveries, devices, edit, everyone, feed,
    inspect, janitor, journal, keys, letters, links, login, logout, password, refresh, register, restore,
    roles, schema, search, sessions, skeleton, tallies, users, webhooks,
};

/// All statements that name a table.
const ALL: &[&str] = &[
    amend::AMEND,
    amend::AS_READ,
    amend::EMAIL_TAKEN,
    amend::SESSION_LIVES,
    answers::BEGIN,
    answers::BY_KEY,
    answers::DROP,
    answers::FINISH,
    answers::FORGET,
    audit::CHAIN,
    audit::CHECKPOINTS,
    audit::END,
    audit::FORGET,
    audit::FORGET_CHECKPOINTS,
    audit::LIFT,
    audit::PUT,
    audit::UNCHAINED,
    backup::NOTE_TAKEN,
    caps::LIVE,
    clients::ADD,
    clients::ADD_SECRET,
    clients::LIST,
    clients::REMOVE,
    clients::REMOVE_SECRETS,
    clients::SECRETS,
    clients::THERE,
    copy::ADD_DELIVERY,
    copy::ADD_DEVICE,
    copy::ADD_EVENT,
    copy::ADD_REVOCATION,
    copy::ANYTHING,
    copy::DELIVERIES,
    copy::DEVICES,
    copy::EVENTS,
    copy::FINISHED,
    copy::LAST_DELIVERY,
    copy::LAST_DEVICE,
    copy::LAST_EVENT,
    copy::LAST_LETTER,
    copy::LAST_LINK,
    copy::LAST_REVOCATION,
    copy::LAST_SESSION,
    copy::LAST_USER,
    copy::LETTERS,
    copy::LINKS,
    copy::REVOCATIONS,
    copy::SESSIONS,
    copy::TRIED,
    copy::UNFINISHED,
    copy::USERS,
    copy::whole::CHECKS,
    copy::whole::COUNTER,
    copy::whole::KEEPS,
    copy::whole::MARKS,
    copy::whole::NO_CHECKS,
    copy::whole::NO_CLIENTS,
    copy::whole::NO_COUNTERS,
    copy::whole::NO_KEEPS,
    copy::whole::NO_KEYS,
    copy::whole::NO_MARKS,
    copy::whole::NO_NUMBERS,
    copy::whole::NO_ROLES,
    copy::whole::NO_SECRETS,
    copy::whole::NO_TALLIES,
    copy::whole::NO_WEBHOOKS,
    copy::whole::NUMBER,
    copy::whole::NUMBERS,
    copy::whole::TALLIES,
    delete::DEVICES,
    delete::LETTERS,
    delete::LINKS,
    delete::SESSIONS,
    delete::STRIP,
    delete::USER,
    deliveries::ADD,
    deliveries::CLAIM,
    deliveries::DEAD,
    deliveries::DONE,
    deliveries::DUE,
    deliveries::FAILED,
    deliveries::FORGET,
    deliveries::GONE,
    deliveries::LIST,
    deliveries::REMOVE_SOME,
    deliveries::REPLAY,
    deliveries::REPLAY_ONE,
    devices::FORGET,
    devices::FORGET_LIVE,
    devices::FORGET_OLDEST,
    devices::FORGET_ONE,
    devices::OF_HASH,
    devices::OF_SESSION,
    devices::OF_USER,
    devices::RENEW,
    devices::SEE,
    edit::EDIT,
    edit::USERNAME_TAKEN,
    everyone::BELOW,
    everyone::WHO,
    feed::AFTER,
    feed::BEGIN_ANEW,
    feed::ENTER,
    feed::FORGET,
    feed::FORGET_KEEP,
    feed::IS_TOKEN_REVOKED,
    feed::LONGEST_KEEP,
    feed::MARK,
    feed::NOTE_KEEP,
    feed::WHICH,
    inspect::EVENT,
    inspect::LAST_EVENT,
    inspect::MOMENT,
    inspect::SEALED_UNDER,
    inspect::SESSIONS,
    inspect::SESSIONS_UNDER,
    inspect::SINCE,
    inspect::TO_REDO,
    inspect::USERS,
    inspect::WEBHOOKS_UNDER,
    janitor::FORGET,
    janitor::ONE,
    janitor::WALK,
    journal::AFTER,
    journal::OF_SESSION,
    journal::OF_USER,
    journal::RECORD,
    journal::SAID,
    keys::ADD,
    keys::ADD_CHECK,
    keys::CHANGE_SHELF,
    keys::CHECK,
    keys::FORGET,
    keys::NEWEST,
    keys::RESEAL,
    keys::REVOKE,
    keys::SHELF_VERSION,
    keys::SIGNING_KEYS,
    keys::TRY_A_WRITE,
    letters::CLAIM,
    letters::DONE,
    letters::DUE,
    letters::FAILED,
    letters::INSERT,
    letters::LIST,
    links::BEGIN,
    links::BY_ID,
    links::FORGET,
    links::INSERT,
    links::THEIRS,
    links::THERE,
    links::USE,
    links::USE_ALL_OF,
    links::USE_LATER_REPORTS,
    login::AS_READ,
    login::INSERT,
    logout::END,
    logout::END_ALL,
    logout::OTHERS,
    logout::RAISE_EPOCH,
    logout::RECORD_ENDS,
    password::REHASH,
    refresh::ACCEPT_AHEAD,
    refresh::ACCEPT_NO_MORE,
    refresh::FACTS,
    refresh::ROTATE,
    register::EMAIL_TAKEN,
    register::ID_TAKEN,
    register::INSERT,
    register::SUBJECT_TAKEN,
    register::USERNAME_TAKEN,
    restore::NO_LONGER_A_BACKUP,
    roles::FIRST_ADMIN,
    roles::HAS_ADMIN,
    roles::HELD,
    roles::HOLD,
    roles::HOLD_NONE,
    roles::LEAP,
    roles::LIST,
    roles::NEXT_SET,
    roles::PUT,
    roles::RAISE_REVISION,
    roles::REMOVE,
    roles::REVISION,
    roles::VERSION,
    count::ALL_USERS,
    count::DEAD_DELIVERIES,
    count::DELIVERIES,
    count::LETTERS,
    count::LIVE,
    count::LIVE_AMONG,
    count::SESSIONS_OF,
    search::events::ALL,
    search::events::AT_ADDRESS,
    search::events::BY_ACTOR,
    search::events::FIRST_FROM,
    search::events::LAST_UNTIL,
    search::events::OF_KIND,
    search::events::OF_SESSION,
    search::events::OF_USER,
    search::sessions::ALL,
    search::sessions::NEXT_AT,
    search::sessions::OF_USER,
    search::sessions::ONE,
    search::sessions::ON_DEVICE,
    search::users::ALL,
    search::users::BY_EMAIL,
    search::users::BY_USERNAME,
    search::users::COUNT_ALL,
    search::users::COUNT_BY_EMAIL,
    search::users::COUNT_BY_USERNAME,
    search::users::COUNT_DISABLED,
    search::users::COUNT_OF_ID,
    search::users::COUNT_OF_ROLE,
    search::users::COUNT_OF_SUBJECT,
    search::users::DISABLED,
    search::users::OF_ID,
    search::users::SIZE_BY_EMAIL,
    search::users::SIZE_BY_USERNAME,
    search::users::SIZE_OF_DISABLED,
    search::users::SIZE_OF_ROLE,
    search::users::OF_ROLE,
    search::users::OF_SUBJECT,
    sessions::FACTS_OF_PAGE,
    sessions::SESSIONS_OF,
    skeleton::SETTLE,
    tallies::ADD,
    tallies::FORGET,
    tallies::FROM,
    users::ANY,
    users::BY_EMAIL,
    users::BY_ID,
    users::BY_SUBJECT,
    users::BY_USERNAME,
    users::ENABLE,
    users::LIST,
    webhooks::BY_ID,
    webhooks::LIST,
    webhooks::MOVE,
    webhooks::NEWEST_EVENT,
    webhooks::PUT,
    webhooks::REMOVE,
];

/// A handful of rows, read when they have changed; one for each setting that servers have had of late; SQLite's own two
/// rows on places given; the front of a queue, no more than asked, in the order of an index; the end of an index; whether
/// there is any row at all; counts that stop, and that of
/// all users.
const MAY_SCAN: &[&str] = &[
    copy::ANYTHING,
    copy::LAST_DELIVERY,
    copy::LAST_DEVICE,
    copy::whole::CHECKS,
    copy::whole::KEEPS,
    copy::whole::MARKS,
    copy::whole::NO_CHECKS,
    copy::whole::NO_CLIENTS,
    copy::whole::NO_COUNTERS,
    copy::whole::NO_KEEPS,
    copy::whole::NO_KEYS,
    copy::whole::NO_MARKS,
    copy::whole::NO_ROLES,
    copy::whole::NO_SECRETS,
    copy::whole::NO_TALLIES,
    copy::whole::NO_WEBHOOKS,
    copy::whole::NUMBERS,
    copy::whole::TALLIES,
    clients::LIST,
    count::ALL_USERS,
    count::DEAD_DELIVERIES,
    count::DELIVERIES,
    count::LETTERS,
    keys::SIGNING_KEYS,
    feed::FORGET_KEEP,
    feed::WHICH,
    inspect::LAST_EVENT,
    inspect::SEALED_UNDER,
    inspect::SESSIONS,
    inspect::SESSIONS_UNDER,
    inspect::USERS,
    inspect::WEBHOOKS_UNDER,
    letters::LIST,
    roles::LIST,
    webhooks::LIST,
    webhooks::NEWEST_EVENT,
];

#[test]
fn no_statement_goes_through_a_whole_table() {
    let (_folder, db) = empty();
    for sql in ALL.iter().filter(|sql| !MAY_SCAN.contains(sql)) {
        let plan = plan(&db, sql);
        // What another part of the statement has found is no table, and neither are values that are given.
        let none = ["SCAN (", "SCAN CONSTANT ROW", "SCAN 2-ROW VALUES CLAUSE", "SCAN told"];
        let is_scan =
            |step: &&String| step.starts_with("SCAN") && !none.iter().any(|it| step.starts_with(it));
        let scans: Vec<&String> = plan.iter().filter(is_scan).collect();
        assert!(scans.is_empty(), "{sql}\n{plan:#?}");
    }
}

/// Where another index would do as well while the table is small, and not when it is large.
#[test]
fn each_statement_that_has_an_index_of_its_own_uses_it() {
    let (_folder, db) = empty();
    for (sql, index) in [
        (feed::FORGET, "revocation_time"),
        (feed::IS_TOKEN_REVOKED, "revocation_token"),
        (janitor::FORGET, "session_ended"),
        (journal::OF_SESSION, "outbox_session"),
        (journal::SAID, "outbox_repeated"),
        (logout::END_ALL, "session_of_user"),
        (logout::OTHERS, "session_of_user"),
        (logout::RECORD_ENDS, "session_of_user"),
        (sessions::FACTS_OF_PAGE, "session_page"),
        (sessions::SESSIONS_OF, "session_of_user"),
        (register::SUBJECT_TAKEN, "user_subject"),
        (users::BY_SUBJECT, "user_subject"),
        (answers::FORGET, "kept_answer_time"),
        (count::LIVE, "session_live"),
        (count::LIVE_AMONG, "session_live"),
        (count::SESSIONS_OF, "session_of_user"),
        (deliveries::DEAD, "delivery_dead"),
        (deliveries::DUE, "delivery_due"),
        (deliveries::FORGET, "delivery_dead_since"),
        (deliveries::REPLAY, "delivery_dead"),
        (roles::HOLD_NONE, "user_role_of"),
        (roles::NEXT_SET, "user_roles"),
        (search::events::FIRST_FROM, "outbox_time"),
        (search::events::LAST_UNTIL, "outbox_time"),
        (search::sessions::NEXT_AT, "outbox_session_at"),
        (search::sessions::ONE, "outbox_session_at"),
    ] {
        let plan = plan(&db, sql);
        assert!(plan.iter().any(|step| step.contains(&format!("INDEX {index} "))), "{sql}\n{plan:#?}");
    }
}

/// A page is found where it begins, and nothing is sorted for it.
#[test]
fn a_search_walks_one_index_in_its_order() {
    let (_folder, db) = empty();
    for (sql, index) in [
        (search::events::ALL, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        (search::events::AT_ADDRESS, "outbox_address (address=? AND rowid>? AND rowid<?)"),
        (search::events::BY_ACTOR, "outbox_actor (actor=? AND rowid>? AND rowid<?)"),
        (search::events::OF_KIND, "outbox_kind (kind=? AND rowid>? AND rowid<?)"),
        (search::events::OF_SESSION, "outbox_session (session_id=? AND rowid>? AND rowid<?)"),
        (search::events::OF_USER, "outbox_user (user_id=? AND rowid>? AND rowid<?)"),
        (search::sessions::ALL, "sqlite_autoindex_session_1 (id>? AND id<?)"),
        (search::sessions::OF_USER, "session_of_user (user_id=? AND status=? AND id>? AND id<?)"),
        (search::sessions::ON_DEVICE, "session_of_device (device_id=? AND id>? AND id<?)"),
        (search::users::ALL, "sqlite_autoindex_user_1 (id>?)"),
        (search::users::BY_EMAIL, "sqlite_autoindex_user_2 (email_key>? AND email_key<?)"),
        (search::users::BY_USERNAME, "sqlite_autoindex_user_3 (username_key>? AND username_key<?)"),
        (search::users::COUNT_DISABLED, "COVERING INDEX user_disabled (id>?)"),
        (search::users::DISABLED, "user_disabled (id>?)"),
        (search::users::OF_ROLE, "PRIMARY KEY (role=? AND user_id>?)"),
    ] {
        let plan = plan(&db, sql);
        assert!(plan.iter().any(|step| step.contains(index)), "{sql}\n{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}\n{plan:#?}");
    }
}

#[test]
fn every_statement_is_on_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(statements_in(&folder), ALL.len());
}

fn statements_in(folder: &Path) -> usize {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = paths.filter(|path| !path.ends_with("plans.rs") && !path.ends_with("schema.rs"));
    sources
        .map(|path| match path.is_dir() {
            true => statements_in(&path),
            false => std::fs::read_to_string(path).unwrap().matches("pub(crate) const ").count(),
        })
        .sum()
}

#[test]
fn a_refresh_touches_no_index() {
    let (_folder, db) = empty();
    let indexes =
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'session' AND sql IS NOT NULL";
    let indexes: Vec<String> =
        db.prepare(indexes).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let set = refresh::ROTATE.split_once(" WHERE ").unwrap().0.split_once(" SET ").unwrap().1;
    let changed: Vec<&str> = set
        .split(',')
        .filter_map(|assignment| assignment.trim().split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    assert_eq!((indexes.len(), changed.len()), (6, 14));
    for index in &indexes {
        assert!(changed.iter().all(|column| !index.contains(column)), "{index}");
    }
}

fn empty() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let db = schema::prepare(&folder.path().join("rotunda.db"), rotunda_core::model::UnixMillis(0)).unwrap();
    (folder, db)
}

fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let nulls = vec![Null; statement.parameter_count()];
    let steps = statement.query_map(rusqlite::params_from_iter(nulls), |row| row.get(3)).unwrap();
    steps.map(Result::unwrap).collect()
}
