//! The contract of every store, kept by this one; and what only this one promises.

#![expect(
    clippy::unwrap_used,
    reason = "in tests, to panic is to report; clippy knows test functions, not their helpers"
)]

mod audit;
mod backup;
mod contract;
mod copying;
mod earlier;
mod erasure;
mod faults;
mod files;
mod groups;
mod growth;
mod million;
mod operators;
mod processes;
mod scene;
mod schema;
mod searching;
