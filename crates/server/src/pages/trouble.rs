//! What can go wrong with a page and is no refusal by the rules; and how an answer comes to its words.
//!
//! 1. Where something goes wrong, nobody may know the language: in a layer, in a rejection. The answer then only carries
//!    the [`Problem`] ([`problem`]).
//! 2. The outermost layer of the pages, which knows the request, makes a page of it ([`put_into_words`]).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;

use super::Page;
use crate::App;
use crate::reply::Problem;

/// The kinds of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// An outage or an overload: come back.
    Away,
    /// Ours, and another try will not help.
    Broken,
    /// A page elsewhere has sent the form.
    Origin,
    /// Not what a browser makes of a form.
    Unreadable,
    /// More than any form of ours has.
    TooLarge,
    /// The body did not arrive.
    TooSlow,
    /// There is no such page.
    NoRoute,
    /// A page, but not with this method.
    NoMethod,
    /// Meant for another host.
    Misdirected,
}

impl Trouble {
    /// Every kind, for tests.
    #[cfg(test)]
    pub(super) const ALL: [Self; 9] = [
        Self::Away,
        Self::Broken,
        Self::Origin,
        Self::Unreadable,
        Self::TooLarge,
        Self::TooSlow,
        Self::NoRoute,
        Self::NoMethod,
        Self::Misdirected,
    ];

    /// Which of them it is. A refusal never comes here; it would be told as what cannot be.
    pub(super) fn of(problem: &Problem) -> Self {
        match problem {
            Problem::Failure(failure) if failure.is_temporary() => Self::Away,
            Problem::TimedOut | Problem::Stopping => Self::Away,
            Problem::Origin { .. } => Self::Origin,
            Problem::Malformed(_)
            | Problem::NotJson
            | Problem::NotJsonLines
            | Problem::NotForm
            | Problem::GrantType
            | Problem::ConditionMissing => Self::Unreadable,
            Problem::BodyTooLarge(_) => Self::TooLarge,
            Problem::BodyTooSlow => Self::TooSlow,
            Problem::NoRoute => Self::NoRoute,
            Problem::NoMethod => Self::NoMethod,
            Problem::Misdirected { .. } => Self::Misdirected,
            Problem::Failure(_)
            | Problem::Panicked
            | Problem::Denied(_)
            | Problem::Bearer(_)
            | Problem::Client { .. } => Self::Broken,
        }
    }
}

/// A problem that has no words yet.
#[derive(Clone)]
struct Wordless(Arc<Problem>);

/// An answer that becomes a page further out.
pub(crate) fn problem(problem: Problem) -> Response {
    let mut response = ().into_response();
    *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
    response.extensions_mut().insert(Wordless(Arc::new(problem)));
    response
}

/// The outermost layer of all pages.
pub(crate) async fn put_into_words(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let page = Page::of(&app, request.headers());
    let mut answer = next.run(request).await;
    let Some(Wordless(problem)) = answer.extensions_mut().remove::<Wordless>() else { return answer };
    // Nobody else holds it; whoever did would have an answer of their own.
    let mut response = page.problem(Arc::into_inner(problem).unwrap_or(Problem::Panicked));
    if let Some(methods) = answer.headers_mut().remove(ALLOW) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}
