//! What a service sees: a verifier against an issuer on a real socket, which each test holds in its hand.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it breaks")]

mod answers;
mod building;
mod cache;
mod cost;
mod example;
mod feed;
mod feed_cut;
mod following;
mod forgeries;
mod issuer;
mod keys;
mod layer;
mod memory;
mod overdue;
mod parts;
mod poll;
mod polling;
mod revoked_keys;
mod roles;
mod rotation;
mod stale;
mod support;
mod tree;
