//! Rotunda over HTTP, as the people and programs who use it see it. Each test reads like somebody's day; what is true
//! of every answer is checked in `support/everywhere.rs`, in all of them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in tests, to panic is to report; clippy knows test functions, not their helpers"
)]

mod account_page;
mod accounts;
mod admin;
mod arbitrary;
mod bad_bodies;
mod bad_fields;
mod bad_requests;
mod bearer;
mod browser;
mod closed_lists;
mod console;
mod cors;
mod devices;
mod documented;
mod enumeration;
mod events;
mod explained;
mod forgotten;
mod former;
mod forwarded;
mod gateway;
mod host;
mod https;
mod keys;
mod limited;
mod oauth;
mod origins;
mod others_sessions;
mod outage;
mod pages;
mod permission_walk;
mod phone;
mod planted;
mod races;
mod regressions;
mod revocations;
mod secrets;
mod sensitive;
mod slow;
mod sqlite;
mod support;
mod twice;
mod typescript;
mod verified;
