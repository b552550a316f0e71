//! See `src/foreign_hash.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rotunda_fuzz::foreign_hash::check(data));
