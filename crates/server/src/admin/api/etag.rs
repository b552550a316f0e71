//! Whoever changes something says what they believe it to be (RFC 9110 §13.1.1): of two who change it at once, the second is
//! told instead of undoing what the first did.
//!
//! 1. A single thing is answered with `ETag`; in lists, `version` is the same without its quotation marks.
//! 2. A change carries it as `If-Match`. `*` says "whatever it is now".
//! 3. Without it the answer is 428 (RFC 6585 §3), with another one 412.
//! 4. Where a PUT may also add, `If-None-Match: *` says "only if there is none".

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header::{ETAG, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use rotunda_core::denied::Denied;

use crate::App;
use crate::reply::Problem;

/// The answer with its tag.
pub(crate) fn tagged(mut response: Response, version: &str) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// What the caller believes the thing to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum IfMatch {
    /// Whatever it is.
    Any,
    /// This version of it.
    Version(String),
}

impl FromRequestParts<Arc<App>> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let text = one(parts, &IF_MATCH)?.ok_or(Problem::ConditionMissing)?;
        Self::read(text).ok_or_else(|| unreadable(&IF_MATCH))
    }
}

impl IfMatch {
    /// One tag or `*`. A weak one never matches (RFC 9110 §13.1.1), and of several only one can be meant.
    fn read(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let version = text.strip_prefix('"')?.strip_suffix('"')?;
        let fits = !version.is_empty() && version.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
        fits.then(|| Self::Version(version.to_owned()))
    }

    /// The version, where one is meant.
    pub(crate) fn version(&self) -> Option<&str> {
        match self {
            Self::Any => None,
            Self::Version(version) => Some(version),
        }
    }

    /// The same of something whose versions are counted.
    pub(crate) fn number(&self) -> Result<Option<u64>, Denied> {
        self.version().map(|version| version.parse().map_err(|_| Denied::ChangedMeanwhile)).transpose()
    }
}

/// Whether something is to be added or changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum AddOrChange {
    /// Only if there is none.
    Add,
    /// Only if it is this.
    Change(IfMatch),
}

impl FromRequestParts<Arc<App>> for AddOrChange {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        match one(parts, &IF_NONE_MATCH)? {
            Some("*") if !parts.headers.contains_key(IF_MATCH) => Ok(Self::Add),
            Some(_) => Err(unreadable(&IF_NONE_MATCH)),
            None => IfMatch::from_request_parts(parts, app).await.map(Self::Change),
        }
    }
}

fn one<'a>(parts: &'a Parts, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut all = parts.headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|text| Some(text.trim())).map_err(|_| unreadable(name)),
        (Some(_), Some(_)) => Err(unreadable(name)),
    }
}

fn unreadable(name: &HeaderName) -> Problem {
    let name = if name == IF_MATCH { "If-Match" } else { "If-None-Match" };
    let one =
        if name == "If-Match" { "one entity tag, as `ETag` had it, or `*`" } else { "`*`, without If-Match" };
    Problem::malformed(format!("The header {name} has to be {one}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_strong_tag_or_a_star() {
        let version = |text: &str| Some(IfMatch::Version(text.to_owned()));
        assert_eq!(IfMatch::read("\"3\""), version("3"));
        assert_eq!(IfMatch::read("\"a-_b\""), version("a-_b"));
        assert_eq!(IfMatch::read("*"), Some(IfMatch::Any));
        for bad in ["", "3", "\"\"", "W/\"3\"", "\"3\", \"4\"", "\"3", "\"a b\""] {
            assert_eq!(IfMatch::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_version_that_is_counted_is_a_number() {
        assert_eq!(IfMatch::Version("3".to_owned()).number(), Ok(Some(3)));
        assert_eq!(IfMatch::Any.number(), Ok(None));
        // A tag that none of ours can be is nobody's version.
        assert_eq!(IfMatch::Version("x".to_owned()).number(), Err(Denied::ChangedMeanwhile));
    }
}
