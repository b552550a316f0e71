//! What every store promises, with sessions on a Redis Cluster.

use std::sync::Arc;

use crate::ground::{Ground, Store, one_cluster};

async fn store() -> (Arc<Store>, Ground) {
    let ground = Ground::on(&one_cluster().url()).await;
    (ground.store.clone(), ground)
}

rotunda_testkit::contract_suite!(store);
