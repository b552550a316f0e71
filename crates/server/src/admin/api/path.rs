//! What a path names.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use rotunda_core::denied::Denied;
use rotunda_core::model::RoleName;

use crate::App;
use crate::reply::Problem;

/// The one name or id in the path. What cannot be one names nothing.
pub(crate) struct Named(pub String);

impl FromRequestParts<Arc<App>> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        path.map(|Path(text)| Self(text)).map_err(|_| Problem::Denied(Denied::NotFound))
    }
}

impl Named {
    /// As an id.
    pub(crate) fn id<T: FromStr>(&self) -> Result<T, Denied> {
        self.0.parse().map_err(|_| Denied::NotFound)
    }

    /// As a role.
    pub(crate) fn role(&self) -> Result<RoleName, Denied> {
        RoleName::parse(&self.0).ok_or(Denied::NotFound)
    }
}
