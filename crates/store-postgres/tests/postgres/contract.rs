//! What every store promises.

use std::sync::Arc;

use rotunda_store_postgres::PostgresStore;

use crate::scene::Place;

async fn store() -> (Arc<PostgresStore>, Place) {
    let place = Place::new().await;
    (Arc::new(place.open().await), place)
}

rotunda_testkit::contract_suite!(store);
rotunda_testkit::skeleton_suite!(store);
