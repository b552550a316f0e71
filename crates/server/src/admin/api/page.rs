//! Lists: what is asked for in the query, and how a list goes on.
//!
//! 1. A query names each parameter once, and none that the route does not know: a filter that is mistyped must not be taken
//!    for none.
//! 2. A list has [`DEFAULT`] items, or as many as `limit` says: 1 to [`MOST`].
//! 3. Where there may be more, `next` is a cursor: send it as `after`, with the same filters. A page may be short, or empty,
//!    and still have a `next`; the last one has none.
//! 4. A cursor names the last thing that was looked at, so nothing is told twice or left out because of what is added or
//!    removed meanwhile. What is in it is for nobody else to read.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use base64ct::{Base64UrlUnpadded, Encoding};
use http::StatusCode;
use http::request::Parts;
use jiff::Timestamp;
use rotunda_core::model::{SessionId, UnixMillis, UserId};
use rotunda_core::store::UserPlace;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::App;
use crate::reply::{Problem, json};

/// How many items a list has that does not say.
const DEFAULT: u32 = 50;
/// The most that it can have.
const MOST: u32 = 200;
/// No cursor of ours is longer: the longest names an address.
const MOST_CURSOR_BYTES: usize = 512;

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Page<T: Serialize + ToSchema> {
    items: Vec<T>,
    /// Where the list goes on: send it as `after`, with the same filters. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "aTowMTkzYjJmNC03YzFlLTdhNTItOWQxYy01ZjBlOGE0YjZjMjA")]
    next: Option<String>,
}

/// A list, or a part of one.
pub(crate) fn listed<T: Serialize + ToSchema>(
    items: Vec<T>,
    next: Option<Cursor>,
) -> axum::response::Response {
    json(StatusCode::OK, &Page { items, next: next.map(|cursor| cursor.written()) })
}

/// The query of a request.
pub(crate) struct Filters<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Filters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let wrong = |error: axum::extract::rejection::QueryRejection| {
            let text = error.body_text();
            let why = text.rsplit_once("query string: ").map_or(text.as_str(), |(_, why)| why);
            Problem::malformed(format!("The query does not fit: {why}."))
        };
        Query::try_from_uri(&parts.uri).map(|Query(filters)| Self(filters)).map_err(wrong)
    }
}

/// How many items were asked for.
pub(crate) fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    match asked.unwrap_or(DEFAULT) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(Problem::malformed(format!("`limit` is a number from 1 to {MOST}."))),
    }
}

/// A filter that is read from its text; `what` says what it should have been.
pub(crate) fn filter<T>(
    name: &str,
    text: Option<&str>,
    read: impl FnOnce(&str) -> Option<T>,
    what: &str,
) -> Result<Option<T>, Problem> {
    let wrong = || Problem::malformed(format!("`{name}` is not {what}."));
    text.map(|text| read(text).ok_or_else(wrong)).transpose()
}

/// A filter that is an id.
pub(crate) fn id<T: FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    filter(name, text, |text| text.parse().ok(), "an id")
}

/// A filter that is an address.
pub(crate) fn address(name: &str, text: Option<&str>) -> Result<Option<IpAddr>, Problem> {
    let read = |text: &str| text.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    filter(name, text, read, "an IP address")
}

/// A filter that is a moment.
pub(crate) fn moment(name: &str, text: Option<&str>) -> Result<Option<UnixMillis>, Problem> {
    let read = |text: &str| text.parse::<Timestamp>().ok().map(|stamp| UnixMillis(stamp.as_millisecond()));
    filter(name, text, read, "a time such as 2026-01-31T12:00:00Z (RFC 3339)")
}

/// Where a list goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cursor {
    /// Behind this id.
    Id(String),
    /// Behind this address or user name.
    Key(String),
    /// Behind this number.
    Number(u64),
}

impl Cursor {
    fn written(&self) -> String {
        let text = match self {
            Self::Id(id) => format!("i:{id}"),
            Self::Key(key) => format!("k:{key}"),
            Self::Number(number) => format!("n:{number}"),
        };
        Base64UrlUnpadded::encode_string(text.as_bytes())
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = Some(text).filter(|text| text.len() <= MOST_CURSOR_BYTES);
        let text = String::from_utf8(Base64UrlUnpadded::decode_vec(bytes?).ok()?).ok()?;
        match text.split_once(':')? {
            ("i", id) => Some(Self::Id(id.to_owned())),
            ("k", key) => Some(Self::Key(key.to_owned())),
            ("n", number) => number.parse().ok().map(Self::Number),
            _ => None,
        }
    }
}

/// The place that a cursor names; one that another list gave is none.
pub(crate) fn after<T>(
    text: Option<&str>,
    place: impl FnOnce(Cursor) -> Option<T>,
) -> Result<Option<T>, Problem> {
    filter("after", text, |text| place(Cursor::read(text)?), "a cursor that this list gave as `next`")
}

/// A place among users.
pub(crate) fn user_place(cursor: Cursor) -> Option<UserPlace> {
    match cursor {
        Cursor::Id(id) => id.parse::<UserId>().ok().map(UserPlace::Id),
        Cursor::Key(key) => Some(UserPlace::Key(key)),
        Cursor::Number(_) => None,
    }
}

/// A place among sessions.
pub(crate) fn session_place(cursor: Cursor) -> Option<SessionId> {
    match cursor {
        Cursor::Id(id) => id.parse().ok(),
        _ => None,
    }
}

/// A place in the journal.
pub(crate) fn number(cursor: Cursor) -> Option<u64> {
    match cursor {
        Cursor::Number(number) => Some(number),
        _ => None,
    }
}

impl From<UserPlace> for Cursor {
    fn from(place: UserPlace) -> Self {
        match place {
            UserPlace::Id(id) => Self::Id(id.to_string()),
            UserPlace::Key(key) => Self::Key(key),
        }
    }
}

impl From<SessionId> for Cursor {
    fn from(id: SessionId) -> Self {
        Self::Id(id.to_string())
    }
}

impl From<u64> for Cursor {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for cursor in [
            Cursor::Id("0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c20".to_owned()),
            Cursor::Key("ada:lovelace@example.com".to_owned()),
            Cursor::Number(u64::MAX),
        ] {
            assert_eq!(Cursor::read(&cursor.written()), Some(cursor));
        }
    }

    #[test]
    fn nothing_else_is_a_cursor() {
        let text = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        for bad in ["", "!", "aa=", &text("x:1"), &text("n:-1"), &text("n:"), &text("i"), &"a".repeat(513)] {
            assert_eq!(Cursor::read(bad), None, "{bad}");
        }
        assert_eq!(after(Some(&Cursor::Number(7).written()), number).ok(), Some(Some(7)));
        assert!(after(Some(&Cursor::Number(7).written()), session_place).is_err());
        assert!(after(Some(&Cursor::Number(7).written()), user_place).is_err());
        assert!(after(Some(&Cursor::Id("7".to_owned()).written()), number).is_err());
    }

    #[test]
    fn a_limit_has_bounds() {
        assert_eq!(limit(None).ok(), Some(DEFAULT));
        assert_eq!([1, MOST].map(|n| limit(Some(n)).ok()), [Some(1), Some(MOST)]);
        assert!([0, MOST + 1, u32::MAX].into_iter().all(|n| limit(Some(n)).is_err()));
    }
}
