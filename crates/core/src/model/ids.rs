//! Typed identifiers: UUIDs, version 7, made from the clock and the entropy that are handed in.
//!
//! They name things and open nothing: an id is never a secret (OWASP ASVS 5.0, 11.5.1).

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::UnixMillis;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: the time it was made, then 74 random bits.
            #[must_use]
            pub fn new(now: UnixMillis, random: [u8; 10]) -> Self {
                let ms = u64::try_from(now.0).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
            }

            /// From its 16 stored bytes.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Its 16 bytes, as stored and as carried in a refresh token.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

id!(
    /// A user; `sub` in access tokens, unless they came with an id of another form.
    UserId
);
id!(
    /// A session, that is a token family: one sign-in on one device; `sid` in access tokens.
    SessionId
);
id!(
    /// A device as one user knows it, across several sign-ins.
    DeviceId
);
id!(
    /// A letter to a user.
    LetterId
);
id!(
    /// A link that a letter carries.
    LinkId
);
id!(
    /// An address that is told of events.
    WebhookId
);
