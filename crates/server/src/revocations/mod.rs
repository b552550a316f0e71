//! The revocation feed: what services that check access tokens by themselves hear of at once.
//!
//! 1. Whoever reads it shows a service's token with the scope `revocations.read` ([`Reader`]).
//! 2. This process keeps the entries that still count in memory (`log.rs`), and reads on from the store where it stopped
//!    (`hub.rs`): when it has added something itself, and twice a second for what others have added.
//! 3. `GET /revocations` (`poll.rs`) answers from there after one look at the store: everything, or what came after a cursor.
//! 4. `GET /revocations/stream` (`stream.rs`) goes on as server-sent events, with a heartbeat each second that says when the
//!    store was last read. A service that hears nothing, or hears of an old reading, knows that it may be behind.

mod body;
mod hub;
mod log;
pub(crate) mod poll;
pub(crate) mod stream;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use rotunda_core::bearer::ServiceBearer;
use rotunda_core::denied::Denied;
use rotunda_core::model::SecretText;

pub(crate) use hub::Hub;

use crate::App;
use crate::edge::bearer;
use crate::reply::Problem;

/// A service that may read the feed; a handler that takes it cannot be reached without.
pub(crate) struct Reader {
    /// Its token, to be asked again while a stream goes on.
    pub(crate) token: SecretText,
    /// What the token says.
    pub(crate) service: ServiceBearer,
}

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let token = bearer::token(parts)?.ok_or(Problem::Bearer(Denied::TokenMissing))?;
        let service = app.rotunda.feed_reader(token.expose()).await.map_err(Problem::of_bearer)?;
        Ok(Self { token, service })
    }
}
