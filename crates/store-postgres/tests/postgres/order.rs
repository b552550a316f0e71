//! Places: in the order of commits, so that whoever follows misses nothing, whoever commits late.

use rotunda_core::model::{Ending, Revoked};
use rotunda_core::store::{Feed, Journal, Sessions};
use rotunda_testkit::fixtures::{NOW, an_end};

use crate::scene::{Place, a_signed_in_user};
use crate::servers::Servers;

const ENTRY: &str = "INSERT INTO revocation (at_ms, kind, subject) VALUES ($1, 'token', $2)";
const EVENT: &str = "INSERT INTO outbox (at_ms, kind) VALUES ($1, 'key.added')";

fn tokens(page: &rotunda_core::model::FeedPage) -> Vec<&str> {
    page.entries
        .iter()
        .map(|(_, entry)| match &entry.what {
            Revoked::Token { jti } => jti.as_str(),
            _ => "something else",
        })
        .collect()
}

#[tokio::test]
async fn what_commits_late_stands_behind_what_a_follower_has_seen() {
    let place = Place::new().await;
    let (store, other) = (place.open().await, place.open().await);
    let (mut late, early) = (place.stranger().await, place.stranger().await);
    let writing = late.transaction().await.unwrap();
    writing.execute(ENTRY, &[&NOW.0, &"late"]).await.unwrap();
    writing.execute(EVENT, &[&NOW.0]).await.unwrap();
    early.execute(ENTRY, &[&NOW.0, &"early"]).await.unwrap();
    early.execute(EVENT, &[&(NOW.0 + 1)]).await.unwrap();
    let seen = store.revocations(None, NOW, 100).await.unwrap();
    assert_eq!(tokens(&seen), ["early"], "without waiting for the other");
    let events = store.events(0, 100).await.unwrap();
    assert_eq!(events.len(), 1);
    writing.commit().await.unwrap();
    for server in [&store, &other] {
        let next = server.revocations(Some(seen.next), NOW, 100).await.unwrap();
        assert_eq!(tokens(&next), ["late"]);
        let next = server.events(events[0].seq, 100).await.unwrap();
        assert_eq!(next.iter().map(|recorded| recorded.event.at).collect::<Vec<_>>(), [NOW]);
    }
}

/// Many who write, two who follow on two servers, and one who forgets: each follower hears of each entry once, in one order.
#[tokio::test(flavor = "multi_thread")]
async fn followers_on_two_servers_hear_the_same_and_miss_nothing() {
    const WRITERS: u64 = 8;
    const EACH: u64 = 25;
    let servers = Servers::<2>::start().await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = servers.of(usize::try_from(writer).unwrap());
            tokio::spawn(async move {
                for n in 0..EACH {
                    let (_, session) = a_signed_in_user(&store, 1 + writer * EACH + n).await;
                    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
                }
            })
        })
        .collect();
    let followers: Vec<_> = servers
        .stores
        .iter()
        .map(|store| {
            let store = store.clone();
            tokio::spawn(async move {
                let (mut after, mut heard) = (None, Vec::new());
                while heard.len() < usize::try_from(WRITERS * EACH).unwrap() {
                    let page = store.revocations(after, NOW, 7).await.unwrap();
                    after = Some(page.next);
                    heard.extend(page.entries);
                }
                heard
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let mut heard = Vec::new();
    for follower in followers {
        heard.push(follower.await.unwrap());
    }
    assert_eq!(heard[0], heard[1]);
    assert!(heard[0].is_sorted_by(|one, two| one.0 < two.0));
    assert_eq!(heard[0].len(), usize::try_from(WRITERS * EACH).unwrap());
}
