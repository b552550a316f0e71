//! PostgreSQL goes away and comes back.

use rotunda_grounds::Postgres;

use super::{Scene, stands_still_for};
use crate::support::Answer;

/// Each session's row holds the generation that its owner was last told, and all are live.
pub(super) fn nothing_is_lost(postgres: &Postgres, sessions: &[Answer]) {
    let rows =
        postgres.sql("SELECT replace(id::text, '-', ''), generation FROM session WHERE status = 'live'");
    for session in sessions {
        let id = session.text("/session/id").replace('-', "");
        let row = format!("{id}|{}", session.body["session"]["generation"]);
        assert!(rows.lines().any(|line| line == row), "{row} in\n{rows}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_signs_nobody_out() {
    let postgres = Postgres::start();
    let scene = Scene::on_postgres(&postgres.url(), None);
    let gone = scene.somebody_signed_out().await;
    let people = scene.people().await;
    for _ in 0..3 {
        people.have_all_refreshed_again().await;
        postgres.restart();
    }
    people.have_all_refreshed_again().await;
    postgres.stop();
    people.are_all_turned_away().await;
    scene.tells_all_to_come_back(&gone, 1).await;
    postgres.start_again();
    nothing_is_lost(&postgres, &scene.ends_well(people).await);
    scene.stays_signed_out(&gone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_it_loses_nothing_that_was_answered() {
    let postgres = Postgres::start();
    let scene = Scene::on_postgres(&postgres.url(), None);
    let (people, visitors) = (scene.people().await, scene.visitors());
    let gone = scene.somebody_signed_out().await;
    for _ in 0..5 {
        postgres.kill();
        people.is_somebody_turned_away().await;
        postgres.start_again();
        people.have_all_refreshed_again().await;
    }
    nothing_is_lost(&postgres, &scene.ends_well(people).await);
    visitors.are_as_they_were_told().await;
    scene.stays_signed_out(&gone).await;
}

/// Long enough that each deadline there is has passed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_for_ten_seconds_it_holds_nobody_up_for_more_than_six() {
    let postgres = Postgres::start();
    let scene = Scene::on_postgres(&postgres.url(), None);
    let (gone, other) = (scene.somebody_signed_out().await, scene.somebody("other@example.com").await);
    let people = scene.people().await;
    people.have_all_refreshed_again().await;
    postgres.pause();
    // Many more than there are connections.
    tokio::join!(
        stands_still_for(10),
        people.are_all_turned_away(),
        scene.tells_all_to_come_back(&other, 200)
    );
    postgres.resume();
    nothing_is_lost(&postgres, &scene.ends_well(people).await);
    scene.stays_signed_out(&gone).await;
}
