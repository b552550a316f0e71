//! A stream that ends, breaks, falls silent or talks nonsense: the verifier comes back, from where it was.

use std::time::Duration;

use rotunda_verify::{Limits, RevokedBy};
use serde_json::json;

use crate::feed::followed;
use crate::issuer::{Issuer, credentials, key};
use crate::support::{NOW, until};

fn cursors(issuer: &Issuer) -> Vec<Option<String>> {
    issuer.world().streams.iter().map(|(since, _)| since.clone()).collect()
}

fn some(cursor: &str) -> Option<String> {
    Some(cursor.to_owned())
}

#[tokio::test]
async fn after_a_cut_it_comes_back_with_its_cursor_and_knows_what_it_knew() {
    let service = followed(|builder| builder).await;
    let token = service.token(|_| ());
    let sid = service.issuer.claims().sid.unwrap();
    let entry = json!([{"type": "session", "sid": sid, "at": NOW, "exp": NOW + 660}]);
    service.page("c2", false, entry).await;
    service.beat("c2").await;
    service.refused(&token, RevokedBy::Session).await;

    service.issuer.cut();
    service.opened(2).await;
    assert_eq!(cursors(&service.issuer), [None, some("c2")]);
    assert!(service.verify(&token).is_err());
    service.page("c3", false, json!([])).await;
    service.beat("c3").await;
    until("it is connected again", || service.verifier.health().feed.unwrap().last_error.is_none()).await;
    assert!(service.verify(&token).is_err());
}

/// Of a page in several events, the first ones are no place to go on from: the others would be missed for good.
#[tokio::test]
async fn a_cut_in_the_middle_of_a_page_skips_nothing() {
    let service = followed(|builder| builder).await;
    let token = service.token(|_| ());
    let entry = |sid: &str| json!([{"type": "session", "sid": sid, "at": NOW, "exp": NOW + 660}]);
    service.page("c9", false, entry("first")).await;
    until("the first half", || service.verifier.health().feed.unwrap().entries == 1).await;
    service.issuer.cut();
    service.opened(2).await;
    assert_eq!(cursors(&service.issuer), [None, some("c1")]);
    service.page("c9", false, entry("first")).await;
    service.page("c9", false, entry(&service.issuer.claims().sid.unwrap())).await;
    service.refused(&token, RevokedBy::Session).await;
}

#[tokio::test]
async fn a_stream_without_heartbeats_counts_as_dead() {
    let silence = Duration::from_millis(300);
    let limits = Limits { silence, ..Limits::default() };
    let service = followed(|builder| builder.limits(limits)).await;
    // It stays open, and says nothing.
    service.opened(2).await;
    let error = service.verifier.health().feed.unwrap();
    assert_eq!(cursors(&service.issuer)[1], some("c1"));
    assert!(error.connected || error.last_error.unwrap().contains("not even a heartbeat"));
}

#[tokio::test]
async fn an_end_is_heeded_and_a_token_that_ended_is_replaced() {
    for (reason, token) in
        [("shutdown", "1"), ("token_expired", "2"), ("token_revoked", "2"), ("<script>", "1")]
    {
        let service = followed(|builder| builder).await;
        service.issuer.send(&format!("event: end\ndata: {}\n\n", json!({"reason": reason}))).await;
        service.opened(2).await;
        assert_eq!(service.issuer.world().streams[1], (some("c1"), token.to_owned()), "{reason}");
    }
}

#[tokio::test]
async fn a_refused_token_is_not_used_again() {
    for status in [401, 403] {
        let key = key();
        let issuer = Issuer::with_keys(&[&key]).await;
        issuer.world().stream_status = Some(status);
        let verifier = issuer.builder().follow(credentials()).build().unwrap();
        until("a second try", || issuer.world().streams.len() >= 2).await;
        let bearers: Vec<_> =
            issuer.world().streams.iter().take(2).map(|(_, bearer)| bearer.clone()).collect();
        assert_eq!(bearers, ["1", "2"]);
        until("the metric", || verifier.health().feed.unwrap().last_error.is_some()).await;
        let feed = verifier.health().feed.unwrap();
        assert!(!feed.connected && feed.last_error.unwrap().contains(&status.to_string()));
    }
}

#[tokio::test]
async fn nonsense_is_a_cut_and_never_a_revocation_skipped() {
    let huge = format!("data: {}\n", "x".repeat(1 << 20)).repeat(5);
    let long_id = json!({"cursor": "c2", "full": false, "as_of": 1,
        "entries": [{"type": "token", "jti": "j".repeat(300), "exp": 1}]});
    let nonsense = [
        "event: revocations\ndata: not JSON\n\n".to_owned(),
        "event: revocations\ndata: {\"cursor\":\"c2\",\"full\":false,\"as_of\":1,\"entries\":[{\"type\":\"session\",\"exp\":1}]}\n\n".to_owned(),
        "event: revocations\ndata: {\"cursor\":\"c\\r\\n2\",\"full\":false,\"as_of\":1,\"entries\":[]}\n\n".to_owned(),
        format!("event: revocations\ndata: {long_id}\n\n"),
        "event: heartbeat\ndata: {}\n\n".to_owned(),
        "event: heartbeat\ndata: {\"cursor\":\"\",\"as_of\":1}\n\n".to_owned(),
        huge,
    ];
    for text in nonsense {
        let service = followed(|builder| builder).await;
        service.issuer.send(&text).await;
        service.opened(2).await;
        assert_eq!(cursors(&service.issuer), [None, some("c1")], "{}", &text[..60.min(text.len())]);
        assert!(service.verify(&service.token(|_| ())).is_ok());
    }
}
