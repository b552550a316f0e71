//! All sessions of a user end but the one that asks.

use std::time::Duration;

use rotunda_core::model::{Account, Ending, EventKind, Revocation, Revoked, Session, Standing, UnixMillis};
use rotunda_core::store::{Amended, Amending, Ends, Right};

use super::scene::{
    ALL, Shelf, a_signed_in_user, account, assert_same_events, at_once, end_event, feed, happened, refresh,
    revoked, row, sign_in, view,
};
use crate::fixtures::{NOW, a_caller, a_login, a_rotation, a_session, an_amendment, an_end, ended};

const LATER: Duration = Duration::from_mins(5);
const ROUNDS: u64 = 12;

pub(super) async fn the_end_of_the_others_ends_each_and_leaves_the_one_that_asks(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let (_, not_theirs) = a_signed_in_user(&store, 2).await;
    let mut others = Vec::new();
    for seed in 11..=14 {
        let session = a_session(&known.user, seed);
        sign_in(&store, &known, &session).await;
        others.push(session);
    }
    let gone = others.pop().unwrap();
    assert!(store.end(an_end(&gone, Ending::Reused, NOW)).await.unwrap());
    others[0] = refresh(&store, &others[0], NOW).await;
    let own = refresh(&store, &own, NOW).await;
    let devices = store.devices_of(known.user.id, ALL).await.unwrap();
    let (written, told) = (happened(&store).await.len(), feed(&store).await.entries.len());

    let at = NOW.plus(LATER);
    assert_eq!(store.amend(ending_others(&known, &own, at)).await.unwrap(), Amended::Done);
    let ending = Ending::RevokedByUser;
    for other in &others {
        assert_eq!(row(&store, other.id).await, ended(other, ending, at));
        assert!(!store.rotate(a_rotation(other, NOW)).await.unwrap(), "nothing of it rotates");
    }
    let wanted = others.iter().map(|other| end_event(other, ending, at, a_caller(5))).collect();
    assert_same_events(happened(&store).await.split_off(written), wanted);
    assert_same_entries(revoked(&store).await.split_off(told), &others, at);
    assert_eq!(row(&store, gone.id).await, ended(&gone, Ending::Reused, NOW), "the first ending stays");
    assert_eq!(row(&store, not_theirs.id).await, not_theirs);
    assert_eq!(account(&store, known.user.id).await.user, known.user, "the epoch is for all sessions");
    assert_eq!(store.devices_of(known.user.id, ALL).await.unwrap(), devices, "no device is forgotten");
    assert_eq!(row(&store, own.id).await, own, "the one that asks is as it was");
    refresh(&store, &own, at).await;

    let before = happened(&store).await;
    let again = ending_others(&known, &own, at);
    assert_eq!(store.amend(again).await.unwrap(), Amended::Done, "that there is no other is fine");
    assert_eq!(happened(&store).await, before, "and nothing happens");
}

pub(super) async fn the_end_of_the_others_needs_the_one_that_asks(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let (_, not_theirs) = a_signed_in_user(&store, 2).await;
    let other = a_session(&known.user, 3);
    sign_in(&store, &known, &other).await;
    assert!(store.end(an_end(&own, Ending::LoggedOut, NOW)).await.unwrap());
    let before = view(&store, other.id).await;
    for asking in [&own, &not_theirs, &a_session(&known.user, 4)] {
        let ending = ending_others(&known, asking, NOW);
        assert_eq!(store.amend(ending).await.unwrap(), Amended::Changed);
        assert_eq!(view(&store, other.id).await, before, "nothing ended");
    }
}

/// A rotation that was decided just before the expiry may arrive after the end: it must find nothing live.
pub(super) async fn the_end_of_the_others_catches_what_has_expired_unrecorded(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let other = a_session(&known.user, 2);
    sign_in(&store, &known, &other).await;
    let in_time = a_rotation(&other, other.idle_expires_at.minus(LATER));
    let late = other.idle_expires_at.plus(LATER);
    assert_eq!(store.amend(ending_others(&known, &own, late)).await.unwrap(), Amended::Done);
    assert!(!store.rotate(in_time).await.unwrap());
    assert_ne!(row(&store, other.id).await.standing, Standing::Live);
}

pub(super) async fn of_many_who_end_the_others_one_stays(store: Shelf) {
    for round in 0..ROUNDS {
        let (known, first) = a_signed_in_user(&store, round).await;
        let mut all = vec![first];
        for number in 1..6 {
            let session = a_session(&known.user, round + number * 1_000);
            sign_in(&store, &known, &session).await;
            all.push(session);
        }
        let answers = at_once(all.len(), |number| {
            let (store, ending) = (store.clone(), ending_others(&known, &all[number], NOW));
            async move { store.amend(ending).await.unwrap() }
        })
        .await;
        let done: Vec<_> = all
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| **answer == Amended::Done)
            .map(|(it, _)| it.id)
            .collect();
        assert_eq!(done.len(), 1, "one of them has ended the others: {answers:?}");
        assert_eq!(live(&store, &known).await, done, "and it alone lives");
    }
}

/// One ends the others while all refresh and somebody signs in: it goes on, the others have ended, and the newcomer has
/// or has not, as a whole.
pub(super) async fn no_refresh_slips_past_the_end_of_the_others(store: Shelf) {
    const ACTORS: usize = 8;
    for round in 0..ROUNDS {
        let (known, own) = a_signed_in_user(&store, round).await;
        let other = a_session(&known.user, round + 1_000);
        sign_in(&store, &known, &other).await;
        let newcomer = a_session(&known.user, round + 2_000);
        at_once(ACTORS, |actor| {
            let (store, known) = (store.clone(), known.clone());
            let (own, other, newcomer) = (own.clone(), other.clone(), newcomer.clone());
            async move {
                match actor {
                    0 => {
                        let ending = ending_others(&known, &own, NOW);
                        assert_eq!(
                            store.amend(ending).await.unwrap(),
                            Amended::Done,
                            "no refresh stands in its way"
                        );
                    }
                    1 => drop(store.login(a_login(&known, &newcomer)).await.unwrap()),
                    _ => refresh_on_and_on(&store, if actor % 2 == 0 { &own } else { &other }).await,
                }
            }
        })
        .await;
        let now = row(&store, own.id).await;
        assert_eq!(now.standing, Standing::Live, "the one that asks goes on");
        refresh(&store, &now, NOW).await;
        assert_eq!(endings_of(&store, &own).await, 0);
        assert_ne!(row(&store, other.id).await.standing, Standing::Live);
        assert_eq!(endings_of(&store, &other).await, 1);
        let came = row(&store, newcomer.id).await;
        let lives = came.standing == Standing::Live;
        assert_eq!(endings_of(&store, &newcomer).await, usize::from(!lives));
        assert_eq!(store.rotate(a_rotation(&came, NOW)).await.unwrap(), lives, "live everywhere, or nowhere");
    }
}

fn ending_others(known: &Account, own: &Session, at: UnixMillis) -> Amending {
    let ends = Ends::Others { than: own.id, at };
    Amending { ends, caller: a_caller(5), ..an_amendment(known, Right::Session(own.id)) }
}

async fn live(store: &Shelf, known: &Account) -> Vec<rotunda_core::model::SessionId> {
    store.sessions_of(known.user.id, NOW, ALL).await.unwrap().into_iter().map(|session| session.id).collect()
}

async fn endings_of(store: &Shelf, session: &Session) -> usize {
    let events = store.events_of(session.id, ALL).await.unwrap();
    events.iter().filter(|known| matches!(known.event.kind, EventKind::SessionEnded(_))).count()
}

async fn refresh_on_and_on(store: &Shelf, session: &Session) {
    for _ in 0..6 {
        let now = row(store, session.id).await;
        if now.standing != Standing::Live {
            break;
        }
        store.rotate(a_rotation(&now, NOW)).await.unwrap();
    }
}

/// That the feed tells of each of them once, in whatever order.
fn assert_same_entries(mut found: Vec<Revocation>, ended: &[Session], at: UnixMillis) {
    let ending = Ending::RevokedByUser;
    let mut wanted: Vec<Revocation> = (ended.iter())
        .map(|session| Revocation { what: Revoked::Session { id: session.id, ending }, at })
        .collect();
    let order = |entry: &Revocation| format!("{entry:?}");
    found.sort_by_key(order);
    wanted.sort_by_key(order);
    assert_eq!(found, wanted);
}
