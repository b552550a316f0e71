//! Sessions on Redis: it is killed, emptied, paused, set back. The main store keeps who is signed in.

use rotunda_grounds::{Postgres, Redis, one_postgres};

use super::Scene;

async fn is_killed(redis: Redis, scene: Scene) {
    let gone = scene.somebody_signed_out().await;
    let idle = scene.somebody("idle@example.com").await;
    let people = scene.people().await;
    for _ in 0..3 {
        people.have_all_refreshed_again().await;
        redis.kill();
        people.are_all_turned_away().await;
        scene.tells_all_to_come_back(&idle, 1).await;
        redis.start_again();
    }
    scene.ends_well(people).await;
    scene.stays_signed_out(&gone).await;
    scene.goes_on(&idle).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_empty_it_signs_nobody_out() {
    let redis = Redis::start();
    let scene = Scene::on_sqlite(&redis.url());
    is_killed(redis, scene).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_with_what_it_appended_it_signs_nobody_out() {
    let redis = Redis::builder().line("appendonly yes").start();
    let scene = Scene::on_postgres(&one_postgres().database("redis_killed"), Some(&redis.url()));
    is_killed(redis, scene).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn emptied_under_load_it_signs_nobody_out() {
    let redis = Redis::start();
    let scene = Scene::on_postgres(&one_postgres().database("redis_flushed"), Some(&redis.url()));
    let gone = scene.somebody_signed_out().await;
    let idle = scene.somebody("idle@example.com").await;
    let people = scene.people().await;
    for _ in 0..20 {
        people.have_all_refreshed_again().await;
        redis.cli(&["FLUSHALL"]);
    }
    assert_eq!(people.turned_away(), 0, "an empty Redis is no outage");
    scene.ends_well(people).await;
    scene.stays_signed_out(&gone).await;
    scene.goes_on(&idle).await;
}

/// A backup of Redis is older than the end of a session: it comes back there, and only there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn set_back_to_before_a_sign_out_it_brings_nobody_back() {
    let redis = Redis::start();
    let scene = Scene::on_sqlite(&redis.url());
    let people = scene.people().await;
    people.have_all_refreshed_again().await;
    let leaves = scene.somebody("leaves@example.com").await;
    let before = redis.cli(&["DBSIZE"]);
    assert_eq!(redis.cli(&["SAVE"]), "OK");
    scene.signs_out(&leaves).await;
    people.have_all_refreshed_again().await;

    redis.kill();
    people.are_all_turned_away().await;
    redis.start_again();
    people.have_all_refreshed_again().await;
    assert_eq!(redis.cli(&["DBSIZE"]), before, "Redis has the session again");
    scene.stays_signed_out(&leaves).await;
    scene.ends_well(people).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_it_holds_nobody_up() {
    let redis = Redis::start();
    let scene = Scene::on_sqlite(&redis.url());
    let other = scene.somebody("other@example.com").await;
    let people = scene.people().await;
    people.have_all_refreshed_again().await;
    redis.pause();
    people.are_all_turned_away().await;
    scene.tells_all_to_come_back(&other, 200).await;
    redis.resume();
    scene.ends_well(people).await;
}

/// Redis is there, and the database behind it is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_behind_it_nobody_is_signed_out() {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    let scene = Scene::on_postgres(&postgres.url(), Some(&redis.url()));
    let gone = scene.somebody_signed_out().await;
    let people = scene.people().await;
    people.have_all_refreshed_again().await;
    postgres.kill();
    people.are_all_turned_away().await;
    postgres.start_again();
    scene.ends_well(people).await;
    scene.stays_signed_out(&gone).await;
}
