//! What the figures rest on.
#![expect(clippy::unwrap_used, reason = "tests")]

mod capacity;
mod instructions;
mod loops;
mod pages;
mod real;
mod stall;
mod targets;
