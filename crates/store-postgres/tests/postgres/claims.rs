//! Letters between servers: each goes to one, and nobody waits for another.

use std::time::Duration;

use rotunda_core::model::{LetterId, LetterKind, UnixMillis};
use rotunda_core::store::{Post, Posting};
use rotunda_testkit::fixtures::{NOW, a_letter, a_user};

use crate::servers::{Servers, at_once};

const LATER: UnixMillis = UnixMillis(NOW.0 + 600_000);

/// So many letters, the first one due first.
async fn write(servers: &Servers<2>, many: u64) -> Vec<LetterId> {
    let user = a_user(1);
    let letters: Vec<_> = (0..many)
        .map(|seed| {
            let mut letter = a_letter(&user, LetterKind::Test, seed);
            letter.at = NOW.minus(Duration::from_millis(many - seed));
            letter
        })
        .collect();
    let ids = letters.iter().map(|letter| letter.id).collect();
    let post = letters.into_iter().map(|letter| Posting { letter, link: None }).collect();
    servers.stores[0].post(post, Vec::new()).await.unwrap();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn each_letter_goes_to_one_server_and_each_claim_is_in_order() {
    let servers = Servers::<2>::start().await;
    let mut written = write(&servers, 200).await;
    let claims = at_once(10, |actor| {
        let store = servers.of(actor);
        async move {
            let mut claims = Vec::new();
            loop {
                let claim = store.claim_letters(NOW, LATER, 7).await.unwrap();
                if claim.is_empty() {
                    return claims;
                }
                assert!(claim.is_sorted_by_key(|queued| (queued.letter.at, queued.letter.id)));
                claims.extend(claim.into_iter().map(|queued| queued.letter.id));
            }
        }
    })
    .await;
    let mut claimed: Vec<_> = claims.into_iter().flatten().collect();
    claimed.sort();
    written.sort();
    assert_eq!(claimed, written, "each letter once");
}

#[tokio::test]
async fn a_letter_that_another_server_is_taking_is_passed_over() {
    let servers = Servers::<2>::start().await;
    let written = write(&servers, 3).await;
    let mut other = servers.client().await;
    let taking = other.transaction().await.unwrap();
    taking.execute("SELECT 1 FROM letter ORDER BY next_attempt_at LIMIT 1 FOR UPDATE", &[]).await.unwrap();
    let claim = servers.stores[0].claim_letters(NOW, LATER, 2).await.unwrap();
    let claimed: Vec<_> = claim.iter().map(|queued| queued.letter.id).collect();
    assert_eq!(claimed, written[1..], "the next two, without waiting");
    taking.rollback().await.unwrap();
    let claim = servers.stores[1].claim_letters(NOW, LATER, 2).await.unwrap();
    assert_eq!(claim.len(), 1);
    assert_eq!(claim[0].letter.id, written[0]);
}

/// As a newer release on the same database may write one.
#[tokio::test]
async fn a_letter_that_this_release_cannot_read_stands_in_nobodys_way() {
    let servers = Servers::<2>::start().await;
    let written = write(&servers, 3).await;
    let client = servers.client().await;
    let to_come = "UPDATE letter SET kind = 'to_come' WHERE id = (SELECT id FROM letter ORDER BY id LIMIT 1) \
        RETURNING uuid_send(id)";
    let unknown = client.query_one(to_come, &[]).await.unwrap();
    let unknown = LetterId::from_bytes(unknown.get::<_, &[u8]>(0).try_into().unwrap());
    let wanted: Vec<_> = written.into_iter().filter(|id| *id != unknown).collect();
    for found in [
        servers.stores[0].letters(10).await.unwrap(),
        servers.stores[1].claim_letters(NOW, LATER, 10).await.unwrap(),
    ] {
        assert_eq!(found.iter().map(|queued| queued.letter.id).collect::<Vec<_>>(), wanted);
    }
    let put_off = "SELECT count(*) FROM letter WHERE attempts = 1";
    assert_eq!(client.query_one(put_off, &[]).await.unwrap().get::<_, i64>(0), 3, "it waits like the others");
}
