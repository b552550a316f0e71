//! See `src/refresh_token.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rotunda_fuzz::refresh_token::check(data));
