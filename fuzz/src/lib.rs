//! What is fed to whatever reads bytes from outside, and what must hold whatever was fed.
//!
//! | target | feeds | must hold |
//! |---|---|---|
//! | [`refresh_token`] | core's parsers of tokens, secrets, retry keys and ids | what was not made here is refused; what is read is written the same way |
//! | [`jwt`] | the verifier of access tokens, a key of each kind | only the very token passes, or its twin in ECDSA; a forged one only if every rule of RFC 9068 holds; published keys and the shared secret never pass each other's |
//! | [`jwk`] | the reader of key sets | what counts is what was published, under its own name; private and shared keys do not get in; what was read survives the way out and in again |
//! | [`cookie_header`] | the router, by the `Cookie` header | the contract's answers, cookies read as RFC 6265 has them, nobody signed out |
//! | [`json_body`] | the router, by the body of every `POST` route that reads JSON | likewise, and bad JSON is never obeyed |
//! | [`oauth_form`] | the router, by forms and `Authorization` on `/oauth/…` | tokens and answers only for whoever shows what opens them |
//! | [`foreign_hash`] | the reader of other systems' password hashes | what is taken in costs no more than is documented |
//! | [`configuration`] | the configuration, file and environment | refusals with a place, the same verdict twice, what is accepted can be served |
//!
//! Each target is a function here and three lines in `fuzz_targets`. An input is nothing but bytes, so a fuzzer can
//! change it anywhere; each module says how it reads them. `scripts/fuzz` runs them, `examples/seeds` writes what
//! they begin with, and the tests of `crates/cli` feed each of them the corpus and what chance makes of it.

pub mod configuration;
pub mod cookie_header;
mod edits;
pub mod foreign_hash;
mod house;
pub mod json_body;
pub mod jwk;
pub mod jwt;
mod names;
pub mod oauth_form;
pub mod refresh_token;
mod signers;

/// What the server's own tests hold every answer against: the contract is written down once.
#[path = "../../crates/server/tests/api/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests of the server use more of it")]
mod support;

pub use house::{ADA_S_PASSWORD, PLACEHOLDERS};

/// Every target, by the name of its folder in `corpus`.
pub const TARGETS: [(&str, fn(&[u8])); 8] = [
    ("refresh_token", refresh_token::check),
    ("jwt", jwt::check),
    ("jwk", jwk::check),
    ("cookie_header", cookie_header::check),
    ("json_body", json_body::check),
    ("oauth_form", oauth_form::check),
    ("foreign_hash", foreign_hash::check),
    ("configuration", configuration::check),
];
