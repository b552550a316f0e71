//! What happened, in words: events, and the story of a theft that was found.

use jiff::Timestamp;
use jiff::tz::Offset;
use rotunda_core::model::{Caller, Ending, EventKind, RecordedEvent, UnixMillis, device_name};
use rotunda_core::operate::Story;

use super::text::{Words, is_told};
use crate::session::answer::rfc3339;

/// A moment, for programs and for people.
pub(super) struct Moment {
    pub iso: String,
    pub text: String,
}

impl Moment {
    pub(super) fn of(words: &Words, at: UnixMillis) -> Self {
        let stamp = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let time = Offset::UTC.to_datetime(stamp);
        let text = (words.moment)(time.day(), time.month(), time.year(), time.hour(), time.minute());
        Self { iso: rfc3339(at), text }
    }
}

/// One thing that happened.
pub(super) struct Line {
    pub at: Moment,
    pub text: &'static str,
    /// On which device and from which address, where anybody was seen.
    pub from: Option<String>,
}

impl Line {
    fn new(words: &Words, at: UnixMillis, text: &'static str, caller: &Caller) -> Self {
        Self { at: Moment::of(words, at), text, from: from(words, caller) }
    }

    /// What a person wants to read of, in the order in which it comes.
    pub(super) fn all(words: &Words, events: &[RecordedEvent]) -> Vec<Self> {
        let told = events.iter().map(|recorded| &recorded.event).filter(|event| is_told(event.kind));
        told.map(|event| Self::new(words, event.at, (words.events.happened)(event.kind), &event.caller))
            .collect()
    }
}

/// What a device is called.
pub(super) fn device(words: &Words, user_agent: Option<&str>) -> String {
    let name = device_name(user_agent);
    name.map_or(words.unknown_device.to_owned(), |name| (words.device)(&name.program, name.system))
}

/// Device and address; `None` where nobody was seen.
fn from(words: &Words, caller: &Caller) -> Option<String> {
    let name = || device(words, caller.user_agent.as_deref());
    match (caller.address, &caller.user_agent) {
        (None, None) => None,
        (None, Some(_)) => Some(name()),
        (Some(address), _) => Some(format!("{}, {address}", name())),
    }
}

/// The story of a session that ended because a used token came back, oldest first: what was written down, when it was
/// refreshed last as far as its row is still kept, and what the end was.
pub(super) fn theft(words: &Words, story: &Story) -> Vec<Line> {
    /// More than any session has; the last ones are told.
    const MOST: usize = 20;
    let skipped = story.events.len().saturating_sub(MOST);
    let mut lines = Vec::new();
    for RecordedEvent { event, .. } in story.events.iter().skip(skipped) {
        if event.kind != EventKind::SessionEnded(Ending::Reused) {
            lines.extend(
                is_told(event.kind)
                    .then(|| Line::new(words, event.at, (words.events.happened)(event.kind), &event.caller)),
            );
            continue;
        }
        let last = story.facts.as_ref().map(|facts| &facts.session);
        if let Some((session, at)) = last.and_then(|it| Some((it, it.lineage.rotated_at?))) {
            let caller = Caller {
                actor: None,
                reason: None,
                address: session.last_address,
                user_agent: session.last_user_agent.clone(),
            };
            lines.push(Line::new(words, at, words.thefts.refreshed, &caller));
        }
        lines.push(Line::new(words, event.at, words.thefts.came_back, &event.caller));
        lines.push(Line::new(words, event.at, words.thefts.ended, &Caller::default()));
    }
    lines
}
