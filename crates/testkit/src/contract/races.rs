//! Nothing interleaves with a refresh: whatever ends sessions writes their rows.
//!
//! Each round lets refreshes and a login go together with one write that ends sessions. Afterwards nothing may live
//! under an old epoch, and no token of what ended may rotate.

use std::time::Duration;

use rotunda_core::model::{Account, Ending, EventKind, Session, SessionId, Standing, UserState};
use rotunda_core::store::{Amended, EndingAll};

use super::scene::{ALL, Shelf, a_signed_in_user, account, at_once, row, sign_in};
use crate::fixtures::{NOW, a_login, a_password_change, a_rotation, a_session, an_end, an_end_of_all};

const ROUNDS: u64 = 20;

/// How many act in a round: one ends, one signs in, the others refresh.
const ACTORS: usize = 8;

/// What the others race with.
#[derive(Clone, Copy)]
enum Blow {
    EndOfAll,
    Disabling,
    PasswordChange,
}

pub(super) async fn no_refresh_slips_past_an_end(store: Shelf) {
    for round in 0..ROUNDS {
        let (_, session) = a_signed_in_user(&store, round).await;
        let answers = at_once(ACTORS, |actor| {
            let (store, session) = (store.clone(), session.clone());
            async move {
                if actor == 0 {
                    return store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap();
                }
                refresh_on_and_on(&store, session.id).await;
                false
            }
        })
        .await;
        assert!(answers[0], "no rotation takes the end away");
        assert_is_over(&store, session.id).await;
    }
}

pub(super) async fn no_refresh_slips_past_the_end_of_all(store: Shelf) {
    for round in 0..ROUNDS {
        race(&store, round, Blow::EndOfAll).await;
    }
}

pub(super) async fn no_refresh_slips_past_a_password_change(store: Shelf) {
    for round in 0..ROUNDS {
        let known = race(&store, round, Blow::PasswordChange).await;
        let live = store.sessions_of(known.user.id, NOW, 10).await.unwrap();
        let new = a_session(&known.user, third(round)).id;
        assert_eq!(
            live.iter().map(|session| session.id).collect::<Vec<_>>(),
            [new],
            "the new session alone lives"
        );
    }
}

pub(super) async fn no_login_slips_past_a_disabling(store: Shelf) {
    for round in 0..ROUNDS {
        let known = race(&store, round, Blow::Disabling).await;
        assert_eq!(account(&store, known.user.id).await.user.state, UserState::Disabled);
        assert!(
            store.sessions_of(known.user.id, NOW, 10).await.unwrap().is_empty(),
            "nothing of a disabled user lives"
        );
    }
}

pub(super) async fn a_session_is_rotated_or_expired_and_never_both(store: Shelf) {
    for round in 0..ROUNDS {
        let (_, session) = a_signed_in_user(&store, round).await;
        let end = session.idle_expires_at;
        let answers = at_once(2, |actor| {
            let (store, rotation) =
                (store.clone(), a_rotation(&session, end.minus(Duration::from_millis(1))));
            async move {
                if actor == 0 {
                    store.rotate(rotation).await.unwrap()
                } else {
                    store.expire(end, 10).await.unwrap() == 1
                }
            }
        })
        .await;
        let standing = row(&store, session.id).await.standing;
        let expired = Standing::Ended { ending: Ending::IdleExpired, at: end };
        let wanted = if answers[0] { Standing::Live } else { expired };
        assert_eq!((answers[1], standing), (!answers[0], wanted));
    }
}

/// One round: two devices refresh, a third signs in, and one blow falls. Answers the account as it was before.
async fn race(store: &Shelf, round: u64, blow: Blow) -> Account {
    let (known, first) = a_signed_in_user(store, round).await;
    let second = a_session(&known.user, round + 1_000);
    sign_in(store, &known, &second).await;
    let newcomer = a_session(&known.user, round + 2_000);
    let ids = [first.id, second.id, newcomer.id];
    at_once(ACTORS, |actor| {
        let (store, known) = (store.clone(), known.clone());
        let (asking, newcomer) = (first.clone(), newcomer.clone());
        async move {
            match actor {
                0 => strike(&store, &known, &asking, round, blow).await,
                1 => drop(store.login(a_login(&known, &newcomer)).await.unwrap()),
                _ => refresh_on_and_on(&store, ids[actor % 2]).await,
            }
        }
    })
    .await;
    assert_eq!(account(store, known.user.id).await.user.ep, known.user.ep + 1);
    for id in ids {
        assert_is_over(store, id).await;
    }
    known
}

async fn strike(store: &Shelf, known: &Account, asking: &Session, round: u64, blow: Blow) {
    match blow {
        Blow::PasswordChange => {
            let change = a_password_change(known, asking, third(round));
            assert_eq!(store.amend(change).await.unwrap(), Amended::Done);
        }
        Blow::EndOfAll | Blow::Disabling => {
            let state = matches!(blow, Blow::Disabling).then_some(UserState::Disabled);
            let all = an_end_of_all(&known.user, Ending::RevokedByAdmin, NOW);
            assert!(store.end_all(EndingAll { state, ..all }).await.unwrap() >= Some(2));
        }
    }
}

/// Refreshes as the flow does, reading before each try, until the session has ended or enough is enough.
async fn refresh_on_and_on(store: &Shelf, id: SessionId) {
    for _ in 0..6 {
        let session: Session = row(store, id).await;
        if session.standing != Standing::Live {
            break;
        }
        store.rotate(a_rotation(&session, NOW)).await.unwrap();
    }
}

/// A session that ended, with one event, or never began; and nothing of it rotates.
async fn assert_is_over(store: &Shelf, id: SessionId) {
    let Some(facts) = store.facts(id).await.unwrap() else { return };
    assert_ne!(facts.session.standing, Standing::Live, "a session lives under epoch {}", facts.session.ep);
    assert!(!store.rotate(a_rotation(&facts.session, NOW)).await.unwrap(), "nothing of it rotates");
    let events = store.events_of(id, ALL).await.unwrap();
    let ends = events.iter().filter(|known| matches!(known.event.kind, EventKind::SessionEnded(_))).count();
    assert_eq!(ends, 1, "each session has exactly one ending");
}

fn third(round: u64) -> u64 {
    round + 3_000
}
