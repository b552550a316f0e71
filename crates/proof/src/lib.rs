//! A model of refresh-token rotation that is explored exhaustively, over the production
//! [`decide`](rotunda_core::refresh::decide) and [`Step::rotate`](rotunda_core::refresh::Step::rotate): not a copy.
//! For tests only; nothing that is shipped links it. `tests/proof` says what was explored and what came of it.
//!
//! One session, one honest client with some tabs, one server with one store, perhaps one thief. A [`state`] is one
//! moment of all of them. What can happen next is any one [`Action`](system::Action), at any moment, in any order:
//!
//! 1. A tab begins to refresh. It makes and stores a retry key if the generation is new, and sends what the jar holds
//!    ([`client`]). It may give up waiting; what it sent goes on without it.
//! 2. The network delivers any message, repeats it, or loses it. Nothing is in order, nothing is in time.
//! 3. The server **reads**: it loads the row, and production decides. What needs no write is answered at once
//!    ([`server`]).
//! 4. The server **writes**, later, and only if generation, hash and life are still what was decided on; otherwise
//!    it reads again. Between the two steps anything else may happen: that is where races are.
//! 5. A crash before the commit loses a request that was decided; one after it loses an answer. Both are step 2's loss.
//! 6. An answer arrives, and the client does with it what it does: keep the token, ask once more, believe the end. A
//!    browser takes the cookie of every answer, in the order of arrival.
//! 7. A tick passes. Time counts only from the last rotation, and no further than the window: there are no clocks, and
//!    no run is too long. A server whose clock is behind is a tick that goes back.
//! 8. The session is logged out, loses its password, is disabled, or expires. The store is restored from a backup. A
//!    thief copies a token, or everything, and then refreshes as a client does ([`thief`]).
//!
//! Secrets are small numbers and hashes are an injective encoding of them ([`secrets`]); production sees them as it
//! sees real ones. States that differ only in names are one ([`normal`]): production compares generations and never
//! asks how large they are, so "any number of rotations" is a finite number of states, and *exhausted* means every
//! run of any length with so many tabs and so many messages under way at once; or, where a setting bounds the
//! rotations, every run with so many of them.
//!
//! What must hold in every state are the [`properties`]. Each is shown to be able to fail, by a [`rule`](rules) broken
//! on purpose; each assumption of a [`setting`](setting::Assumed) is shown to be needed. [`trace`] finds the shortest way
//! to a broken property; [`walk`] goes where it is too large to exhaust, by seed. [`whole`] is the model's server for
//! whole requests: what the real stores are compared with.
//!
//! Not in the model: cryptography, HTTP, more than one session of a user (a login that replaces another, a cookie of
//! the session before), addresses, the limit on how often a request is decided anew, and what excuses a request that was
//! overtaken while the store stalled (`raced`); the state machine over the stores has that.

pub mod client;
pub mod facts;
pub mod normal;
pub mod properties;
pub mod rules;
pub mod secrets;
pub mod server;
pub mod setting;
pub mod state;
pub mod system;
pub mod tally;
pub mod thief;
pub mod trace;
pub mod walk;
pub mod whole;
