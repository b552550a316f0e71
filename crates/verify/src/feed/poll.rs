//! Asking for revocations from time to time, for functions that have no background task.
//!
//! 1. `GET /revocations` from the last cursor, with `If-None-Match`.
//! 2. 304: nothing new, as of this very answer. 200: a page; where it says that there is more, the rest is asked for at once.
//! 3. One poll at a time. Whoever waited for one that began after they asked takes its outcome; one that had begun before
//!    may have missed what they ask for, so they ask again.
//! 4. How stale what is known is grows from one call to the next. `Refuse` makes forgotten calls show.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, IF_NONE_MATCH};
use tokio::sync::Mutex;

use super::page::Page;
use super::{Feed, MOST_ENTRIES, date, since};
use crate::ask::{AskError, body, unreachable};

/// The longest page, in bytes: room for some 400,000 entries.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The most pages that one call asks for.
const MOST_PARTS: usize = 64;

/// A page that was taken.
struct Part {
    full: bool,
    more: bool,
    entries: usize,
    cursor: String,
}

/// What a call of [`crate::Verifier::poll_revocations`] brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Polled {
    /// Nothing has changed since the last call.
    Unchanged,
    /// So many entries, beside those that were known.
    Changes(usize),
    /// So many entries, in place of those that were known.
    Full(usize),
}

/// The polls of a feed, of which one is under way at a time.
#[derive(Default)]
pub(super) struct Polls {
    begun: AtomicU64,
    /// The newest that has ended: which it was, and what it brought.
    ended: Mutex<Option<(u64, Result<Polled, AskError>)>>,
}

impl Feed {
    /// Asks once, or waits for somebody else who does.
    pub(crate) async fn poll(&self) -> Result<Polled, AskError> {
        let begun_before = self.polls.begun.load(Ordering::Acquire);
        let mut ended = self.polls.ended.lock().await;
        if let Some((nth, outcome)) = ended.as_ref()
            && *nth > begun_before
        {
            return outcome.clone();
        }
        let nth = self.polls.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let outcome = self.poll_now().await;
        *ended = Some((nth, outcome.clone()));
        outcome
    }

    async fn poll_now(&self) -> Result<Polled, AskError> {
        let outcome = self.ask().await;
        match &outcome {
            Ok(_) => self.connected(),
            Err(error) => self.disconnected(Some(error)),
        }
        outcome
    }

    async fn ask(&self) -> Result<Polled, AskError> {
        self.begin();
        let known = self.cursor();
        let Some(first) = self.part(known.as_deref(), true).await? else {
            return Ok(Polled::Unchanged);
        };
        let (full, mut entries, mut last) = (first.full, first.entries, first);
        for _ in 0..MOST_PARTS {
            if !last.more {
                self.arrived(last.cursor);
                return Ok(if full { Polled::Full(entries) } else { Polled::Changes(entries) });
            }
            match self.part(Some(&last.cursor), false).await? {
                Some(part) => last = part,
                None => last.more = false,
            }
            entries += last.entries;
        }
        Err(AskError::TooMany { url: self.reader.feed_url.to_string(), most: MOST_ENTRIES })
    }

    /// Takes what comes after a cursor; `None` when there is nothing.
    async fn part(&self, cursor: Option<&str>, first: bool) -> Result<Option<Part>, AskError> {
        let token = self.service_token().await?;
        let url = since(&self.reader.feed_url, cursor);
        let mut request = self.reader.client.get(url.clone()).timeout(self.reader.limits.answer);
        request = request.header(AUTHORIZATION, token.bearer).header(ACCEPT, "application/json");
        if let Some(cursor) = cursor.filter(|_| first) {
            request = request.header(IF_NONE_MATCH, format!("\"{cursor}\""));
        }
        let response = request.send().await.map_err(|error| unreachable(&url, error))?;
        let date = date(response.headers());
        match (response.status(), cursor) {
            (StatusCode::OK, _) => {}
            (StatusCode::NOT_MODIFIED, Some(cursor)) if first => {
                self.unchanged(date);
                self.arrived(cursor.to_owned());
                return Ok(None);
            }
            _ => return Err(self.refused(&response).await),
        }
        let json = body(response, MOST_BYTES).await?;
        let expected = "a page of revocations";
        let page = Page::from_json(&json).ok_or_else(|| AskError::Form { url: url.to_string(), expected })?;
        drop(json);
        let part = Part {
            full: page.full,
            more: page.more,
            entries: page.entries.len(),
            cursor: page.cursor.clone(),
        };
        self.take(page, date, &url)?;
        Ok(Some(part))
    }

    /// The server says that nothing has changed up to now.
    fn unchanged(&self, date: Option<i64>) {
        let now = self.clock.elapsed();
        let mut state = self.write();
        let mut freshness = state.freshness;
        freshness.confirm(date, now);
        state.arriving = Some(freshness);
    }
}
