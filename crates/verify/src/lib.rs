//! Many services, one login: what a service adds to check Rotunda's access tokens by itself.
//!
//! A service with this crate asks nobody when a request comes in. It holds the issuer's public keys and, if it wants, what
//! was revoked in the last minutes, and judges a token in the time of one signature check.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use rotunda_verify::{AccessToken, ServiceCredentials, Verifier, WhenStale};
//! use std::time::Duration;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::builder("https://auth.example.com")
//!     .audience("https://reports.example.com")
//!     .cache(10_000)                                                  // optional: each token is checked once
//!     .follow(ServiceCredentials::new("reports", std::env::var("CLIENT_SECRET")?)) // optional: know of ended sessions
//!     .when_stale(WhenStale::Refuse { after: Duration::from_secs(30) })
//!     .build()?;
//! verifier.ready().await;
//!
//! # #[cfg(feature = "axum")] {
//! let app: Router = Router::new()
//!     .route("/reports", get(|token: AccessToken| async move { format!("for {:?}", token.user()) }))
//!     .layer(verifier.layer().require_scope("reports.read"));
//! # let _ = app;
//! # }
//! # Ok(()) }
//! ```
//!
//! | to | use |
//! |---|---|
//! | guard routes of axum, hyper or tower | [`Verifier::layer`], and [`AccessToken`] from the request's extensions |
//! | check a token by hand | [`Verifier::authenticate`], or [`Verifier::verify`] where nothing may wait |
//! | know at once when a session ends | [`Builder::follow`]; [`Builder::poll`] for functions without a background task |
//! | choose what a cut feed means | [`Builder::when_stale`] |
//! | require a permission or a role | [`AuthLayer::require_scope`], [`AuthLayer::require_role`], the same of [`AccessToken`] |
//! | have a change of roles count at once | [`Builder::demand_current_roles`] |
//! | check a long-lived connection again | [`Verifier::still_good`] |
//! | see how it is doing | [`Verifier::health`] |
//!
//! What a token needs to be accepted is written down in `rotunda_token::Verifier`, step by step. What this crate adds is in
//! its modules: how keys are held (`src/keys`), how revocations arrive (`src/feed`), and in what order a token is judged
//! (`src/verifier.rs`). A whole service is `examples/service.rs`.
//!
//! It links no database, no password hashing and nothing of the server: `tests/verify/tree.rs` sees to that.
//!
//! Features: `axum` makes [`AccessToken`] an extractor and [`Refused`] a response.

mod access_token;
mod answer;
mod ask;
mod bearer;
mod builder;
mod cached;
mod clock;
#[cfg(feature = "axum")]
mod extract;
mod feed;
mod health;
mod keys;
mod layer;
mod refused;
mod verifier;

pub use access_token::AccessToken;
pub use ask::{AskError, Limits};
pub use builder::{BuildError, Builder, LEAST_STALENESS, MOST_LEEWAY_WITH_FEED, WhenStale};
pub use clock::{Clock, SystemClock};
pub use feed::{Polled, ServiceCredentials};
pub use health::{FeedHealth, Health, KeysHealth};
pub use layer::{AuthLayer, AuthService};
pub use refused::{Malformed, Refused, RefusedCounts, RevokedBy, Unavailable};
pub use verifier::{PollError, Verifier};
// What appears in these types.
pub use rotunda_token::{Claims, Invalid, KeySet, SharedSecret};
