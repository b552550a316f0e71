//! Putting a verifier together.

use std::sync::Arc;
use std::time::Duration;

use rotunda_token::{KeySet, LEEWAY_SECONDS, SharedSecret};
use tokio::runtime::Handle;
use url::Url;

use crate::ask::{Limits, client, is_loopback};
use crate::clock::{Clock, SystemClock};
use crate::feed::{Feed, Follower, Reader, ServiceCredentials};
use crate::keys::{COOL_DOWN, Expected, Keys, Source};
use crate::verifier::{Core, Verifier};

/// The shortest time after which a cut feed can refuse: the server sends a heartbeat each second, and one may be late.
pub const LEAST_STALENESS: Duration = Duration::from_secs(2);

/// The longest leeway beside a feed, in seconds: the server forgets an entry so long after the last token that it refuses
/// has expired, and what a longer leeway still accepts would be good again.
pub const MOST_LEEWAY_WITH_FEED: i64 = 120;

/// What happens when the feed of revocations is cut. Neither is right for everybody: it is a choice between accepting,
/// for the rest of a token's minutes, somebody who has just signed out, and refusing everybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WhenStale {
    /// Accept what is not known to be revoked. [`crate::FeedHealth::staleness_ms`] tells.
    #[default]
    GoOn,
    /// Refuse with 503 once what is known is older than `after`, at least [`LEAST_STALENESS`]; also until the feed is
    /// heard for the first time.
    Refuse {
        /// How old it may be.
        after: Duration,
    },
}

/// Why there is no verifier.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An address that is none.
    #[error(
        "`{url}` is not an address of the form https://auth.example.com, without user, query and fragment"
    )]
    Url {
        /// What was given.
        url: String,
    },
    /// An address without TLS.
    #[error(
        "`{url}` does not begin with https://: whoever is on the way could replace the issuer's keys, and sign tokens that \
         this service accepts. Only an issuer on this very machine may do without"
    )]
    NotHttps {
        /// What was given.
        url: String,
    },
    /// No audience.
    #[error(
        "no audience is set, so every token would be for somebody else: say which `aud` this service accepts"
    )]
    NoAudience,
    /// A limit that would refuse good tokens again and again.
    #[error("a feed cannot be called stale after less than {} s: heartbeats come each second", LEAST_STALENESS.as_secs())]
    StaleTooSoon,
    /// Refusing when the feed is stale, without a feed.
    #[error("there is no feed that could be stale: add `follow` or `poll`, or leave `when_stale` away")]
    NoFeed,
    /// Demanding current roles, without a feed.
    #[error(
        "without a feed nobody tells which roles are current: add `follow` or `poll`, or leave `demand_current_roles` away"
    )]
    NoFeedForRoles,
    /// A leeway that would outlive the feed's entries.
    #[error(
        "with a feed the leeway is {MOST_LEEWAY_WITH_FEED} s at most: entries are not kept for longer, so that a token \
         would be good again that was revoked"
    )]
    LeewayTooLong,
    /// Following needs a task, and a task needs a runtime.
    #[error("following the feed needs a tokio runtime: build the verifier inside of one, or use `poll`")]
    NoRuntime,
    /// The HTTP client could not be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// What a verifier is made of; from [`Verifier::builder`].
#[must_use]
pub struct Builder {
    issuer: String,
    audiences: Vec<String>,
    jwks_url: Option<String>,
    server: Option<String>,
    fixed_keys: Option<KeySet>,
    leeway_seconds: i64,
    key_cool_down: Duration,
    limits: Limits,
    cache: usize,
    feed: Option<(ServiceCredentials, bool)>,
    when_stale: WhenStale,
    current_roles: bool,
    clock: Option<Arc<dyn Clock>>,
}

impl Builder {
    pub(crate) fn new(issuer: String) -> Self {
        Self {
            issuer,
            audiences: Vec::new(),
            jwks_url: None,
            server: None,
            fixed_keys: None,
            leeway_seconds: LEEWAY_SECONDS,
            key_cool_down: COOL_DOWN,
            limits: Limits::default(),
            cache: 0,
            feed: None,
            when_stale: WhenStale::GoOn,
            current_roles: false,
            clock: None,
        }
    }

    /// Accepts tokens for that audience (`aud`). May be called again for more; one at least is needed.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Asks the issuer there, and not at the issuer's own address: one that is reached from here in another way, such as inside
    /// a cluster. What `iss` must be stays the same.
    pub fn server(self, url: impl Into<String>) -> Self {
        Self { server: Some(url.into()), ..self }
    }

    /// Fetches keys from there instead of `{issuer}/.well-known/jwks.json`.
    pub fn jwks_url(self, url: impl Into<String>) -> Self {
        Self { jwks_url: Some(url.into()), ..self }
    }

    /// Uses these keys and fetches none.
    pub fn keys(self, keys: KeySet) -> Self {
        Self { fixed_keys: Some(keys), ..self }
    }

    /// Uses the secret that the issuer shares with this service (HS256) and fetches no keys. Tokens that are signed in any
    /// other way are then refused, as those of HS256 are without this.
    pub fn shared_secret(self, secret: &SharedSecret) -> Self {
        self.keys(KeySet::from_shared_secret(secret))
    }

    /// How far the clocks of this machine and the issuer's may be apart, in seconds; [`LEEWAY_SECONDS`] unless said
    /// otherwise, below zero counts as zero. Beside a feed [`MOST_LEEWAY_WITH_FEED`] at most.
    pub fn leeway_seconds(self, seconds: i64) -> Self {
        Self { leeway_seconds: seconds.max(0), ..self }
    }

    /// How soon after a fetch for an unknown key id the next one may follow; 30 seconds unless said otherwise.
    pub fn key_cool_down(self, cool_down: Duration) -> Self {
        Self { key_cool_down: cool_down, ..self }
    }

    /// How long the issuer may take.
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Remembers so many verified tokens, some two kilobytes each, so that they cost no signature check again. Whether
    /// they have expired or were revoked is still asked each time. None are remembered unless said so.
    pub fn cache(self, entries: usize) -> Self {
        Self { cache: entries, ..self }
    }

    /// Follows the feed of revocations in a background task, which ends with the last handle of the verifier.
    pub fn follow(self, credentials: ServiceCredentials) -> Self {
        Self { feed: Some((credentials, true)), ..self }
    }

    /// Asks the feed of revocations whenever [`Verifier::poll_revocations`] is called: for functions that have no
    /// background task.
    ///
    /// ```no_run
    /// # use rotunda_verify::{AccessToken, Refused, ServiceCredentials, Verifier, WhenStale};
    /// # use std::time::Duration;
    /// # fn build(secret: String) -> Result<Verifier, rotunda_verify::BuildError> {
    /// // Once per instance:
    /// Verifier::builder("https://auth.example.com")
    ///     .audience("https://reports.example.com")
    ///     .poll(ServiceCredentials::new("reports", secret))
    ///     .when_stale(WhenStale::Refuse { after: Duration::from_secs(60) })
    ///     .build()
    /// # }
    /// # async fn call(verifier: &Verifier, token: &str) -> Result<AccessToken, Refused> {
    /// // At each call:
    /// if verifier.health().feed.is_none_or(|feed| feed.staleness_ms.is_none_or(|age| age > 5000)) {
    ///     // A failure is no reason to stop: `when_stale` decides.
    ///     let _ = verifier.poll_revocations().await;
    /// }
    /// verifier.authenticate(token).await
    /// # }
    /// ```
    pub fn poll(self, credentials: ServiceCredentials) -> Self {
        Self { feed: Some((credentials, false)), ..self }
    }

    /// What happens when the feed is cut; goes on unless said otherwise.
    pub fn when_stale(self, when_stale: WhenStale) -> Self {
        Self { when_stale, ..self }
    }

    /// Refuses tokens that say other roles or permissions of their user than there are now, as far as the feed has told:
    /// [`crate::Refused::Outdated`], 401, and a refresh brings a token that is right. Without this, a change counts when the
    /// token is refreshed anyway, within a quarter of an hour. Takes a feed.
    pub fn demand_current_roles(self) -> Self {
        Self { current_roles: true, ..self }
    }

    /// Another clock, for tests.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// Builds it and, within a tokio runtime, begins to fetch keys. It asks nobody and waits for nobody:
    /// [`Verifier::ready`] does.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(self) -> Result<Verifier, BuildError> {
        self.check()?;
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        address(&self.issuer)?;
        let server = self.server.as_deref().unwrap_or(&self.issuer);
        let http = client(&self.limits, &address(server)?)?;
        let leeway_seconds = self.leeway_seconds;
        let at_issuer = |path: &str| address(&format!("{}{path}", server.trim_end_matches('/')));
        let expected = Expected { issuer: self.issuer.clone(), audiences: self.audiences, leeway_seconds };

        let keys = if let Some(keys) = self.fixed_keys {
            Keys::fixed(expected, keys, Arc::clone(&clock))
        } else {
            let (client, url) = match &self.jwks_url {
                Some(url) => {
                    let url = address(url)?;
                    (client(&self.limits, &url)?, url)
                }
                None => (http.clone(), at_issuer("/.well-known/jwks.json")?),
            };
            let source = Source { client, url, limits: self.limits };
            Keys::fetched(expected, source, self.key_cool_down, Arc::clone(&clock))
        };
        let (mut feed, mut follower) = (None, None);
        if let Some((credentials, follows)) = self.feed {
            let reader = Reader {
                client: http,
                limits: self.limits,
                credentials,
                token_url: at_issuer("/oauth/token")?,
                feed_url: at_issuer("/revocations")?,
                stream_url: at_issuer("/revocations/stream")?,
            };
            let read = Arc::new(Feed::new(reader, Arc::clone(&keys), Arc::clone(&clock), leeway_seconds));
            if follows {
                let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
                follower = Some(Follower::start(Arc::clone(&read), &runtime));
            }
            feed = Some(read);
        }
        let rules = (self.when_stale, self.current_roles);
        let core = Core::new(keys, feed, self.cache, rules, leeway_seconds, clock);
        Ok(Verifier::new(core, follower))
    }

    fn check(&self) -> Result<(), BuildError> {
        if self.audiences.is_empty() {
            return Err(BuildError::NoAudience);
        }
        if self.feed.is_some() && self.leeway_seconds > MOST_LEEWAY_WITH_FEED {
            return Err(BuildError::LeewayTooLong);
        }
        if self.current_roles && self.feed.is_none() {
            return Err(BuildError::NoFeedForRoles);
        }
        match (self.when_stale, &self.feed) {
            (WhenStale::Refuse { after }, _) if after < LEAST_STALENESS => Err(BuildError::StaleTooSoon),
            (WhenStale::Refuse { .. }, None) => Err(BuildError::NoFeed),
            _ => Ok(()),
        }
    }
}

/// An address to which keys or secrets may be entrusted.
fn address(text: &str) -> Result<Url, BuildError> {
    let no_address = || BuildError::Url { url: text.to_owned() };
    let url = Url::parse(text).map_err(|_| no_address())?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !matches!(url.scheme(), "http" | "https")
        || has_user
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(no_address());
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(BuildError::NotHttps { url: text.to_owned() });
    }
    Ok(url)
}
