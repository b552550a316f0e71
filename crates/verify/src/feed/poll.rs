//! Asking for revocations from time to time, for functions that have no background task.
//!
//! 1. `GET /revocations` from the last cursor, with `If-None-Match`.
//! 2. 304: nothing new, as of this very answer. 200: a page, which is complete.
//! 3. How stale what is known is grows from one call to the next. `Refuse` makes forgotten calls show.

use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, IF_NONE_MATCH};

use super::page::Page;
use super::{Feed, date, since};
use crate::ask::{AskError, body, unreachable};

/// The longest page, in bytes: room for some 400,000 entries.
const MOST_BYTES: usize = 64 * 1024 * 1024;

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
        let token = self.service_token().await?;
        let cursor = self.cursor();
        let url = since(&self.reader.feed_url, cursor.as_deref());
        let mut request = self.reader.client.get(url.clone()).timeout(self.reader.limits.answer);
        request = request.header(AUTHORIZATION, token.bearer).header(ACCEPT, "application/json");
        if let Some(cursor) = &cursor {
            request = request.header(IF_NONE_MATCH, format!("\"{cursor}\""));
        }
        let response = request.send().await.map_err(|error| unreachable(&url, error))?;
        let date = date(response.headers());
        match (response.status(), cursor) {
            (StatusCode::OK, _) => {}
            (StatusCode::NOT_MODIFIED, Some(cursor)) => {
                self.unchanged(date);
                self.arrived(cursor);
                return Ok(Polled::Unchanged);
            }
            _ => return Err(self.refused(&response).await),
        }
        let json = body(response, MOST_BYTES).await?;
        let expected = "a page of revocations";
        let page = Page::from_json(&json).ok_or_else(|| AskError::Form { url: url.to_string(), expected })?;
        drop(json);
        let (full, entries, cursor) = (page.full, page.entries.len(), page.cursor.clone());
        self.take(page, date, &url)?;
        self.arrived(cursor);
        Ok(if full { Polled::Full(entries) } else { Polled::Changes(entries) })
    }

    /// The server says that nothing has changed up to now.
    fn unchanged(&self, date: Option<i64>) {
        let now = self.clock.elapsed();
        let mut state = self.write();
        state.freshness.confirm(date, now);
    }
}
