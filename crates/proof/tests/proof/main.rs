//! The proof: every property of every setting, to exhaustion where it is small and at random where it is large.
//!
//! `cargo test -p rotunda-proof -- --nocapture` tells what was explored; with `ROTUNDA_PROOF=large` it takes longer
//! and goes further. Where a property falls, the shortest way there is printed.

mod assumptions;
mod broken;
mod honest;
mod random;
mod restore;
mod stores;
mod support;
mod theft;
