//! Messages to other people's servers: core's port `Courier`, over HTTPS.
//!
//! An operator of Rotunda may be one of many in a company, and whoever may add a webhook must not be able to reach what only
//! this machine can reach: the cloud's metadata, a database's port, the admin page of a neighbour (SSRF; ASVS 5.0, 1.3.6).
//!
//! 1. An address is looked at before it is kept ([`Reach::check`]): scheme, host, nothing hidden in it.
//! 2. A name is resolved when a connection is made, and what it resolves to is looked at *then*: what is connected to is what
//!    was looked at, so a name that changes its mind in between changes nothing ([`resolver`]).
//! 3. Only public addresses ([`public`]), and those of `[webhooks] private_networks`; `http` only to the latter.
//! 4. A redirect is an answer like any other that is not 2xx, and leads nowhere. No proxy of the environment is used.
//! 5. Everything is bounded: five seconds to connect, fifteen in all, 32 names that are looked up at once, and no
//!    byte of an answer's body is read.

mod courier;
mod public;
mod reach;
mod resolver;

pub use courier::{HttpCourier, HttpCourierError, Patience};
pub use public::is_public;
pub use reach::Reach;
