//! What a service sees: a verifier against an issuer on a real socket, which each test holds in its hand.

mod answers;
mod building;
mod cache;
mod feed;
mod feed_cut;
mod forgeries;
mod issuer;
mod keys;
mod layer;
mod memory;
mod poll;
mod rotation;
mod stale;
mod support;
mod tree;
