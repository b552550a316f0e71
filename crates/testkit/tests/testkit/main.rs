//! The memory store keeps the contract, and the contract notices who does not.

mod broken;
mod notices;
mod tools;
mod unkept;
mod unruly;
mod untold;

use std::sync::Arc;

use rotunda_testkit::MemoryStore;

async fn memory() -> (Arc<MemoryStore>, ()) {
    (Arc::new(MemoryStore::new()), ())
}

rotunda_testkit::contract_suite!(memory);
rotunda_testkit::copying_suite!(memory);
rotunda_testkit::skeleton_suite!(memory);
