//! What is signed is what is read.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, RsaKeyPair};
use rotunda_token::{
    ActClaim, Algorithm, Claims, KeySet, MAX_TOKEN_BYTES, SignError, SigningKey, SigningKeyError,
};
use serde_json::{Value, json};

use crate::fixture::{claims, decode, issuers, key, parts, token, verify};

#[test]
fn signed_claims_come_back_as_they_were() {
    let all = Claims {
        aud: vec!["https://other.example".to_owned(), claims().iss],
        nbf: Some(claims().iat),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        ep: Some(u64::MAX),
        roles: Vec::new(),
        ce: Some(u64::MAX),
        rv: Some(u64::MAX),
        scope: Some("invoices.read invoices.write".to_owned()),
        act: Some(ActClaim { sub: "Zoë".to_owned() }),
        sub: "Zoë \"\\ \u{1f511}".to_owned(),
        ..claims()
    };
    for issuer in issuers() {
        for claims in [claims(), all.clone()] {
            assert_eq!(issuer.verify(&issuer.key.sign(&claims).unwrap()), Ok(claims));
        }
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
    for issuer in issuers() {
        let header: Value = serde_json::from_slice(&decode(parts(&issuer.token())[0])).unwrap();
        assert_eq!(header, json!({ "typ": "at+jwt", "alg": issuer.name(), "kid": issuer.key.kid() }));
    }
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
            "ce": 2,
            "rv": 7,
        })
    );
}

#[test]
fn several_audiences_are_written_as_an_array() {
    let claims = Claims { aud: vec!["a".to_owned(), "b".to_owned()], ..claims() };
    assert_eq!(serde_json::to_value(claims).unwrap()["aud"], json!(["a", "b"]));
}

#[test]
fn a_key_read_from_its_form_at_rest_is_the_same_key() {
    for issuer in issuers() {
        let again = SigningKey::from_secret_bytes(issuer.key.algorithm(), issuer.secret.expose()).unwrap();
        assert_eq!(again.kid(), issuer.key.kid());
        assert_eq!(again.public_jwk(), issuer.key.public_jwk());
        assert_eq!(issuer.verify(&again.sign(&claims()).unwrap()), Ok(claims()));
    }
}

#[test]
fn a_key_is_not_read_as_one_of_another_algorithm() {
    for issuer in issuers() {
        for other in Algorithm::ALL.into_iter().filter(|other| *other != issuer.key.algorithm()) {
            let read = SigningKey::from_secret_bytes(other, issuer.secret.expose()).err();
            assert_eq!(read, Some(SigningKeyError::Unreadable), "{} as {}", issuer.name(), other.as_str());
        }
    }
}

#[test]
fn what_is_no_key_is_not_read_as_one() {
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap();
    for issuer in issuers() {
        let whole = issuer.secret.expose();
        let cut = &whole[..whole.len() - 1];
        for bytes in [p384.as_ref(), cut, &whole.repeat(2)[1..], b"", b"-----BEGIN PRIVATE KEY-----"] {
            let read = SigningKey::from_secret_bytes(issuer.key.algorithm(), bytes).err();
            assert_eq!(read, Some(SigningKeyError::Unreadable), "{} {}", issuer.name(), bytes.len());
        }
    }
}

#[test]
fn an_rsa_key_of_2048_bits_from_elsewhere_signs() {
    let pkcs8 = |size| AsDer::<Pkcs8V1Der>::as_der(&RsaKeyPair::generate(size).unwrap()).unwrap();
    let read = |bytes: &Pkcs8V1Der| SigningKey::from_secret_bytes(Algorithm::Rs256, bytes.as_ref());
    let two = read(&pkcs8(KeySize::Rsa2048)).unwrap();
    let keys = KeySet::from_jwks(&KeySet::from_signing_keys([&two]).to_jwks()).unwrap();
    let token = two.sign(&claims()).unwrap();
    assert_eq!(decode(parts(&token)[2]).len(), 256);
    assert!(keys.verify_signature(&token).is_ok());
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
    for issuer in issuers().iter().filter(|issuer| issuer.key.algorithm() != Algorithm::Rs256) {
        let sign = |length| issuer.key.sign(&Claims { scope: Some("s".repeat(length)), ..claims() });
        let longest = (0..8192).rev().find_map(|length| sign(length).ok()).unwrap();
        assert!((MAX_TOKEN_BYTES - 1..=MAX_TOKEN_BYTES).contains(&longest.len()), "{}", longest.len());
        assert!(issuer.verify(&longest).is_ok());
        assert_eq!(sign(8192), Err(SignError::TooLong));
    }
}

#[test]
fn a_token_is_written_into_one_buffer_of_its_size() {
    for issuer in issuers() {
        for length in 0..8 {
            let token = issuer.key.sign(&Claims { sub: "s".repeat(length), ..claims() }).unwrap();
            assert_eq!(token.capacity(), token.len(), "{}", issuer.name());
        }
    }
}
