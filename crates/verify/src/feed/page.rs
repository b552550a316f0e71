//! What the feed says, as JSON: the same object from `/revocations` and in each `revocations` event.

use serde::Deserialize;

/// The longest id or cursor that is kept, in bytes.
const MOST_ID_BYTES: usize = 256;

/// Some or all revocations.
#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) cursor: String,
    /// Whether this replaces what was known.
    pub(crate) full: bool,
    /// Whether there is more to be had at once, from `cursor`. Streams go on by themselves.
    #[serde(default)]
    pub(crate) more: bool,
    /// When the server last read its store, in milliseconds since 1970 by the server's clock.
    pub(crate) as_of: i64,
    pub(crate) entries: Vec<Entry>,
}

/// One revocation. `exp` is when no token that it could refuse can be alive any more.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Entry {
    Session {
        sid: Box<str>,
        exp: i64,
    },
    User {
        sub: Box<str>,
        ep: u64,
        exp: i64,
    },
    Token {
        jti: Box<str>,
        exp: i64,
    },
    Key {
        kid: Box<str>,
        exp: i64,
    },
    Everyone {
        rv: u64,
        exp: i64,
    },
    Claims {
        sub: Box<str>,
        ce: u64,
        exp: i64,
    },
    Role {
        role: Box<str>,
        rv: u64,
        exp: i64,
    },
    /// A kind that is younger than this code.
    #[serde(other)]
    Unknown,
}

/// A sign of life.
#[derive(Deserialize)]
pub(crate) struct Heartbeat {
    pub(crate) cursor: String,
    pub(crate) as_of: i64,
}

/// Why a stream ended.
#[derive(Deserialize)]
pub(crate) struct End {
    reason: String,
}

impl Page {
    /// Reads a page. A known entry that lacks something is an error of the whole page: to skip it would be to accept
    /// what was revoked.
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        let page: Self = serde_json::from_slice(json).ok()?;
        let good = is_cursor(&page.cursor) && page.entries.iter().all(Entry::is_bounded);
        good.then_some(page)
    }
}

impl Entry {
    fn is_bounded(&self) -> bool {
        match self {
            Self::Session { sid: id, .. }
            | Self::User { sub: id, .. }
            | Self::Token { jti: id, .. }
            | Self::Key { kid: id, .. }
            | Self::Claims { sub: id, .. }
            | Self::Role { role: id, .. } => id.len() <= MOST_ID_BYTES,
            Self::Everyone { .. } | Self::Unknown => true,
        }
    }
}

impl Heartbeat {
    pub(crate) fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().filter(|heartbeat: &Self| is_cursor(&heartbeat.cursor))
    }
}

impl End {
    /// The reason, from the list of those there are.
    pub(crate) fn reason(json: &[u8]) -> &'static str {
        let end: Option<Self> = serde_json::from_slice(json).ok();
        match end.as_ref().map_or("", |end| &end.reason) {
            "token_expired" => "token_expired",
            "token_revoked" => "token_revoked",
            "shutdown" => "shutdown",
            _ => "unknown",
        }
    }
}

/// It travels in an address, and quoted in a header.
fn is_cursor(text: &str) -> bool {
    (1..=MOST_ID_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
}
