//! What every store promises, with sessions on one Redis.

use std::sync::Arc;

use crate::ground::{Ground, Store};

async fn store() -> (Arc<Store>, Ground) {
    let ground = Ground::new().await;
    (ground.store.clone(), ground)
}

rotunda_testkit::contract_suite!(store);
