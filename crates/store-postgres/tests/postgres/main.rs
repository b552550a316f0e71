//! The contract of every store, kept by this one on a real server; and what only this one promises.

#![expect(
    clippy::unwrap_used,
    reason = "in tests, to panic is to report; clippy knows test functions, not their helpers"
)]

mod batches;
mod claims;
mod contract;
mod copying;
mod crowd;
mod limits;
mod million;
mod operators;
mod order;
mod outages;
mod registering;
mod scene;
mod schema;
mod servers;
mod tls;
