//! Polls that meet, and waiting for the first one.

use rotunda_verify::Polled;
use tokio::sync::watch;

use crate::feed::followed;
use crate::issuer::{Issuer, credentials, key};
use crate::support::{HandClock, seconds, until};

/// The first is under way when two more are wanted. It may have missed what they want to know, so there is one more,
/// for both.
#[tokio::test]
async fn there_is_one_poll_at_a_time() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let (go, hold) = watch::channel(false);
    issuer.world().hold_polls = Some(hold);
    let verifier = issuer.builder().clock(HandClock::new()).poll(credentials()).build().unwrap();
    let others = async {
        until("the first poll", || issuer.world().polls.len() == 1).await;
        tokio::join!(biased; verifier.poll_revocations(), verifier.poll_revocations(), async { go.send(true).unwrap() })
    };
    let (first, (second, third, ())) = tokio::join!(verifier.poll_revocations(), others);
    assert_eq!((first, second, third), (Ok(Polled::Full(0)), Ok(Polled::Unchanged), Ok(Polled::Unchanged)));
    assert_eq!(issuer.world().polls.len(), 2);
}

#[tokio::test]
async fn who_follows_does_not_poll() {
    let service = followed(|builder| builder).await;
    let error = service.verifier.poll_revocations().await.unwrap_err();
    assert!(error.to_string().contains("follows the feed"), "{error}");
    assert_eq!(service.issuer.world().polls.len(), 0);
}

#[tokio::test]
async fn ready_polls_where_nobody_follows() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let verifier = issuer.builder().poll(credentials()).build().unwrap();
    assert!(tokio::time::timeout(seconds(5), verifier.ready()).await.is_ok());
    assert_eq!(issuer.world().polls.len(), 1);
}
