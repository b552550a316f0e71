//! The reader of published key sets and keys. The input is the JSON, as it came over the network.
//!
//! Which entries count, and under which name, is told a second time here, on the JSON as another reader has it.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_token::{Algorithm, Jwk, Jwks, JwksError, KeyParameters, KeySet, MAX_JWKS_BYTES, MAX_JWKS_KEYS};
use serde_json::{Map, Value};

use crate::jwt;

/// The kinds of public keys with the numbers that each must have (RFC 7518 §6, RFC 8037 §2).
const KINDS: [(&str, &[&str]); 3] =
    [("EC", &["crv", "x", "y"]), ("OKP", &["crv", "x"]), ("RSA", &["n", "e"])];
/// What may stand beside them.
const BESIDE: [&str; 3] = ["kid", "alg", "use"];
/// What a private key has and nobody publishes: parts of EC, OKP and RSA keys, and the whole of an `oct`.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

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
    match keys {
        Ok(keys) => usable(&jwks, &keys),
        Err(why) => assert!(why == JwksError::KidTwice && has_a_name_twice(&jwks), "{why}: {jwks:?}"),
    }
}

/// The set is what the JSON says, entry by entry: nothing is invented, nothing lost, and no private key gets in.
fn entries(data: &[u8], jwks: &Jwks) {
    let json: Value = serde_json::from_slice(data).expect("it was read already");
    let entries = json["keys"].as_array().expect("it was read already");
    assert!(data.len() <= MAX_JWKS_BYTES && entries.len() <= MAX_JWKS_KEYS);
    let published: Vec<Value> = entries.iter().filter_map(published).collect();
    let read: Vec<Value> =
        jwks.keys.iter().map(|jwk| serde_json::to_value(jwk).expect("texts only")).collect();
    assert_eq!(read, published, "the set is not what was published");
}

/// What counts of an entry, if it is a public key for signatures.
fn published(entry: &Value) -> Option<Value> {
    let entry = entry.as_object()?;
    if PRIVATE.iter().any(|name| entry.contains_key(*name)) {
        return None;
    }
    let (kind, numbers) = kind_of(entry.get("kty")?)?;
    let mut kept = Map::from_iter([("kty".to_owned(), kind.into())]);
    for name in numbers {
        kept.insert((*name).to_owned(), entry.get(*name)?.as_str()?.into());
    }
    for name in BESIDE {
        if let Some(value) = entry.get(name).filter(|value| !value.is_null()) {
            kept.insert(name.to_owned(), value.as_str()?.into());
        }
    }
    let is_for_signatures = kept.get("use").is_none_or(|it| it == "sig");
    let may_verify = match entry.get("key_ops") {
        None => true,
        Some(operations) => operations.as_array()?.iter().any(|it| it == "verify"),
    };
    (is_for_signatures && may_verify).then_some(Value::Object(kept))
}

/// A kind by its name. (`"kty": 2` was once read as `RSA`, by its number in our own list; this target found it.)
fn kind_of(kty: &Value) -> Option<(&'static str, &'static [&'static str])> {
    KINDS.into_iter().find(|(known, _)| kty == known)
}

/// The keys that count: each pinned to one algorithm, each under its own id, and the set survives the way out and in.
fn usable(jwks: &Jwks, keys: &KeySet) {
    assert_eq!(keys.is_empty(), keys.iter().next().is_none());
    assert_eq!(keys.len(), keys.to_jwks().keys.len(), "one of them cannot be published");
    for key in keys.iter() {
        let jwk = key.jwk().expect("it was published");
        assert_eq!(keys.get(key.kid()).and_then(|found| found.jwk()), Some(jwk));
        let algorithm = algorithm_of(&jwk.parameters);
        assert_eq!(Some(key.algorithm()), algorithm, "{jwk:?}");
        assert_eq!(
            [&jwk.kid, &jwk.alg, &jwk.key_use].map(Option::as_deref),
            [Some(key.kid()), Some(key.algorithm().as_str()), Some("sig")]
        );
        // Whoever published it named it so, or left it to the key itself.
        let is_it = |theirs: &&Jwk| theirs.parameters == jwk.parameters && name_of(theirs) == key.kid();
        assert!(jwks.keys.iter().any(|theirs| is_it(&theirs) && may_be(theirs, key.algorithm())), "{jwk:?}");
    }
    for jwk in &jwks.keys {
        let alone = KeySet::from_jwks(&Jwks { keys: vec![jwk.clone()] }).expect("one key has one name");
        let counts = keys.get(&name_of(jwk)).and_then(|key| key.jwk()).map(|key| &key.parameters);
        assert_eq!(!alone.is_empty(), counts == Some(&jwk.parameters) && may_be_any(jwk), "{jwk:?}");
        let must = jwt::is_ours(&jwk.parameters) && may_be_any(jwk);
        assert!(!must || !alone.is_empty(), "a good key does not count: {jwk:?}");
    }
    let written = serde_json::to_vec(&keys.to_jwks()).expect("texts only");
    if written.len() <= MAX_JWKS_BYTES {
        let read = KeySet::from_jwks_json(&written).expect("what we publish can be read");
        assert_eq!(read.to_jwks(), keys.to_jwks(), "a set changed on its way");
    }
    jwt::verifies_with(keys);
}

/// Whether two different keys have one name.
fn has_a_name_twice(jwks: &Jwks) -> bool {
    let same = |one: &Jwk, other: &Jwk| name_of(one) == name_of(other) && one.parameters != other.parameters;
    jwks.keys.iter().any(|one| jwks.keys.iter().any(|other| same(one, other)))
}

/// Whether its publisher lets it be of its own kind's algorithm.
fn may_be_any(jwk: &Jwk) -> bool {
    algorithm_of(&jwk.parameters).is_some_and(|algorithm| may_be(jwk, algorithm))
}

fn may_be(jwk: &Jwk, algorithm: Algorithm) -> bool {
    jwk.alg.as_deref().is_none_or(|alg| alg == algorithm.as_str())
}

/// The one algorithm of a key, as far as its numbers can be right: no key is for an HMAC.
fn algorithm_of(parameters: &KeyParameters) -> Option<Algorithm> {
    match parameters {
        KeyParameters::Ec { crv, x, y } => {
            (crv == "P-256" && [x, y].iter().all(|text| bytes(text) == Some(32))).then_some(Algorithm::Es256)
        }
        KeyParameters::Okp { crv, x } => {
            (crv == "Ed25519" && bytes(x) == Some(32)).then_some(Algorithm::EdDsa)
        }
        KeyParameters::Rsa { n, e } => {
            let [n, e] = [n, e].map(|text| Base64UrlUnpadded::decode_vec(text).ok());
            is_rsa(&n?, &e?).then_some(Algorithm::Rs256)
        }
    }
}

fn bytes(text: &str) -> Option<usize> {
    Base64UrlUnpadded::decode_vec(text).ok().map(|bytes| bytes.len())
}

/// 2048 to 4096 bits and an exponent of 32 at most, both odd, neither with a zero before it nor 1.
fn is_rsa(n: &[u8], e: &[u8]) -> bool {
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let tight = |number: &[u8]| number.first().is_some_and(|first| *first != 0);
    // 2^2047 is the least number of 2048 bits, and 2^4096 the first of more than 4096.
    let long = n.len() > 256 || (n.len() == 256 && n[0] >= 0x80);
    odd(n) && tight(n) && long && n.len() <= 512 && odd(e) && tight(e) && e.len() <= 4 && e != [1]
}

/// The name that its publisher gave, else the thumbprint: SHA-256 of the JSON of its type and its numbers, names in
/// order and nothing between (RFC 7638 §3).
fn name_of(jwk: &Jwk) -> String {
    let thumbprint = || {
        let json = serde_json::to_value(&jwk.parameters).expect("texts only");
        let members: BTreeMap<&String, &Value> = json.as_object().expect("of several").iter().collect();
        let text = serde_json::to_string(&members).expect("likewise");
        Base64UrlUnpadded::encode_string(digest(&SHA256, text.as_bytes()).as_ref())
    };
    jwk.kid.clone().unwrap_or_else(thumbprint)
}
