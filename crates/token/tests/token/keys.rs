//! Reading and publishing key sets.

use rotunda_token::{Algorithm, JwksError, KeySet, MAX_JWKS_BYTES, MAX_JWKS_KEYS, SigningKey, Verifier};
use serde_json::{Value, json};

use crate::fixture::{ISSUER, NOW_MS, claims, decode, encode, key, token};

fn jwk_with(name: &str, value: Value) -> Value {
    let mut jwk = json!(key().public_jwk());
    jwk[name] = value;
    jwk
}

fn set_of(keys: &[Value]) -> Result<KeySet, JwksError> {
    KeySet::from_jwks_json(json!({ "keys": keys }).to_string().as_bytes())
}

#[test]
fn a_published_set_verifies_what_its_keys_sign() {
    let (other, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    let published = serde_json::to_vec(&KeySet::from_signing_keys([key(), &other]).to_jwks()).unwrap();
    let keys = KeySet::from_jwks_json(&published).unwrap();
    assert_eq!((keys.len(), keys.is_empty()), (2, false));
    assert_eq!(keys.get(key().kid()).unwrap().algorithm(), Algorithm::Es256);
    assert_eq!(serde_json::to_vec(&keys.to_jwks()).unwrap(), published);

    let verifier = Verifier::new(keys, ISSUER.to_owned(), vec![ISSUER.to_owned()]);
    assert_eq!(verifier.verify(&token(), NOW_MS), Ok(claims()));
    assert_eq!(verifier.keys().len(), 2);
}

#[test]
fn a_published_key_says_all_and_nothing_private() {
    let jwk = json!(key().public_jwk());
    let names: Vec<_> = jwk.as_object().unwrap().keys().collect();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!(jwk["kty"], "EC");
    assert_eq!(jwk["crv"], "P-256");
    assert_eq!(jwk["alg"], "ES256");
    assert_eq!(jwk["use"], "sig");
    assert_eq!(jwk["kid"], key().kid());
    assert_eq!(key().kid().len(), 43);
}

#[test]
fn entries_that_cannot_verify_here_are_skipped() {
    let x = &key().public_jwk().x;
    let flipped = {
        let mut y = decode(&key().public_jwk().y);
        y[31] ^= 1;
        encode(y)
    };
    let skipped = [
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa" }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "okp" }),
        json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "oct" }),
        json!({ "kty": "EC", "kid": "bare" }),
        json!({}),
        json!(null),
        json!(["EC", "P-256"]),
        jwk_with("kty", json!("ec")),
        jwk_with("crv", json!("P-384")),
        jwk_with("alg", json!("ES384")),
        jwk_with("alg", json!("none")),
        jwk_with("use", json!("enc")),
        jwk_with("key_ops", json!(["deriveKey"])),
        jwk_with("key_ops", json!("verify")),
        jwk_with("d", json!("AAAA")),
        jwk_with("x", json!(format!("{x}="))),
        jwk_with("x", json!("AAAA")),
        jwk_with("x", json!(encode([0; 33]))),
        jwk_with("y", json!(flipped)),
        jwk_with("kid", json!(7)),
    ];
    for entry in &skipped {
        assert!(set_of(std::slice::from_ref(entry)).unwrap().is_empty(), "{entry}");
    }
    let mut all = skipped.to_vec();
    all.push(json!(key().public_jwk()));
    let keys = set_of(&all).unwrap();
    assert_eq!(keys.iter().map(|key| key.kid()).collect::<Vec<_>>(), [key().kid()]);
}

#[test]
fn a_coordinate_without_its_last_zeros_is_skipped() {
    // RFC 7518 §6.2.1.2: always all 32 bytes. One key in 256 has an `x` for which it makes a difference.
    let mut keys = std::iter::repeat_with(|| SigningKey::generate(Algorithm::Es256).unwrap().0);
    let jwk =
        keys.find_map(|key| Some(key.public_jwk().clone()).filter(|jwk| decode(&jwk.x)[31] == 0)).unwrap();
    let mut entry = json!(jwk);
    assert_eq!(set_of(&[entry.clone()]).unwrap().len(), 1);
    entry["x"] = json!(encode(&decode(&jwk.x)[..31]));
    assert!(set_of(&[entry]).unwrap().is_empty());
}

#[test]
fn an_entry_may_leave_out_what_follows_from_the_rest() {
    let jwk = key().public_jwk();
    let bare = json!({ "kty": "EC", "crv": "P-256", "x": jwk.x, "y": jwk.y });
    let keys = set_of(&[bare]).unwrap();
    assert_eq!(keys.get(key().kid()).unwrap().jwk(), jwk, "the thumbprint is the kid");
    assert_eq!(set_of(&[jwk_with("key_ops", json!(["sign", "verify"]))]).unwrap().len(), 1);
    assert!(set_of(&[jwk_with("kid", json!("of-their-own"))]).unwrap().get("of-their-own").is_some());
}

#[test]
fn two_keys_under_one_kid_are_refused_and_one_key_twice_is_not() {
    let (other, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    let mut impostor = json!(other.public_jwk());
    impostor["kid"] = json!(key().kid());
    let ours = json!(key().public_jwk());
    assert_eq!(set_of(&[ours.clone(), impostor]).err(), Some(JwksError::KidTwice));
    assert_eq!(set_of(&[ours.clone(), ours]).unwrap().len(), 1);
}

#[test]
fn a_set_is_bounded() {
    let full = |extra: usize| {
        let mut keys = vec![json!({ "kty": "RSA" }); MAX_JWKS_KEYS - 1 + extra];
        keys.push(json!(key().public_jwk()));
        set_of(&keys)
    };
    assert_eq!(full(0).unwrap().len(), 1);
    assert_eq!(full(1).err(), Some(JwksError::TooManyKeys));

    let mut json = json!({ "keys": [key().public_jwk()] }).to_string();
    json += &" ".repeat(MAX_JWKS_BYTES - json.len());
    assert_eq!(KeySet::from_jwks_json(json.as_bytes()).unwrap().len(), 1);
    assert_eq!(KeySet::from_jwks_json((json + " ").as_bytes()).err(), Some(JwksError::TooLong));
}

#[test]
fn what_is_no_set_is_refused() {
    let nested = "[".repeat(10_000);
    let wrong = ["", "{}", "null", "[]", "[[]]", r#"{"keys":null}"#, r#"{"keys":{}}"#, r#"{"keys":[]}x"#];
    for json in wrong.into_iter().chain([r#"{"keys":[],"keys":[]}"#, nested.as_str(), "<html>"]) {
        assert_eq!(KeySet::from_jwks_json(json.as_bytes()).err(), Some(JwksError::NotJwks), "{json}");
    }
    assert_eq!(KeySet::from_jwks_json(b"\xff\xfe").err(), Some(JwksError::NotJwks));
    assert!(KeySet::from_jwks_json(br#" {"keys":[],"more":1}"#).unwrap().is_empty());
}
