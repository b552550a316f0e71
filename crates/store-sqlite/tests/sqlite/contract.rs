//! What every store promises.

use std::sync::Arc;

use rotunda_store_sqlite::SqliteStore;

use crate::scene::Place;

async fn store() -> (Arc<SqliteStore>, Place) {
    let place = Place::new();
    (Arc::new(place.open()), place)
}

rotunda_testkit::contract_suite!(store);
rotunda_testkit::skeleton_suite!(store);
