//! Whose sessions one may see and end: one's own, by any id; an operator those within reach.

use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::{Ending, SessionId, Standing};
use rotunda_core::store::SessionSearch;

use crate::support::{Holder, MINUTE, World, caller, denied, over};

/// Which id somebody tries, of those that there are.
#[derive(Clone, Debug)]
enum Tried {
    /// One of somebody's, as it is.
    Of(usize),
    /// One of somebody's, with some bits turned over.
    Near(usize, Vec<usize>),
    /// The front of one and the back of another.
    Mixed(usize, usize, usize),
    /// Any.
    Any([u8; 16]),
}

fn tried() -> impl Strategy<Value = Tried> {
    prop_oneof![
        2 => (0..6_usize).prop_map(Tried::Of),
        2 => (0..6_usize, proptest::collection::vec(0..128_usize, 1..4)).prop_map(|(of, at)| Tried::Near(of, at)),
        1 => (0..6_usize, 0..6_usize, 0..=16_usize).prop_map(|(a, b, at)| Tried::Mixed(a, b, at)),
        1 => any::<[u8; 16]>().prop_map(Tried::Any),
        1 => Just(Tried::Any([0; 16])),
    ]
}

impl Tried {
    fn id(&self, all: &[SessionId]) -> SessionId {
        let of = |place: usize| *all[place % all.len()].as_bytes();
        SessionId::from_bytes(match self {
            Self::Of(place) => of(*place),
            Self::Near(place, bits) => {
                let mut bytes = of(*place);
                bits.iter().for_each(|bit| bytes[bit / 8] ^= 1 << (bit % 8));
                bytes
            }
            Self::Mixed(front, back, at) => {
                let (front, mut bytes) = (of(*front), of(*back));
                bytes[..*at].copy_from_slice(&front[..*at]);
                bytes
            }
            Self::Any(bytes) => *bytes,
        })
    }
}

/// Ada with two sessions, and those of others: of a user, and of an operator.
async fn crowd() -> (World, Vec<Holder>) {
    let w = World::new().await;
    let mut all = vec![w.register("ada").await, w.sign_in_app("ada").await];
    for name in ["bob", "root"] {
        all.extend([w.register(name).await, w.sign_in_app(name).await]);
    }
    w.holds(all[4].user.id, &["admin"]).await;
    (w, all)
}

#[test]
fn nobody_sees_or_ends_anothers_session_by_any_id() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config =
        Config { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(8), ..Config::default() };
    let asks = proptest::collection::vec(tried(), 1..8);
    TestRunner::new(config)
        .run(&(asks, any::<bool>()), |(asks, as_app)| {
            runtime.block_on(async {
                let (w, all) = crowd().await;
                let ids: Vec<_> = all.iter().map(|holder| holder.session.id).collect();
                let bearer = w.bearer(&all[usize::from(as_app)]).await;
                for asked in &asks {
                    let id = asked.id(&ids);
                    let own = ids[..2].contains(&id);
                    let told =
                        w.rotunda.my_story(&bearer, id).await.map(|story| story.facts.map(|it| it.user.id));
                    let ended = w.rotunda.end_session(&bearer, id, &caller("192.0.2.1")).await;
                    prop_assert_eq!(ended.is_ok(), own, "{:?} is {}", asked, id);
                    match told {
                        Ok(whose) => prop_assert_eq!((own, whose), (true, Some(all[0].user.id))),
                        Err(Error::Denied(why)) => prop_assert_eq!((own, why), (false, Denied::NotFound)),
                        Err(Error::Failure(why)) => panic!("{why:?}"),
                    }
                }
                let listed = w.rotunda.sessions(&bearer).await.unwrap();
                prop_assert_eq!(listed.iter().all(|session| ids[..2].contains(&session.id)), true);
                for other in &all[2..] {
                    prop_assert_eq!(w.row(other).await.standing, Standing::Live, "{} lives", &other.name);
                }
                Ok(())
            })
        })
        .unwrap();
}

#[tokio::test]
async fn an_operator_ends_one_session_or_all_of_a_user_and_is_named() {
    let (w, all) = crowd().await;
    let [ada, app, bob, ..] = &all[..] else { panic!("there are six") };
    w.news().await;
    let desk = w.desk_of(&all[4]).await;
    assert!(desk.end_session(ada.session.id).await.unwrap());
    assert!(!desk.end_session(ada.session.id).await.unwrap(), "it had ended already");
    let mut told = w.ended(Ending::RevokedByAdmin, ada);
    told.caller = desk.operator().caller();
    assert_eq!(w.news().await, [told]);
    assert_eq!(w.refused(ada).await, over(Ending::RevokedByAdmin));
    assert_eq!(denied(desk.end_session(crate::support::nobodys_session()).await), Denied::NotFound);
    assert_eq!(desk.end_sessions_of(bob.user.id).await.unwrap(), 2);
    assert_eq!(w.refused(bob).await, over(Ending::RevokedByAdmin));
    assert!(w.refresh(app).await.is_ok(), "whoever was not meant goes on");
}

#[tokio::test]
async fn sessions_are_found_by_whose_they_are_and_whether_they_live() {
    let w = World::new().await;
    let first = w.register("ada").await;
    w.pass(MINUTE);
    let second = w.sign_in_app("ada").await;
    w.pass(MINUTE);
    let bob = w.register("bob").await;
    w.logs_out(&first).await;
    let desk = w.operator();
    let found = async |by: SessionSearch| {
        let page = desk.search_sessions(by, None, 10).await.unwrap();
        page.rows.into_iter().map(|facts| facts.session.id).collect::<Vec<_>>()
    };
    let of_ada = SessionSearch { user: Some(first.user.id), ..SessionSearch::default() };
    assert_eq!(found(of_ada.clone()).await, [second.session.id, first.session.id], "the newest first");
    assert_eq!(found(SessionSearch { live: Some(true), ..of_ada.clone() }).await, [second.session.id]);
    let newest = desk.search_sessions(SessionSearch::default(), None, 1).await.unwrap();
    assert_eq!(newest.rows[0].session.id, bob.session.id);
    let rest = desk.search_sessions(SessionSearch::default(), newest.next, 10).await.unwrap();
    assert_eq!(rest.rows.len(), 2);
    let story = desk.story(first.session.id).await.unwrap();
    assert!(story.end.is_some_and(|end| end.past && end.ending == Ending::LoggedOut));
    assert_eq!(desk.session(bob.session.id).await.unwrap().user.id, bob.user.id);
}
