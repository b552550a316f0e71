//! Who sits before the console: somebody signed in on the pages, whose roles permit something here.
//!
//! 1. Whoever is not signed in is led to the sign-in, and from there back to where they wanted.
//! 2. Whoever acts for another user, and whoever may do nothing here, is told so (403), and so is whoever may not see this page
//!    ([`needs`]). The desk asks for the permission once more.
//! 3. What changes something is a form from one of our pages ([`Sent`]).

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};
use rotunda_core::Rotunda;
use rotunda_core::bearer::Bearer;
use rotunda_core::desk::{Desk, Operator};
use rotunda_core::failure::Error;
use rotunda_core::model::{AdminPermission, Caller};
use url::form_urlencoded::byte_serialize;

use super::needs;
use crate::App;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::edge::form::Form;
use crate::edge::origin;
use crate::pages::page::Way;
use crate::pages::text::Notice;
use crate::pages::visitor::Visitor;
use crate::pages::{Page, problem, redirect, returns};
use crate::reply::Problem;

/// Somebody before the console.
pub(super) struct Seat {
    pub page: Page,
    pub bearer: Bearer,
    pub operator: Operator,
    pub caller: Caller,
}

impl Seat {
    /// Their desk.
    pub(super) fn desk<'a>(&self, rotunda: &'a Rotunda) -> Desk<'a> {
        rotunda.desk(self.operator.clone())
    }

    /// Whether they may.
    pub(super) fn may(&self, permission: AdminPermission) -> bool {
        self.operator.may(permission)
    }

    /// A page that says why there is no other one.
    pub(super) fn refused(&self, error: Error) -> Response {
        self.page.problem(error.into())
    }
}

impl FromRequestParts<Arc<App>> for Seat {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let Ok(cookies) = Cookies::from_request_parts(parts, app).await;
        let bearer = match Visitor::of(app, &cookies).await? {
            Visitor::Is(bearer) => *bearer,
            Visitor::Nobody | Visitor::Was(_) => return Err(to_sign_in(parts)),
        };
        let Ok(From(caller)) = From::from_request_parts(parts, app).await;
        let Ok(page) = Page::from_request_parts(parts, app).await;
        let page = page.in_english();
        let Ok(operator) = app.rotunda.operator(&bearer, &caller) else {
            return Err(page.notice(
                StatusCode::FORBIDDEN,
                &ACTING,
                Some(Way::to("/account", "Your account")),
            ));
        };
        if !operator.may_anything() {
            return Err(page.notice(
                StatusCode::FORBIDDEN,
                &NOTHING,
                Some(Way::to("/account", "Your account")),
            ));
        }
        let seat = Self { page, bearer, operator, caller };
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let needs = needs::of(path).ok_or_else(|| problem(Problem::NoRoute))?;
        for permission in needs {
            seat.desk(&app.rotunda).admit(*permission).await.map_err(|error| seat.refused(error))?;
        }
        Ok(seat)
    }
}

const ACTING: Notice = Notice {
    heading: "You are acting for somebody else",
    lines: &["The console is closed to that. Stop acting on the account page, and sign in as yourself."],
};

const NOTHING: Notice = Notice {
    heading: "You may do nothing here",
    lines: &[
        "This is the console of this server's operators, and no role of yours permits anything in it.",
        "Somebody who may change roles can give you one.",
    ],
};

/// To the sign-in, and back to this page; a form is not sent again by that, and leads back to the front page.
fn to_sign_in(parts: &Parts) -> Response {
    let asked = returns::own(parts.uri.path()).filter(|_| parts.method == Method::GET);
    let path = asked.unwrap_or_else(|| super::ADMIN.to_owned());
    let back: String = byte_serialize(path.as_bytes()).collect();
    redirect(&format!("/login?return_to={back}"))
}

/// A form that somebody before the console has sent, from one of our pages.
pub(super) struct Sent {
    pub seat: Seat,
    pub form: Form,
}

impl FromRequest<Arc<App>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        origin::check_own(&app.web, request.headers()).map_err(problem)?;
        let (mut parts, body) = request.into_parts();
        let seat = Seat::from_request_parts(&mut parts, app).await?;
        let form = Form::from_request(Request::from_parts(parts, body), app).await.map_err(problem)?;
        Ok(Self { seat, form })
    }
}
