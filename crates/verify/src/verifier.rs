//! Judging a token, in this order:
//!
//! 1. Was this very token verified a moment ago, under the keys of now? Then all that does not change is known to be
//!    right; go on with 3.
//! 2. All the steps of [`rotunda_token::Verifier`]: form, key, signature, issuer, audience, time. Where keys were
//!    revoked, the key comes first.
//! 3. `exp`, with the leeway, at each time of asking.
//! 4. Is its key, its session, its user's epoch, everyone, or the token itself on the feed of revocations? And, where this
//!    service demands current roles: have they changed since the token was issued?
//! 5. Is what is known of the feed too old for this service? That comes last: what is known to be bad stays 401.
//!
//! None of that waits, and none asks anybody. Only [`Verifier::authenticate`] may wait, for keys that are missing.

use std::sync::Arc;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use http::HeaderMap;
use rotunda_token::{Invalid, MAX_TOKEN_BYTES};
use serde::Deserialize;

use crate::ask::AskError;
use crate::bearer;
use crate::builder::{Builder, WhenStale};
use crate::cached::TokenCache;
use crate::clock::Clock;
use crate::feed::{Feed, Follower, Polled};
use crate::health::{Counters, FeedHealth, Health, KeysHealth};
use crate::keys::{FIRST_RETRY, Fetch, Keys, Why};
use crate::refused::{Refused, RevokedBy, Unavailable};
use crate::{AccessToken, AuthLayer};

/// Checks the access tokens of one issuer. Cheap to clone: all clones share keys, cache and feed.
#[derive(Clone)]
pub struct Verifier(Arc<Handle>);

/// What ends when the last handle does.
struct Handle {
    core: Core,
    /// The task that follows holds the feed, not this; so this can end, and then it does.
    follower: Option<Follower>,
}

impl Verifier {
    /// Begins to put one together, for tokens of that issuer: the server's public URL, as it stands in `iss`.
    pub fn builder(issuer: impl Into<String>) -> Builder {
        Builder::new(issuer.into())
    }

    pub(crate) fn new(core: Core, follower: Option<Follower>) -> Self {
        Self(Arc::new(Handle { core, follower }))
    }

    /// Judges a token by what is known now. Never waits; needs no runtime. Has keys fetched in the background where that
    /// would help the next call: the first call after a long pause is judged by keys as old as the pause.
    ///
    /// # Errors
    /// [`Refused`], but for what concerns the request rather than its token.
    pub fn verify(&self, token: &str) -> Result<AccessToken, Refused> {
        let core = &self.0.core;
        let judged = core.judge(token);
        if let Some(why) = judged.as_ref().err().and_then(missing_key) {
            core.keys.start(why);
        }
        core.count(judged)
    }

    /// Judges a token, and waits for the issuer's keys where it names one that is not known yet, or where nobody has asked
    /// for so long that those held may be those of another time; no longer than [`crate::Limits::answer`].
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub async fn authenticate(&self, token: &str) -> Result<AccessToken, Refused> {
        let core = &self.0.core;
        let mut judged = core.judge(token);
        if core.keys.are_overdue() || judged.as_ref().err().and_then(missing_key).is_some() {
            let in_time = core.keys.within_limit(core.ask_and_judge(token, &mut judged)).await;
            if !in_time && judged == Err(Refused::Invalid(Invalid::KeyUnknown)) {
                judged = Err(Refused::Unavailable(Unavailable::KeysOutOfDate));
            }
        }
        core.count(judged)
    }

    /// Judges the bearer token of a request; see [`Verifier::authenticate`].
    ///
    /// # Errors
    /// [`Refused`], but for insufficient scopes and roles.
    pub async fn authenticate_headers(&self, headers: &HeaderMap) -> Result<AccessToken, Refused> {
        match bearer::token(headers) {
            Ok(token) => self.authenticate(token).await,
            Err(refused) => self.0.core.count(Err(refused)),
        }
    }

    /// Judges again, without its signature, what was accepted before: for connections that outlive a request. Takes well
    /// under a microsecond.
    ///
    /// # Errors
    /// [`Refused::Expired`], [`Refused::Revoked`], [`Refused::Outdated`], [`Refused::Unavailable`].
    pub fn still_good(&self, token: &AccessToken) -> Result<(), Refused> {
        self.0.core.still_good(token).map_err(|refused| self.refuse(refused))
    }

    /// Asks the feed once. For functions without a background task: call it before the first request, and whenever some
    /// seconds have passed since the last call. Calls that come together share one poll.
    ///
    /// # Errors
    /// [`PollError`]; what was known stays, and grows stale.
    pub async fn poll_revocations(&self) -> Result<Polled, PollError> {
        let feed = self.0.core.feed.as_ref().ok_or(PollError::NoFeed)?;
        if self.0.follower.is_some() {
            return Err(PollError::Follows);
        }
        Ok(feed.poll().await?)
    }

    /// Waits until keys are there and, if the feed is followed or polled, all of it was heard once; polls by itself where
    /// nobody follows. Waits for as long as the issuer is away; put a time limit around it where that is too long.
    pub async fn ready(&self) {
        let core = &self.0.core;
        while core.keys.verifier().is_none() {
            let mut fetch = None;
            core.keys.within_limit(async { fetch = core.keys.refetch(Why::None).await }).await;
            if fetch.is_none() {
                tokio::time::sleep(FIRST_RETRY).await;
            }
        }
        let Some(feed) = &core.feed else { return };
        if self.0.follower.is_some() {
            return feed.heard().await;
        }
        while !feed.was_heard() && feed.poll().await.is_err() {
            tokio::time::sleep(FIRST_RETRY).await;
        }
    }

    /// The state of affairs, for a health page or metrics.
    #[must_use]
    pub fn health(&self) -> Health {
        self.0.core.health()
    }

    /// A layer for axum, hyper and everything of tower, which lets only good tokens through.
    #[must_use]
    pub fn layer(&self) -> AuthLayer {
        AuthLayer::new(self.clone())
    }

    pub(crate) fn refuse(&self, refused: Refused) -> Refused {
        self.0.core.counters.refused(&refused);
        refused
    }
}

/// Why a poll brought nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PollError {
    /// The verifier was built without credentials for the feed.
    #[error("this verifier has no credentials for the feed: build it with `poll`")]
    NoFeed,
    /// The verifier follows the feed, and two who read it would disturb each other.
    #[error("this verifier follows the feed by itself: there is nothing to poll")]
    Follows,
    /// The issuer gave no usable answer.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Everything that judges.
pub(crate) struct Core {
    keys: Arc<Keys>,
    feed: Option<Arc<Feed>>,
    cache: Option<TokenCache>,
    when_stale: WhenStale,
    current_roles: bool,
    leeway_seconds: i64,
    clock: Arc<dyn Clock>,
    counters: Counters,
}

impl Core {
    pub(crate) fn new(
        keys: Arc<Keys>,
        feed: Option<Arc<Feed>>,
        cache: usize,
        (when_stale, current_roles): (WhenStale, bool),
        leeway_seconds: i64,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let cache = (cache > 0).then(|| TokenCache::new(cache));
        Self {
            keys,
            feed,
            cache,
            when_stale,
            current_roles,
            leeway_seconds,
            clock,
            counters: Counters::default(),
        }
    }

    fn judge(&self, token: &str) -> Result<AccessToken, Refused> {
        self.keys.keep_fresh();
        // Before everything else that counts: what is verified under these keys must not outlive them in the cache.
        let generation = self.keys.generation();
        let known = self.cache.as_ref().and_then(|cache| cache.get(token, generation));
        let hit = known.is_some();
        let accepted = match known {
            Some(accepted) => accepted,
            None => self.verify(token)?,
        };
        if let (false, Some(cache)) = (hit, &self.cache) {
            cache.put(token, &accepted, generation);
        }
        self.still_good(&accepted)?;
        if hit {
            self.counters.cache_hit();
        }
        Ok(accepted)
    }

    /// Waits for the keys without which a judgement is none, and judges again.
    async fn ask_and_judge(&self, token: &str, judged: &mut Result<AccessToken, Refused>) {
        if self.keys.are_overdue() {
            self.keys.refetch(Why::Aged).await;
            *judged = self.judge(token);
        }
        // The second fetch that somebody joins has begun after they asked, so two are enough.
        for _ in 0..2 {
            let Some(why) = judged.as_ref().err().and_then(missing_key) else { return };
            let Some(fetch) = self.keys.refetch(why).await else { return };
            *judged = self.judge(token);
            if fetch == Fetch::Begun {
                return;
            }
        }
    }

    /// Step 2.
    fn verify(&self, token: &str) -> Result<AccessToken, Refused> {
        let verifier = self.keys.verifier().ok_or(Refused::Unavailable(Unavailable::NoKeys))?;
        let kid = key_id(token);
        if kid.as_ref().is_some_and(|kid| self.keys.is_revoked(kid)) {
            return Err(Refused::Revoked(RevokedBy::Key));
        }
        let claims = verifier.verify(token, self.clock.unix_ms()).map_err(|invalid| match invalid {
            Invalid::Expired => Refused::Expired,
            other => Refused::Invalid(other),
        })?;
        // It was read as the one that verified; without it nothing could be asked about the key later.
        Ok(AccessToken::new(claims, kid.ok_or(Refused::Invalid(Invalid::KeyIdMissing))?))
    }

    /// Steps 3 to 5.
    fn still_good(&self, token: &AccessToken) -> Result<(), Refused> {
        let claims = token.claims();
        let end = claims.exp.saturating_add(self.leeway_seconds).saturating_mul(1000);
        if self.clock.unix_ms() >= end {
            return Err(Refused::Expired);
        }
        let Some(feed) = &self.feed else { return Ok(()) };
        if self.keys.is_revoked(token.kid()) {
            return Err(Refused::Revoked(RevokedBy::Key));
        }
        match feed.judge(claims, self.current_roles) {
            (Some(refused), _) => Err(refused),
            (None, staleness) if self.is_too_stale(staleness) => {
                Err(Refused::Unavailable(Unavailable::FeedStale))
            }
            (None, _) => Ok(()),
        }
    }

    fn is_too_stale(&self, staleness: Option<Duration>) -> bool {
        match self.when_stale {
            WhenStale::GoOn => false,
            WhenStale::Refuse { after } => staleness.is_none_or(|staleness| staleness > after),
        }
    }

    /// Counts, and tells an unknown key from one that cannot be asked for.
    fn count(&self, judged: Result<AccessToken, Refused>) -> Result<AccessToken, Refused> {
        let judged = judged.map_err(|refused| match refused {
            Refused::Invalid(Invalid::KeyUnknown) if self.keys.may_be_out_of_date() => {
                Refused::Unavailable(Unavailable::KeysOutOfDate)
            }
            other => other,
        });
        match &judged {
            Ok(_) => self.counters.verified(),
            Err(refused) => self.counters.refused(refused),
        }
        judged
    }

    fn health(&self) -> Health {
        let in_ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let keys = self.keys.state();
        let feed = self.feed.as_ref().map(|feed| feed.state());
        let stale = feed.as_ref().is_some_and(|feed| self.is_too_stale(feed.staleness));
        let (verified, cache_hits, refused) = self.counters.read();
        Health {
            ready: keys.count > 0 && !stale,
            keys: KeysHealth {
                count: keys.count,
                age_ms: keys.age.map(in_ms),
                last_error: keys.error,
                fetches: keys.fetches,
            },
            feed: feed.map(|feed| FeedHealth {
                connected: feed.connected,
                staleness_ms: feed.staleness.map(in_ms),
                entries: feed.entries,
                last_error: feed.error,
            }),
            verified,
            cache_hits,
            cached: self.cache.as_ref().map_or(0, TokenCache::len),
            refused,
        }
    }
}

/// Whether other keys might change the answer.
fn missing_key(refused: &Refused) -> Option<Why> {
    match refused {
        Refused::Invalid(Invalid::KeyUnknown) => Some(Why::UnknownKid),
        Refused::Unavailable(Unavailable::NoKeys) => Some(Why::None),
        _ => None,
    }
}

/// The key that a token names. Nothing is known to be true here: it may only serve to refuse.
fn key_id(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Header {
        kid: String,
    }

    let header = token.get(..MAX_TOKEN_BYTES).unwrap_or(token).split('.').next()?;
    let json = Base64UrlUnpadded::decode_vec(header).ok()?;
    serde_json::from_slice::<Header>(&json).ok().map(|header| header.kid)
}
