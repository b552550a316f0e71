//! PostgreSQL fails over to a synchronous standby: both hosts are in the URL, and the server finds the one that takes writes.

use rotunda_grounds::Postgres;

use super::{Scene, postgres::nothing_is_lost};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_standby_takes_over_with_everything_that_was_answered() {
    let primary = Postgres::start();
    let standby = primary.synchronous_replica();
    let scene = Scene::on_postgres(&primary.url_with(&standby), None);
    let (people, visitors) = (scene.people().await, scene.visitors());
    let gone = scene.somebody_signed_out().await;
    people.have_all_refreshed_again().await;

    primary.kill();
    people.are_all_turned_away().await;
    // A standby that is there and takes no writes is no database to work with: still 503, not 500.
    people.are_all_turned_away().await;
    standby.promote();
    people.have_all_refreshed_again().await;

    nothing_is_lost(&standby, &scene.ends_well(people).await);
    visitors.are_as_they_were_told().await;
    scene.stays_signed_out(&gone).await;
}

/// Planned, there and back: each time the old primary is there again at once, takes connections, and takes no writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_comes_back_as_a_standby_is_left_alone() {
    let first = Postgres::start();
    let second = first.synchronous_replica();
    let scene = Scene::on_postgres(&first.url_with(&second), None);
    let people = scene.people().await;
    for (old, new) in [(&first, &second), (&second, &first)] {
        people.have_all_refreshed_again().await;
        old.stop();
        new.promote();
        old.follow(new);
        // Whoever is cut off looks again which of the two takes writes.
        new.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rotunda'");
        people.have_all_refreshed_again().await;
    }
    nothing_is_lost(&first, &scene.ends_well(people).await);
}
