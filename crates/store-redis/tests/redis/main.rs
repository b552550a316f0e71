//! The contract of every store, kept by SQLite with Redis and with Redis Cluster; and what only these promise.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in tests, to panic is to report; clippy knows test functions, not their helpers"
)]

mod cluster;
mod contract;
mod copying;
mod garbage;
mod ground;
mod holds;
mod home;
mod limits;
mod losses;
mod outages;
mod scripts;
mod warnings;
