//! For tests only: the world outside, held in the hand, and what every store must do.
//!
//! - [`FixedClock`], [`SeededEntropy`], [`QuickHasher`]: time, randomness and password hashing that repeat themselves.
//! - [`ListedPasswords`]: the known passwords are those that the test says.
//! - [`MemoryStore`]: every port of the store, simple and obviously right; the reference for the others.
//! - [`Layer`]: a store in front of another, for tests that have to come in between.
//! - [`SimpleScratch`]: the buckets of the rate limits, without bounds.
//! - [`contract_suite!`]: the promises of `rotunda_core::store`, one named test each, for any store.
//! - [`copying_suite!`]: the same for stores that can be copied.
//! - [`CommandLine`]: what an operator at the machine does.
//! - [`fixtures`]: users, sessions and writes to begin with, at pinned times.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "for tests only: to panic is to report"
)]

pub mod clock;
pub mod command_line;
pub mod contract;
pub mod copying;
pub mod courier;
pub mod entropy;
pub mod fixtures;
pub mod hasher;
pub mod known_passwords;
pub mod layer;
pub mod mailbox;
pub mod memory;
pub mod scratch;

pub use clock::FixedClock;
pub use command_line::CommandLine;
pub use courier::Receivers;
pub use entropy::{BrokenEntropy, SeededEntropy};
pub use hasher::QuickHasher;
pub use known_passwords::ListedPasswords;
pub use layer::{Layer, Layered};
pub use mailbox::{Mailbox, Sent};
pub use memory::{KeptFeed, MemoryState, MemoryStore};
pub use scratch::SimpleScratch;
