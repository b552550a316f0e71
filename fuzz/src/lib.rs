//! What is fed to whatever reads bytes from outside, and what must hold whatever was fed.
//!
//! | target | feeds | must hold |
//! |---|---|---|
//! | [`refresh_token`] | core's parsers of tokens, secrets, retry keys and ids | what was not made here is refused; what is read is written the same way |
//! | [`jwt`] | the verifier of access tokens | only the very token passes, or its twin in ECDSA; a forged one only if every rule of RFC 9068 holds |
//! | [`jwk`] | the reader of key sets | what was read survives the way out and in again, private keys do not get in |
//! | [`cookie_header`] | the router, by the `Cookie` header | the contract's answers, cookies read as RFC 6265 has them, nobody signed out |
//! | [`json_body`] | the router, by every `POST` route's body | likewise, and bad JSON is never obeyed |
//! | [`configuration`] | the configuration, file and environment | refusals with a place, the same verdict twice, what is accepted can be served |
//!
//! Each target is a function here and three lines in `fuzz_targets`. An input is nothing but bytes, so a fuzzer can
//! change it anywhere; each module says how it reads them. `scripts/fuzz` runs them, `examples/seeds.rs` writes what
//! they begin with.

pub mod configuration;
pub mod cookie_header;
mod edits;
mod house;
pub mod json_body;
pub mod jwk;
pub mod jwt;
pub mod refresh_token;

/// What the server's own tests hold every answer against: the contract is written down once.
#[path = "../../crates/server/tests/api/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests of the server use more of it")]
mod support;

pub use house::{ADA_S_PASSWORD, PLACEHOLDERS};
