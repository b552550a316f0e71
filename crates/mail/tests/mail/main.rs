//! Letters as they arrive: at a real mail server (aiosmtpd, a process of its own) and in a folder, read by a parser that
//! is not ours.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it breaks")]

mod folder;
mod overrides;
mod server;
mod smtp;
mod support;
mod words;
