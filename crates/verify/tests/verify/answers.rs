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

#[test]
fn each_refusal_has_its_answer() {
    let bearer = |rest: &str| Some(format!(r#"Bearer realm="rotunda"{rest}"#));
    let invalid = |text: &str| bearer(&format!(r#", error="invalid_token", error_description="{text}""#));
    let lacks = |text: &str| bearer(&format!(r#", error="insufficient_scope", error_description="{text}"#));
    let cases = [
        (Refused::Missing, 401, bearer(""), "invalid_token", json!("token_missing")),
        (
            Refused::Expired,
            401,
            invalid("The access token has expired"),
            "invalid_token",
            json!("token_expired"),
        ),
        (
            Refused::Invalid(Invalid::Signature),
            401,
            invalid("The access token is not good"),
            "invalid_token",
            json!("token_unknown"),
        ),
        (
            Refused::Revoked(RevokedBy::Session),
            401,
            invalid("The session has ended"),
            "invalid_token",
            json!("session_ended"),
        ),
        (
            Refused::Revoked(RevokedBy::User),
            401,
            invalid("The access token was revoked"),
            "invalid_token",
            json!("token_unknown"),
        ),
        (
            Refused::Revoked(RevokedBy::Key),
            401,
            invalid("The access token was revoked"),
            "invalid_token",
            json!("token_unknown"),
        ),
        (
            Refused::Malformed(Malformed::TwoHeaders),
            400,
            bearer(r#", error="invalid_request", error_description="The Authorization header is not good""#),
            "invalid_request",
            Value::Null,
        ),
        (
            Refused::InsufficientScope { scope: "a b:c".into() },
            403,
            lacks(r#"The access token lacks a scope", scope="a b:c""#),
            "insufficient_scope",
            Value::Null,
        ),
        // What would break out of the header is left out of it.
        (
            Refused::InsufficientScope { scope: "a\"\r\nx: y".into() },
            403,
            lacks(r#"The access token lacks a scope""#),
            "insufficient_scope",
            Value::Null,
        ),
        (
            Refused::InsufficientRole { role: "admin".into() },
            403,
            lacks(r#"The user lacks a role""#),
            "insufficient_scope",
            Value::Null,
        ),
    ];
    for (refused, status, challenge, error, reason) in cases {
        let (told, header, retry, body) = answer(&refused);
        assert_eq!((told, header, retry), (status, challenge, None), "{refused:?}");
        assert_eq!((body["error"].as_str(), &body["reason"]), (Some(error), &reason), "{refused:?}");
    }
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
