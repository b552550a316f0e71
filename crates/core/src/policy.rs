//! What the operator decided, already checked: `cli` turns configuration into this, and nothing here points back.

use std::collections::BTreeMap;
use std::time::Duration;

use rotunda_token::Algorithm;

use crate::limits::Limits;
use crate::model::{AddressBinding, Client, ClientId, ClientKind, LateRetry};
use crate::store::WhenFull;

/// Who may register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Registration {
    /// Nobody; operators add users.
    Off,
    /// Everybody, without showing that the address is theirs.
    Unverified,
    /// Everybody who shows that the address is theirs: nobody is signed in before.
    Verified,
}

/// The operator's decisions.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `iss` of access tokens.
    pub issuer: String,
    /// `aud` of access tokens.
    pub audience: String,
    /// Where browsers reach this server, without a slash at the end: what links in letters begin with.
    pub public_url: String,
    /// With what new signing keys sign.
    pub algorithm: Algorithm,
    /// How long a new signing key is published before it signs; longer than the key set may be cached.
    pub publish_ahead: Duration,
    /// How long a signing key signs before another takes over; `None` leaves that to the operator.
    pub rotate_keys_every: Option<Duration>,
    /// Who may register.
    pub registration: Registration,
    /// How long a link for a verification, a reset or a change of address is good once its letter is sent: 10 to 60 minutes.
    pub link_life: Duration,
    /// How long "this was not me" is good.
    pub report_life: Duration,
    /// For how long after a password was entered its session may do what is sensitive.
    pub reauthenticate_within: Duration,
    /// How many live sessions a user may have over all clients.
    pub max_per_user: Option<u32>,
    /// What happens to a login when there are as many.
    pub when_full: WhenFull,
    /// The fewest characters (Unicode code points) of a new password; never below [`Policy::FLOOR_PASSWORD_CHARS`].
    pub least_password_chars: usize,
    /// Words that no password may consist of: what this service and its hosts are called, and what else the operator
    /// named. Those of fewer than four characters say nothing.
    pub service_words: Vec<String>,
    /// The clients by name.
    pub clients: BTreeMap<ClientId, Client>,
    /// For how long an ended session is kept, so that its late tokens learn why it ended.
    pub keep_ended: Duration,
    /// For how long events are kept.
    pub keep_events: Duration,
    /// For how long a device is remembered after it was seen last: as long as a browser keeps its cookie.
    pub keep_devices: Duration,
    /// How often who may try what.
    pub limits: Limits,
}

impl Policy {
    /// No configuration goes below this (ASVS 5.0, 6.2.1).
    pub const FLOOR_PASSWORD_CHARS: usize = 8;
    /// The longest window that may be configured.
    pub const LONGEST_WINDOW: Duration = Duration::from_secs(60);
    /// Without `remember`, a session lives this long at most, because a closed browser forgets it anyway.
    pub const UNREMEMBERED: Duration = Duration::from_secs(24 * 3600);

    /// The defaults for an issuer: built-in clients only, registration off, limits on.
    #[must_use]
    pub fn new(issuer: &str) -> Self {
        let clients = [Self::builtin("web", ClientKind::Web), Self::builtin("native", ClientKind::Native)];
        Self {
            issuer: issuer.to_owned(),
            audience: issuer.to_owned(),
            public_url: issuer.trim_end_matches('/').to_owned(),
            algorithm: Algorithm::Es256,
            publish_ahead: Duration::from_secs(3600),
            rotate_keys_every: Some(days(90)),
            registration: Registration::Off,
            link_life: Duration::from_secs(30 * 60),
            report_life: days(7),
            reauthenticate_within: Duration::from_secs(5 * 60),
            max_per_user: None,
            when_full: WhenFull::EvictOldest,
            least_password_chars: 12,
            service_words: Vec::new(),
            clients: clients.into_iter().map(|c| (c.id.clone(), c)).collect(),
            keep_ended: days(30),
            keep_events: days(400),
            keep_devices: days(400),
            limits: Limits::default(),
        }
    }

    /// A client with the default lifetimes of its kind.
    #[must_use]
    pub fn builtin(name: &str, kind: ClientKind) -> Client {
        let (idle, absolute) = match kind {
            ClientKind::Web => (days(7), days(30)),
            ClientKind::Native | ClientKind::Confidential | ClientKind::Service => (days(30), days(90)),
        };
        Client {
            id: ClientId(name.to_owned()),
            kind,
            scopes: Vec::new(),
            access_ttl: Duration::from_secs(15 * 60),
            window: Duration::from_secs(10),
            late_retry: LateRetry::Key,
            idle,
            absolute,
            bind_address: AddressBinding::Off,
            max_per_user: None,
            when_full: WhenFull::EvictOldest,
        }
    }

    /// How many characters (Unicode code points) a new password needs.
    #[must_use]
    pub fn fewest_password_chars(&self) -> usize {
        self.least_password_chars.max(Self::FLOOR_PASSWORD_CHARS)
    }
}

const fn days(n: u64) -> Duration {
    Duration::from_secs(n * 24 * 3600)
}
