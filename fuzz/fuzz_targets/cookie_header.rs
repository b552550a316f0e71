//! See `src/cookie_header.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rotunda_fuzz::cookie_header::check(data));
