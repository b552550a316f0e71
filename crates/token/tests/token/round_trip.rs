//! What is signed is what is read.

use rotunda_token::{Algorithm, Claims, KeySet, MAX_TOKEN_BYTES, SignError, SigningKey, SigningKeyError};
use serde_json::{Value, json};

use crate::fixture::{claims, decode, key, parts, pkcs8, token, verifier, verify};

#[test]
fn signed_claims_come_back_as_they_were() {
    let all = Claims {
        aud: vec!["https://other.example".to_owned(), claims().iss],
        nbf: Some(claims().iat),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        ep: Some(u64::MAX),
        roles: Vec::new(),
        scope: Some("invoices.read invoices.write".to_owned()),
        sub: "Zoë \"\\ \u{1f511}".to_owned(),
        ..claims()
    };
    for claims in [claims(), all] {
        assert_eq!(verify(&key().sign(&claims).unwrap()), Ok(claims));
    }
}

#[test]
fn claims_of_any_length_are_encoded_whole() {
    // The encoder works in pieces; no length may fall between them.
    for length in 0..400 {
        let claims = Claims { sub: "s".repeat(length), ..claims() };
        assert_eq!(verify(&key().sign(&claims).unwrap()), Ok(claims), "{length}");
    }
}

#[test]
fn the_header_is_that_of_an_access_token() {
    let header: Value = serde_json::from_slice(&decode(parts(&token())[0])).unwrap();
    assert_eq!(header, json!({ "typ": "at+jwt", "alg": "ES256", "kid": key().kid() }));
}

#[test]
fn the_claims_have_their_names_from_rfc_9068() {
    let payload: Value = serde_json::from_slice(&decode(parts(&token())[1])).unwrap();
    assert_eq!(
        payload,
        json!({
            "iss": "https://auth.example.com",
            "sub": "019a7d3c-2b1e-7c40-9f00-5d2c1a7be001",
            "aud": "https://auth.example.com",
            "exp": 1_800_000_600,
            "iat": 1_800_000_000,
            "jti": "019a7d3c-2b1e-7c40-9f00-5d2c1a7be002",
            "client_id": "web",
            "sid": "019a7d3c-2b1e-7c40-9f00-5d2c1a7be003",
            "auth_time": 1_799_999_970,
            "amr": ["pwd"],
            "ep": 3,
            "roles": ["editor"],
        })
    );
}

#[test]
fn several_audiences_are_written_as_an_array() {
    let claims = Claims { aud: vec!["a".to_owned(), "b".to_owned()], ..claims() };
    assert_eq!(serde_json::to_value(claims).unwrap()["aud"], json!(["a", "b"]));
}

#[test]
fn a_key_read_from_its_pkcs8_is_the_same_key() {
    let again = SigningKey::from_pkcs8(Algorithm::Es256, pkcs8()).unwrap();
    assert_eq!(again.kid(), key().kid());
    assert_eq!(again.public_jwk(), key().public_jwk());
    assert_eq!(verify(&again.sign(&claims()).unwrap()), Ok(claims()));
}

#[test]
fn what_is_no_p256_key_is_not_read_as_one() {
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};

    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap();
    let cut = &pkcs8()[..pkcs8().len() - 1];
    for bytes in [p384.as_ref(), cut, b"", b"-----BEGIN PRIVATE KEY-----"] {
        assert_eq!(SigningKey::from_pkcs8(Algorithm::Es256, bytes).err(), Some(SigningKeyError::Pkcs8));
    }
}

#[test]
fn two_generated_keys_differ() {
    let (other, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    assert_ne!(other.kid(), key().kid());
    assert_eq!(KeySet::from_signing_keys([key(), &other]).len(), 2);
}

#[test]
fn twenty_roles_stay_below_one_kibibyte() {
    let roles: Vec<_> = (1..=20).map(|n| format!("billing:{n:02}")).collect();
    let token = key().sign(&Claims { roles, ..claims() }).unwrap();
    assert!(verify(&token).is_ok());
    assert!(token.len() < 1024, "{} bytes", token.len());
}

#[test]
fn nothing_is_signed_that_no_verifier_would_read() {
    let with_scope = |length| Claims { scope: Some("s".repeat(length)), ..claims() };
    let longest = (0..8192).rev().find_map(|length| key().sign(&with_scope(length)).ok()).unwrap();
    assert_eq!(longest.len(), MAX_TOKEN_BYTES);
    assert!(verifier().verify(&longest, claims().iat * 1000).is_ok());
    assert_eq!(key().sign(&with_scope(8192)), Err(SignError::TooLong));
}
