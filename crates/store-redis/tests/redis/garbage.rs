//! What somebody else has written into our keys is an error with a name, and nothing panics.

use rotunda_core::store::{Accounts, Sessions};
use rotunda_testkit::fixtures::{NOW, a_registration, a_rotation, a_session, an_account};

use crate::ground::{Ground, one_redis};

#[tokio::test]
async fn a_key_of_another_type_is_broken() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    one_redis().cli(&["SET", &ground.key(session.id), "nonsense"]);
    let failures = [
        ground.store.facts(session.id).await.unwrap_err(),
        ground.store.rotate(a_rotation(&session, NOW)).await.unwrap_err(),
        ground.store.sessions_of(account.user.id, NOW, 10).await.unwrap_err(),
    ];
    for failure in failures {
        assert!(!failure.is_temporary(), "{failure:?}");
    }
}

#[tokio::test]
async fn a_field_that_makes_no_sense_is_broken_and_named() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    let key = ground.key(session.id);
    let good = ground.store.facts(session.id).await.unwrap();
    let cases = [
        ("g", "-1"),
        ("g", "4294967296"),
        ("h", "short"),
        ("p", "neither none nor a hash"),
        ("s", "x"),
        ("k", "1"),
        ("r", "yesterday"),
        ("t", ""),
        ("i", "never"),
        ("d", "perhaps"),
        ("a", "somewhere"),
    ];
    for (field, value) in cases {
        let kept: Vec<u8> = {
            let mut connection = redis::Client::open(one_redis().url()).unwrap().get_connection().unwrap();
            let kept = redis::cmd("HGET").arg(&key).arg(field).query(&mut connection).unwrap();
            redis::cmd("HSET").arg(&key).arg(field).arg(value).query::<()>(&mut connection).unwrap();
            kept
        };
        let failure = ground.store.facts(session.id).await.unwrap_err();
        assert!(!failure.is_temporary());
        assert!(format!("{failure:?}").contains(&format!("{field:?}")), "{failure:?}");
        if field == "i" {
            assert!(!ground.store.rotate(a_rotation(&session, NOW)).await.unwrap_err().is_temporary());
        }
        let mut connection = redis::Client::open(one_redis().url()).unwrap().get_connection().unwrap();
        redis::cmd("HSET").arg(&key).arg(field).arg(kept).query::<()>(&mut connection).unwrap();
    }
    one_redis().cli(&["HDEL", &key, "x"]);
    assert!(!ground.store.rotate(a_rotation(&session, NOW)).await.unwrap_err().is_temporary());
    assert_eq!(ground.store.facts(session.id).await.unwrap(), good);
}
