//! What is sent twice happens once.

use rotunda_core::store::{Accounts, Registered, Rotating, Sessions};
use rotunda_testkit::fixtures::{NOW, a_registration, a_rotation, a_session, an_account, next};

use crate::ground::{Ground, one_redis};

/// As a client library does that has lost an answer.
#[tokio::test]
async fn a_rotation_that_is_sent_twice_moves_once() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    let answer = ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    assert_eq!(answer, Registered::Done);
    let rotation = a_rotation(&session, NOW);
    assert!(ground.store.rotate(rotation.clone()).await.unwrap());
    let key = ground.key(session.id);
    let once = one_redis().cli(&["HGETALL", &key]);
    assert!(
        !ground.store.rotate(rotation.clone()).await.unwrap(),
        "the flow reads again, and it is a replay"
    );
    assert_eq!(one_redis().cli(&["HGETALL", &key]), once);
    let other = Rotating { to: next(&rotation.to, NOW), ..rotation };
    assert!(!ground.store.rotate(other).await.unwrap());
    assert_eq!(one_redis().cli(&["HGETALL", &key]), once);
}

/// After a restart no server knows a script by its name.
#[tokio::test]
async fn a_script_that_the_server_has_forgotten_is_sent_again() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    one_redis().cli(&["SCRIPT", "FLUSH", "SYNC"]);
    assert!(ground.store.rotate(a_rotation(&session, NOW)).await.unwrap());
}

#[tokio::test]
async fn every_key_goes_by_its_time() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    let left = || one_redis().cli(&["TTL", &ground.key(session.id)]).trim().parse::<i64>().unwrap();
    let month = 30 * 86_400;
    assert!((month + 86_000..=month + 86_400).contains(&left()), "{}", left());
    assert!(ground.store.rotate(a_rotation(&session, NOW)).await.unwrap());
    assert!(left() > month, "a rotation leaves it");
    let end = rotunda_testkit::fixtures::an_end(&session, rotunda_core::model::Ending::LoggedOut, NOW);
    assert!(ground.store.end(end).await.unwrap());
    assert!((1..=3_600).contains(&left()), "what has ended goes soon");
}
