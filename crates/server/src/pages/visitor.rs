//! Whose browser is this? Pages know their visitor by the page cookie, never by a refresh token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use rotunda_core::bearer::Bearer;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::Ending;

use super::{problem, redirect};
use crate::App;
use crate::edge::cookies::Cookies;

/// What the page cookie says.
pub(crate) enum Visitor {
    /// There is none, or none that is good.
    Nobody,
    /// Their session has ended, for this reason.
    Was(Ending),
    /// They have a live session.
    Is(Box<Bearer>),
}

impl Visitor {
    /// Looks at the session. An outage is a page of its own: it never means that somebody is not signed in.
    pub(crate) async fn of(app: &App, cookies: &Cookies) -> Result<Self, Response> {
        let page = match cookies.proving_page(&app.rotunda).await {
            Ok(page) => page,
            Err(Error::Denied(_)) => return Ok(Self::Nobody),
            Err(Error::Failure(failure)) => return Err(problem(failure.into())),
        };
        match app.rotunda.bearer_of_page(&page).await {
            Ok(bearer) => Ok(Self::Is(Box::new(bearer))),
            Err(Error::Denied(Denied::SessionEnded(Some(ending)))) => Ok(Self::Was(ending)),
            Err(Error::Denied(_)) => Ok(Self::Nobody),
            Err(Error::Failure(failure)) => Err(problem(failure.into())),
        }
    }
}

/// Whoever has a live session in this browser; anybody else is led to the sign-in. A handler that takes it cannot be reached
/// without. What changes something also takes [`super::Sent`]: a cookie alone proves nothing about the page.
pub(crate) struct SignedIn(pub Bearer);

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let Ok(cookies) = Cookies::from_request_parts(parts, app).await;
        match Visitor::of(app, &cookies).await? {
            Visitor::Is(bearer) => Ok(Self(*bearer)),
            Visitor::Nobody | Visitor::Was(_) => Err(redirect("/login")),
        }
    }
}
