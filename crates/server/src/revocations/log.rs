//! The entries that still count, in memory, in the order of their places.

use std::collections::VecDeque;
use std::time::Duration;

use rotunda_core::model::{FeedId, FeedPage, FeedPlace, Revocation, UnixMillis};

/// A place on a feed, as it is given to readers: `<feed, 16 hex digits>-<place>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cursor {
    pub(super) feed: FeedId,
    pub(super) place: FeedPlace,
}

impl Cursor {
    /// From its text; `None` for anything else. Whoever shows something else gets everything.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (feed, place) = text.split_once('-')?;
        let feed = (feed.len() == 16).then(|| u64::from_str_radix(feed, 16).ok())??;
        Some(Self { feed: FeedId(feed), place: place.parse().ok()? })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}-{}", self.feed.0, self.place)
    }
}

/// What was read from the store so far.
pub(super) struct Log {
    /// Where the reading stands; `None` before the first page.
    at: Option<Cursor>,
    /// When the store was last asked, by the server's clock.
    as_of: UnixMillis,
    entries: VecDeque<(FeedPlace, Revocation)>,
    /// Entries up to this place have been dropped: whoever stands before it gets everything.
    dropped: FeedPlace,
}

impl Default for Log {
    fn default() -> Self {
        Self { at: None, as_of: UnixMillis(0), entries: VecDeque::new(), dropped: 0 }
    }
}

/// What a reader is given.
pub(super) struct Part {
    /// Where the reader stands then.
    pub(super) cursor: Cursor,
    /// Whether this is everything, in place of whatever the reader had.
    pub(super) full: bool,
    /// Whether there is more after this part.
    pub(super) more: bool,
    /// When the store was last asked.
    pub(super) as_of: UnixMillis,
    /// The entries.
    pub(super) entries: Vec<Revocation>,
}

impl Log {
    /// Where to go on reading the store.
    pub(super) fn next(&self) -> Option<FeedPlace> {
        self.at.map(|cursor| cursor.place)
    }

    /// When the store was last asked.
    pub(super) fn as_of(&self) -> UnixMillis {
        self.as_of
    }

    /// Takes a page that was read from where [`Log::next`] said, at `now`; drops what counts no more. `false` when it is of
    /// another feed than the pages before: the database was replaced, and reading has to begin anew.
    pub(super) fn take(&mut self, page: FeedPage, now: UnixMillis, keep: Duration) -> bool {
        if self.at.is_some_and(|cursor| cursor.feed != page.feed) {
            *self = Self::default();
            return false;
        }
        // Before the first entry that was read there may be older ones, which nobody gave us.
        if self.at.is_none() {
            self.dropped = page.entries.first().map_or(page.next, |(place, _)| place.saturating_sub(1));
        }
        self.at = Some(Cursor { feed: page.feed, place: page.next });
        self.entries.extend(page.entries);
        self.as_of = now;
        let dead = now.minus(keep);
        while let Some((place, _)) = self.entries.front().filter(|(_, entry)| entry.at < dead) {
            self.dropped = *place;
            self.entries.pop_front();
        }
        true
    }

    /// What somebody who stands at `since` has to hear, at most `limit` entries; everything for somebody who stands nowhere, or
    /// too far back, or on another feed. `None` before the first page.
    pub(super) fn after(&self, since: Option<Cursor>, limit: usize) -> Option<Part> {
        let at = self.at?;
        let known = since.filter(|c| c.feed == at.feed && (self.dropped..=at.place).contains(&c.place));
        let first = match known {
            Some(cursor) => self.entries.partition_point(|(place, _)| *place <= cursor.place),
            None => 0,
        };
        let part: Vec<_> = self.entries.range(first..).take(limit).collect();
        let more = first + part.len() < self.entries.len();
        let place = part.last().filter(|_| more).map_or(at.place, |(place, _)| *place);
        Some(Part {
            cursor: Cursor { feed: at.feed, place },
            full: known.is_none(),
            more,
            as_of: self.as_of,
            entries: part.into_iter().map(|(_, entry)| entry.clone()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use rotunda_core::model::Revoked;

    use super::*;

    const KEEP: Duration = Duration::from_millis(100);

    fn entry(place: u64, at: i64) -> (FeedPlace, Revocation) {
        (place, Revocation { what: Revoked::Token { jti: place.to_string() }, at: UnixMillis(at) })
    }

    fn page(feed: u64, entries: &[(FeedPlace, Revocation)], next: u64) -> FeedPage {
        FeedPage { feed: FeedId(feed), entries: entries.to_vec(), next }
    }

    fn cursor(feed: u64, place: u64) -> Option<Cursor> {
        Some(Cursor { feed: FeedId(feed), place })
    }

    fn told(part: &Part) -> (bool, u64, Vec<String>) {
        let jti = |entry: &Revocation| match &entry.what {
            Revoked::Token { jti } => jti.clone(),
            other => panic!("{other:?}"),
        };
        (part.full, part.cursor.place, part.entries.iter().map(jti).collect())
    }

    #[test]
    fn whoever_stands_on_the_feed_gets_what_came_after() {
        let mut log = Log::default();
        assert!(log.after(None, 9).is_none(), "before the first page there is nothing to say");
        assert!(log.take(page(7, &[entry(3, 10), entry(5, 20)], 5), UnixMillis(30), KEEP));
        assert_eq!(told(&log.after(None, 9).unwrap()), (true, 5, vec!["3".into(), "5".into()]));
        assert_eq!(told(&log.after(cursor(7, 2), 9).unwrap()), (false, 5, vec!["3".into(), "5".into()]));
        assert_eq!(told(&log.after(cursor(7, 3), 9).unwrap()), (false, 5, vec!["5".into()]));
        assert_eq!(told(&log.after(cursor(7, 5), 9).unwrap()), (false, 5, vec![]));
        assert!(log.take(page(7, &[entry(6, 40)], 6), UnixMillis(40), KEEP));
        assert_eq!(told(&log.after(cursor(7, 5), 9).unwrap()), (false, 6, vec!["6".into()]));
    }

    #[test]
    fn whoever_stands_elsewhere_gets_everything() {
        let mut log = Log::default();
        log.take(page(7, &[entry(3, 10), entry(5, 20)], 5), UnixMillis(30), KEEP);
        for (feed, place) in [(8, 3), (7, 6), (7, 1)] {
            assert!(log.after(cursor(feed, place), 9).unwrap().full, "{feed} {place}");
        }
    }

    #[test]
    fn a_part_leads_to_the_next() {
        let mut log = Log::default();
        let entries: Vec<_> = (1..=5).map(|place| entry(place, 10)).collect();
        log.take(page(7, &entries, 5), UnixMillis(30), KEEP);
        let first = log.after(None, 2).unwrap();
        assert_eq!(told(&first), (true, 2, vec!["1".into(), "2".into()]));
        let second = log.after(Some(first.cursor), 2).unwrap();
        assert_eq!(told(&second), (false, 4, vec!["3".into(), "4".into()]));
        assert_eq!(told(&log.after(Some(second.cursor), 2).unwrap()), (false, 5, vec!["5".into()]));
    }

    #[test]
    fn what_counts_no_more_is_dropped_and_nobody_goes_on_from_before_it() {
        let mut log = Log::default();
        log.take(page(7, &[entry(1, 0), entry(2, 50)], 2), UnixMillis(60), KEEP);
        log.take(page(7, &[], 2), UnixMillis(101), KEEP);
        assert_eq!(told(&log.after(None, 9).unwrap()), (true, 2, vec!["2".into()]));
        assert!(!log.after(cursor(7, 1), 9).unwrap().full, "only the first entry is gone, and it was heard");
        assert!(log.after(cursor(7, 0), 9).unwrap().full);
    }

    #[test]
    fn another_database_begins_anew() {
        let mut log = Log::default();
        log.take(page(7, &[entry(3, 10)], 3), UnixMillis(30), KEEP);
        assert!(!log.take(page(8, &[entry(4, 10)], 4), UnixMillis(30), KEEP));
        assert_eq!(log.next(), None);
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor { feed: FeedId(0xab), place: 12 };
        assert_eq!(cursor.to_string(), "00000000000000ab-12");
        assert_eq!(Cursor::parse("00000000000000ab-12"), Some(cursor));
        for bad in [
            "",
            "-",
            "ab-12",
            "00000000000000ab",
            "00000000000000ab-",
            "00000000000000ab--1",
            "+0000000000000ab-1x",
        ] {
            assert_eq!(Cursor::parse(bad), None, "{bad:?}");
        }
    }
}
