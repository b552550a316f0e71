//! A million of each, written with plain SQL.

use std::net::IpAddr;

use rotunda_core::model::{DeviceId, SessionId, UnixMillis, UserId};
use rotunda_testkit::fixtures::NOW;
use tokio_postgres::Client;
use tokio_postgres::types::FromSqlOwned;
use uuid::Uuid;

/// What there is a million of.
const MANY: i64 = 1_000_000;

/// How far apart they are.
const APART: i64 = 20_000;

/// When the one of that number began.
pub(super) fn at(number: i64) -> UnixMillis {
    UnixMillis(NOW.0 - (MANY - number) * APART)
}

/// Numbers, the moment of each, and ids of that moment. User 1 has 5,000 sessions on one device; each tenth session began at one address,
/// the others at 50,000.
const NUMBERS: &str = "\
    CREATE UNLOGGED TABLE number AS \
    SELECT n, at, \
        (lpad(to_hex(at), 12, '0') || '7' || substr(md5('u' || n), 1, 3) || '8' || substr(md5('u' || n), 4, 15))::uuid AS a_user, \
        (lpad(to_hex(at), 12, '0') || '7' || substr(md5('s' || n), 1, 3) || '9' || substr(md5('s' || n), 4, 15))::uuid AS a_session, \
        chr((97 + n % 26)::int) || chr((97 + n / 26 % 26)::int) || chr((97 + n / 676 % 26)::int) || n AS name, \
        CASE WHEN n % 10 = 0 THEN '198.51.100.7' ELSE '10.' || n % 50000 / 250 || '.' || n % 250 || '.1' END AS address \
    FROM (SELECT n, 1767225600000 - (1000000 - n) * 20000 AS at FROM generate_series(1::bigint, 1000000) AS n) AS numbers; \
    CREATE UNIQUE INDEX number_n ON number (n)";

const USERS: &str = "\
    INSERT INTO users (id, email, email_key, username, username_key, name, email_verified, state, ep, password_hash, \
        created_at, subject, ce, roles) \
    SELECT a_user, name || '@example.com', name || '@example.com', name, name, 'User ' || n, true, \
        CASE WHEN n % 50 = 7 THEN 'disabled' ELSE 'active' END, 0, \
        '$argon2id$v=19$m=19456,t=2,p=1$' || md5(n::text) || md5(name) || md5(address), at, 'old-' || n, 0, \
        CASE WHEN n % 1000 = 0 THEN '[\"member\",\"support\"]' WHEN n % 10 < 3 THEN '[\"member\"]' END \
    FROM number ORDER BY n; \
    INSERT INTO user_role (role, user_id) SELECT 'member', a_user FROM number WHERE n % 10 < 3 ORDER BY n; \
    INSERT INTO user_role (role, user_id) SELECT 'support', a_user FROM number WHERE n % 1000 = 0 ORDER BY n";

const SESSIONS: &str = "\
    INSERT INTO session (id, user_id, client_id, device_id, device_hash, device_shown, page_hash, remember, generation, \
        current_hash, previous_hash, before_hash, salt, previous_salt, key_id, previous_key_id, rotated_at_ms, \
        retry_hashes, created_at, auth_time, amr, idle_ms, idle_expires_at, absolute_expires_at, ep, status, ended, \
        ended_at, last_ip, last_user_agent) \
    SELECT a_session, CASE WHEN n % 200 = 0 THEN (SELECT a_user FROM number WHERE n = 1) ELSE a_user END, \
        CASE WHEN n % 2 = 1 THEN 'web' ELSE 'app' END, \
        CASE WHEN n % 200 = 0 THEN '00000000-0000-7000-8000-000000000001'::uuid ELSE a_session END, \
        hash, true, hash, true, 9, hash, hash, hash, hash, hash, 1, 1, at + 1, hash || hash, at, at, '[\"pwd\"]', \
        604800000, 1767225600000 + 604800000, 1767225600000 + 2592000000, 0, \
        CASE WHEN n % 10 < 7 THEN 'live' ELSE 'ended' END, CASE WHEN n % 10 < 7 THEN NULL ELSE 'logged_out' END, \
        CASE WHEN n % 10 < 7 THEN NULL ELSE at + 2 END, address, \
        'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' \
    FROM (SELECT number.*, decode(md5(n::text) || md5(name), 'hex') AS hash FROM number) AS number ORDER BY n";

const EVENTS: &str = "\
    INSERT INTO outbox (seq, at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, hash, salt) \
    SELECT n, at, CASE WHEN n % 10 < 6 THEN 'user.signed_in' WHEN n % 10 < 9 THEN 'session.ended' \
            ELSE 'user.sign_in_failed' END, \
        CASE WHEN n % 10 IN (6, 7, 8) THEN 'logged_out' END, \
        CASE WHEN n % 200 = 0 THEN (SELECT a_user FROM number WHERE n = 1) WHEN n % 10 < 9 THEN a_user END, \
        CASE WHEN n % 10 < 9 THEN a_session END, address, \
        'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', \
        CASE WHEN n % 100 = 0 THEN 'command_line' END, CASE WHEN n % 100 = 0 THEN 'because' END, \
        decode(md5(n::text) || md5(name), 'hex'), decode(md5(name), 'hex') \
    FROM number ORDER BY n; \
    UPDATE meta SET value = 1000000 WHERE name = 'outbox'";

/// Some of the queues, too.
const QUEUES: &str = "\
    INSERT INTO webhook_delivery (webhook_id, seq, created_at, attempts, next_attempt_at) \
    SELECT '00000000-0000-7000-8000-000000000002', n, at, 1, CASE WHEN n % 2 = 0 THEN at END FROM number WHERE n <= 100000; \
    INSERT INTO letter (id, kind, at_ms, expires_at, attempts, next_attempt_at) \
    SELECT a_session, 'new_device', at, at, 0, at FROM number WHERE n <= 20000";

pub(super) async fn fill(client: &Client) {
    for sql in [NUMBERS, USERS, SESSIONS, EVENTS, QUEUES, "VACUUM ANALYZE"] {
        client.batch_execute(sql).await.unwrap();
    }
}

/// Sessions move on, all over the table.
pub(super) async fn refresh_some(client: &Client) {
    let moves = "UPDATE session SET generation = generation + 1, rotated_at_ms = rotated_at_ms + 1 \
        FROM number WHERE number.n % 10 = 1 AND session.id = number.a_session";
    client.batch_execute(moves).await.unwrap();
}

pub(super) async fn size(client: &Client) -> String {
    let size = "SELECT pg_size_pretty(pg_database_size(current_database()))";
    client.query_one(size, &[]).await.unwrap().get(0)
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
    pub(super) async fn read(client: &Client, many: usize) -> Self {
        let rows: Vec<i64> = (1..=many as i64).map(|number| number * 4_973 % MANY + 1).collect();
        let users = column::<Uuid>(client, "a_user", &rows).await;
        let sessions = column::<Uuid>(client, "a_session", &rows).await;
        let addresses = column::<String>(client, "address", &rows).await;
        let first = column::<Uuid>(client, "a_user", &[1]).await;
        Self {
            busy_user: UserId::from_bytes(first[0].into_bytes()),
            subjects: rows.iter().map(|row| format!("old-{row}")).collect(),
            devices: sessions.iter().map(|id| DeviceId::from_bytes(id.into_bytes())).collect(),
            users: users.into_iter().map(|id| UserId::from_bytes(id.into_bytes())).collect(),
            sessions: sessions.into_iter().map(|id| SessionId::from_bytes(id.into_bytes())).collect(),
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            places: rows.iter().map(|row| *row as u64).collect(),
            busy_device: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
            office: "198.51.100.7".parse().unwrap(),
        }
    }
}

async fn column<T: FromSqlOwned>(client: &Client, name: &str, rows: &[i64]) -> Vec<T> {
    let sql = format!("SELECT {name} FROM number WHERE n = ANY($1) ORDER BY array_position($1, n)");
    client.query(&sql, &[&rows]).await.unwrap().iter().map(|row| row.get(0)).collect()
}
