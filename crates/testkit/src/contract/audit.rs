//! The chain of the audit log: one who chains at a time, and what is forgotten is forgotten from its beginning.

use rotunda_core::model::{AuditMark, Caller, ChainLink, Event, EventKind, RecordedEvent, UnixMillis};
use rotunda_core::store::{AuditEnds, Chaining, EventSearch};

use super::scene::{ALL, Shelf, a_signed_in_user, at_once, chain_all, journal};
use crate::fixtures::{
    NOW, a_chain_link, a_chaining, a_deed, a_deletion, a_mark, a_user, an_event, an_operator, bytes,
};

pub(super) async fn a_chain_links_events_and_moves_its_head(store: Shelf) {
    assert_eq!(store.audit_ends().await.unwrap(), AuditEnds::default(), "it has none yet");
    let places = written(&store, 5).await;
    let mut unchained = journal(&store).await;
    assert!(unchained.iter().all(|known| known.link.is_none()), "a moment later");
    assert!(store.chain(a_chaining(None, &places[..3])).await.unwrap());
    assert_eq!(ends(&store).await, (None, Some(a_mark(places[2]))));
    assert!(store.chain(a_chaining(Some(a_mark(places[2])), &places[3..])).await.unwrap());
    assert_eq!(ends(&store).await, (None, Some(a_mark(places[4]))));
    for known in &mut unchained {
        known.link = Some(a_chain_link(known.seq));
    }
    assert_eq!(journal(&store).await, unchained, "and nothing else has changed");
    assert_eq!(store.events_of_user(a_user(1).id, ALL).await.unwrap(), unchained);
    let found = store.search_events(EventSearch::default(), None, 10).await.unwrap().rows;
    assert_eq!(found.into_iter().rev().collect::<Vec<_>>(), unchained);
    written(&store, 1).await;
    assert_eq!(journal(&store).await.pop().unwrap().link, None, "what is new is not chained");
    assert!(store.checkpoints(0, ALL).await.unwrap().is_empty(), "none was to be kept");
}

pub(super) async fn a_chain_needs_the_head_that_was_read(store: Shelf) {
    let places = written(&store, 4).await;
    let head = a_mark(places[1]);
    let refused = a_chaining(Some(head.clone()), &places[..1]);
    assert!(!store.chain(refused).await.unwrap(), "there is none");
    assert!(store.chain(a_chaining(None, &places[..2])).await.unwrap());
    let before = view(&store).await;
    for from in others(&head).into_iter().map(Some).chain([None]) {
        let chaining =
            Chaining { checkpoint: Some(a_mark(places[3])), ..a_chaining(from.clone(), &places[2..]) };
        assert!(!store.chain(chaining).await.unwrap(), "from {from:?}");
        assert_eq!(view(&store).await, before, "nothing happens");
    }
    assert!(store.chain(a_chaining(Some(head), &places[2..])).await.unwrap());
}

pub(super) async fn a_chain_needs_events_that_are_there_and_unchained(store: Shelf) {
    let places = written(&store, 4).await;
    assert!(store.chain(a_chaining(None, &places[..2])).await.unwrap());
    let before = view(&store).await;
    let unknown = places[3] + 7;
    for wrong in [vec![places[1], places[2]], vec![places[2], unknown], vec![places[2], places[3], places[0]]]
    {
        let chaining =
            Chaining { checkpoint: Some(a_mark(places[3])), ..a_chaining(Some(a_mark(places[1])), &wrong) };
        assert!(!store.chain(chaining).await.unwrap(), "{wrong:?} of {places:?}");
        assert_eq!(view(&store).await, before, "nothing happens");
    }
}

pub(super) async fn of_those_who_chain_at_once_one_does(store: Shelf) {
    let places = written(&store, 3).await;
    let chained = at_once(20, |actor| {
        let (store, mut chaining) = (store.clone(), a_chaining(None, &places));
        chaining.head.signature = vec![u8::try_from(actor).unwrap(); 64];
        for (_, link) in &mut chaining.links {
            link.hash = [u8::try_from(actor).unwrap(); 32];
        }
        async move { store.chain(chaining).await.unwrap() }
    })
    .await;
    assert_eq!(chained.iter().filter(|done| **done).count(), 1, "one wins");
    let winner = u8::try_from(chained.iter().position(|done| *done).unwrap()).unwrap();
    assert_eq!(store.audit_ends().await.unwrap().head.unwrap().signature, vec![winner; 64]);
    let links = journal(&store).await.into_iter().map(|known| known.link.unwrap().hash);
    assert!(links.into_iter().all(|hash| hash == [winner; 32]), "all of it is the winner's");
}

pub(super) async fn checkpoints_are_kept_where_it_is_said(store: Shelf) {
    let places = written(&store, 6).await;
    let mut from = None;
    let kept = |place: u64| AuditMark { at: UnixMillis(NOW.0 + 5), key_id: 255, ..a_mark(place) };
    for (number, place) in places.iter().enumerate() {
        let mut chaining = a_chaining(from, &[*place]);
        chaining.checkpoint = (number % 2 == 1).then(|| kept(*place));
        from = Some(chaining.head.clone());
        assert!(store.chain(chaining).await.unwrap());
    }
    let all = [kept(places[1]), kept(places[3]), kept(places[5])];
    assert_eq!(store.checkpoints(0, ALL).await.unwrap(), all);
    assert_eq!(store.checkpoints(0, 2).await.unwrap(), all[..2], "no more than asked");
    assert_eq!(store.checkpoints(places[1], ALL).await.unwrap(), all[1..], "after a place");
    let head = from.clone().unwrap();
    assert_eq!(ends(&store).await, (None, Some(head.clone())), "signed for itself");
    let again = AuditMark { at: UnixMillis(NOW.0 + 9), ..head };
    let stands = Chaining { from, links: Vec::new(), head: again.clone(), checkpoint: None, now: NOW };
    assert!(store.chain(stands).await.unwrap(), "nothing happened, and it is signed again");
    assert_eq!(ends(&store).await, (None, Some(again)));
}

pub(super) async fn the_floor_rises_and_takes_what_is_below_along(store: Shelf) {
    let places = written(&store, 8).await;
    let mut from = None;
    for pair in places.chunks(2) {
        let chaining =
            Chaining { checkpoint: pair.last().map(|last| a_mark(*last)), ..a_chaining(from, pair) };
        from = Some(chaining.head.clone());
        assert!(store.chain(chaining).await.unwrap());
    }
    let head = a_mark(places[7]);
    assert_eq!(store.forget_events(None, a_mark(places[2])).await.unwrap(), Some(3));
    assert_eq!(left(&store).await, places[3..], "what is up to the floor is gone");
    assert_eq!(marks(&store).await, [places[3], places[5], places[7]]);
    assert_eq!(ends(&store).await, (Some(a_mark(places[2])), Some(head.clone())));

    let floor = Some(a_mark(places[2]));
    assert_eq!(store.forget_events(floor, a_mark(places[5])).await.unwrap(), Some(3));
    assert_eq!(left(&store).await, places[6..]);
    assert_eq!(marks(&store).await, [places[5], places[7]], "the one at the floor stays");
    assert_eq!(ends(&store).await, (Some(a_mark(places[5])), Some(head.clone())));
    let floor = Some(a_mark(places[5]));
    assert_eq!(store.forget_events(floor, head.clone()).await.unwrap(), Some(2), "up to the head");
    assert_eq!(ends(&store).await, (Some(head.clone()), Some(head.clone())));
    let next = written(&store, 1).await;
    assert!(store.chain(a_chaining(Some(head), &next)).await.unwrap(), "and it goes on from there");
}

pub(super) async fn the_floor_rises_from_where_it_was_read(store: Shelf) {
    let places = written(&store, 5).await;
    chain_all(&store).await;
    let before = view(&store).await;
    let never = Some(a_mark(places[0]));
    assert_eq!(store.forget_events(never, a_mark(places[2])).await.unwrap(), None, "there is none");
    assert_eq!(view(&store).await, before, "nothing happens");
    let floor = a_mark(places[1]);
    assert_eq!(store.forget_events(None, floor.clone()).await.unwrap(), Some(2));
    let before = view(&store).await;
    for from in others(&floor).into_iter().map(Some).chain([None]) {
        assert_eq!(store.forget_events(from, a_mark(places[3])).await.unwrap(), None);
        assert_eq!(view(&store).await, before, "nothing happens");
    }
    let forgotten = at_once(10, |_| {
        let (store, from, to) = (store.clone(), Some(floor.clone()), a_mark(places[3]));
        async move { store.forget_events(from, to).await.unwrap() }
    })
    .await;
    assert_eq!(forgotten.iter().flatten().collect::<Vec<_>>(), [&2], "one wins");
}

pub(super) async fn who_a_deleted_user_was_is_forgotten_and_the_chain_stays(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    let (other, _) = a_signed_in_user(&store, 2).await;
    let deed = |user| {
        let about = Some("a role".to_owned());
        rotunda_core::model::Event { about, ..a_deed(EventKind::UserEdited, user, 3) }
    };
    let events = vec![deed(&known.user), deed(&other.user), an_event(EventKind::SignedIn, &known.user)];
    store.post(Vec::new(), events).await.unwrap();
    let first = journal(&store).await;
    chain_all(&store).await;
    store.post(Vec::new(), vec![deed(&known.user)]).await.unwrap();
    assert!(store.delete_user(a_deletion(&known.user)).await.unwrap());
    for was in first {
        let now = journal(&store).await.into_iter().find(|known| known.seq == was.seq).unwrap();
        let theirs = was.event.user_id == Some(known.user.id);
        let link = a_chain_link(was.seq);
        let link = ChainLink { salt: link.salt.filter(|_| !theirs), ..link };
        assert_eq!(now.link, Some(link), "the salt goes with who called, the hash stays");
        let mut event = was.event.clone();
        if theirs {
            (event.caller.address, event.caller.user_agent) = (None, None);
        }
        assert_eq!(now, RecordedEvent { event, ..now.clone() }, "who asked, why and what about stay");
    }
    let last: Vec<RecordedEvent> =
        journal(&store).await.into_iter().filter(|known| known.link.is_none()).collect();
    assert_eq!(last[0].event.caller.actor, an_operator(3).actor);
    assert!(
        last.iter().all(|known| known.event.caller.address.is_none()),
        "also of what was not chained yet"
    );
    chain_all(&store).await;
    let theirs = store.events_of_user(known.user.id, ALL).await.unwrap();
    let salts = theirs.into_iter().map(|known| known.link.unwrap().salt);
    assert!(salts.into_iter().all(|salt| salt.is_none()), "nor when it is chained after that");
}

pub(super) async fn who_was_deleted_before_the_chaining_leaves_no_salt(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    let (other, _) = a_signed_in_user(&store, 2).await;
    let seen = |user| an_event(EventKind::SignedIn, user);
    store.post(Vec::new(), vec![seen(&known.user), seen(&other.user)]).await.unwrap();
    let read: Vec<u64> = journal(&store).await.iter().map(|known| known.seq).collect();
    assert!(store.delete_user(a_deletion(&known.user)).await.unwrap());
    assert!(store.chain(a_chaining(None, &read)).await.unwrap());
    let links = journal(&store).await.into_iter().filter_map(|known| known.link).collect::<Vec<_>>();
    let gone = ChainLink { salt: None, ..a_chain_link(read[0]) };
    assert_eq!(links, [gone, a_chain_link(read[1])], "what told who they were is not written again");
}

pub(super) async fn an_event_from_nowhere_gets_no_salt(store: Shelf) {
    let somewhere = an_event(EventKind::SignInFailed, &a_user(1));
    let address = Caller { user_agent: None, ..somewhere.caller.clone() };
    let agent = Caller { address: None, ..somewhere.caller.clone() };
    let callers =
        [Caller::default(), address, agent, Caller { reason: Some("why".to_owned()), ..Caller::default() }];
    let events = callers.map(|caller| Event { caller, ..somewhere.clone() });
    store.post(Vec::new(), events.to_vec()).await.unwrap();
    let read: Vec<u64> = journal(&store).await.iter().map(|known| known.seq).collect();
    assert!(store.chain(a_chaining(None, &read)).await.unwrap());
    let links = journal(&store).await.into_iter().filter_map(|known| known.link);
    let salted: Vec<bool> = links.map(|link| link.salt.is_some()).collect();
    assert_eq!(salted, [false, true, true, false], "a salt without anything that it was mixed with");
}

/// That many events of the user of seed 1; their places.
async fn written(store: &Shelf, many: usize) -> Vec<u64> {
    let before = journal(store).await.len();
    let events = vec![an_event(EventKind::SignInFailed, &a_user(1)); many];
    store.post(Vec::new(), events).await.unwrap();
    journal(store).await[before..].iter().map(|known| known.seq).collect()
}

/// Marks that differ from this one in one thing each.
fn others(mark: &AuditMark) -> [AuditMark; 5] {
    [
        AuditMark { seq: mark.seq + 1, ..mark.clone() },
        AuditMark { hash: bytes("hash", 99), ..mark.clone() },
        AuditMark { at: UnixMillis(mark.at.0 + 1), ..mark.clone() },
        AuditMark { key_id: 2, ..mark.clone() },
        AuditMark { signature: vec![0; 64], ..mark.clone() },
    ]
}

async fn ends(store: &Shelf) -> (Option<AuditMark>, Option<AuditMark>) {
    let AuditEnds { floor, head } = store.audit_ends().await.unwrap();
    (floor, head)
}

async fn left(store: &Shelf) -> Vec<u64> {
    journal(store).await.iter().map(|known| known.seq).collect()
}

async fn marks(store: &Shelf) -> Vec<u64> {
    store.checkpoints(0, ALL).await.unwrap().iter().map(|mark| mark.seq).collect()
}

/// All that there is of a chain.
async fn view(store: &Shelf) -> (AuditEnds, Vec<AuditMark>, Vec<RecordedEvent>) {
    let checkpoints = store.checkpoints(0, ALL).await.unwrap();
    (store.audit_ends().await.unwrap(), checkpoints, journal(store).await)
}
