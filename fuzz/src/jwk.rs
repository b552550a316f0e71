//! The reader of published key sets and keys. The input is the JSON, as it came over the network.

use std::collections::BTreeSet;

use rotunda_token::{Jwk, Jwks, KeySet, MAX_JWKS_BYTES, MAX_JWKS_KEYS};
use serde_json::Value;

use crate::jwt;

/// One input.
pub fn check(data: &[u8]) {
    if let Ok(jwk) = serde_json::from_slice::<Jwk>(data) {
        let written = serde_json::to_vec(&jwk).expect("texts only");
        assert_eq!(serde_json::from_slice::<Jwk>(&written).ok(), Some(jwk), "a key changed on its way");
    }
    let jwks = Jwks::from_json(data);
    let keys = KeySet::from_jwks_json(data);
    let Ok(jwks) = jwks else {
        return assert!(keys.is_err(), "what is no set has keys all the same");
    };
    entries(data, &jwks);
    let written = serde_json::to_vec(&jwks).expect("texts only");
    if written.len() <= MAX_JWKS_BYTES {
        assert_eq!(Jwks::from_json(&written), Ok(jwks.clone()), "a set changed on its way");
    }
    let by_hand = KeySet::from_jwks(&jwks);
    assert_eq!(by_hand.as_ref().map(KeySet::to_jwks), keys.as_ref().map(KeySet::to_jwks));
    if let Ok(keys) = keys {
        usable(&jwks, &keys);
    }
}

/// The set against the JSON as another reader has it: nothing is invented, and no private key gets in.
fn entries(data: &[u8], jwks: &Jwks) {
    let json: Value = serde_json::from_slice(data).expect("it was read already");
    let entries = json["keys"].as_array().expect("it was read already");
    assert!(data.len() <= MAX_JWKS_BYTES && entries.len() <= MAX_JWKS_KEYS);
    let public: Vec<&Value> = entries.iter().filter(|entry| entry.get("d").is_none()).collect();
    assert!(jwks.keys.len() <= public.len());
    for jwk in &jwks.keys {
        assert!(jwk.key_use.as_deref().is_none_or(|it| it == "sig"), "not for signatures: {jwk:?}");
        let theirs = |entry: &&Value| entry["x"] == jwk.x.as_str() && entry["y"] == jwk.y.as_str();
        assert!(public.iter().any(theirs), "nobody published this: {jwk:?}");
    }
}

/// The keys that count: each pinned to one algorithm, each under its own id, and the set survives the way out and in.
fn usable(jwks: &Jwks, keys: &KeySet) {
    assert!(keys.len() <= jwks.keys.len());
    assert_eq!(keys.is_empty(), keys.iter().next().is_none());
    let kids: BTreeSet<&str> = keys.iter().map(|key| key.kid()).collect();
    assert_eq!(kids.len(), keys.len(), "two keys have one id");
    for key in keys.iter() {
        let jwk = key.jwk();
        assert_eq!(keys.get(key.kid()).map(|found| found.jwk()), Some(jwk));
        assert_eq!([jwk.kty.as_str(), jwk.crv.as_str()], ["EC", "P-256"]);
        assert_eq!(
            [&jwk.kid, &jwk.alg, &jwk.key_use].map(Option::as_deref),
            [Some(key.kid()), Some("ES256"), Some("sig")]
        );
        assert_eq!([&jwk.x, &jwk.y].map(String::len), [43, 43], "a coordinate is written in full: {jwk:?}");
    }
    let written = serde_json::to_vec(&keys.to_jwks()).expect("texts only");
    if written.len() <= MAX_JWKS_BYTES {
        let read = KeySet::from_jwks_json(&written).expect("what we publish can be read");
        assert_eq!(read.to_jwks(), keys.to_jwks(), "a set changed on its way");
    }
    jwt::verifies_with(keys);
}
