//! The world outside, tried for real: threads, files, the system's clock.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests: to panic is to report")]

mod master_key_file;
mod password_hasher;
mod password_lists;
mod scratch;
mod stored_hash;
mod system;
