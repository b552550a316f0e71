//! Moving parts out of the rows of SQLite, and back.

use rotunda_core::copy::{MovedParts, move_back, move_out};
use rotunda_core::model::{Session, SessionId, Standing, UnixMillis};
use rotunda_core::store::{Sessions, Store};
use rotunda_testkit::copying::{a_full_store, copied};
use rotunda_testkit::fixtures::{NOW, a_rotation};

use crate::ground::{Ground, one_cluster, one_redis};

/// A few at a time, so that there are several batches.
const ROWS: u32 = 7;

async fn full(url: &str) -> (Ground, Vec<Session>) {
    let ground = Ground::on(url).await;
    copied(&a_full_store(), &*ground.sql).await;
    let sessions = a_full_store().snapshot().sessions.into_values();
    (ground, sessions.filter(|session| session.standing == Standing::Live).collect())
}

async fn out(ground: &Ground) -> MovedParts {
    move_out(&*ground.sql, &*ground.store, (NOW, ROWS), &mut |_| {}).await.unwrap()
}

async fn back(ground: &Ground) -> MovedParts {
    move_back(&*ground.store, &*ground.sql, (NOW, ROWS), &mut |_| {}).await.unwrap()
}

async fn row(store: &dyn Store, id: SessionId) -> Session {
    store.facts(id).await.unwrap().unwrap().session
}

async fn there_and_back(url: &str) {
    let (ground, live) = full(url).await;
    let many = live.len() as u64;
    assert!(many > u64::from(ROWS) * 3);
    let all = MovedParts { sessions: many, same: many, lost: 0, differs_at: None };
    assert_eq!(out(&ground).await, all);
    for session in &live {
        assert_eq!(row(&*ground.store, session.id).await, *session);
        // It goes on there, and only there.
        let now = UnixMillis(NOW.0 + 7_000);
        assert!(ground.store.rotate(a_rotation(session, now)).await.unwrap());
        assert_eq!(row(&*ground.sql, session.id).await, *session);
    }
    assert_eq!(back(&ground).await, all);
    for session in &live {
        let (here, there) = (row(&*ground.sql, session.id).await, row(&*ground.store, session.id).await);
        assert_eq!(here, there);
        assert_eq!(here.lineage.generation, session.lineage.generation + 1);
    }
    assert_eq!(back(&ground).await, all, "once more is no harm");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_moving_part_goes_there_and_back() {
    there_and_back(&one_redis().url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_cluster_too() {
    there_and_back(&one_cluster().url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_part_stays_and_is_told_and_an_older_one_is_replaced() {
    let (ground, live) = full(&one_redis().url()).await;
    let many = live.len() as u64;
    out(&ground).await;
    let (newer, older) = (&live[5], &live[6]);
    assert!(ground.store.rotate(a_rotation(newer, UnixMillis(NOW.0 + 7_000))).await.unwrap());
    assert!(ground.sql.rotate(a_rotation(older, UnixMillis(NOW.0 + 7_000))).await.unwrap());
    let found = out(&ground).await;
    assert_eq!(found, MovedParts { sessions: many, same: many - 1, lost: 0, differs_at: Some(newer.id) });
    assert!(!found.is_same());
    assert_eq!(row(&*ground.store, newer.id).await.lineage.generation, newer.lineage.generation + 1);
    assert_eq!(row(&*ground.store, older.id).await.lineage.generation, older.lineage.generation + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_has_lost_is_counted_and_stays_in_its_row() {
    let (ground, live) = full(&one_redis().url()).await;
    let many = live.len() as u64;
    out(&ground).await;
    one_redis().cli(&["DEL", &ground.key(live[3].id)]);
    let found = back(&ground).await;
    assert_eq!(found, MovedParts { sessions: many, same: many - 1, lost: 1, differs_at: None });
    assert_eq!(row(&*ground.sql, live[3].id).await, live[3]);
}

/// Its last writes are gone, and its row was settled before.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_its_row_is_lost() {
    let (ground, live) = full(&one_redis().url()).await;
    let many = live.len() as u64;
    out(&ground).await;
    assert!(ground.sql.rotate(a_rotation(&live[4], UnixMillis(NOW.0 + 7_000))).await.unwrap());
    let settled = row(&*ground.sql, live[4].id).await;
    let found = back(&ground).await;
    assert_eq!(found, MovedParts { sessions: many, same: many - 1, lost: 1, differs_at: None });
    assert_eq!(row(&*ground.sql, live[4].id).await, settled);
}

/// The janitor has met it since: there is a hash again, and nothing in it that a token fits.
#[tokio::test(flavor = "multi_thread")]
async fn what_redis_has_lost_and_noticed_is_lost_all_the_same() {
    let (ground, live) = full(&one_redis().url()).await;
    let many = live.len() as u64;
    out(&ground).await;
    let lost = live.iter().filter(|session| session.idle_expires_at < session.absolute_expires_at);
    let lost = lost.min_by_key(|session| session.idle_expires_at).unwrap();
    one_redis().cli(&["DEL", &ground.key(lost.id)]);
    assert_eq!(ground.store.expire(lost.idle_expires_at, 1).await.unwrap(), 0);
    assert_eq!(one_redis().cli(&["EXISTS", &ground.key(lost.id)]).trim(), "1");
    let found = back(&ground).await;
    assert_eq!((found.sessions, found.lost, found.differs_at), (many, 1, None));
    assert_eq!(row(&*ground.sql, lost.id).await.lineage, lost.lineage, "the row knows more than a lost hash");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_left_where_it_is() {
    let (ground, live) = full(&one_redis().url()).await;
    let later = live
        .iter()
        .filter(|session| session.absolute_expires_at != UnixMillis(i64::MAX))
        .map(|session| session.absolute_expires_at);
    let now = later.max().unwrap();
    let found = move_out(&*ground.sql, &*ground.store, (now, ROWS), &mut |_| {}).await.unwrap();
    assert_eq!(
        found.sessions,
        live.iter().filter(|session| session.absolute_expires_at > now).count() as u64
    );
    assert!(found.sessions > 0 && found.sessions < live.len() as u64);
}
