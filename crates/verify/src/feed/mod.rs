//! The issuer's feed of revocations, and what is known of it here.
//!
//! 1. What was revoked is held in memory, a small entry each, until no token that it refuses can be alive.
//! 2. It arrives by a stream that is [followed](follow), or by [asking](poll) from time to time.
//! 3. A full page replaces what was known. On a stream, a large one arrives in several events: what was known before
//!    stays in force beside it until the first heartbeat after it, so that nothing revoked passes in between.
//!    How fresh all of it is counts from that moment, too: a part says nothing about what comes with the others.
//! 4. The cursor to come back with is that of a heartbeat, for then everything before it has arrived. While a full page
//!    arrives there is none: if it breaks off, all of it is asked for again. What is heard twice does no harm.
//! 5. An entry is forgotten when this machine's clock is past its `exp` by our leeway. The same clock and the same leeway
//!    judge the `exp` of tokens, which is not later: wherever that clock stands, the token is refused for its age before
//!    its entry is gone. (A clock that is set far ahead and back again within minutes can forget too early; what is
//!    forgotten comes back with the next full page.) A revoked key is another matter: its thief writes `exp`, so
//!    [`Keys`] never forget it.

mod backoff;
mod follow;
mod freshness;
mod page;
mod poll;
mod revoked;
mod service_token;
mod sse;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use http::header::{DATE, HeaderValue};
use http::{HeaderMap, StatusCode};
use reqwest::{Client, Response};
use rotunda_token::Claims;
use tokio::sync::{Mutex, watch};
use url::Url;

use crate::Refused;
use crate::ask::{AskError, Limits, status};
use crate::clock::Clock;
use crate::keys::Keys;
pub(crate) use follow::Follower;
use freshness::Freshness;
use page::{Entry, Heartbeat, Page};
pub use poll::Polled;
use poll::Polls;
use revoked::{MOST_ENTRIES, Revoked};
pub use service_token::ServiceCredentials;
use service_token::ServiceToken;

/// How often what has expired is looked for.
const PURGE_EVERY: Duration = Duration::from_secs(30);

/// Where the feed is and who reads it.
pub(crate) struct Reader {
    pub(crate) client: Client,
    pub(crate) limits: Limits,
    pub(crate) credentials: ServiceCredentials,
    pub(crate) token_url: Url,
    pub(crate) feed_url: Url,
    pub(crate) stream_url: Url,
}

/// What is known of the feed.
pub(crate) struct Feed {
    reader: Reader,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    leeway_seconds: i64,
    state: RwLock<State>,
    token: Mutex<Option<ServiceToken>>,
    polls: Polls,
    /// Whether all of the feed was heard once.
    heard: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    revoked: Revoked,
    /// What a full page that is still arriving will have replaced.
    leaving: Option<Revoked>,
    freshness: Freshness,
    /// What `freshness` will be once all of what is arriving has arrived.
    arriving: Option<Freshness>,
    cursor: Option<String>,
    connected: bool,
    error: Option<String>,
    purged: Duration,
}

/// What [`crate::Verifier::health`] says about the feed.
pub(crate) struct FeedState {
    pub(crate) connected: bool,
    pub(crate) staleness: Option<Duration>,
    pub(crate) entries: usize,
    pub(crate) error: Option<String>,
}

impl Feed {
    pub(crate) fn new(reader: Reader, keys: Arc<Keys>, clock: Arc<dyn Clock>, leeway_seconds: i64) -> Self {
        Self {
            reader,
            keys,
            clock,
            leeway_seconds,
            state: RwLock::default(),
            token: Mutex::default(),
            polls: Polls::default(),
            heard: watch::Sender::new(false),
        }
    }

    /// What refuses a token of these claims, and how stale that answer is. Outdated roles refuse it where current ones are
    /// demanded.
    pub(crate) fn judge(&self, claims: &Claims, current_roles: bool) -> (Option<Refused>, Option<Duration>) {
        let state = self.read();
        let known = [Some(&state.revoked), state.leaving.as_ref()];
        let known = || known.into_iter().flatten();
        let revoked = known().find_map(|known| known.refuses(claims)).map(Refused::Revoked);
        let outdated =
            || (current_roles && known().any(|known| known.outdates(claims))).then_some(Refused::Outdated);
        (revoked.or_else(outdated), state.freshness.staleness(self.clock.elapsed()))
    }

    /// Waits until all of the feed was heard once.
    pub(crate) async fn heard(&self) {
        let mut heard = self.heard.subscribe();
        // The sender lives in `self`, so this cannot fail.
        let _ = heard.wait_for(|heard| *heard).await;
    }

    /// Whether all of the feed was heard once.
    pub(crate) fn was_heard(&self) -> bool {
        *self.heard.borrow()
    }

    /// The state of affairs.
    pub(crate) fn state(&self) -> FeedState {
        let state = self.read();
        FeedState {
            connected: state.connected,
            staleness: state.freshness.staleness(self.clock.elapsed()),
            entries: state.revoked.len() + state.leaving.as_ref().map_or(0, Revoked::len),
            error: state.error.clone(),
        }
    }

    /// A stream or a poll begins: what another one did not bring to its end is no news.
    fn begin(&self) {
        self.write().arriving = None;
    }

    /// Takes a page or a part of one: its revocations are in force from now on, its age counts when all has
    /// [arrived](Self::arrived).
    fn take(&self, page: Page, date: Option<i64>, url: &Url) -> Result<(), AskError> {
        let key_ids: Vec<Box<str>> = page.entries.iter().filter_map(Entry::kid).map(Into::into).collect();
        let now = self.clock.elapsed();
        let mut state = self.write();
        let known = if page.full { 0 } else { state.revoked.len() };
        if known + page.entries.len() > MOST_ENTRIES {
            return Err(AskError::TooMany { url: url.to_string(), most: MOST_ENTRIES });
        }
        if page.full {
            // The first one that is replaced stays, should a second full page begin before it was let go.
            let before = std::mem::take(&mut state.revoked);
            state.leaving.get_or_insert(before);
            // It belongs to what is replaced: whoever went on from it would miss what is only in the parts to come.
            state.cursor = None;
        }
        state.revoked.add(page.entries);
        state.hear(page.as_of, date, now);
        drop(state);
        // Those who hold the keys remember it for longer than the feed does.
        key_ids.iter().for_each(|kid| self.keys.revoke(kid));
        Ok(())
    }

    /// Everything up to that cursor has arrived.
    fn arrived(&self, cursor: String) {
        let mut state = self.write();
        state.leaving = None;
        state.cursor = Some(cursor);
        if let Some(freshness) = state.arriving.take() {
            state.freshness = freshness;
        }
        let now = self.clock.elapsed();
        if now.saturating_sub(state.purged) >= PURGE_EVERY {
            state.purged = now;
            let second = self.clock.unix_ms().div_euclid(1000);
            state.revoked.purge(second.saturating_sub(self.leeway_seconds));
        }
        drop(state);
        self.heard.send_if_modified(|heard| !std::mem::replace(heard, true));
    }

    fn heartbeat(&self, heartbeat: Heartbeat) {
        self.write().hear(heartbeat.as_of, None, self.clock.elapsed());
        self.arrived(heartbeat.cursor);
    }

    fn connected(&self) {
        let mut state = self.write();
        state.connected = true;
        state.error = None;
    }

    fn disconnected(&self, error: Option<&AskError>) {
        let mut state = self.write();
        state.connected = false;
        state.error = error.map(ToString::to_string);
    }

    /// Nobody follows any more.
    fn abandoned(&self) {
        let mut state = self.write();
        state.connected = false;
        state.error =
            Some("the feed is not followed any more: the runtime it was followed on has ended".to_owned());
    }

    fn cursor(&self) -> Option<String> {
        self.read().cursor.clone()
    }

    /// The service token, renewed if it is time; one renewal at a time.
    async fn service_token(&self) -> Result<ServiceToken, AskError> {
        let mut held = self.token.lock().await;
        let now = self.clock.elapsed();
        if let Some(token) = held.as_ref().filter(|token| now < token.renew_at) {
            return Ok(token.clone());
        }
        let Reader { client, limits, credentials, token_url, .. } = &self.reader;
        let token = service_token::ask(client, token_url, credentials, limits.answer, now).await?;
        *held = Some(token.clone());
        Ok(token)
    }

    /// What an answer other than the hoped-for one means; a token that was not accepted is not tried again.
    async fn refused(&self, response: &Response) -> AskError {
        if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            self.forget_token().await;
        }
        status(response)
    }

    async fn forget_token(&self) {
        *self.token.lock().await = None;
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hear(&mut self, as_of: i64, date: Option<i64>, now: Duration) {
        self.arriving.get_or_insert(self.freshness).hear(as_of, date, now);
    }
}

impl Entry {
    fn kid(&self) -> Option<&str> {
        match self {
            Self::Key { kid, .. } => Some(kid),
            _ => None,
        }
    }
}

/// The server's time when it answered, in milliseconds since 1970 (RFC 9110 §6.6.1).
fn date(headers: &HeaderMap<HeaderValue>) -> Option<i64> {
    let at = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let since = at.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// The address with the cursor to go on from.
fn since(url: &Url, cursor: Option<&str>) -> Url {
    let mut url = url.clone();
    if let Some(cursor) = cursor {
        url.query_pairs_mut().append_pair("since", cursor);
    }
    url
}
