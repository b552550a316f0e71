//! A million of each, written with plain SQL.

use std::net::IpAddr;

use rotunda_core::model::{DeviceId, SessionId, UnixMillis, UserId};
use rotunda_testkit::fixtures::NOW;
use rusqlite::Connection;
use rusqlite::types::FromSql;

/// What there is a million of.
const MANY: i64 = 1_000_000;

/// How far apart they are.
const APART: i64 = 20_000;

/// When the one of that number began.
pub(super) fn at(number: i64) -> UnixMillis {
    UnixMillis(NOW.0 - (MANY - number) * APART)
}

/// Numbers, the moment of each, and an id of that moment. User 1 has 5,000 sessions on one device; each tenth session began at
/// one address, the others at 50,000.
const NUMBERS: &str = "\
    CREATE TEMP TABLE number AS \
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000) \
    SELECT n, 1767225600000 - (1000000 - n) * 20000 AS at, \
        unhex(printf('%012x', 1767225600000 - (1000000 - n) * 20000) || '7' || substr(hex(randomblob(2)), 2) || '8' \
            || substr(hex(randomblob(8)), 2)) AS user, \
        unhex(printf('%012x', 1767225600000 - (1000000 - n) * 20000) || '7' || substr(hex(randomblob(2)), 2) || '9' \
            || substr(hex(randomblob(8)), 2)) AS session, \
        char(97 + n % 26, 97 + n / 26 % 26, 97 + n / 676 % 26) || n AS name, \
        iif(n % 10 = 0, '198.51.100.7', printf('10.%d.%d.1', n % 50000 / 250, n % 250)) AS address \
    FROM numbers;";

const USERS: &str = "\
    INSERT INTO user (id, email, email_key, username, username_key, name, email_verified, state, ep, password_hash, \
        created_at, subject, ce, roles) \
    SELECT user, name || '@example.com', name || '@example.com', name, name, 'User ' || n, 1, \
        iif(n % 50 = 7, 'disabled', 'active'), 0, '$argon2id$v=19$m=19456,t=2,p=1$' || hex(randomblob(40)), at, \
        'old-' || n, 0, \
        CASE WHEN n % 1000 = 0 THEN '[\"member\",\"support\"]' WHEN n % 10 < 3 THEN '[\"member\"]' END \
    FROM temp.number ORDER BY n; \
    INSERT INTO user_role (role, user_id) SELECT 'member', user FROM temp.number WHERE n % 10 < 3 ORDER BY n; \
    INSERT INTO user_role (role, user_id) SELECT 'support', user FROM temp.number WHERE n % 1000 = 0 ORDER BY n;";

const SESSIONS: &str = "\
    INSERT INTO session (id, user_id, client_id, device_id, device_hash, device_shown, page_hash, remember, generation, \
        current_hash, previous_hash, before_hash, salt, previous_salt, key_id, previous_key_id, rotated_at_ms, \
        retry_hashes, created_at, auth_time, amr, idle_ms, idle_expires_at, absolute_expires_at, ep, status, ended, \
        ended_at, last_ip, last_user_agent) \
    SELECT session, iif(n % 200 = 0, (SELECT user FROM temp.number WHERE n = 1), user), iif(n % 2, 'web', 'app'), \
        iif(n % 200 = 0, x'00000000000070008000000000000001', session), randomblob(32), 1, randomblob(32), 1, 9, \
        randomblob(32), randomblob(32), randomblob(32), randomblob(32), randomblob(32), 1, 1, at + 1, \
        randomblob(64), at, at, '[\"pwd\"]', 604800000, 1767225600000 + 604800000, 1767225600000 + 2592000000, 0, \
        iif(n % 10 < 7, 'live', 'ended'), iif(n % 10 < 7, NULL, 'logged_out'), iif(n % 10 < 7, NULL, at + 2), \
        address, 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' \
    FROM temp.number ORDER BY n;";

const EVENTS: &str = "\
    INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about, hash, salt) \
    SELECT at, iif(n % 10 < 6, 'user.signed_in', iif(n % 10 < 9, 'session.ended', 'user.sign_in_failed')), \
        iif(n % 10 IN (6, 7, 8), 'logged_out', NULL), iif(n % 10 = 9, NULL, user), iif(n % 10 = 9, NULL, session), \
        address, 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', \
        iif(n % 100 = 0, 'command_line', NULL), iif(n % 100 = 0, 'because', NULL), NULL, randomblob(32), randomblob(16) \
    FROM temp.number ORDER BY n;";

/// Some of the queues, too.
const QUEUES: &str = "\
    INSERT INTO webhook_delivery (webhook_id, seq, created_at, attempts, next_attempt_at) \
    SELECT zeroblob(16), n, at, 1, iif(n % 2, at, NULL) FROM temp.number WHERE n <= 100000; \
    INSERT INTO letter (id, kind, at_ms, expires_at, attempts, next_attempt_at) \
    SELECT session, 'new_device', at, at, 0, at FROM temp.number WHERE n <= 20000; \
    DROP TABLE temp.number;";

pub(super) fn fill(db: &Connection) {
    db.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000").unwrap();
    for sql in [NUMBERS, USERS, SESSIONS, EVENTS, QUEUES] {
        db.execute_batch(&format!("BEGIN; {sql} COMMIT")).unwrap();
    }
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

/// Some of them, all over the table.
pub(super) struct Samples {
    pub(super) users: Vec<UserId>,
    pub(super) subjects: Vec<String>,
    pub(super) sessions: Vec<SessionId>,
    pub(super) devices: Vec<DeviceId>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) places: Vec<u64>,
    pub(super) busy_user: UserId,
    pub(super) busy_device: DeviceId,
    pub(super) office: IpAddr,
}

impl Samples {
    pub(super) fn read(db: &Connection, many: usize) -> Self {
        let rows = || (1..=many as i64).map(|number| number * 4_973 % MANY + 1);
        Self {
            users: rows().map(|row| UserId::from_bytes(one(db, "id FROM user", row))).collect(),
            subjects: rows().map(|row| one(db, "subject FROM user", row)).collect(),
            sessions: rows().map(|row| SessionId::from_bytes(one(db, "id FROM session", row))).collect(),
            devices: rows().map(|row| DeviceId::from_bytes(one(db, "device_id FROM session", row))).collect(),
            addresses: rows()
                .map(|row| one::<String>(db, "last_ip FROM session", row).parse().unwrap())
                .collect(),
            places: rows().map(|row| row as u64).collect(),
            busy_user: UserId::from_bytes(one(db, "id FROM user", 1)),
            busy_device: DeviceId::from_bytes(one(db, "device_id FROM session", 200)),
            office: "198.51.100.7".parse().unwrap(),
        }
    }
}

fn one<T: FromSql>(db: &Connection, what: &str, row: i64) -> T {
    db.query_row(&format!("SELECT {what} WHERE rowid = ?1"), [row], |row| row.get(0)).unwrap()
}
