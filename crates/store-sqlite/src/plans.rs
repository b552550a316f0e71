//! Every statement, with how SQLite means to find its rows. Whoever adds one adds it here, and says so if it scans.

use rusqlite::Connection;
use rusqlite::types::Null;

use crate::{
    amend, caps, clients, copy, delete, devices, feed, janitor, journal, keys, letters, links, login, logout,
    password, refresh, register, schema, sessions, skeleton, users,
};

/// All statements that name a table.
const ALL: &[&str] = &[
    amend::AMEND,
    amend::AS_READ,
    amend::EMAIL_TAKEN,
    amend::SESSION_LIVES,
    caps::LIVE,
    clients::ADD,
    clients::ADD_SECRET,
    clients::LIST,
    clients::REMOVE,
    clients::REMOVE_SECRETS,
    clients::SECRETS,
    clients::THERE,
    copy::ADD_DEVICE,
    copy::ADD_EVENT,
    copy::ADD_REVOCATION,
    copy::ANYTHING,
    copy::CHECKS,
    copy::COUNTER,
    copy::DEVICES,
    copy::EVENTS,
    copy::FINISHED,
    copy::KEEPS,
    copy::LAST_DEVICE,
    copy::LAST_EVENT,
    copy::LAST_LETTER,
    copy::LAST_LINK,
    copy::LAST_REVOCATION,
    copy::LAST_SESSION,
    copy::LAST_USER,
    copy::LETTERS,
    copy::LINKS,
    copy::NO_CHECKS,
    copy::NO_CLIENTS,
    copy::NO_COUNTERS,
    copy::NO_KEEPS,
    copy::NO_KEYS,
    copy::NO_SECRETS,
    copy::NUMBER,
    copy::NUMBERS,
    copy::REVOCATIONS,
    copy::SESSIONS,
    copy::TRIED,
    copy::UNFINISHED,
    copy::USERS,
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
    devices::RENEW,
    devices::SEE,
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
    janitor::FORGET,
    janitor::ONE,
    janitor::WALK,
    journal::AFTER,
    journal::FORGET,
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
    sessions::FACTS_OF_PAGE,
    sessions::SESSIONS_OF,
    skeleton::SETTLE,
    users::BY_EMAIL,
    users::ANY,
    users::BY_ID,
    users::BY_SUBJECT,
    users::BY_USERNAME,
    users::ENABLE,
    users::LIST,
];

/// A handful of rows, read when they have changed; one for each setting that servers have had of late; SQLite's own two rows on places given; the front of a queue, no more
/// than asked, in the order of an index; the end of an index; and whether there is any row at all.
const MAY_SCAN: &[&str] = &[
    copy::ANYTHING,
    copy::CHECKS,
    copy::KEEPS,
    copy::LAST_DEVICE,
    copy::NO_CHECKS,
    copy::NO_CLIENTS,
    copy::NO_COUNTERS,
    copy::NO_KEEPS,
    copy::NO_KEYS,
    copy::NO_SECRETS,
    copy::NUMBERS,
    clients::LIST,
    keys::SIGNING_KEYS,
    feed::FORGET_KEEP,
    feed::WHICH,
    letters::LIST,
];

#[test]
fn no_statement_goes_through_a_whole_table() {
    let (_folder, db) = empty();
    for sql in ALL.iter().filter(|sql| !MAY_SCAN.contains(sql)) {
        let plan = plan(&db, sql);
        let scans: Vec<&String> = plan.iter().filter(|step| step.starts_with("SCAN")).collect();
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
        (journal::FORGET, "outbox_time"),
        (journal::OF_SESSION, "outbox_session"),
        (journal::SAID, "outbox_repeated"),
        (logout::END_ALL, "session_of_user"),
        (logout::OTHERS, "session_of_user"),
        (logout::RECORD_ENDS, "session_of_user"),
        (sessions::FACTS_OF_PAGE, "session_page"),
        (sessions::SESSIONS_OF, "session_of_user"),
        (register::SUBJECT_TAKEN, "user_subject"),
        (users::BY_SUBJECT, "user_subject"),
    ] {
        let plan = plan(&db, sql);
        assert!(plan.iter().any(|step| step.contains(&format!("INDEX {index} "))), "{sql}\n{plan:#?}");
    }
}

#[test]
fn every_statement_is_on_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources =
        files.filter(|path| path.is_file() && !path.ends_with("plans.rs") && !path.ends_with("schema.rs"));
    let declared: usize = sources
        .map(|path| std::fs::read_to_string(path).unwrap())
        .map(|text| text.matches("pub(crate) const ").count())
        .sum();
    assert_eq!(declared, ALL.len());
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
    assert_eq!((indexes.len(), changed.len()), (4, 14));
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
