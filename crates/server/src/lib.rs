//! Rotunda over HTTP: bytes to core's types and back. No rule is decided here, and no SQL can be seen from here.
//!
//! | to find | look in |
//! |---|---|
//! | every route | [`routes`], one table |
//! | every answer | [`reply`], one table |
//! | what a request is checked for before a handler sees it | [`edge`] |
//! | a handler | `session/VERB.rs`, `account/VERB.rs`, `service/` |
//! | the standard OAuth endpoints | `oauth/VERB.rs` |
//! | what operators do | `admin/` |
//! | the revocation feed | `revocations/` |
//! | a page and what goes with every page | `pages/`, `templates/` |
//! | the accept loop, limits and drain; the listener for metrics | [`serve`] |
//! | what is counted of requests, their ids in the log, their spans | `watch/` |
//!
//! The router is an ordinary axum router and can be merged into somebody else's application; `examples/embedded.rs` is a whole one:
//!
//! ```no_run
//! # async fn example(rotunda: rotunda_core::Rotunda) -> Result<(), Box<dyn std::error::Error>> {
//! use rotunda_server::{Web, router};
//!
//! let web = Web::new("https://auth.example.com", &["https://app.example.com"])?;
//! let app = axum::Router::new().merge(router(rotunda, web));
//! # let _: axum::Router = app; Ok(())
//! # }
//! ```

mod account;
mod admin;
pub mod edge;
mod oauth;
mod pages;
pub mod reply;
mod revocations;
pub mod routes;
pub mod serve;
mod service;
mod session;
mod watch;
mod web;

use std::sync::Arc;

use rotunda_core::Rotunda;

pub use account::export::exported;
pub use admin::api::permissions::{ADMIN_ROUTES, AdminRoute};
pub use pages::brand::{Accent, Brand, BrandError, Colour, Logo, Scheme};
pub use pages::language::Language;
pub use pages::returns::{ReturnError, Returns};
pub use routes::{openapi, router, traced_router, watched_router};
pub use watch::{
    ConnectionCounts, FeedState, Refreshed, RequestCounts, RequestId, Span, Spans, Watch, current_request_id,
};
pub use web::{Web, WebError};

/// What every handler has at hand.
pub(crate) struct App {
    /// The rules.
    pub rotunda: Arc<Rotunda>,
    /// What browsers are told and held to.
    pub web: Web,
    /// What follows the revocation feed.
    pub hub: Arc<revocations::Hub>,
    /// What counts requests.
    pub requests: Arc<watch::requests::Requests>,
    /// What gives them their ids.
    pub ids: watch::request_id::RequestIds,
    /// Who is told of them one by one, if anybody is.
    pub spans: Option<Arc<dyn Spans>>,
}

/// Shared by all requests.
pub(crate) type Shared = axum::extract::State<Arc<App>>;
