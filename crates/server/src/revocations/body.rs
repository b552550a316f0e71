//! The feed as JSON.

use rotunda_core::model::{Revocation, Revoked, UnixMillis};
use serde::Serialize;
use utoipa::ToSchema;

use super::log::Part;

/// Everything that is revoked just now, or what was added since a cursor.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeedBody {
    /// Where this reaches to; ask with `since` from here.
    #[schema(example = "5f0c1d9a3b7e2468-1042-8a1c04f2")]
    cursor: String,
    /// Whether this is everything, in place of whatever was heard before.
    full: bool,
    /// Whether there is more to be had at once, with `since` from `cursor`.
    more: bool,
    /// For how many seconds an entry counts at most.
    #[schema(example = 1141)]
    keep: u64,
    /// When the server last read its store, in milliseconds since 1970.
    as_of: i64,
    /// What is revoked, in order.
    entries: Vec<EntryBody>,
}

impl FeedBody {
    pub(super) fn new(part: Part, keep: std::time::Duration) -> Self {
        let entry = |it: Revocation| EntryBody {
            exp: it.at.plus(keep).seconds_up(),
            at: it.at.seconds(),
            what: what(it.what),
        };
        Self {
            cursor: part.cursor.to_string(),
            full: part.full,
            more: part.more,
            keep: keep.as_secs(),
            as_of: part.as_of.0,
            entries: part.entries.into_iter().map(entry).collect(),
        }
    }
}

impl FeedBody {
    /// Whether there is more to be had at once.
    pub(super) fn has_more(&self) -> bool {
        self.more
    }

    /// Whether it tells of something that the token of a reader of the feed may rest on.
    pub(super) fn concerns_readers(&self) -> bool {
        self.entries.iter().any(|it| matches!(it.what, WhatBody::Token { .. } | WhatBody::Key { .. }))
    }
}

/// One entry.
#[derive(Serialize, ToSchema)]
struct EntryBody {
    #[serde(flatten)]
    what: WhatBody,
    /// Since when, in seconds since 1970.
    at: i64,
    /// From when on it may be forgotten, in seconds since 1970.
    exp: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
enum WhatBody {
    /// Every token of a session.
    Session { sid: String, ending: &'static str },
    /// Every token of a user whose `ep` is lower.
    User { sub: String, ep: u64, ending: &'static str },
    /// One access token.
    Token { jti: String },
    /// Every token of a signing key.
    Key { kid: String },
    /// Every token of a session whose `rv` is lower, one without `rv` among them: everyone was signed out.
    Everyone { rv: u64 },
    /// Not revoked, but outdated: every token of a user whose `ce` is lower, one without `ce` among them.
    Claims { sub: String, ce: u64 },
    /// Not revoked, but outdated: every token with this role whose `rv` is lower, one without `rv` among them.
    Role { role: String, rv: u64 },
}

fn what(revoked: Revoked) -> WhatBody {
    match revoked {
        Revoked::Session { id, ending } => WhatBody::Session { sid: id.to_string(), ending: ending.as_str() },
        Revoked::User { sub, ep, ending } => WhatBody::User { sub, ep, ending: ending.as_str() },
        Revoked::Token { jti } => WhatBody::Token { jti },
        Revoked::Key { kid } => WhatBody::Key { kid },
        Revoked::Everyone { rv } => WhatBody::Everyone { rv },
        Revoked::Claims { sub, ce } => WhatBody::Claims { sub, ce },
        Revoked::Role { name, rv } => WhatBody::Role { role: name.to_string(), rv },
    }
}

/// What a heartbeat says.
#[derive(Serialize)]
pub(super) struct Heartbeat {
    pub(super) cursor: String,
    /// When the server last read its store, in milliseconds since 1970.
    pub(super) as_of: i64,
}

impl Heartbeat {
    pub(super) fn new(cursor: impl ToString, as_of: UnixMillis) -> Self {
        Self { cursor: cursor.to_string(), as_of: as_of.0 }
    }
}
