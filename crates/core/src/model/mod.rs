//! The nouns: users, clients, devices, sessions, and the types that keep them honest.
//!
//! Raw input becomes one of these types once, at the edge; from then on it is right by construction.

pub mod client;
pub mod device;
pub mod event;
pub mod ids;
pub mod letter;
pub mod link;
pub mod revocation;
pub mod secret;
pub mod session;
pub mod time;
pub mod user;

pub use client::{
    AddressBinding, Carrier, Client, ClientId, ClientKind, KeptClientSecret, LateRetry, MOST_SCOPE_CHARS,
    RegisteredClient, is_scope,
};
pub use device::{Caller, Device, DeviceName, device_label, device_name};
pub use event::{Event, EventKind, RecordedEvent};
pub use ids::{DeviceId, LetterId, LinkId, SessionId, UserId};
pub use letter::{Letter, LetterKind, LetterLink, QueuedLetter};
pub use link::{Link, LinkPurpose, PendingUser};
pub use revocation::{FeedId, FeedPage, FeedPlace, Revocation, Revoked};
pub use secret::{
    ClientSecret, ClientSecretHash, DeviceHash, DeviceSecret, LinkHash, PageHash, PageKey, Password,
    PasswordHash, RetryHash, RetryKey, RetryKeys, Salt, SecretText, TokenHash, TokenSecret,
};
pub use session::{Ending, Facts, Lineage, Session, Standing};
pub use time::UnixMillis;
pub use user::{Account, Email, Handle, Subject, User, UserState, Username};
