//! The nouns: users, clients, devices, sessions, and the types that keep them honest.
//!
//! Raw input becomes one of these types once, at the edge; from then on it is right by construction.

pub mod actor;
pub mod admin_permission;
pub mod audit;
pub mod client;
pub mod device;
pub mod event;
pub mod ids;
pub mod letter;
pub mod link;
pub mod revocation;
pub mod role;
pub mod secret;
pub mod session;
pub mod tally;
pub mod time;
pub mod user;
pub mod webhook;

pub use actor::Actor;
pub use admin_permission::AdminPermission;
pub use audit::{AuditMark, ChainLink};
pub use client::{
    AddressBinding, Carrier, Client, ClientId, ClientKind, KeptClientSecret, LateRetry, MOST_SCOPE_CHARS,
    RegisteredClient, is_scope,
};
pub use device::{Caller, Device, DeviceName, device_label, device_name};
pub use event::{Event, EventKind, RecordedEvent};
pub use ids::{DeviceId, LetterId, LinkId, SessionId, UserId, WebhookId};
pub use letter::{Letter, LetterKind, LetterLink, QueuedLetter};
pub use link::{Link, LinkPurpose, PendingUser};
pub use revocation::{FeedId, FeedPage, FeedPlace, Revocation, Revoked};
pub use role::{Permission, Role, RoleName};
pub use secret::{
    ClientSecret, ClientSecretHash, DeviceHash, DeviceSecret, LinkHash, PageHash, PageKey, Password,
    PasswordHash, RetryHash, RetryKey, RetryKeys, Salt, SecretText, TokenHash, TokenSecret,
};
pub use session::{Ending, Everyone, Facts, Lineage, Session, Standing};
pub use tally::Tally;
pub use time::UnixMillis;
pub use user::{Account, Email, Handle, Subject, User, UserState, Username};
pub use webhook::{Delivery, Sealed, Webhook};
