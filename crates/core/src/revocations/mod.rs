//! The revocation feed: what services that check access tokens by themselves have to hear of at once.
//!
//! 1. The store writes an entry with every change that ends something (`crate::store::Feed`).
//! 2. Whoever serves the feed reads it from a place on, is woken when this process adds something, and asks every now and
//!    then for what others add.
//! 3. An entry counts until the last access token that it could concern is refused for its age by the most lenient verifier
//!    ([`Policy::keep_revocations`]). A signing key is named for as long as its public half may be cached, at least. Tokens of
//!    another server, or of this one before it was configured anew, may live longer: the store remembers how long each server
//!    needs, and the longest counts ([`Rotunda::keep_revocations`]). It is asked at the start and at each round of the janitor.
//! 4. Only a service whose token has the scope [`SCOPE`] may read it: the feed tells which sessions end, and when.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::Rotunda;
use crate::bearer::ServiceBearer;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{FeedPage, FeedPlace, UnixMillis};
use crate::policy::Policy;
use crate::signing::JWKS_MAX_AGE;

/// The scope that reads the feed.
pub const SCOPE: &str = "revocations.read";

/// The most lenient clock of a verifier that the feed reckons with. The usual leeway is one minute.
pub const MOST_LEEWAY: Duration = Duration::from_secs(120);

/// A server notes how long it needs with each round of the janitor, about once a minute: tokens that it issues may be so much
/// younger than its note, or a little more.
const BETWEEN_NOTES: Duration = Duration::from_secs(120);

/// How many entries one page has at most.
pub const PAGE: u32 = 1_000;

impl Policy {
    /// For how long a server with this policy needs an entry of the feed to count. See [`Rotunda::keep_revocations`] for how
    /// long it does.
    #[must_use]
    pub fn keep_revocations(&self) -> Duration {
        let longest = self.clients.values().map(|client| client.access_ttl).max().unwrap_or_default();
        // A second more: `exp` is rounded up.
        longest.max(JWKS_MAX_AGE) + MOST_LEEWAY + BETWEEN_NOTES + Duration::from_secs(1)
    }
}

impl Rotunda {
    /// For how long an entry of the feed counts, and a signing key's tokens may be about after it has stopped signing: the
    /// longest that any server on this store needs, or has needed while its last tokens live.
    #[must_use]
    pub fn keep_revocations(&self) -> Duration {
        Duration::from_millis(self.keep_millis.load(Ordering::Relaxed)).max(self.policy.keep_revocations())
    }

    /// Tells the store how long this server needs, and asks how long all of them do.
    pub(crate) async fn agree_on_keep(&self) -> Result<(), Failure> {
        let keep = self.store.keep(self.policy.keep_revocations(), self.clock.now()).await?;
        self.keep_millis.store(whole_millis(keep), Ordering::Relaxed);
        Ok(())
    }

    /// Who may read the feed?
    ///
    /// # Errors
    /// [`Denied`] for a token that is not good, not a service's, or has not the scope.
    pub async fn feed_reader(&self, token: &str) -> Result<ServiceBearer, Error> {
        let service = self.service(token).await?;
        if service.has_scope(SCOPE) { Ok(service) } else { Err(Denied::ScopeMissing(SCOPE).into()) }
    }

    /// The feed after a place, or from the oldest entry that still counts; at most [`PAGE`] entries.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn revocations(&self, after: Option<FeedPlace>) -> Result<FeedPage, Failure> {
        let since = self.clock.now().minus(self.keep_revocations());
        self.store.revocations(after, since, PAGE).await
    }

    /// Returns when there may be more on the feed, or on the shelf, by this process's doing.
    pub async fn something_revoked(&self) {
        self.store.something_revoked().await;
    }

    /// The time, for whoever serves the feed.
    #[must_use]
    pub fn feed_time(&self) -> UnixMillis {
        self.clock.now()
    }
}

/// As an atomic holds it.
pub(crate) fn whole_millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
