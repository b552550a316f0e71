//! Revocations without a background task: asked for when the service thinks it is time.

use rotunda_verify::{AskError, PollError, Polled, Refused, RevokedBy, Unavailable, WhenStale};
use serde_json::{Value, json};

use crate::issuer::{Issuer, credentials, key};
use crate::support::{HandClock, NOW, NOW_DATE, NOW_MS, seconds};

fn page(cursor: &str, full: bool, as_of: i64, entries: Value) -> Value {
    json!({"cursor": cursor, "full": full, "keep": 660, "as_of": as_of, "entries": entries})
}

/// A function that runs now and then: it asks at the beginning of a call, if some seconds have passed.
#[tokio::test]
async fn a_function_without_a_background_task_polls() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    issuer.world().date = Some(NOW_DATE.to_owned());
    let clock = HandClock::new();
    let verifier = issuer
        .builder()
        .poll(credentials())
        .when_stale(WhenStale::Refuse { after: seconds(10) })
        .clock(clock.clone())
        .build()
        .unwrap();
    let token = key.sign(&issuer.claims()).unwrap();
    assert_eq!(verifier.authenticate(&token).await, Err(Refused::Unavailable(Unavailable::FeedStale)));

    assert_eq!(verifier.poll_revocations().await, Ok(Polled::Full(0)));
    verifier.ready().await;
    assert!(verifier.authenticate(&token).await.is_ok());

    // Nothing new: 304, and known to be so as of now.
    clock.pass(seconds(8));
    issuer.world().date = Some("Fri, 15 Jan 2027 08:00:08 GMT".to_owned());
    assert_eq!(verifier.poll_revocations().await, Ok(Polled::Unchanged));
    clock.pass(seconds(8));
    assert!(verifier.authenticate(&token).await.is_ok());
    assert_eq!(verifier.health().feed.unwrap().staleness_ms, Some(8000));

    // Changes since the cursor.
    let session = json!({"type": "session", "sid": issuer.claims().sid, "at": NOW, "exp": NOW + 660});
    issuer.world().page = page("c1", false, NOW_MS + 16_000, json!([session]));
    assert_eq!(verifier.poll_revocations().await, Ok(Polled::Changes(1)));
    assert_eq!(verifier.authenticate(&token).await, Err(Refused::Revoked(RevokedBy::Session)));

    // A server with another database: everything is replaced.
    issuer.world().page = page("x9", true, NOW_MS + 16_000, json!([]));
    assert_eq!(verifier.poll_revocations().await, Ok(Polled::Full(0)));
    assert!(verifier.authenticate(&token).await.is_ok());

    let some = |text: &str| Some(text.to_owned());
    let asked = [
        (None, None),
        (some("c0"), some("\"c0\"")),
        (some("c0"), some("\"c0\"")),
        (some("c1"), some("\"c1\"")),
    ];
    assert_eq!(issuer.world().polls, asked);
    assert_eq!(issuer.world().token_requests.len(), 1);
}

#[tokio::test]
async fn what_does_not_fit_into_one_page_is_asked_for_at_once() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let mine = json!({"type": "session", "sid": issuer.claims().sid, "at": NOW, "exp": NOW + 660});
    let other = json!({"type": "token", "jti": "another", "at": NOW, "exp": NOW + 660});
    let mut first = page("c1", true, NOW_MS, json!([other]));
    first["more"] = json!(true);
    issuer.world().earlier = vec![first.clone()];
    issuer.world().page = page("c2", false, NOW_MS, json!([mine]));
    let verifier = issuer.builder().poll(credentials()).clock(HandClock::new()).build().unwrap();
    assert_eq!(verifier.poll_revocations().await, Ok(Polled::Full(2)));
    let token = key.sign(&issuer.claims()).unwrap();
    assert_eq!(verifier.authenticate(&token).await, Err(Refused::Revoked(RevokedBy::Session)));
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(issuer.world().polls, [(None, None), (some("c1"), None)]);

    // A server that never comes to an end is not followed for ever.
    issuer.world().earlier = vec![first; 100];
    assert!(matches!(verifier.poll_revocations().await, Err(PollError::Ask(AskError::TooMany { .. }))));
}

#[tokio::test]
async fn a_poll_that_fails_keeps_what_is_known_and_says_why() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let session = json!({"type": "session", "sid": issuer.claims().sid, "at": NOW, "exp": NOW + 660});
    issuer.world().page = page("c1", true, NOW_MS, json!([session]));
    let verifier = issuer.builder().poll(credentials()).clock(HandClock::new()).build().unwrap();
    verifier.poll_revocations().await.unwrap();
    for status in [500, 401, 302] {
        issuer.world().poll_status = Some(status);
        let Err(PollError::Ask(AskError::Status { status: told, .. })) = verifier.poll_revocations().await
        else {
            panic!("{status}");
        };
        assert_eq!(told, status);
    }
    issuer.world().poll_status = None;
    for nonsense in
        [json!({}), json!({"cursor": "c2", "full": true, "as_of": 1, "entries": [{"type": "key"}]})]
    {
        let mut nonsense = nonsense;
        nonsense["cursor"] = json!("c2");
        issuer.world().page = nonsense;
        assert!(matches!(verifier.poll_revocations().await, Err(PollError::Ask(AskError::Form { .. }))));
    }
    let token = key.sign(&issuer.claims()).unwrap();
    assert_eq!(verifier.authenticate(&token).await, Err(Refused::Revoked(RevokedBy::Session)));
    assert!(!verifier.health().feed.unwrap().connected);
    // The refused service token was not tried again.
    assert_eq!(issuer.world().token_requests.len(), 2);

    let without = issuer.builder().build().unwrap();
    assert_eq!(without.poll_revocations().await, Err(PollError::NoFeed));
}
