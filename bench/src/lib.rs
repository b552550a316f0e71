//! For measurements only: a load generator, stores that are filled to a size, and the model behind the figures of
//! `docs/guide/scaling.md`. `scripts/measure-stores` runs all of it.
//!
//! | to find | look in |
//! |---|---|
//! | sessions that are known by their number | [`seed`] |
//! | the closed loop of refreshes | [`clients`] |
//! | a million sessions in a store | [`fill`] |
//! | all stores measured in one go | [`measure`] |
//! | what so many sessions ask of a store | [`capacity`] |

pub mod capacity;
pub mod clients;
pub mod fill;
mod http;
mod latency;
mod listing;
pub mod measure;
mod moment;
mod pgbench;
pub mod seed;
mod server;
