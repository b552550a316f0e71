//! Asking for revocations from time to time, for functions that have no background task.
//!
//! 1. `GET /revocations` from the last cursor, with `If-None-Match`.
//! 2. 304: nothing new, as of this very answer. 200: a page; where it says that there is more, the rest is asked for at once.
//! 3. How stale what is known is grows from one call to the next. `Refuse` makes forgotten calls show.

use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, IF_NONE_MATCH};

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

impl Feed {
    /// Asks once.
    pub(crate) async fn poll(&self) -> Result<Polled, AskError> {
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
