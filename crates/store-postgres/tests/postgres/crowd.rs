//! Whatever can happen to one user happens at once, on two servers: all of it comes to an end, nobody stands in another one's
//! way, and of somebody who is gone nothing comes back.

use rotunda_core::model::{Account, Ending, Letter, LetterKind, LetterLink, Link, LinkPurpose, Session};
use rotunda_core::store::{Accounts, Amending, EndingOne, Ends, Post, Posting, Right, Sessions};
use rotunda_store_postgres::PostgresStore;
use rotunda_testkit::fixtures::{
    NOW, a_deletion, a_letter, a_link, a_login, a_password_change, a_password_hash, a_posting,
    a_registration, a_rotation, a_session, an_account, an_amendment, an_end, an_end_of_all, email,
};

use crate::servers::{Servers, at_once};

const ROUNDS: u64 = 24;
const ACTORS: usize = 14;

/// One user with two sessions, and letters with links that wait.
#[derive(Clone)]
struct Scene {
    seed: u64,
    known: Account,
    sessions: [Session; 2],
    reset: Link,
    reports: [Link; 2],
}

impl Scene {
    async fn begin(store: &PostgresStore, round: u64) -> Self {
        let seed = round * 1_000;
        let known = an_account(seed);
        let sessions = [1, 2].map(|n| a_session(&known.user, seed + n));
        store.register(a_registration(&known, Some(&sessions[0]))).await.unwrap();
        store.login(a_login(&known, &sessions[1])).await.unwrap();
        let reset = a_link(&known.user, LinkPurpose::ResetPassword, seed + 3);
        // Links whose order is not that of their letters.
        let reports = [5, 4].map(|n| a_link(&known.user, LinkPurpose::Report, seed + n));
        let post = [(&reset, 6), (&reports[0], 7), (&reports[1], 8)];
        let post = post.map(|(link, n)| carrying(&known, link, seed + n)).to_vec();
        store.post(post, Vec::new()).await.unwrap();
        Self { seed, known, sessions, reset, reports }
    }

    async fn act(&self, store: &PostgresStore, actor: usize, is_last: bool) {
        let Self { seed, known, sessions, reset, reports } = self;
        let user = &known.user;
        let (first, second) = (&sessions[0], &sessions[1]);
        let fresh = seed + 100 + actor as u64;
        let amend = async |amending| assert!(store.amend(amending).await.is_ok());
        match actor {
            0 if is_last => assert!(store.delete_user(a_deletion(user)).await.unwrap()),
            0 => assert!(
                store.end_all(an_end_of_all(user, Ending::RevokedByAdmin, NOW)).await.unwrap().is_some()
            ),
            1 => amend(a_password_change(known, first, fresh)).await,
            2 => {
                let ends = Ends::All { ending: Ending::PasswordChanged, at: NOW };
                let password = Some(a_password_hash(fresh));
                amend(Amending { ends, password, ..an_amendment(known, Right::Link(reset.id)) }).await;
            }
            3 | 4 => {
                let ends = Ends::One(an_end(second, Ending::Reported, NOW));
                let back = Some(email(&format!("back-{fresh}@example.com")));
                let right = Right::Link(reports[actor - 3].id);
                amend(Amending { ends, email: back, ..an_amendment(known, right) }).await;
            }
            5 | 6 => {
                let post = vec![a_posting(user, fresh)];
                let end = EndingOne { post, ..an_end(&sessions[actor - 5], Ending::Reused, NOW) };
                store.end(end).await.unwrap();
            }
            7 | 8 => store.post(vec![a_posting(user, fresh)], Vec::new()).await.unwrap(),
            9 | 10 => assert!(store.claim_letters(NOW, NOW, 50).await.is_ok()),
            11 => {
                store.login(a_login(known, &a_session(user, fresh))).await.unwrap();
            }
            _ => {
                store.rotate(a_rotation(&sessions[actor % 2], NOW)).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_at_once_nobody_stands_in_another_ones_way() {
    let servers = Servers::<2>::start().await;
    for round in 0..ROUNDS {
        let scene = Scene::begin(&servers.stores[0], round).await;
        let is_last = round % 2 == 0;
        at_once(ACTORS, |actor| {
            let (scene, store) = (scene.clone(), servers.of(actor / 2 + actor));
            async move { scene.act(&store, actor, is_last).await }
        })
        .await;
        if !is_last {
            assert!(servers.stores[1].delete_user(a_deletion(&scene.known.user)).await.unwrap());
        }
        for table in ["users", "session", "device", "link", "letter"] {
            assert_eq!(servers.count(table).await, 0, "round {round}: what is left in {table}");
        }
    }
    assert_eq!(servers.retries(), 0, "nothing had to be run again");
}

#[tokio::test]
async fn a_link_of_somebody_who_is_gone_is_not_written_and_neither_is_its_letter() {
    let servers = Servers::<1>::start().await;
    let store = servers.of(0);
    let [known, other] = [1, 2].map(an_account);
    for account in [&known, &other] {
        store.register(a_registration(account, None)).await.unwrap();
    }
    assert!(store.delete_user(a_deletion(&known.user)).await.unwrap());
    let nobodys = Link { user_id: None, ..a_link(&known.user, LinkPurpose::Register, 3) };
    let post = vec![a_posting(&known.user, 1), a_posting(&other.user, 2), carrying(&known, &nobodys, 4)];
    store.post(post.clone(), Vec::new()).await.unwrap();
    let letters = store.letters(10).await.unwrap();
    let mut written: Vec<_> = letters.iter().map(|queued| queued.letter.id).collect();
    let mut wanted = [post[1].letter.id, post[2].letter.id];
    written.sort();
    wanted.sort();
    assert_eq!(written, wanted);
    assert_eq!(servers.count("link").await, 2);
}

fn carrying(account: &Account, link: &Link, seed: u64) -> Posting {
    let carried = LetterLink { id: link.id, purpose: link.purpose, key_id: 1 };
    let letter = a_letter(&account.user, LetterKind::ResetPassword, seed);
    Posting { letter: Letter { link: Some(carried), ..letter }, link: Some(link.clone()) }
}
