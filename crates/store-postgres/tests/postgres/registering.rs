//! Several servers are asked for one name at the same time: one of them gives it, and the others say what is taken.

use rotunda_core::model::{Account, Subject};
use rotunda_core::store::{Accounts, Journal, Registered};
use rotunda_testkit::fixtures::{a_registration, a_session, an_account};

use crate::servers::{Servers, at_once};

const ROUNDS: u64 = 8;
const ACTORS: usize = 16;

type Same = fn(&mut Account, &Account);

#[tokio::test(flavor = "multi_thread")]
async fn one_name_is_given_once_by_whichever_server() {
    let same_id: Same = |new, known| new.user.id = known.user.id;
    let same_subject: Same = |new, known| new.user.subject = known.user.subject.clone();
    let same_email: Same = |new, known| new.user.email = known.user.email.clone();
    let same_username: Same = |new, known| new.user.username = known.user.username.clone();
    // What is said of several is always the first of them.
    let cases: [(&[Same], Registered); 6] = [
        (&[same_id], Registered::IdTaken),
        (&[same_subject], Registered::IdTaken),
        (&[same_email], Registered::EmailTaken),
        (&[same_username], Registered::UsernameTaken),
        (&[same_username, same_email], Registered::EmailTaken),
        (&[same_username, same_email, same_subject], Registered::IdTaken),
    ];
    let servers = Servers::<2>::start().await;
    let mut users = 0;
    for (number, (same, refused)) in (1..).zip(cases) {
        for round in 0..ROUNDS {
            let seed = |actor| number * 10_000 + round * 100 + actor;
            let first = account(seed(0));
            let answers = at_once(ACTORS, |actor| {
                let mut new = account(seed(actor as u64));
                same.iter().for_each(|same| same(&mut new, &first));
                let session = a_session(&new.user, seed(actor as u64));
                let store = servers.of(actor);
                async move { store.register(a_registration(&new, Some(&session))).await.unwrap() }
            })
            .await;
            users += 1;
            assert_eq!(
                answers.iter().filter(|answer| **answer == Registered::Done).count(),
                1,
                "case {number}"
            );
            assert_eq!(
                answers.iter().filter(|answer| **answer == refused).count(),
                ACTORS - 1,
                "case {number}"
            );
        }
    }
    for table in ["users", "session", "device"] {
        assert_eq!(servers.count(table).await, users, "the refused ones left nothing in {table}");
    }
    assert_eq!(servers.stores[0].events(0, 10_000).await.unwrap().len() as i64, users);
}

fn account(seed: u64) -> Account {
    let mut account = an_account(seed);
    account.user.subject = Subject::parse(&format!("legacy-{seed}"));
    account
}
