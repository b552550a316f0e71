//! Reading and publishing key sets.

use std::collections::BTreeSet;

use rotunda_token::{
    Algorithm, Invalid, JwksError, KeySet, MAX_JWKS_BYTES, MAX_JWKS_KEYS, SigningKey, Verifier,
};
use serde_json::{Value, json};

use crate::fixture::{
    ISSUER, Issuer, NOW_MS, claims, decode, encode, issuer, issuers, key, public_issuers, token,
};

fn jwk_with(name: &str, value: Value) -> Value {
    jwk_of(issuer(Algorithm::Es256), name, value)
}

fn jwk_of(issuer: &Issuer, name: &str, value: Value) -> Value {
    let mut jwk = json!(issuer.key.public_jwk());
    jwk[name] = value;
    jwk
}

/// The first coordinate.
fn x_of(key: &SigningKey) -> String {
    json!(key.public_jwk())["x"].as_str().unwrap().to_owned()
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
    let wanted: [(_, &[&str], _); 3] = [
        (Algorithm::Es256, &["kty", "crv", "x", "y"], ["EC", "P-256"]),
        (Algorithm::EdDsa, &["kty", "crv", "x"], ["OKP", "Ed25519"]),
        (Algorithm::Rs256, &["kty", "n", "e"], ["RSA", ""]),
    ];
    for (algorithm, own, [kty, crv]) in wanted {
        let key = &issuer(algorithm).key;
        let jwk = json!(key.public_jwk());
        let names: BTreeSet<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, own.iter().copied().chain(["kid", "alg", "use"]).collect());
        assert_eq!([&jwk["kty"], &jwk["alg"], &jwk["use"]], [kty, algorithm.as_str(), "sig"]);
        assert_eq!(jwk["crv"].as_str().unwrap_or_default(), crv);
        assert_eq!(jwk["kid"], key.kid());
        assert_eq!(key.kid().len(), 43);
    }
    let rsa = json!(issuer(Algorithm::Rs256).key.public_jwk());
    assert_eq!((decode(rsa["n"].as_str().unwrap()).len() * 8, &rsa["e"]), (3072, &json!("AQAB")));
}

#[test]
fn a_shared_secret_is_never_published() {
    let issuer = issuer(Algorithm::Hs256);
    assert_eq!(issuer.key.public_jwk(), None);
    let keys = KeySet::from_signing_keys(issuers().iter().map(|issuer| &issuer.key));
    assert_eq!((keys.len(), keys.to_jwks().keys.len()), (4, 3));
    assert_eq!(keys.get(issuer.key.kid()).unwrap().jwk(), None);
    let secret = issuer.key.shared_secret().unwrap().expose_text();
    let shown = [serde_json::to_string(&keys.to_jwks()).unwrap(), format!("{keys:?}")];
    for shown in shown {
        assert!(
            !shown.contains(&*secret) && !shown.contains(&format!("{:?}", issuer.secret.expose())),
            "{shown}"
        );
    }
}

#[test]
fn what_is_accepted_and_what_is_published_are_sets_of_their_own() {
    let [new, current, _, old] = issuers();
    let accepted = KeySet::from_signing_keys([&current.key, &old.key]);
    let published = KeySet::from_signing_keys([&new.key, &current.key]);
    let verdicts = |keys: &KeySet| [new, current, old].map(|it| keys.verify_signature(&it.token()).map(drop));
    assert_eq!(verdicts(&accepted), [Err(Invalid::KeyUnknown), Ok(()), Ok(())]);
    assert_eq!(verdicts(&published), [Ok(()), Ok(()), Err(Invalid::KeyUnknown)]);
    let revoked = current.key.kid();
    let rest: KeySet = published.iter().filter(|key| key.kid() != revoked).cloned().collect();
    assert_eq!(verdicts(&rest), [Ok(()), Err(Invalid::KeyUnknown), Err(Invalid::KeyUnknown)]);
}

#[test]
fn a_published_set_of_all_kinds_is_read_back_as_it_was() {
    let keys = KeySet::from_signing_keys(public_issuers().map(|issuer| &issuer.key));
    let published = serde_json::to_vec(&keys.to_jwks()).unwrap();
    let read = KeySet::from_jwks_json(&published).unwrap();
    assert_eq!(serde_json::to_vec(&read.to_jwks()).unwrap(), published);
    for issuer in public_issuers() {
        assert_eq!(read.get(issuer.key.kid()).unwrap().algorithm(), issuer.key.algorithm());
        assert!(read.verify_signature(&issuer.token()).is_ok(), "{}", issuer.name());
    }
}

#[test]
fn entries_with_a_private_part_are_skipped() {
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    for issuer in public_issuers() {
        assert_eq!(set_of(&[json!(issuer.key.public_jwk())]).unwrap().len(), 1, "or the test proves nothing");
        for name in private {
            for value in [json!("AAAA"), json!(null), json!([])] {
                assert!(set_of(&[jwk_of(issuer, name, value)]).unwrap().is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn an_oct_entry_is_skipped_whatever_it_says() {
    let issuer = issuer(Algorithm::Hs256);
    let k = issuer.key.shared_secret().unwrap().expose_text();
    let oct = json!({ "kty": "oct", "k": *k, "kid": issuer.key.kid(), "alg": "HS256", "use": "sig" });
    let mut without = oct.clone();
    without.as_object_mut().unwrap().remove("k");
    let mut others: Vec<_> = public_issuers().map(|it| jwk_of(it, "alg", json!("HS256"))).collect();
    others.extend([oct, without]);
    for entry in others {
        let keys = set_of(std::slice::from_ref(&entry)).unwrap();
        assert!(keys.is_empty(), "{entry}");
        assert_eq!(keys.verify_signature(&issuer.token()), Err(Invalid::KeyUnknown));
    }
}

#[test]
fn an_rsa_key_is_read_from_2048_to_4096_bits_with_an_odd_exponent_of_at_least_3() {
    let read = |n: &[u8], e: &[u8]| {
        let entry = json!({ "kty": "RSA", "n": encode(n), "e": encode(e) });
        set_of(&[entry]).unwrap().len() == 1
    };
    let modulus = |bits: usize, last: u8| {
        let mut n = vec![0; bits.div_ceil(8)];
        n[0] = 1 << ((bits - 1) % 8);
        *n.last_mut().unwrap() = last;
        n
    };
    let usual = &[1, 0, 1][..];
    for (bits, verdict) in [(1024, false), (2040, false), (2047, false), (2048, true), (2049, true)] {
        assert_eq!(read(&modulus(bits, 1), usual), verdict, "{bits}");
    }
    for (bits, verdict) in [(3072, true), (4095, true), (4096, true), (4097, false), (8192, false)] {
        assert_eq!(read(&modulus(bits, 1), usual), verdict, "{bits}");
    }
    let good = modulus(2048, 1);
    assert!(!read(&modulus(2048, 2), usual), "no product of two odd primes is even");
    assert!(!read(&[&[0], good.as_slice()].concat(), usual), "one spelling only");
    assert!(!read(&[0; 256], usual) && !read(&[], usual));
    for e in [&[3][..], &[17], &[1, 0, 1], &[0xff; 4]] {
        assert!(read(&good, e), "{e:?}");
    }
    for e in [&[][..], &[0], &[1], &[2], &[4], &[1, 0], &[0, 1, 0, 1], &[0, 3], &[1, 0, 0, 0, 1], &good] {
        assert!(!read(&good, e), "{e:?}");
    }
    for name in ["n", "e"] {
        let issuer = issuer(Algorithm::Rs256);
        let text = json!(issuer.key.public_jwk())[name].as_str().unwrap().to_owned();
        for wrong in [format!("{text}="), format!("{text} "), format!("{text}A"), "+/==".to_owned()] {
            assert!(set_of(&[jwk_of(issuer, name, json!(wrong))]).unwrap().is_empty(), "{name} {wrong}");
        }
    }
}

#[test]
fn an_okp_key_is_ed25519_and_of_32_bytes() {
    let issuer = issuer(Algorithm::EdDsa);
    let x = decode(&x_of(&issuer.key));
    for (name, value) in [
        ("crv", json!("X25519")),
        ("crv", json!("Ed448")),
        ("crv", json!("P-256")),
        ("kty", json!("EC")),
        ("kty", json!("okp")),
        ("alg", json!("ES256")),
        ("use", json!("enc")),
        ("x", json!(encode(&x[..31]))),
        ("x", json!(encode([x.as_slice(), &[0]].concat()))),
        ("x", json!(format!("{}=", encode(&x)))),
        ("x", json!("")),
    ] {
        let entry = jwk_of(issuer, name, value);
        assert!(set_of(std::slice::from_ref(&entry)).unwrap().is_empty(), "{entry}");
    }
}

#[test]
fn entries_that_cannot_verify_here_are_skipped() {
    let x = &x_of(key());
    let flipped = {
        let mut y = decode(json!(key().public_jwk())["y"].as_str().unwrap());
        y[31] ^= 1;
        encode(y)
    };
    let skipped = [
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa" }),
        json!({ "kty": "OKP", "crv": "Ed448", "x": x, "kid": "okp" }),
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
    let key = keys.find(|key| decode(&x_of(key))[31] == 0).unwrap();
    let mut entry = json!(key.public_jwk());
    assert_eq!(set_of(&[entry.clone()]).unwrap().len(), 1);
    entry["x"] = json!(encode(&decode(&x_of(&key))[..31]));
    assert!(set_of(&[entry]).unwrap().is_empty());
}

#[test]
fn an_entry_may_leave_out_what_follows_from_the_rest() {
    for issuer in public_issuers() {
        let mut bare = json!(issuer.key.public_jwk());
        for name in ["kid", "alg", "use"] {
            bare.as_object_mut().unwrap().remove(name).unwrap();
        }
        let keys = set_of(&[bare]).unwrap();
        let read = keys.get(issuer.key.kid()).unwrap();
        assert_eq!(read.jwk(), issuer.key.public_jwk(), "the thumbprint is the kid");
    }
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
