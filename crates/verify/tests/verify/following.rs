//! What the follower does about a stream that only looks alive, and what is seen when it is gone itself.

use std::time::Duration;

use rotunda_verify::Limits;

use crate::feed::followed;

/// Bytes that complete no event keep nothing alive.
#[tokio::test]
async fn comments_are_no_heartbeats() {
    let silence = Duration::from_millis(300);
    let service = followed(|builder| builder.limits(Limits { silence, ..Limits::default() })).await;
    let first = service.issuer.world().open.back().unwrap().clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(50));
        while first.send(": still here\n\n".into()).await.is_ok() {
            every.tick().await;
        }
    });
    service.opened(2).await;
}
