//! What a refusal looks like to a client, whole.

use http::StatusCode;
use rotunda_verify::{Invalid, Malformed, Refused, RevokedBy, Unavailable};
use serde_json::{Value, json};

use crate::issuer::{Issuer, key};
use crate::support::HandClock;

fn answer(refused: &Refused) -> (u16, Option<String>, Option<String>, Value) {
    let response = refused.response::<String>();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("content-type").as_deref(), Some("application/json"));
    assert_eq!(header("cache-control").as_deref(), Some("no-store"));
    let body: Value = serde_json::from_str(response.body()).unwrap();
    assert_eq!(body["error_description"], refused.to_string());
    (response.status().as_u16(), header("www-authenticate"), header("retry-after"), body)
}

/// `WWW-Authenticate` with these parameters after the realm.
fn bearer(parameters: &str) -> Option<String> {
    Some(format!(r#"Bearer realm="rotunda"{parameters}"#))
}

#[test]
fn a_refused_token_is_401_and_the_client_reads_what_to_do() {
    let missing = answer(&Refused::Missing);
    assert_eq!((missing.0, missing.1, missing.2), (401, bearer(""), None));
    assert_eq!(
        (&missing.3["error"], &missing.3["reason"]),
        (&json!("invalid_token"), &json!("token_missing"))
    );
    for (refused, text, reason) in [
        (Refused::Expired, "The access token has expired", "token_expired"),
        (Refused::Invalid(Invalid::Signature), "The access token is not good", "token_unknown"),
        (Refused::Revoked(RevokedBy::Session), "The session has ended", "session_ended"),
        (Refused::Outdated, "The roles of the user have changed", "token_outdated"),
        (Refused::Revoked(RevokedBy::Everyone), "The access token was revoked", "token_unknown"),
        (Refused::Revoked(RevokedBy::User), "The access token was revoked", "token_unknown"),
        (Refused::Revoked(RevokedBy::Token), "The access token was revoked", "token_unknown"),
        (Refused::Revoked(RevokedBy::Key), "The access token was revoked", "token_unknown"),
    ] {
        let (status, challenge, retry, body) = answer(&refused);
        let expected = bearer(&format!(r#", error="invalid_token", error_description="{text}""#));
        assert_eq!((status, challenge, retry), (401, expected, None), "{refused:?}");
        assert_eq!(
            (&body["error"], &body["reason"]),
            (&json!("invalid_token"), &json!(reason)),
            "{refused:?}"
        );
    }
}

#[test]
fn what_lacks_is_403_and_says_which_scope() {
    for (refused, rest) in [
        (
            Refused::InsufficientScope { scope: "a b:c".into() },
            r#"The access token lacks a scope", scope="a b:c""#,
        ),
        // What would break out of the header is left out of it.
        (Refused::InsufficientScope { scope: "a\"\r\nx: y".into() }, r#"The access token lacks a scope""#),
        (Refused::InsufficientRole { role: "admin".into() }, r#"The user lacks a role""#),
    ] {
        let (status, challenge, retry, body) = answer(&refused);
        let expected = bearer(&format!(r#", error="insufficient_scope", error_description="{rest}"#));
        assert_eq!((status, challenge, retry), (403, expected, None));
        assert_eq!((&body["error"], &body["reason"]), (&json!("insufficient_scope"), &Value::Null));
    }
}

#[test]
fn two_headers_are_400_and_an_outage_503_with_a_time_to_come_back() {
    let (status, challenge, _, body) = answer(&Refused::Malformed(Malformed::TwoHeaders));
    let text = "The Authorization header is not good";
    assert_eq!(challenge, bearer(&format!(r#", error="invalid_request", error_description="{text}""#)));
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
    for why in [Unavailable::NoKeys, Unavailable::KeysOutOfDate, Unavailable::FeedStale] {
        let (status, challenge, retry, body) = answer(&Refused::Unavailable(why));
        assert_eq!((status, challenge, retry.as_deref()), (503, None, Some("2")));
        assert_eq!(body["error"], "temporarily_unavailable");
    }
}

#[tokio::test]
async fn no_answer_repeats_any_part_of_a_token() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let verifier = issuer.builder().clock(HandClock::new()).build().unwrap();
    let good = key.sign(&issuer.claims()).unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    for (headers, status) in [
        (vec![format!("Bearer {}x", good)], StatusCode::UNAUTHORIZED),
        (vec![format!("Bearer {}.{}", parts[0], parts[1])], StatusCode::UNAUTHORIZED),
        (vec![format!("Bearer {good}"), format!("Bearer {good}")], StatusCode::BAD_REQUEST),
        (vec![format!("Bearer\u{e9} {good}")], StatusCode::BAD_REQUEST),
        (vec!["Bearer".to_owned()], StatusCode::BAD_REQUEST),
        (vec!["Bearer ".to_owned()], StatusCode::BAD_REQUEST),
        (vec![format!("Token {good}")], StatusCode::UNAUTHORIZED),
        (vec![good.clone()], StatusCode::UNAUTHORIZED),
    ] {
        let mut map = http::HeaderMap::new();
        for header in &headers {
            map.append("authorization", http::HeaderValue::from_bytes(header.as_bytes()).unwrap());
        }
        let refused = verifier.authenticate_headers(&map).await.unwrap_err();
        let response = refused.response::<String>();
        assert_eq!(response.status(), status, "{refused:?}");
        let all = format!("{response:?}");
        assert!(parts.iter().all(|part| !all.contains(*part)), "{all}");
    }
}
