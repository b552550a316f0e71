//! The outbox.

use std::net::IpAddr;
use std::time::Duration;

use rotunda_core::model::{Actor, Caller, Ending, Event, EventKind, Session, UnixMillis};

use super::scene::{ALL, Shelf, a_signed_in_user, forget_to, happened, journal};
use crate::fixtures::{NOW, a_session, a_user, an_end, an_event};

const MINUTE: Duration = Duration::from_mins(1);

/// A moment after every event: no note is silenced.
const NEVER: UnixMillis = UnixMillis(i64::MAX);

pub(super) async fn events_come_in_order_and_page_by_page(store: Shelf) {
    // The clock goes back now and then; the order is that of writing.
    let written: Vec<Event> =
        [5, 1, 4, 4, 2, 3, 0].map(|minutes| sign_in_failed(NOW.plus(MINUTE * minutes))).to_vec();
    for event in &written {
        store.note(event.clone(), NEVER).await.unwrap();
    }
    let all = journal(&store).await;
    assert!(all.iter().all(|known| known.seq > 0), "place 0 is before the first");
    assert!(all.is_sorted_by(|one, next| one.seq < next.seq), "places grow");
    assert_eq!(happened(&store).await, written);
    let (mut found, mut place) = (Vec::new(), 0);
    loop {
        let page = store.events(place, 3).await.unwrap();
        assert!(page.len() <= 3, "no more than asked");
        let Some(last) = page.last() else { break };
        place = last.seq;
        found.extend(page);
    }
    assert_eq!(found, all);
}

pub(super) async fn events_of_a_session_are_its_own(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let (_, other) = a_signed_in_user(&store, 2).await;
    let about =
        |session: &Session, kind| Event { session_id: Some(session.id), ..an_event(kind, &known.user) };
    store.note(about(&session, EventKind::ProofMissing), NEVER).await.unwrap();
    store.note(about(&other, EventKind::ProofMissing), NEVER).await.unwrap();
    store.note(sign_in_failed(NOW), NEVER).await.unwrap();
    store.note(about(&session, EventKind::AddressMismatch), NEVER).await.unwrap();
    assert!(store.end(an_end(&session, Ending::Reused, NOW)).await.unwrap());
    let all = journal(&store).await;
    let wanted = [0, 3, 4].map(|place: usize| all[place].clone());
    assert_eq!(store.events_of(session.id, ALL).await.unwrap(), wanted);
    let last_two = &wanted[wanted.len() - 2..];
    assert_eq!(store.events_of(session.id, 2).await.unwrap(), last_two, "the last, no more than asked");
    assert!(store.events_of(a_session(&known.user, 9).id, ALL).await.unwrap().is_empty());
}

pub(super) async fn events_of_a_user_are_their_own(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let (other, _) = a_signed_in_user(&store, 2).await;
    store.note(an_event(EventKind::RecoveryAsked, &known.user), NEVER).await.unwrap();
    store.note(an_event(EventKind::RecoveryAsked, &other.user), NEVER).await.unwrap();
    store.note(Event { user_id: None, ..sign_in_failed(NOW) }, NEVER).await.unwrap();
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    let all = journal(&store).await;
    let wanted = [0, 3].map(|place: usize| all[place].clone());
    assert_eq!(store.events_of_user(known.user.id, ALL).await.unwrap(), wanted);
    assert_eq!(store.events_of_user(known.user.id, 1).await.unwrap(), wanted[1..], "the last");
    assert!(store.events_of_user(a_user(9).id, ALL).await.unwrap().is_empty());
}

pub(super) async fn a_note_repeated_is_written_once(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let full = Event { session_id: Some(session.id), ..an_event(EventKind::ProofMissing, &a_user(1)) };
    let bare = Event { user_id: None, caller: Caller::default(), ..sign_in_failed(NOW) };
    for first in [full, bare] {
        let written = journal(&store).await.len();
        store.note(first.clone(), NOW.minus(MINUTE)).await.unwrap();
        for minutes in 0..3 {
            let mut again = Event { at: NOW.plus(MINUTE * minutes), ..first.clone() };
            again.caller.user_agent = Some(format!("another program {minutes}"));
            store.note(again, NOW).await.unwrap();
        }
        assert_eq!(happened(&store).await[written..], [first], "the first, as it was");
    }
}

pub(super) async fn a_note_that_differs_is_written(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let first = Event { session_id: Some(session.id), ..an_event(EventKind::ProofMissing, &known.user) };
    let from = |address: Option<&str>| {
        let address: Option<IpAddr> = address.map(|text| text.parse().unwrap());
        Event { caller: Caller { address, ..first.caller.clone() }, ..first.clone() }
    };
    let written = [
        first.clone(),
        Event { kind: EventKind::AddressMismatch, ..first.clone() },
        Event { session_id: None, ..first.clone() },
        Event { session_id: Some(a_session(&known.user, 2).id), ..first.clone() },
        Event { user_id: None, ..first.clone() },
        Event { user_id: Some(a_user(2).id), ..first.clone() },
        Event { about: Some("7".to_owned()), ..first.clone() },
        Event { caller: Caller { actor: Some(Actor::CommandLine), ..first.caller.clone() }, ..first.clone() },
        from(None),
        from(Some("192.0.2.77")),
        from(Some("2001:db8::1")),
    ];
    for event in &written {
        store.note(event.clone(), NOW.minus(MINUTE)).await.unwrap();
    }
    assert_eq!(happened(&store).await, written);
}

pub(super) async fn a_note_long_ago_does_not_silence(store: Shelf) {
    let at = |minutes| sign_in_failed(NOW.plus(MINUTE * minutes));
    let quiet_since = |minutes| NOW.plus(MINUTE * minutes);
    store.note(at(0), quiet_since(0)).await.unwrap();
    store.note(at(5), quiet_since(0)).await.unwrap();
    assert_eq!(happened(&store).await, [at(0)], "a note at that very moment counts");
    let just_after = UnixMillis(NOW.0 + 1);
    store.note(at(6), just_after).await.unwrap();
    store.note(at(7), quiet_since(2)).await.unwrap();
    assert_eq!(happened(&store).await, [at(0), at(6)], "an older one does not");
}

pub(super) async fn a_place_in_the_journal_is_never_reused(store: Shelf) {
    let mut last = 0;
    for _ in 0..3 {
        store.note(sign_in_failed(NOW), NEVER).await.unwrap();
        let place = journal(&store).await[0].seq;
        assert!(place > last, "place {place} comes after {last}");
        last = place;
        assert_eq!(forget_to(&store, place).await, 1);
        assert!(journal(&store).await.is_empty());
    }
}

fn sign_in_failed(at: UnixMillis) -> Event {
    Event { at, ..an_event(EventKind::SignInFailed, &a_user(1)) }
}
