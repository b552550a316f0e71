//! Clients: the kinds of program that sign users in, and what each is held to.

use std::fmt;
use std::time::Duration;

use crate::store::WhenFull;

/// A client's name in the configuration; `client_id` in requests and tokens (RFC 6749 §2.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientId(pub String);

impl ClientId {
    /// The built-in client of browsers, and the default when a request names none.
    #[must_use]
    pub fn web() -> Self {
        Self("web".to_owned())
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
}

impl ClientKind {
    /// The one carrier that this kind of client uses for its refresh token.
    #[must_use]
    pub fn carrier(self) -> Carrier {
        match self {
            Self::Web => Carrier::Cookie,
            Self::Native => Carrier::Body,
        }
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

/// One client with everything that the engine asks of it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub id: ClientId,
    /// How it keeps its tokens.
    pub kind: ClientKind,
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
