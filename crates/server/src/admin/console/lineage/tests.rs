//! Lineages of stories as the server writes them down.

use std::time::Duration;

use rotunda_core::model::{Actor, Event, Facts, Standing};
use rotunda_core::operate::End;
use rotunda_testkit::fixtures::{NOW, a_session, a_user};

use super::*;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CURL: &str = "curl/8.5.0";

fn after(minutes: u64) -> UnixMillis {
    NOW.plus(Duration::from_secs(60 * minutes))
}

fn from(address: &str, agent: &str) -> Caller {
    Caller::new(Some(address.parse().unwrap()), Some(agent))
}

fn event(seq: u64, minutes: u64, kind: EventKind, about: Option<&str>, caller: Caller) -> RecordedEvent {
    let about = about.map(str::to_owned);
    let event = Event { kind, at: after(minutes), user_id: None, session_id: None, about, caller };
    RecordedEvent { seq, event, link: None }
}

/// Ada's session: begun at home, at generation 40 in a train an hour later, refreshed for the last time (41) after two.
fn story(back: Option<(u64, u32)>) -> Story {
    let user = a_user(1);
    let mut session = a_session(&user, 1);
    session.lineage.generation = 41;
    session.lineage.rotated_at = Some(after(120));
    session.last_address = Some("198.51.100.4".parse().unwrap());
    session.last_user_agent = Some(FIREFOX.to_owned());
    let mut events = vec![
        event(1, 0, EventKind::SignedIn, None, from("203.0.113.7", FIREFOX)),
        event(2, 60, EventKind::AddressChanged, Some("39"), from("198.51.100.4", FIREFOX)),
    ];
    let mut end = End { ending: Ending::IdleExpired, at: session.idle_expires_at, past: false };
    if let Some((minutes, generation)) = back {
        let (ending, about) = (Ending::Reused, generation.to_string());
        session.standing = Standing::Ended { ending, at: after(minutes) };
        end = End { ending, at: after(minutes), past: true };
        let kind = EventKind::SessionEnded(ending);
        events.push(event(3, minutes, kind, Some(&about), from("192.0.2.66", CURL)));
    }
    let everyone = None;
    let facts = Facts { session, user, accept_ahead_until: None, may_lose_writes: false, everyone };
    Story { facts: Some(facts), events, end: Some(end) }
}

fn told(lineage: &Lineage) -> Vec<(What, Option<char>, Option<u32>)> {
    let letter = |place: Option<usize>| place.map(|index| lineage.places[index].letter);
    lineage.moments.iter().map(|moment| (moment.what, letter(moment.place), moment.generation)).collect()
}

#[test]
fn a_live_session_goes_from_place_to_place() {
    let lineage = of(&story(None), after(180)).unwrap();
    let wanted = [
        (What::Began, Some('A'), Some(0)),
        (What::Moved, Some('B'), Some(40)),
        (What::Refreshed, Some('B'), Some(41)),
    ];
    assert_eq!(told(&lineage), wanted);
    let place = |letter, address: &str| Place {
        letter,
        device: "Firefox on Linux".to_owned(),
        address: address.to_owned(),
    };
    assert_eq!(lineage.places, [place('A', "203.0.113.7"), place('B', "198.51.100.4")]);
    assert_eq!((lineage.ended, lineage.until, lineage.fork), (false, after(180), None));
}

#[test]
fn a_used_token_left_the_line_when_its_generation_was_replaced() {
    let forks = [
        // Generation 40 was replaced by the last refresh, 39 by the one from the train: both are known.
        (40, after(120), true),
        (39, after(60), true),
        // Of 40 generations in an hour, the twentieth came after half of it.
        (19, after(30), false),
        (0, after(1), false),
    ];
    for (generation, at, is_exact) in forks {
        let lineage = of(&story(Some((130, generation))), after(180)).unwrap();
        let fork = lineage.fork.unwrap();
        assert_eq!((fork.generation, fork.is_exact), (generation, is_exact));
        assert!(fork.at.distance(at) <= Duration::from_secs(60), "{generation}: {fork:?}");
        let wanted =
            [(What::CameBack, Some('C'), Some(generation)), (What::Ended(Ending::Reused), None, None)];
        assert_eq!(told(&lineage)[3..], wanted);
        assert_eq!((lineage.ended, lineage.until), (true, after(130)));
    }
}

#[test]
fn a_session_whose_row_is_gone_has_what_was_written_down() {
    let story = Story { facts: None, ..story(Some((130, 7))) };
    let lineage = of(&story, after(9_999)).unwrap();
    let whats: Vec<_> = lineage.moments.iter().map(|moment| moment.what).collect();
    let ended = What::Ended(Ending::Reused);
    assert_eq!(whats, [What::Began, What::Moved, What::CameBack, ended]);
    assert_eq!(of(&Story { facts: None, events: Vec::new(), end: None }, NOW), None);
}

#[test]
fn what_an_operator_does_is_at_no_place_of_the_session() {
    let mut story = story(None);
    let caller = Caller { actor: Some(Actor::CommandLine), ..from("192.0.2.1", CURL) };
    story.events.push(event(3, 130, EventKind::SessionEnded(Ending::RevokedByAdmin), None, caller));
    story.end = Some(End { ending: Ending::RevokedByAdmin, at: after(130), past: true });
    let lineage = of(&story, after(180)).unwrap();
    assert_eq!(lineage.places.len(), 2);
    assert_eq!(told(&lineage).last(), Some(&(What::Ended(Ending::RevokedByAdmin), None, None)));
}

#[test]
fn of_many_moments_those_in_the_middle_are_left_out() {
    let mut story = story(Some((1_000, 40)));
    for minute in 200..300 {
        story.events.push(event(
            minute,
            minute,
            EventKind::LateRetry,
            Some("41"),
            from("198.51.100.4", FIREFOX),
        ));
    }
    let lineage = of(&story, after(1_001)).unwrap();
    assert_eq!((lineage.moments.len(), lineage.left_out), (MOST_MOMENTS, 105 - MOST_MOMENTS));
    assert_eq!(lineage.moments.first().map(|moment| moment.what), Some(What::Began));
    assert_eq!(lineage.moments.last().map(|moment| moment.what), Some(What::Ended(Ending::Reused)));
}

#[test]
fn however_many_places_there_are_each_drawn_one_has_a_letter() {
    let mut story = story(None);
    for minute in 200..240 {
        let address = format!("192.0.2.{minute}");
        story.events.push(event(
            minute,
            minute,
            EventKind::AddressChanged,
            Some("41"),
            from(&address, FIREFOX),
        ));
    }
    let lineage = of(&story, after(1_001)).unwrap();
    assert!(lineage.places.len() <= MOST_PLACES);
    let letters: String = lineage.places.iter().map(|place| place.letter).collect();
    assert!("ABCDEFGHIJKL".starts_with(&letters), "{letters}");
    assert!(
        lineage.moments.iter().all(|moment| moment.place.is_none_or(|place| place < lineage.places.len()))
    );
}
