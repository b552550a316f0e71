//! The lineage of a session: its story as places and moments, before anything of it is drawn.
//!
//! 1. A *place* is a device at an address. Each gets a letter, in the order in which they were first seen.
//! 2. A *moment* is something that is known to have happened: each is numbered, and the picture and the list of words share
//!    the numbers. Of the rotations only the last is kept, and those that changed the network; whatever lies between is the
//!    plain line of generations.
//! 3. A *fork* is where a token that had been used came back: it had left the line when that generation was replaced. When
//!    that was is known for some generations, and reckoned between those for the others ([`Fork::is_exact`]).
//! 4. Nobody here can tell which of the two who held the token was its owner. The picture does not either.

use rotunda_core::model::{Caller, Ending, EventKind, RecordedEvent, UnixMillis, device_label};
use rotunda_core::operate::Story;

/// The most places that are drawn: what comes from further ones is drawn without a place.
const MOST_PLACES: usize = 12;

/// The most moments that are drawn; of more, those in the middle are left out.
const MOST_MOMENTS: usize = 24;

/// What a picture of a session is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Lineage {
    pub places: Vec<Place>,
    /// Oldest first.
    pub moments: Vec<Moment>,
    /// How many moments were left out of the middle.
    pub left_out: usize,
    pub fork: Option<Fork>,
    /// The last moment that the line reaches.
    pub until: UnixMillis,
    /// Whether it ended there.
    pub ended: bool,
}

/// A device at an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub letter: char,
    pub device: String,
    pub address: String,
}

/// Something that is known to have happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Moment {
    pub at: UnixMillis,
    pub what: What,
    /// Where, as a place among [`Lineage::places`].
    pub place: Option<usize>,
    /// Which generation it was about.
    pub generation: Option<u32>,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// The session began.
    Began,
    /// A refresh came from another network.
    Moved,
    /// The last refresh.
    Refreshed,
    /// A refresh was asked for again, late, and excused.
    LateRetry,
    /// A used token came back.
    CameBack,
    /// The session ended.
    Ended(Ending),
    /// Whatever else was written down.
    Noted(EventKind),
}

impl What {
    /// Whether it is a step of the line, not something beside it.
    pub(super) fn is_on_the_line(self) -> bool {
        matches!(self, Self::Began | Self::Moved | Self::Refreshed | Self::LateRetry)
    }
}

/// Where a used token left the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fork {
    /// The generation that came back.
    pub generation: u32,
    /// When it was replaced.
    pub at: UnixMillis,
    /// Whether that moment is known, or reckoned from the moments around it.
    pub is_exact: bool,
}

/// The lineage as it is at `now`. `None` where nothing of the session is known.
pub(super) fn of(story: &Story, now: UnixMillis) -> Option<Lineage> {
    let mut places = Places::default();
    let mut moments = Vec::new();
    if let Some(facts) = &story.facts {
        let began = story.events.iter().map(|it| &it.event.caller).find(|caller| is_somewhere(caller));
        moments.push(Moment {
            at: facts.session.created_at,
            what: What::Began,
            place: began.and_then(|caller| places.of(caller)),
            generation: Some(0),
        });
    }
    for recorded in &story.events {
        moments.extend(told(recorded, moments.is_empty(), &mut places));
    }
    moments.extend(last_refresh(story, &moments, &mut places));
    // Stable: what was written down in one moment stays in its order.
    moments.sort_by_key(|moment| (moment.at, matches!(moment.what, What::Ended(_))));
    let end = story.end.filter(|end| end.past);
    if let Some(end) = end
        && !moments.iter().any(|moment| matches!(moment.what, What::Ended(_)))
    {
        moments.push(Moment { at: end.at, what: What::Ended(end.ending), place: None, generation: None });
    }
    let last = moments.last()?.at;
    let fork = fork_of(story, &moments);
    let left_out = shorten(&mut moments);
    Some(Lineage {
        places: places.in_order(&mut moments),
        left_out,
        fork,
        until: if end.is_some() { last } else { now.max(last) },
        ended: end.is_some(),
        moments,
    })
}

/// What an event says, as one or two moments.
fn told(recorded: &RecordedEvent, is_first: bool, places: &mut Places) -> Vec<Moment> {
    let event = &recorded.event;
    let generation = event.about.as_deref().and_then(|about| about.parse().ok());
    let place = is_somewhere(&event.caller).then(|| places.of(&event.caller)).flatten();
    let moment = |what| Moment { at: event.at, what, place, generation };
    match event.kind {
        // The row says it as well, as long as it is kept.
        EventKind::SignedIn | EventKind::UserRegistered if is_first => {
            vec![Moment { generation: Some(0), ..moment(What::Began) }]
        }
        EventKind::SignedIn | EventKind::UserRegistered => Vec::new(),
        // It names the generation that was shown; the line came to the next one by that.
        EventKind::AddressChanged => {
            let generation = generation.and_then(|shown: u32| shown.checked_add(1));
            vec![Moment { generation, ..moment(What::Moved) }]
        }
        EventKind::LateRetry => vec![moment(What::LateRetry)],
        EventKind::SessionEnded(Ending::Reused) => {
            let end = Moment { place: None, generation: None, ..moment(What::Ended(Ending::Reused)) };
            vec![moment(What::CameBack), end]
        }
        EventKind::SessionEnded(ending) => vec![moment(What::Ended(ending))],
        kind => vec![moment(What::Noted(kind))],
    }
}

/// The last rotation, which the row tells; `None` where an event has told the same one.
fn last_refresh(story: &Story, moments: &[Moment], places: &mut Places) -> Option<Moment> {
    let session = &story.facts.as_ref()?.session;
    let (at, generation) = (session.lineage.rotated_at?, session.lineage.generation);
    let is_told = |moment: &&Moment| {
        moment.what == What::Moved && (moment.at, moment.generation) == (at, Some(generation))
    };
    if moments.iter().any(|moment| is_told(&moment)) {
        return None;
    }
    let caller = Caller {
        address: session.last_address,
        user_agent: session.last_user_agent.clone(),
        ..Caller::default()
    };
    let place = is_somewhere(&caller).then(|| places.of(&caller)).flatten();
    Some(Moment { at, what: What::Refreshed, place, generation: Some(generation) })
}

/// Where the token that came back had left the line.
fn fork_of(story: &Story, moments: &[Moment]) -> Option<Fork> {
    let back = moments.iter().find(|moment| moment.what == What::CameBack)?;
    let generation = back.generation?;
    let next = generation.checked_add(1)?;
    // Moments at which the line is known to have come to a generation.
    let mut known: Vec<(u32, UnixMillis)> = moments
        .iter()
        .filter(|moment| matches!(moment.what, What::Began | What::Moved | What::Refreshed))
        .filter_map(|moment| Some((moment.generation?, moment.at)))
        .collect();
    if let Some(session) = story.facts.as_ref().map(|facts| &facts.session) {
        known.extend(session.lineage.rotated_at.map(|at| (session.lineage.generation, at)));
    }
    known.sort();
    if let Some((_, at)) = known.iter().find(|(known, _)| *known == next) {
        return Some(Fork { generation, at: *at, is_exact: true });
    }
    let before = known.iter().rfind(|(known, _)| *known < next).copied();
    let after = known.iter().find(|(known, _)| *known > next).copied();
    let at = match (before, after) {
        (Some(before), Some(after)) => between(before, after, next),
        (Some((_, at)), None) | (None, Some((_, at))) => at,
        (None, None) => back.at,
    };
    Some(Fork { generation, at: at.min(back.at), is_exact: false })
}

/// When a generation came, had all between two of them taken as long.
fn between((low, from): (u32, UnixMillis), (high, until): (u32, UnixMillis), wanted: u32) -> UnixMillis {
    let (span, steps) = (until.0.saturating_sub(from.0), i64::from(high.saturating_sub(low)).max(1));
    let part = span / steps * i64::from(wanted.saturating_sub(low));
    UnixMillis(from.0.saturating_add(part))
}

/// Leaves the beginning, the end, and what came back.
fn shorten(moments: &mut Vec<Moment>) -> usize {
    let count = moments.len();
    if count <= MOST_MOMENTS {
        return 0;
    }
    let head = MOST_MOMENTS / 2;
    moments.drain(head..count - (MOST_MOMENTS - head));
    count - MOST_MOMENTS
}

/// Whether anybody was seen.
fn is_somewhere(caller: &Caller) -> bool {
    // What an operator does to a session happens at the operator's place, not at one of the session's.
    caller.actor.is_none() && (caller.address.is_some() || caller.user_agent.is_some())
}

/// Places as they are met.
#[derive(Default)]
struct Places(Vec<(String, String)>);

impl Places {
    fn of(&mut self, caller: &Caller) -> Option<usize> {
        let device = device_label(caller.user_agent.as_deref());
        let address = caller.address.map_or_else(|| "unknown address".to_owned(), |it| it.to_string());
        let place = (device, address);
        if let Some(index) = self.0.iter().position(|known| *known == place) {
            return Some(index);
        }
        if self.0.len() == MOST_PLACES {
            return None;
        }
        self.0.push(place);
        Some(self.0.len() - 1)
    }

    /// Those that a moment stands at, in the order in which they come; the moments then name them by that.
    fn in_order(self, moments: &mut [Moment]) -> Vec<Place> {
        let mut order: Vec<usize> = Vec::new();
        for moment in moments {
            let Some(place) = moment.place else { continue };
            let index = order.iter().position(|known| *known == place).unwrap_or_else(|| {
                order.push(place);
                order.len() - 1
            });
            moment.place = Some(index);
        }
        let named = order.iter().filter_map(|index| self.0.get(*index)).zip('A'..='Z');
        named
            .map(|((device, address), letter)| Place {
                letter,
                device: device.clone(),
                address: address.clone(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
