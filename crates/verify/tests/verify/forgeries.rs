//! The classic attacks, against a verifier that fetches its keys over a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::hmac;
use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_verify::{Invalid, Refused, Verifier};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::issuer::{Issuer, key};
use crate::support::HandClock;

fn encode(value: &Value) -> String {
    Base64UrlUnpadded::encode_string(value.to_string().as_bytes())
}

/// A good token, its header changed, its signature kept.
fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&Base64UrlUnpadded::decode_vec(header).unwrap()).unwrap();
    change(&mut header);
    format!("{}.{rest}", encode(&header))
}

async fn refused(verifier: &Verifier, token: &str) -> Invalid {
    match verifier.authenticate(token).await {
        Err(Refused::Invalid(invalid)) => invalid,
        other => panic!("{other:?}"),
    }
}

struct Attacked {
    issuer: Issuer,
    verifier: Verifier,
    key: rotunda_token::SigningKey,
    token: String,
}

async fn attacked() -> Attacked {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let verifier = issuer.builder().cache(10).clock(HandClock::new()).build().unwrap();
    verifier.ready().await;
    let token = key.sign(&issuer.claims()).unwrap();
    assert!(verifier.verify(&token).is_ok());
    Attacked { issuer, verifier, key, token }
}

#[tokio::test]
async fn a_key_that_a_token_names_or_brings_is_neither_asked_for_nor_used() {
    let Attacked { verifier, token, .. } = attacked().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = format!("http://{}/keys", listener.local_addr().unwrap());
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    for name in ["jku", "x5u", "jwk", "x5c"] {
        for unknown in [false, true] {
            let forged = with_header(&token, |header| {
                header[name] = json!(there);
                if unknown {
                    header["kid"] = json!("unknown");
                }
            });
            assert_eq!(refused(&verifier, &forged).await, Invalid::KeyInHeader, "{name}");
        }
    }
    // The listener does listen, so its silence says something.
    assert_eq!(visits.load(Ordering::SeqCst), 0);
    drop(
        tokio::net::TcpStream::connect(there.trim_start_matches("http://").trim_end_matches("/keys"))
            .await
            .unwrap(),
    );
    crate::support::until("a visit", || visits.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn none_and_an_hmac_with_the_public_key_are_refused() {
    let Attacked { verifier, token, issuer, key } = attacked().await;
    for alg in ["none", "None", "nOnE", ""] {
        let forged = with_header(&token, |header| header["alg"] = json!(alg));
        assert_eq!(refused(&verifier, &forged).await, Invalid::AlgorithmUnknown);
        let unsigned = format!("{}.", forged.rsplit_once('.').unwrap().0);
        assert_eq!(refused(&verifier, &unsigned).await, Invalid::AlgorithmUnknown);
    }
    // Everything public that could pass for a secret.
    let jwks = issuer.world().jwks.clone();
    let jwk = serde_json::to_string(key.public_jwk().unwrap()).unwrap();
    for secret in [jwks.as_bytes(), jwk.as_bytes(), key.kid().as_bytes(), b""] {
        let forged = with_header(&token, |header| header["alg"] = json!("HS256"));
        let signed = forged.rsplit_once('.').unwrap().0;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        let forged = format!("{signed}.{}", Base64UrlUnpadded::encode_string(tag.as_ref()));
        assert_eq!(refused(&verifier, &forged).await, Invalid::AlgorithmMismatch);
    }
}

#[tokio::test]
async fn another_issuers_audiences_or_kind_of_token_is_refused() {
    let Attacked { verifier, issuer, key, token } = attacked().await;
    let with = |change: fn(&mut rotunda_token::Claims)| {
        let mut claims = issuer.claims();
        change(&mut claims);
        key.sign(&claims).unwrap()
    };
    let cases = [
        (with(|claims| claims.iss.push('/')), Invalid::Issuer),
        (with(|claims| claims.aud = vec!["https://other.example".to_owned()]), Invalid::Audience),
        (with(|claims| claims.aud = vec![]), Invalid::Audience),
        (with(|claims| claims.nbf = Some(claims.iat + 61)), Invalid::NotYetValid),
        (with_header(&token, |header| header["typ"] = json!("JWT")), Invalid::Type),
        (with_header(&token, |header| header["typ"] = json!("logout+jwt")), Invalid::Type),
        (
            with_header(&token, |header| _ = header.as_object_mut().unwrap().remove("kid")),
            Invalid::KeyIdMissing,
        ),
        (token.clone() + "AA", Invalid::Signature),
        (token.clone() + "A=", Invalid::Encoding),
        (token.clone() + "\n", Invalid::Encoding),
        (token.clone() + ".e30", Invalid::NotThreeParts),
        ("rt_0123456789abcdef".to_owned(), Invalid::NotThreeParts),
        ("x".repeat(9000), Invalid::TooLong),
    ];
    for (forged, expected) in cases {
        assert_eq!(refused(&verifier, &forged).await, expected);
    }
    // None of them cost the issuer a request.
    assert_eq!(issuer.key_fetches(), 1);
}
