//! What every page needs to be shown: a language, the operator's brand, and the headers that go with it.

use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    REFERRER_POLICY, RETRY_AFTER, VARY,
};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use super::brand::Brand;
use super::language::Language;
use super::text::{Notice, Texts};
use super::trouble::Trouble;
use crate::App;
use crate::reply::{Problem, Told};

/// What goes with every page (ASVS 5.0, 3.4), beside what goes with every answer.
///
/// The referrer is at most an origin, so that a token in an address does not travel on. It is not `no-referrer`, because
/// browsers then send `Origin: null` with a form, which nobody may ([`crate::edge::origin`]).
const HEADERS: [(HeaderName, &str); 7] = [
    (CACHE_CONTROL, "no-store"),
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (REFERRER_POLICY, "strict-origin"),
    (VARY, "accept-language"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// How a page is to be shown to whoever asked for it. An extractor that never refuses.
#[derive(Clone)]
pub(crate) struct Page {
    /// In which language.
    pub language: Language,
    brand: Arc<Brand>,
    /// The origin that its form leads on to. Chromium holds the redirect after a form to `form-action` too.
    forms_to: Option<String>,
}

impl FromRequestParts<Arc<App>> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self::of(app, &parts.headers))
    }
}

impl Page {
    /// For whoever sent these headers.
    pub(crate) fn of(app: &App, headers: &HeaderMap) -> Self {
        let language = app.web.language().unwrap_or_else(|| Language::preferred(headers));
        Self { language, brand: Arc::clone(app.web.brand()), forms_to: None }
    }

    /// For a test.
    #[cfg(test)]
    pub(super) fn new(language: Language, brand: Brand) -> Self {
        Self { language, brand: Arc::new(brand), forms_to: None }
    }

    /// The same in English: the console is an operator's tool, like the command line, and speaks as that does.
    pub(crate) fn in_english(self) -> Self {
        Self { language: Language::English, ..self }
    }

    /// The same, with forms that may lead on to that origin.
    pub(crate) fn with_forms_to(self, origin: Option<String>) -> Self {
        Self { forms_to: origin, ..self }
    }

    /// The words of its language.
    pub(crate) fn texts(&self) -> &'static Texts {
        self.language.texts()
    }

    /// What the operator calls it, and how it looks.
    pub(crate) fn brand(&self) -> &Brand {
        &self.brand
    }

    /// A page with all that goes with it.
    pub(crate) fn show(&self, status: StatusCode, template: &impl Template) -> Response {
        // Templates write text into text, which does not fail.
        let text = template.render().unwrap_or_default();
        let mut response = (status, text).into_response();
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(self.language.tag()));
        headers.insert(CONTENT_SECURITY_POLICY, self.policy());
        response
    }

    /// A page that only tells something, with a way on from it.
    pub(crate) fn notice(&self, status: StatusCode, notice: &Notice, way: Option<Way<'_>>) -> Response {
        let (Notice { heading, lines }, ways) = (notice, way.into_iter().collect());
        self.show(status, &Telling { page: self, heading, lines, ways })
    }

    /// The same with other words.
    pub(crate) fn told(&self, heading: &str, lines: &[&str], ways: Vec<Way<'_>>) -> Response {
        self.show(StatusCode::OK, &Telling { page: self, heading, lines, ways })
    }

    /// What was asked for was done.
    pub(crate) fn done(&self, notice: &Notice, way: Option<Way<'_>>) -> Response {
        self.notice(StatusCode::OK, notice, way)
    }

    /// What a page says when it does not say what was asked for.
    pub(crate) fn problem(&self, problem: Problem) -> Response {
        let (told, text) = self.worded(problem);
        let headings = &self.texts().headings;
        let heading = match told.status {
            StatusCode::NOT_FOUND => headings.not_found,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => headings.not_now,
            status if status.is_server_error() => headings.broken,
            _ => headings.did_not_work,
        };
        let mut response =
            self.show(told.status, &Telling { page: self, heading, lines: &[&text], ways: Vec::new() });
        come_back(response.headers_mut(), told.retry_after);
        response
    }

    /// A problem in the words of this page's language, beside what programs are told of it.
    pub(crate) fn worded(&self, problem: Problem) -> (Told, String) {
        let texts = self.texts();
        let text = match &problem {
            Problem::Denied(denied) | Problem::Bearer(denied) | Problem::Client { denied, .. } => {
                (texts.denied)(denied)
            }
            other => (texts.trouble)(Trouble::of(other)).to_owned(),
        };
        (problem.told(), text)
    }

    fn policy(&self) -> HeaderValue {
        let mut policy =
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'".to_owned();
        if let Some(origin) = &self.forms_to {
            // To write into a text does not fail.
            let _ = write!(policy, " {origin}");
        }
        policy.push_str("; frame-ancestors 'none'; base-uri 'none'");
        // An origin is ASCII (`returns.rs` sees to that); were it not, nothing would be allowed.
        HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}

/// When to come back, where the answer says so.
pub(crate) fn come_back(headers: &mut HeaderMap, retry_after: Option<HeaderValue>) {
    if let Some(value) = retry_after {
        headers.insert(RETRY_AFTER, value);
    }
}

/// A way to another page.
pub(crate) struct Way<'a> {
    /// What stands before it.
    pub before: Option<&'a str>,
    /// What it is called.
    pub label: &'a str,
    /// Where it leads.
    pub href: String,
}

impl<'a> Way<'a> {
    /// To this place.
    pub(crate) fn to(href: impl Into<String>, label: &'a str) -> Self {
        Self { before: None, label, href: href.into() }
    }

    /// The same, with a question before it.
    pub(crate) fn after(self, before: &'a str) -> Self {
        Self { before: Some(before), ..self }
    }
}

/// A page that only tells something.
#[derive(Template)]
#[template(path = "notice.html")]
struct Telling<'a> {
    page: &'a Page,
    heading: &'a str,
    lines: &'a [&'a str],
    ways: Vec<Way<'a>>,
}
