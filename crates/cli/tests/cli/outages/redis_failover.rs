//! Sessions on Redis Cluster: a primary is killed, and its replica takes over with what had reached it.

use rotunda_grounds::RedisCluster;

use super::Scene;
use crate::support::Answer;

/// The primary that has the key of a session.
fn primary_of(cluster: &RedisCluster, session: &Answer) -> usize {
    cluster.primary_of(&format!("rotunda:s:{}", session.text("/session/id").replace('-', "")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_is_lost_and_nobody_is_signed_out() {
    let cluster = RedisCluster::start();
    let scene = Scene::on_sqlite(&cluster.url());
    let gone = scene.somebody_signed_out().await;
    let idle = scene.somebody("idle@example.com").await;
    let people = scene.people().await;
    people.have_all_refreshed_again().await;

    let lost = primary_of(&cluster, &idle);
    cluster.kill(lost);
    people.is_somebody_turned_away().await;
    cluster.wait_until_ok();
    people.have_all_refreshed_again().await;
    assert_ne!(primary_of(&cluster, &idle), lost);
    scene.goes_on(&idle).await;

    cluster.start_again(lost);
    cluster.wait_until_ok();
    scene.ends_well(people).await;
    scene.stays_signed_out(&gone).await;
}
