//! One issuer with one key, and a forger who has that key: so each test changes one thing and nothing else is wrong.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm};
use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_token::{Algorithm, Claims, Invalid, KeySet, Pkcs8, SigningKey, Verifier};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const NOW_MS: i64 = NOW * 1000;

static KEY: LazyLock<(SigningKey, Pkcs8)> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());

pub(crate) fn key() -> &'static SigningKey {
    &KEY.0
}

pub(crate) fn pkcs8() -> &'static [u8] {
    KEY.1.expose()
}

pub(crate) fn verifier() -> Verifier {
    Verifier::new(KeySet::from_signing_keys([key()]), ISSUER.to_owned(), vec![ISSUER.to_owned()])
}

pub(crate) fn verify(token: &str) -> Result<Claims, Invalid> {
    verifier().verify(token, NOW_MS)
}

pub(crate) fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        sub: "019a7d3c-2b1e-7c40-9f00-5d2c1a7be001".to_owned(),
        aud: vec![ISSUER.to_owned()],
        exp: NOW + 600,
        iat: NOW,
        nbf: None,
        jti: "019a7d3c-2b1e-7c40-9f00-5d2c1a7be002".to_owned(),
        client_id: "web".to_owned(),
        sid: Some("019a7d3c-2b1e-7c40-9f00-5d2c1a7be003".to_owned()),
        auth_time: Some(NOW - 30),
        amr: vec!["pwd".to_owned()],
        ep: Some(3),
        roles: vec!["editor".to_owned()],
        scope: None,
    }
}

pub(crate) fn token() -> String {
    key().sign(&claims()).unwrap()
}

/// The claims of [`claims`] as JSON, with one set to something else.
pub(crate) fn claims_with(name: &str, value: Value) -> String {
    let mut all = serde_json::to_value(claims()).unwrap();
    all[name] = value;
    all.to_string()
}

/// The right header as JSON.
pub(crate) fn header() -> Value {
    json!({ "typ": "at+jwt", "alg": "ES256", "kid": key().kid() })
}

/// The right header with one member set to something else.
pub(crate) fn header_with(name: &str, value: Value) -> String {
    let mut header = header();
    header[name] = value;
    header.to_string()
}

/// A token of any header and claims, with a signature that is right.
pub(crate) fn forge(header: &str, claims: &str) -> String {
    forge_parts(&encode(header), &encode(claims))
}

/// As [`forge`], of two parts that are encoded already.
pub(crate) fn forge_parts(header: &str, payload: &str) -> String {
    let signed = format!("{header}.{payload}");
    let signature = encode(raw_signature(&ECDSA_P256_SHA256_FIXED_SIGNING, &signed));
    format!("{signed}.{signature}")
}

/// The right header, other claims.
pub(crate) fn forge_claims(claims: &str) -> String {
    forge(&header().to_string(), claims)
}

/// Another header, the right claims.
pub(crate) fn forge_header(header: &str) -> String {
    forge(header, &serde_json::to_string(&claims()).unwrap())
}

pub(crate) fn raw_signature(form: &'static EcdsaSigningAlgorithm, message: &str) -> Vec<u8> {
    let pair = EcdsaKeyPair::from_pkcs8(form, pkcs8()).unwrap();
    pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

/// The three parts of a token.
pub(crate) fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

#[test]
fn what_the_forger_makes_by_the_book_verifies() {
    assert_eq!(verify(&forge_header(&header().to_string())), Ok(claims()));
    assert_eq!(verify(&forge_claims(&claims_with("ep", json!(3)))), Ok(claims()));
}
