//! The verifier of access tokens.
//!
//! The first byte says how the rest is read:
//!
//! - `e`: the token below or its twin (one byte says which), then changes to it.
//! - `f`: three lines of a forger who has the signing key: the time in milliseconds, a header, claims.
//! - anything else: text, the first byte included.
//!
//! An ECDSA signature `(r, s)` has a twin `(r, n - s)` that is as valid, whoever computes it (RFC 7518 §3.4 asks for no
//! particular half). So the property cannot be "only the token that was signed": it is that what was signed cannot be
//! changed, and that of its signatures these two pass and no third. Nothing in Rotunda takes a token's text for its
//! identity; `jti` is that.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_token::{Algorithm, Claims, KeySet, LEEWAY_SECONDS, SigningKey, Verifier};
use serde_json::Value;

use crate::edits;

const ISSUER: &str = "https://auth.example.com";
const NOW_MS: i64 = 1_800_000_000_000;

/// The key that RFC 7515, appendix A.3, shows to everybody: private part, then both coordinates.
const PRIVATE: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

/// A token that was signed with it once, written down because aws-lc draws another nonce each time: a finding must
/// come again. The first test of every run is that it verifies.
const TOKEN: &str = include_str!("token.jwt").trim_ascii();

/// The order of P-256 (SEC 2, §2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

struct Issuer {
    key: SigningKey,
    pair: EcdsaKeyPair,
    verifier: Verifier,
    twin: String,
    claims: Claims,
}

static ISSUED: LazyLock<Issuer> = LazyLock::new(|| {
    let pkcs8 = pkcs8();
    let key = SigningKey::from_pkcs8(Algorithm::Es256, &pkcs8).expect("a key of that algorithm");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).expect("likewise");
    let keys = KeySet::from_signing_keys([&key]);
    let verifier = Verifier::new(keys, ISSUER.to_owned(), vec![ISSUER.to_owned()]);
    let claims = verifier.verify(TOKEN, NOW_MS).expect("the token is good");
    let twin = twin(TOKEN);
    assert!(twin != TOKEN && verifier.verify(&twin, NOW_MS).as_ref() == Ok(&claims), "the twin is as good");
    Issuer { key, pair, verifier, twin, claims }
});

/// One input.
pub fn check(data: &[u8]) {
    match data {
        [b'e', which, edits @ ..] => {
            let (token, other) = (TOKEN, ISSUED.twin.as_str());
            let [token, other] = if which % 2 == 0 { [token, other] } else { [other, token] };
            any_text(&edits::apply(token, other, edits));
        }
        [b'f', lines @ ..] => forged(&String::from_utf8_lossy(lines)),
        any => any_text(&String::from_utf8_lossy(any)),
    }
}

/// Whether a key set that came from somewhere lets our token pass: only with our key in it, under our id.
pub(crate) fn verifies_with(keys: &KeySet) {
    let ours = keys.get(ISSUED.key.kid()).is_some_and(|key| key.jwk().x == X && key.jwk().y == Y);
    assert_eq!(keys.verify_signature(TOKEN).is_ok(), ours, "another key verifies, or ours does not");
}

fn any_text(text: &str) {
    let issued = &*ISSUED;
    let ours = text == TOKEN || text == issued.twin;
    let signature = issued.verifier.keys().verify_signature(text);
    assert_eq!(signature.is_ok(), ours, "{text}");
    let verdict = issued.verifier.verify(text, NOW_MS);
    assert_eq!(verdict.as_ref().ok(), ours.then_some(&issued.claims), "{text}");
    assert_eq!(issued.verifier.verify(text, NOW_MS), verdict, "the second time is another verdict");
}

/// What the forger signs is authentic, so all that is left are the rules: each of them, read a second time here.
fn forged(lines: &str) {
    let issued = &*ISSUED;
    let mut lines = lines.splitn(3, '\n');
    let now = lines.next().unwrap_or_default().parse().unwrap_or(NOW_MS);
    let [header, payload] = [lines.next().unwrap_or_default(), lines.next().unwrap_or_default()];
    let signed = [header, payload].map(|part| Base64UrlUnpadded::encode_string(part.as_bytes())).join(".");
    let signature = issued.pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("it signs anything");
    let token = format!("{signed}.{}", Base64UrlUnpadded::encode_string(signature.as_ref()));

    let Ok(claims) = issued.verifier.verify(&token, now) else { return };
    header_is_good(&serde_json::from_str(header).expect("it was read already"));
    let json: Value = serde_json::from_str(payload).expect("it was read already");
    claims_are_good(&json, i128::from(now));

    let read = serde_json::to_value(&claims).expect("claims are JSON");
    for (name, value) in read.as_object().expect("of several") {
        let same = json[name] == *value || (name == "aud" && json[name].get(0) == Some(value));
        assert!(same, "{name} was {} and became {value}", json[name]);
    }
    if let Ok(again) = issued.key.sign(&claims) {
        assert_eq!(issued.verifier.verify(&again, now), Ok(claims), "the claims changed on their way");
    }
}

fn header_is_good(header: &Value) {
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header["kid"], ISSUED.key.kid());
    let typ = header["typ"].as_str().map(str::to_ascii_lowercase);
    assert!(matches!(typ.as_deref(), Some("at+jwt" | "application/at+jwt")), "{header}");
    for refused in ["crit", "jku", "jwk", "x5u", "x5c"] {
        assert!(header.get(refused).is_none(), "{refused} was let pass: {header}");
    }
}

fn claims_are_good(claims: &Value, now: i128) {
    let seconds = |name: &str| claims[name].as_i64().map(|seconds| i128::from(seconds) * 1000);
    let leeway = i128::from(LEEWAY_SECONDS) * 1000;
    // The verifier counts in 64 bits and stops at their end, which is as far away as a time can be.
    let last = i128::from(i64::MAX);
    assert_eq!(claims["iss"], ISSUER);
    let audience = &claims["aud"];
    let meant = |audiences: &Vec<Value>| audiences.iter().any(|one| one == ISSUER);
    assert!(audience == ISSUER || audience.as_array().is_some_and(meant), "{audience}");
    let end = seconds("exp").expect("whole seconds") + leeway;
    assert!(now < end.min(last), "{now} is not before {end}");
    assert!(seconds("iat").is_some() && seconds("auth_time").is_some(), "{claims}");
    match &claims["nbf"] {
        Value::Null => {}
        _ => assert!(now >= seconds("nbf").expect("whole seconds") - leeway, "{now} is too early: {claims}"),
    }
}

/// The same token with the other signature.
fn twin(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let mut signature = Base64UrlUnpadded::decode_vec(signature).expect("base64url");
    let mut borrow = 0_i16;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = difference.rem_euclid(256) as u8;
    }
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature))
}

/// The key as PKCS#8 (RFC 5208 around RFC 5915), which is always the same but for its three numbers.
fn pkcs8() -> Vec<u8> {
    const BEFORE: &[u8] =
        b"\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\
        \x3d\x03\x01\x07\x04\x6d\x30\x6b\x02\x01\x01\x04\x20";
    const BETWEEN: &[u8] = b"\xa1\x44\x03\x42\x00\x04";
    let number = |text| Base64UrlUnpadded::decode_vec(text).expect("base64url");
    [BEFORE, &number(PRIVATE), BETWEEN, &number(X), &number(Y)].concat()
}

/// The token, its twin, and the id of its key, for the seeds.
#[must_use]
pub fn known() -> [&'static str; 3] {
    [TOKEN, &ISSUED.twin, ISSUED.key.kid()]
}
