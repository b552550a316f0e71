//! Devices: when they are seen, and when they are forgotten.

use std::time::Duration;

use rotunda_core::model::{Account, Caller, Device, Ending, Session, UnixMillis};
use rotunda_core::store::{Amended, Amending, Ends, Right};

use super::scene::{ALL, Shelf, a_signed_in_user, add, refresh, row, sign_in};
use crate::fixtures::{NOW, a_password_change, a_session, an_account, an_amendment, an_end, an_end_of_all};

pub(super) async fn whoever_begins_a_session_is_seen_on_their_device(store: Shelf) {
    let (known, first) = a_signed_in_user(&store, 1).await;
    a_signed_in_user(&store, 9).await;
    assert_eq!(devices(&store, &known).await, [device(&first)]);

    let again = Session {
        device_id: first.device_id,
        device_hash: first.device_hash,
        created_at: at(5),
        ..a_session(&known.user, 2)
    };
    sign_in(&store, &known, &again).await;
    let seen = [Device { first_seen_at: NOW, ..device(&again) }];
    assert_eq!(devices(&store, &known).await, seen, "seen again, and known since then");

    refresh(&store, &again, at(6)).await;
    assert_eq!(devices(&store, &known).await, seen, "a refresh is not a beginning");

    let silent =
        Session { created_at: at(3), last_address: None, last_user_agent: None, ..a_session(&known.user, 3) };
    sign_in(&store, &known, &silent).await;
    let mut change = a_password_change(&known, &again, 4);
    let new = Session { created_at: at(4), ..change.session.take().unwrap() };
    change.session = Some(new.clone());
    assert_eq!(store.amend(change).await.unwrap(), Amended::Done);
    let [seen] = seen;
    let wanted = [seen, device(&new), device(&silent)];
    assert_eq!(devices(&store, &known).await, wanted, "the one seen last comes first");
    assert_eq!(store.devices_of(known.user.id, 2).await.unwrap(), wanted[..2], "no more than asked");
}

pub(super) async fn a_device_outlives_its_sessions(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    assert_eq!(store.forget_ended(at(1), ALL).await.unwrap(), 1);
    let found = store.device_of(known.user.id, session.device_hash).await.unwrap();
    assert_eq!(found, Some(session.device_id));
}

/// However it ends: alone, with all others, or with a change of the account.
pub(super) async fn a_device_is_forgotten_when_its_secret_may_be_known(store: Shelf) {
    for (seed, ending) in (0..).step_by(10).zip(Ending::ALL.iter().copied()) {
        let copied = matches!(ending, Ending::Reused | Ending::Reported);
        for (way, seed) in ["end", "end_all", "amend one", "amend all"].into_iter().zip(seed..) {
            let (known, session) = a_signed_in_user(&store, seed).await;
            let (_, other) = a_signed_in_user(&store, seed + 1_000).await;
            let gone = a_session(&known.user, seed + 2_000);
            sign_in(&store, &known, &gone).await;
            assert!(store.end(an_end(&gone, Ending::LoggedOut, NOW)).await.unwrap());
            let one = an_end(&session, ending, NOW);
            let amend = |ends| Amending { ends, ..an_amendment(&known, Right::Session(session.id)) };
            match way {
                "end" => assert!(store.end(one).await.unwrap()),
                "end_all" => drop(store.end_all(an_end_of_all(&known.user, ending, NOW)).await.unwrap()),
                "amend one" => drop(store.amend(amend(Ends::One(one))).await.unwrap()),
                _ => drop(store.amend(amend(Ends::All { ending, at: NOW })).await.unwrap()),
            }
            assert_ne!(row(&store, session.id).await, session, "{way} ends it");
            let found = store.device_of(known.user.id, session.device_hash).await.unwrap();
            assert_eq!(found.is_none(), copied, "{way}: {ending}");
            let found = store.device_of(known.user.id, gone.device_hash).await.unwrap();
            assert!(found.is_some(), "{way}: a device whose session had ended before is not concerned");
            assert_eq!(store.devices_of(other.user_id, ALL).await.unwrap(), [device(&other)]);
        }
    }
}

pub(super) async fn a_reported_session_that_is_over_takes_its_device_along(store: Shelf) {
    for (seed, ending) in (1..).zip([Ending::Reported, Ending::Renewed]) {
        let (known, session) = a_signed_in_user(&store, seed).await;
        let (_, other) = a_signed_in_user(&store, seed + 1_000).await;
        let asking = a_session(&known.user, seed + 2_000);
        sign_in(&store, &known, &asking).await;
        assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
        let ends = Ends::One(an_end(&session, ending, NOW));
        let amending = Amending { ends, ..an_amendment(&known, Right::Session(asking.id)) };
        assert_eq!(store.amend(amending).await.unwrap(), Amended::Done);
        let found = store.device_of(known.user.id, session.device_hash).await.unwrap();
        assert_eq!(found.is_none(), ending == Ending::Reported, "{ending}");
        assert_eq!(store.device_of(known.user.id, asking.device_hash).await.unwrap(), Some(asking.device_id));
        assert_eq!(store.devices_of(other.user_id, ALL).await.unwrap(), [device(&other)]);
    }
}

pub(super) async fn a_device_with_another_secret_is_known_by_that_one_only(store: Shelf) {
    let (known, first) = a_signed_in_user(&store, 1).await;
    let (_, other) = a_signed_in_user(&store, 9).await;
    let renewed = Session { device_id: first.device_id, created_at: at(5), ..a_session(&known.user, 2) };
    assert_ne!(renewed.device_hash, first.device_hash);
    sign_in(&store, &known, &renewed).await;
    assert_eq!(store.device_of(known.user.id, first.device_hash).await.unwrap(), None);
    let found = store.device_of(known.user.id, renewed.device_hash).await.unwrap();
    assert_eq!(found, Some(first.device_id));
    assert_eq!(devices(&store, &known).await, [Device { first_seen_at: NOW, ..device(&renewed) }]);
    assert_eq!(store.devices_of(other.user_id, ALL).await.unwrap(), [device(&other)]);
}

pub(super) async fn of_too_many_devices_the_one_seen_longest_ago_goes(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let (_, other) = a_signed_in_user(&store, 2_000).await;
    let session = |seed: u64| Session { created_at: at(seed), ..a_session(&known.user, seed) };
    for seed in 1..=u64::from(Device::MOST) {
        sign_in(&store, &known, &session(seed)).await;
    }
    // The first one is seen again, so that the second is the oldest.
    let again = Session {
        device_id: session(1).device_id,
        device_hash: session(1).device_hash,
        ..session(u64::from(Device::MOST) + 1)
    };
    sign_in(&store, &known, &again).await;
    assert_eq!(devices(&store, &known).await.len(), Device::MOST as usize);
    sign_in(&store, &known, &session(900)).await;
    let found = devices(&store, &known).await;
    assert_eq!(found.len(), Device::MOST as usize);
    let knows = |hash| found.iter().any(|device| device.hash == hash);
    assert!(knows(session(1).device_hash) && knows(session(900).device_hash));
    assert!(!knows(session(2).device_hash) && knows(session(3).device_hash));
    assert_eq!(store.devices_of(other.user_id, ALL).await.unwrap().len(), 1, "each user has their own");
}

pub(super) async fn old_devices_are_forgotten_unless_a_session_lives_there(store: Shelf) {
    let known = an_account(1);
    add(&store, &known, None).await;
    let mut sessions = Vec::new();
    for seed in 0..7 {
        let session = Session { created_at: at(seed), ..a_session(&known.user, seed) };
        sign_in(&store, &known, &session).await;
        if seed != 1 {
            assert!(store.end(an_end(&session, Ending::LoggedOut, at(9))).await.unwrap());
        }
        sessions.push(session);
    }
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(store.forget_devices(at(5), 3).await.unwrap());
    }
    assert_eq!(taken, [3, 1, 0]);
    let wanted: Vec<Device> = [6, 5, 1].map(|seed: usize| device(&sessions[seed])).to_vec();
    assert_eq!(devices(&store, &known).await, wanted);
}

async fn devices(store: &Shelf, known: &Account) -> Vec<Device> {
    store.devices_of(known.user.id, ALL).await.unwrap()
}

/// The device of a session as its first beginning leaves it.
fn device(session: &Session) -> Device {
    Device {
        id: session.device_id,
        user_id: session.user_id,
        hash: session.device_hash,
        first_seen_at: session.created_at,
        last_seen_at: session.created_at,
        caller: Caller {
            actor: None,
            reason: None,
            address: session.last_address,
            user_agent: session.last_user_agent.clone(),
        },
    }
}

fn at(minutes: u64) -> UnixMillis {
    NOW.plus(Duration::from_mins(minutes))
}
