//! The standard endpoints, for whatever clients and services use already: forms in, JSON out, one file a verb.
//!
//! | route | file | RFC |
//! |---|---|---|
//! | `POST /oauth/token` | [`token`] | 6749 |
//! | `POST /oauth/revoke` | [`revoke`] | 7009 |
//! | `POST /oauth/introspect` | [`introspect`] | 7662 |
//! | `GET /.well-known/oauth-authorization-server` | [`metadata`] | 8414 |
//!
//! Who the client is stands in [`client_auth`]. None of these routes reads or sets a cookie, and parameters are read from the
//! body only: what stands in an address gets into logs.

pub(crate) mod client_auth;
pub(crate) mod introspect;
pub(crate) mod metadata;
pub(crate) mod revoke;
pub(crate) mod token;
