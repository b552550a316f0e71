//! The release before devices, links and letters: its file is taken over, and it goes on working on today's.

use rotunda_core::model::{Device, EventKind, UnixMillis, UserId};
use rotunda_core::store::{Accounts, KeyShelf, Sessions};
use rotunda_testkit::fixtures::{NOW, a_key_event, a_session, an_account, bytes};
use rusqlite::{Connection, params};

use crate::scene::{Place, a_signed_in_user, row};

/// Its schema.
const V1: &str = include_str!("../../migrations/V1__users_sessions_outbox_keys.sql");

/// How it added a session, as far as it could differ.
const INSERT: &str = "\
    INSERT INTO session (id, user_id, client_id, device_id, device_hash, device_shown, remember, generation, \
        current_hash, key_id, previous_key_id, retry_hashes, created_at, auth_time, amr, idle_ms, idle_expires_at, \
        absolute_expires_at, ep, status, ended, ended_at, last_ip, last_user_agent) \
    VALUES (?1, ?2, 'web', ?3, ?4, 0, 1, 0, zeroblob(32), 1, 1, zeroblob(64), ?5, ?5, '[]', 1, ?6, ?6, 0, \
        iif(?7 IS NULL, 'live', 'ended'), ?7, iif(?7 IS NULL, NULL, 1), ?8, ?9)";

/// How it added its one signing key.
const ADD_KEY: &str = "\
    INSERT INTO signing_key (kid, algorithm, master_id, sealed, created_at) SELECT 'old', 'ES256', 1, x'01', 77 \
    WHERE NOT EXISTS (SELECT 1 FROM signing_key)";

/// Everything else that it wrote, with values in place of parameters.
const WRITES: [&str; 10] = [
    "UPDATE session SET generation = 1, current_hash = zeroblob(32), previous_hash = NULL, before_hash = NULL, \
        salt = NULL, previous_salt = NULL, key_id = 1, previous_key_id = 1, rotated_at_ms = 1, \
        retry_hashes = zeroblob(64), idle_expires_at = min(9, absolute_expires_at), \
        device_shown = max(device_shown, 1), last_ip = '::1', last_user_agent = 'x' \
     WHERE id = x'01' AND generation = 0 AND current_hash = zeroblob(32) AND status = 'live'",
    "UPDATE session SET status = 'ended', ended = 'reused', ended_at = 1 \
     WHERE id = x'01' AND status = 'live' AND (NULL IS NULL OR generation = NULL)",
    "INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent) \
     SELECT 1, 'session.ended', 'evicted', user_id, id, '::1', 'x' FROM session \
     WHERE user_id = x'0a' AND status = 'live' ORDER BY id",
    "UPDATE user SET password_hash = 'other', ep = ep + 1 \
     WHERE id = x'0a' AND state = 'active' AND ep = 0 AND password_hash = 'hash' \
     AND EXISTS (SELECT 1 FROM session WHERE id = x'02' AND user_id = x'0a' AND status = 'live')",
    "UPDATE session SET status = 'ended', ended = 'evicted', ended_at = 2 \
     WHERE user_id = x'0a' AND status = 'live'",
    "UPDATE user SET ep = ep + 1, state = coalesce(NULL, state) WHERE id = x'0a'",
    "UPDATE user SET state = 'disabled' WHERE id = x'0a' AND state = 'active'",
    "DELETE FROM session WHERE rowid IN (SELECT rowid FROM session WHERE ended_at < 3 ORDER BY ended_at LIMIT 2)",
    "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE at_ms < 9 ORDER BY at_ms LIMIT 1)",
    "INSERT INTO meta (name, value) VALUES ('readiness', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
];

#[tokio::test]
async fn the_devices_of_an_earlier_release_are_known() {
    let place = Place::new();
    let db = as_it_was(&place);
    let (anne, ben): (UserId, UserId) = (an_account(1).user.id, an_account(2).user.id);
    for (user, seed) in [(anne, 1), (ben, 2)] {
        add_user(&db, user.as_bytes(), seed);
    }
    let id = |session: u8| [session; 16];
    let add = |session: u8, user: UserId, device: u64, at: i64, ended: Option<&str>| {
        let hash: [u8; 32] = bytes("device", device);
        let agent = format!("agent {session}");
        let row = params![
            id(session),
            user.as_bytes(),
            bytes::<16>("device id", device),
            hash,
            at,
            NOW.0,
            ended,
            "192.0.2.1",
            agent
        ];
        db.execute(INSERT, row).unwrap();
    };
    add(1, anne, 1, 30, Some("logged_out"));
    add(2, anne, 1, 50, None);
    add(3, anne, 1, 40, Some("idle_expired"));
    add(4, anne, 2, 60, None);
    add(5, anne, 3, 10, Some("reused"));
    add(6, anne, 3, 70, None);
    add(7, anne, 4, 80, Some("reported"));
    add(8, ben, 1, 20, None);
    drop(db);

    let store = place.open();
    let seen = |devices: Vec<Device>| -> Vec<(i64, i64, Option<String>)> {
        let told = |known: Device| (known.first_seen_at.0, known.last_seen_at.0, known.caller.user_agent);
        devices.into_iter().map(told).collect()
    };
    let agent = |session: u8| Some(format!("agent {session}"));
    let of = async |user| store.devices_of(user, 100).await.unwrap();
    let annes = of(anne).await;
    assert_eq!(annes[0].id.as_bytes(), &bytes::<16>("device id", 2));
    assert!(annes[0].hash == rotunda_core::model::DeviceHash(bytes("device", 2)));
    assert_eq!(seen(annes), [(60, 60, agent(4)), (30, 50, agent(2))], "what was copied is not");
    assert_eq!(seen(of(ben).await), [(20, 20, agent(8))]);
}

#[tokio::test]
async fn the_release_before_goes_on_working_on_todays_schema() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    let db = place.stranger();
    add_user(&db, &[10], 9);
    for id in [1_u8, 2, 3] {
        let row = params![[id], [10_u8], [1_u8], [id; 32], 1, 9, None::<&str>, "::1", "x"];
        assert_eq!(db.execute(INSERT, row).unwrap(), 1);
    }
    for sql in WRITES {
        assert!(db.execute(sql, []).unwrap() > 0, "{sql}");
    }
    assert_eq!(db.execute(ADD_KEY, []).unwrap(), 1);
    assert_signs_from_the_start(&store).await;
    assert_eq!(row(&store, &session).await, session);
    let now = UnixMillis(NOW.0 + 1);
    assert_eq!(store.sessions_of(session.user_id, now, 9).await.unwrap(), [session]);
}

/// It begins sessions without a revision: where everyone was signed out, they end too soon, and none lives too long.
#[tokio::test]
async fn what_the_release_before_begins_after_everyone_was_signed_out_ends() {
    let place = Place::new();
    let store = place.open();
    let (known, _) = a_signed_in_user(&store, 1).await;
    let begin = |id: u8| {
        let (user, until) = (known.user.id, NOW.0 + 9_000_000);
        let begun =
            params![[id; 16], user.as_bytes(), [id; 16], [id; 32], NOW.0, until, None::<&str>, "::1", "x"];
        assert_eq!(place.stranger().execute(INSERT, begun).unwrap(), 1);
    };
    begin(1);
    assert_eq!(store.sessions_of(known.user.id, NOW, 9).await.unwrap().len(), 2, "nobody was signed out yet");
    store.end_everyone(NOW, a_key_event(EventKind::EveryoneSignedOut)).await.unwrap();
    begin(2);
    assert!(store.sessions_of(known.user.id, NOW, 9).await.unwrap().is_empty());
    assert_eq!(store.expire(NOW, 9).await.unwrap(), 3);
}

/// The file that it would have left, and a connection to it.
pub(crate) fn as_it_was(place: &Place) -> Connection {
    let today = Place::new();
    drop(today.open());
    let db = place.stranger();
    db.execute_batch(V1).unwrap();
    db.execute("ATTACH ?1 AS today", params![today.path().to_str().unwrap()]).unwrap();
    db.execute_batch(
        "CREATE TABLE refinery_schema_history (version INT4 PRIMARY KEY, name VARCHAR(255), \
            applied_on VARCHAR(255), checksum VARCHAR(255)); \
         INSERT INTO refinery_schema_history SELECT version, name, applied_on, checksum \
            FROM today.refinery_schema_history WHERE version = 1; \
         DETACH today",
    )
    .unwrap();
    db
}

fn add_user(db: &Connection, id: &[u8], seed: u64) {
    let user = "INSERT INTO user (id, email, email_key, email_verified, state, ep, password_hash, created_at) \
                VALUES (?1, ?2, ?2, 0, 'active', 0, 'hash', 1)";
    db.execute(user, params![id, format!("user-{seed}@before.example")]).unwrap();
}

#[tokio::test]
async fn the_signing_key_of_an_earlier_release_signs_since_it_was_made() {
    let place = Place::new();
    as_it_was(&place).execute(ADD_KEY, []).unwrap();
    let store = place.open();
    assert_signs_from_the_start(&store).await;
    let next = rotunda_testkit::fixtures::a_sealed_key(1);
    assert!(store.add_signing_key(next, Some("old".to_owned()), None).await.unwrap());
}

async fn assert_signs_from_the_start(store: &rotunda_store_sqlite::SqliteStore) {
    let keys = store.signing_keys().await.unwrap();
    assert_eq!(keys.len(), 1);
    let key = &keys[0];
    let times = (key.created_at, key.signs_from, key.revoked_at);
    assert_eq!((key.kid.as_str(), times), ("old", (UnixMillis(77), UnixMillis(77), None)));
}

#[tokio::test]
async fn more_devices_than_are_remembered_go_at_the_next_sign_in() {
    let place = Place::new();
    let db = as_it_was(&place);
    let known = an_account(1);
    add_user(&db, known.user.id.as_bytes(), 1);
    for number in 0..60_u8 {
        let (user, agent) = (known.user.id, "x");
        let row = params![
            [number; 16],
            user.as_bytes(),
            [number; 16],
            [number; 32],
            i64::from(number),
            9,
            "logged_out",
            "::1",
            agent
        ];
        db.execute(INSERT, row).unwrap();
    }
    db.execute("UPDATE user SET password_hash = ?1", params![known.password.expose()]).unwrap();
    drop(db);
    let store = place.open();
    assert_eq!(store.devices_of(known.user.id, 100).await.unwrap().len(), 60);
    let login = rotunda_testkit::fixtures::a_login(&known, &a_session(&known.user, 1));
    rotunda_core::store::Accounts::login(&store, login).await.unwrap();
    let left = store.devices_of(known.user.id, 100).await.unwrap();
    assert_eq!(left.len(), Device::MOST as usize);
    assert_eq!(left.last().unwrap().last_seen_at, UnixMillis(11));
}
