//! For measurements only: a load generator, stores that are filled to a size, and the model behind the figures of
//! `docs/guide/scaling.md`. `scripts/measure-stores` runs what is about stores, `scripts/bench` what is about Rotunda as a whole.
//!
//! | to find | look in |
//! |---|---|
//! | sessions that are known by their number | [`seed`] |
//! | the closed loop of refreshes | [`clients`] |
//! | a million sessions in a store | [`fill`] |
//! | all stores measured in one go | [`measure`] |
//! | Rotunda beside the floor and its peers, in closed and open loops | [`load`] |
//! | how long things took | [`latency`] |
//! | the pure functions whose instructions are counted | [`hot`] |
//! | what so many sessions ask of a store | [`capacity`] |

pub mod capacity;
pub mod clients;
pub mod fill;
pub mod hot;
mod http;
pub mod latency;
mod listing;
pub mod load;
pub mod measure;
mod moment;
mod pgbench;
pub mod seed;
mod server;
