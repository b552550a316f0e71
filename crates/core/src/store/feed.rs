//! The port to the revocation feed.

use std::time::Duration;

use async_trait::async_trait;

use crate::failure::Failure;
use crate::model::{Event, FeedPage, FeedPlace, UnixMillis};

/// What services have to hear of at once.
///
/// The store itself adds an entry, in the same transaction, whenever
///
/// 1. a session ends by a write of [`Accounts`](super::Accounts) or [`Sessions`](super::Sessions) for another reason than
///    that its time is up (an access token never outlives its session), unless the entry of 2 covers it;
/// 2. a user's epoch is raised, or the user is deleted (with the epoch after theirs);
/// 3. a key is revoked or forgotten ([`KeyShelf`](super::KeyShelf)).
#[async_trait]
pub trait Feed: Send + Sync {
    /// Entries after a place, oldest first, at most `limit`; from the beginning where there is none. Entries older than
    /// `since` may be left out. Whoever goes on after `next` misses nothing: a change that commits later than another
    /// stands after it, or both are held back until that is sure.
    async fn revocations(
        &self,
        after: Option<FeedPlace>,
        since: UnixMillis,
        limit: u32,
    ) -> Result<FeedPage, Failure>;

    /// Returns when this process has added an entry, or changed keys or clients, since the last call returned; at once, for
    /// those who wait at that moment, and perhaps for nothing. What other processes do is not heard of: ask every now and then.
    async fn something_revoked(&self);

    /// Revokes one access token by its `jti`; nothing happens when it is revoked already.
    async fn revoke_token(&self, jti: String, at: UnixMillis, event: Event) -> Result<(), Failure>;

    /// Whether an access token was revoked by its `jti`.
    async fn is_token_revoked(&self, jti: &str) -> Result<bool, Failure>;

    /// Notes that a server that needs entries to count for `keep` (whole milliseconds) was here at `now`. Answers the longest
    /// that still counts: each does for as long as it says after it was noted last. No change of the feed, and no news for
    /// those who wait.
    async fn keep(&self, keep: Duration, now: UnixMillis) -> Result<Duration, Failure>;

    /// Deletes at most `limit` entries older than `before`. Answers how many.
    async fn forget_revocations(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure>;
}
