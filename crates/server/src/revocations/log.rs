//! The entries that still count, in memory, in the order of their places.

use std::collections::VecDeque;
use std::time::Duration;

use rotunda_core::model::{FeedId, FeedPage, FeedPlace, Revocation, Revoked, UnixMillis};

/// A place on a feed, as it is given to readers: `<feed, 16 hex digits>-<place>-<mark, 8 hex digits>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cursor {
    pub(super) feed: FeedId,
    pub(super) place: FeedPlace,
    /// What tells the entry at that place from another one: a database that was put back gives places a second time. 0 where
    /// the entry was not seen.
    mark: u32,
}

impl Cursor {
    /// From its text; `None` for anything else. Whoever shows something else gets everything.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (feed, place, mark) = (parts.next()?, parts.next()?, parts.next()?);
        let is_whole = feed.len() == 16 && mark.len() == 8 && parts.next().is_none();
        is_whole.then_some(Self {
            feed: FeedId(u64::from_str_radix(feed, 16).ok()?),
            place: place.parse().ok()?,
            mark: u32::from_str_radix(mark, 16).ok()?,
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}-{}-{:08x}", self.feed.0, self.place, self.mark)
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
    /// The mark of that place, where it is known.
    dropped_mark: Option<u32>,
}

impl Default for Log {
    fn default() -> Self {
        Self { at: None, as_of: UnixMillis(0), entries: VecDeque::new(), dropped: 0, dropped_mark: None }
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

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// When the store was last asked.
    pub(super) fn as_of(&self) -> UnixMillis {
        self.as_of
    }

    /// Takes a page that was read from where [`Log::next`] said, at `now`; drops what counts no more. `false` when reading has
    /// to begin anew: the page is of another feed than those before, or does not go on where they ended, for the database was
    /// replaced; or the clock was set back, and what was dropped may count again.
    pub(super) fn take(&mut self, page: FeedPage, now: UnixMillis, keep: Duration) -> bool {
        let goes_on = |at: Cursor| at.feed == page.feed && at.place <= page.next;
        if !self.at.is_none_or(goes_on) || now < self.as_of {
            *self = Self::default();
            return false;
        }
        // Before the first entry that was read there may be older ones, which nobody gave us.
        if self.at.is_none() {
            let first = page.entries.first();
            self.dropped = first.map_or(page.next, |(place, _)| place.saturating_sub(1));
            self.dropped_mark = first.is_none().then_some(0);
        }
        let end_mark = match (page.entries.last(), self.at) {
            (Some((_, entry)), _) => mark(entry),
            // Nothing new: what stood there before still does.
            (None, Some(at)) if at.place == page.next => at.mark,
            (None, _) => 0,
        };
        self.at = Some(Cursor { feed: page.feed, place: page.next, mark: end_mark });
        self.entries.extend(page.entries);
        self.as_of = now;
        let dead = now.minus(keep);
        while let Some((place, entry)) = self.entries.front().filter(|(_, entry)| entry.at < dead) {
            (self.dropped, self.dropped_mark) = (*place, Some(mark(entry)));
            self.entries.pop_front();
        }
        true
    }

    /// What somebody who stands at `since` has to hear, at most `limit` entries; everything for somebody who stands nowhere, or
    /// too far back, or on another feed. `None` before the first page.
    pub(super) fn after(&self, since: Option<Cursor>, limit: usize) -> Option<Part> {
        let at = self.at?;
        let known = since.filter(|cursor| self.knows(*cursor, at));
        let first = match known {
            Some(cursor) => self.entries.partition_point(|(place, _)| *place <= cursor.place),
            None => 0,
        };
        let part: Vec<_> = self.entries.range(first..).take(limit).collect();
        let more = first + part.len() < self.entries.len();
        let cut = part.last().filter(|_| more);
        let cursor = cut.map_or(at, |(place, entry)| Cursor { place: *place, mark: mark(entry), ..at });
        Some(Part {
            cursor,
            full: known.is_none(),
            more,
            as_of: self.as_of,
            entries: part.into_iter().map(|(_, entry)| entry.clone()).collect(),
        })
    }

    /// Whether somebody who stands there can go on: the entry of that place is the one that they saw.
    fn knows(&self, cursor: Cursor, at: Cursor) -> bool {
        if cursor.feed != at.feed || !(self.dropped..=at.place).contains(&cursor.place) {
            return false;
        }
        if cursor.place == at.place {
            return cursor.mark == at.mark;
        }
        if cursor.place == self.dropped {
            return self.dropped_mark == Some(cursor.mark);
        }
        let found = self.entries.binary_search_by_key(&cursor.place, |(place, _)| *place);
        found.is_ok_and(|place| self.entries.get(place).is_some_and(|(_, entry)| mark(entry) == cursor.mark))
    }
}

/// Tells entries apart; for readers of this and other servers alike.
fn mark(entry: &Revocation) -> u32 {
    let (kind, subject, ep) = match &entry.what {
        Revoked::Session { id, .. } => ("session", id.to_string(), 0),
        Revoked::User { sub, ep, .. } => ("user", sub.clone(), *ep),
        Revoked::Token { jti } => ("token", jti.clone(), 0),
        Revoked::Key { kid } => ("key", kid.clone(), 0),
        Revoked::Everyone { rv } => ("everyone", String::new(), *rv),
        Revoked::Claims { sub, ce } => ("claims", sub.clone(), *ce),
        Revoked::Role { name, rv } => ("role", name.to_string(), *rv),
    };
    let text = format!("{kind} {subject} {ep} {}", entry.at.0);
    // FNV-1a: whoever may read the feed gains nothing by a collision.
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_millis(100);

    fn entry(place: u64, at: i64) -> (FeedPlace, Revocation) {
        (place, Revocation { what: Revoked::Token { jti: place.to_string() }, at: UnixMillis(at) })
    }

    fn page(feed: u64, entries: &[(FeedPlace, Revocation)], next: u64) -> FeedPage {
        FeedPage { feed: FeedId(feed), entries: entries.to_vec(), next }
    }

    /// Where somebody stands who saw the entry of that place, added at that moment.
    fn cursor(feed: u64, place: u64, at: i64) -> Option<Cursor> {
        Some(Cursor { feed: FeedId(feed), place, mark: mark(&entry(place, at).1) })
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
        let whole = log.after(None, 9).unwrap();
        assert_eq!(
            (told(&whole), Some(whole.cursor)),
            ((true, 5, vec!["3".into(), "5".into()]), cursor(7, 5, 20))
        );
        assert_eq!(told(&log.after(cursor(7, 3, 10), 9).unwrap()), (false, 5, vec!["5".into()]));
        assert_eq!(told(&log.after(cursor(7, 5, 20), 9).unwrap()), (false, 5, vec![]));
        assert!(log.take(page(7, &[], 5), UnixMillis(35), KEEP));
        assert!(log.take(page(7, &[entry(6, 40)], 6), UnixMillis(40), KEEP));
        assert_eq!(told(&log.after(cursor(7, 5, 20), 9).unwrap()), (false, 6, vec!["6".into()]));
    }

    #[test]
    fn whoever_stands_elsewhere_gets_everything() {
        let mut log = Log::default();
        log.take(page(7, &[entry(3, 10), entry(5, 20)], 5), UnixMillis(30), KEEP);
        // Another feed; beyond the end; before the beginning; between two; and where another entry stands after a restore.
        for (feed, place, at) in [(8, 3, 10), (7, 6, 20), (7, 1, 10), (7, 4, 10), (7, 3, 11), (7, 5, 21)] {
            assert!(log.after(cursor(feed, place, at), 9).unwrap().full, "{feed} {place} {at}");
        }
    }

    #[test]
    fn a_part_leads_to_the_next() {
        let mut log = Log::default();
        let entries: Vec<_> = (1..=5).map(|place| entry(place, 10)).collect();
        log.take(page(7, &entries, 5), UnixMillis(30), KEEP);
        let first = log.after(None, 2).unwrap();
        assert_eq!((told(&first), first.more), ((true, 2, vec!["1".into(), "2".into()]), true));
        let second = log.after(Some(first.cursor), 2).unwrap();
        assert_eq!((told(&second), second.more), ((false, 4, vec!["3".into(), "4".into()]), true));
        let third = log.after(Some(second.cursor), 2).unwrap();
        assert_eq!((told(&third), third.more), ((false, 5, vec!["5".into()]), false));
    }

    #[test]
    fn what_counts_no_more_is_dropped_and_nobody_goes_on_from_before_it() {
        let mut log = Log::default();
        log.take(page(7, &[entry(1, 0), entry(2, 50)], 2), UnixMillis(60), KEEP);
        log.take(page(7, &[], 2), UnixMillis(101), KEEP);
        assert_eq!(told(&log.after(None, 9).unwrap()), (true, 2, vec!["2".into()]));
        assert!(
            !log.after(cursor(7, 1, 0), 9).unwrap().full,
            "only the first entry is gone, and it was heard"
        );
        assert!(log.after(cursor(7, 1, 1), 9).unwrap().full, "another one was heard");
        log.take(page(7, &[], 2), UnixMillis(151), KEEP);
        assert_eq!(told(&log.after(None, 9).unwrap()), (true, 2, vec![]));
        assert!(!log.after(cursor(7, 2, 50), 9).unwrap().full, "the last one is remembered");
    }

    #[test]
    fn whoever_found_nothing_goes_on_from_there() {
        let mut log = Log::default();
        log.take(page(7, &[], 4), UnixMillis(10), KEEP);
        let nothing = log.after(None, 9).unwrap();
        assert_eq!(told(&nothing), (true, 4, vec![]));
        log.take(page(7, &[entry(5, 20)], 5), UnixMillis(20), KEEP);
        assert_eq!(told(&log.after(Some(nothing.cursor), 9).unwrap()), (false, 5, vec!["5".into()]));
    }

    #[test]
    fn another_database_or_a_clock_that_was_set_back_begins_anew() {
        let read = || {
            let mut log = Log::default();
            log.take(page(7, &[entry(3, 10)], 3), UnixMillis(30), KEEP);
            log
        };
        for (page, now) in [(page(8, &[entry(4, 10)], 4), 30), (page(7, &[], 2), 30), (page(7, &[], 3), 29)] {
            let mut log = read();
            assert!(!log.take(page, UnixMillis(now), KEEP));
            assert_eq!(log.next(), None);
        }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor { feed: FeedId(0xab), place: 12, mark: 0xc };
        assert_eq!(cursor.to_string(), "00000000000000ab-12-0000000c");
        assert_eq!(Cursor::parse("00000000000000ab-12-0000000c"), Some(cursor));
        for bad in [
            "",
            "-",
            "--",
            "ab-12-c",
            "00000000000000ab-12",
            "00000000000000ab--0000000c",
            "00000000000000ab-1-0000000c-",
        ] {
            assert_eq!(Cursor::parse(bad), None, "{bad:?}");
        }
    }
}
