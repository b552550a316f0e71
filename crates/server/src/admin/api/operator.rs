//! Who asks, and whether they may: decided before a handler sees anything of a request.
//!
//! 1. The route is looked up in the one table ([`super::permissions`]).
//! 2. The bearer token says who asks: a user, by what they may do now, or a service, by its scopes. Nobody who acts for
//!    somebody else. Cookies are not looked at, so no page elsewhere can ask in anybody's name.
//! 3. Without the permission the answer is 403, and leaves a trace in the audit log.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath};
use http::request::Parts;
use rotunda_core::denied::Denied;
use rotunda_core::desk::{Desk, Operator};
use rotunda_core::failure::{Error, Failure};

use super::permissions;
use crate::App;
use crate::edge::bearer;
use crate::edge::caller::From;
use crate::reply::Problem;

/// Whoever may ask what this route answers; a handler that takes it cannot be reached without.
pub(crate) struct Asked {
    pub app: Arc<App>,
    pub operator: Operator,
}

impl FromRequestParts<Arc<App>> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
        let route = permissions::of(&parts.method, path)
            .ok_or_else(|| Failure::broken("looking a route up", "it is not in the table of permissions"))?;
        let token = bearer::token(parts)?.ok_or(Problem::Bearer(Denied::TokenMissing))?;
        let Ok(From(caller)) = From::from_request_parts(parts, app).await;
        let operator = app.rotunda.operator_by_token(token.expose(), &caller).await;
        let asked = Self { app: Arc::clone(app), operator: operator.map_err(Problem::of_bearer)? };
        for permission in route.permissions() {
            asked.desk().admit(permission).await.map_err(Problem::of_bearer)?;
        }
        Ok(asked)
    }
}

impl Asked {
    /// Their place at the desk.
    pub(crate) fn desk(&self) -> Desk<'_> {
        self.app.rotunda.desk(self.operator.clone())
    }

    /// The same, with why they do what they do, where they say so.
    pub(crate) fn desk_because(&self, reason: Option<&str>) -> Result<Desk<'_>, Error> {
        Ok(match reason {
            Some(reason) => self.app.rotunda.desk(self.operator.clone().with_reason(reason)?),
            None => self.desk(),
        })
    }
}
