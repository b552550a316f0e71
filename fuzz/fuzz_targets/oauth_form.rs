//! See `src/oauth_form.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rotunda_fuzz::oauth_form::check(data));
