//! Clients: the kinds of program that sign users in, and what each is held to.

use std::fmt;
use std::time::Duration;

use super::{ClientSecretHash, UnixMillis};
use crate::store::WhenFull;

/// A client's name in the configuration; `client_id` in requests and tokens (RFC 6749 §2.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientId(pub String);

impl ClientId {
    /// How the `sub` of a service begins; imported users may not have such an id.
    pub const SUBJECT: &'static str = "client:";

    /// The built-in clients, which are always there.
    pub const BUILT_IN: [&'static str; 2] = ["web", "native"];

    /// From the name that an operator gives: 1 to 64 letters, digits, `.`, `_` or `-`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        ((1..=64).contains(&name.len()) && name.bytes().all(fits)).then(|| Self(name.to_owned()))
    }

    /// The built-in client of browsers, and the default when a request names none.
    #[must_use]
    pub fn web() -> Self {
        Self("web".to_owned())
    }

    /// `sub` in access tokens that a service gets for itself (RFC 9068 §2.2). No user's: theirs never begin like this.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("{}{}", Self::SUBJECT, self.0)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a client keeps its tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientKind {
    /// A browser: the refresh token travels only in a cookie that no script can read.
    Web,
    /// A mobile, desktop or command-line app: tokens travel in bodies, no cookie is ever set.
    Native,
    /// A server that signs its users in: as native, and it authenticates with its own secret (RFC 6749 §2.1).
    Confidential,
    /// A service without users: client credentials only (RFC 6749 §4.4).
    Service,
}

impl ClientKind {
    /// The one carrier that this kind of client uses for its refresh token.
    #[must_use]
    pub fn carrier(self) -> Carrier {
        match self {
            Self::Web => Carrier::Cookie,
            Self::Native | Self::Confidential | Self::Service => Carrier::Body,
        }
    }

    /// Whether it has to show its own secret (RFC 6749 §2.1).
    #[must_use]
    pub fn authenticates(self) -> bool {
        matches!(self, Self::Confidential | Self::Service)
    }

    /// Whether it signs users in.
    #[must_use]
    pub fn has_users(self) -> bool {
        self != Self::Service
    }

    /// Its name in the configuration, on the command line and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
            Self::Confidential => "confidential",
            Self::Service => "service",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Web, Self::Native, Self::Confidential, Self::Service]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// Where a refresh token was found in a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carrier {
    /// In the refresh cookie.
    Cookie,
    /// In the request body.
    Body,
}

/// What lets a previous token through after the window (the *late retry* rule).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LateRetry {
    /// The retry key of the rotation that consumed it.
    Key,
    /// The device secret suffices.
    Device,
    /// Nothing: every used token ends its family, as the textbooks have it.
    Never,
}

/// Whether a session may move to another address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressBinding {
    /// It may: the default, because phones change networks all day.
    Off,
    /// Never.
    Address,
    /// Within its network: IPv4 /24, IPv6 /64.
    Network,
}

/// A client that was added while running (`rotunda client add`); those of the configuration are not stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisteredClient {
    /// Its name.
    pub id: ClientId,
    /// How it keeps its tokens.
    pub kind: ClientKind,
    /// What it may ask for (RFC 6749 §3.3), each once, in order. Only a service asks.
    pub scopes: Vec<String>,
    /// Its secrets, the newest last; none where the kind does not authenticate.
    pub secrets: Vec<KeptClientSecret>,
    /// When it was added.
    pub created_at: UnixMillis,
}

/// A client's secret as the store keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptClientSecret {
    /// The hash of it.
    pub hash: ClientSecretHash,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Until when it is good; `None` for the one that stays.
    pub ends_at: Option<UnixMillis>,
}

impl KeptClientSecret {
    /// A new one, which stays.
    #[must_use]
    pub fn fresh(hash: ClientSecretHash, created_at: UnixMillis) -> Self {
        Self { hash, created_at, ends_at: None }
    }

    /// Whether it is good at `now`.
    #[must_use]
    pub fn is_good(&self, now: UnixMillis) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }
}

/// The most characters of a scope.
pub const MOST_SCOPE_CHARS: usize = 64;

/// Whether a text is one scope (RFC 6749 §3.3 `scope-token`), and not a long one.
#[must_use]
pub fn is_scope(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
    (1..=MOST_SCOPE_CHARS).contains(&text.len()) && text.bytes().all(fits)
}

/// One client with everything that the engine asks of it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub id: ClientId,
    /// How it keeps its tokens.
    pub kind: ClientKind,
    /// What it may ask for (RFC 6749 §3.3); a service's only.
    pub scopes: Vec<String>,
    /// How long an access token lives.
    pub access_ttl: Duration,
    /// For how long after a rotation the same answer is given again (`W`): 0 to 60 seconds.
    pub window: Duration,
    /// What lets a previous token through after the window.
    pub late_retry: LateRetry,
    /// A session ends when it was not refreshed for this long.
    pub idle: Duration,
    /// A session ends this long after the sign-in, whatever happens.
    pub absolute: Duration,
    /// Whether a session may move to another address.
    pub bind_address: AddressBinding,
    /// How many live sessions a user may have with this client.
    pub max_per_user: Option<u32>,
    /// What happens to a login when there are as many.
    pub when_full: WhenFull,
}
