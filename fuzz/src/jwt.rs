//! The verifier of access tokens, with one key of each kind ([`crate::signers`]).
//!
//! The first byte says how the rest is read:
//!
//! - `e`: one of our tokens (one byte says which), then changes to it.
//! - `f`: three lines of a forger who has the signing keys: the time in milliseconds and, after a space, which key (by its
//!   algorithm; `PUBLIC` is an HMAC keyed by a published key), a header, claims.
//! - anything else: text, the first byte included.
//!
//! An ECDSA signature `(r, s)` has a twin `(r, n - s)` that is as valid, whoever computes it (RFC 7518 §3.4 asks for no
//! particular half). So the property cannot be "only the token that was signed": it is that what was signed cannot be
//! changed, and that of its signatures these two pass and no third. The other three kinds have one signature each.
//! Nothing in Rotunda takes a token's text for its identity; `jti` is that.
//!
//! Every token goes to three verifiers: of all keys, of those that are published, of the shared secret. What passes the
//! first passes exactly one of the others, and which one its signer decides, not its header.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_token::{Algorithm, Claims, KeyParameters, KeySet, LEEWAY_SECONDS, SignError, Verifier};
use serde_json::Value;

use crate::edits;
use crate::names::Names;
use crate::signers::{Signer, sign_with_a_public_key};

const ISSUER: &str = "https://auth.example.com";
const NOW_MS: i64 = 1_800_000_000_000;

/// A token that was signed with ES256 once, written down because aws-lc draws another nonce each time: a finding must
/// come again. The first test of every run is that it verifies.
const TOKEN: &str = include_str!("token.jwt").trim_ascii();

/// The order of P-256 (SEC 2, §2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// All claims that are read, and whether a token must have them.
const CLAIMS: [(&str, bool); 17] = [
    ("iss", true),
    ("sub", true),
    ("aud", true),
    ("exp", true),
    ("iat", true),
    ("nbf", false),
    ("jti", true),
    ("client_id", true),
    ("sid", false),
    ("auth_time", false),
    ("amr", false),
    ("ep", false),
    ("roles", false),
    ("scope", false),
    ("ce", false),
    ("rv", false),
    ("act", false),
];

struct Issuer {
    signers: BTreeMap<Algorithm, Signer>,
    all: Verifier,
    published: Verifier,
    shared: Verifier,
    /// Every token that is any good, with who signed it and what it says.
    tokens: Vec<(String, Algorithm, Claims)>,
}

static ISSUED: LazyLock<Issuer> = LazyLock::new(|| {
    let signers: BTreeMap<_, _> = Algorithm::ALL.into_iter().map(|one| (one, Signer::of(one))).collect();
    let all = KeySet::from_signing_keys(signers.values().map(|signer| &signer.key));
    assert_eq!(all.len(), Algorithm::ALL.len());
    let published = KeySet::from_jwks(&all.to_jwks()).expect("they differ");
    let secret = signers[&Algorithm::Hs256].key.shared_secret().expect("it is one");
    let shared = KeySet::from_shared_secret(secret);
    let [all, published, shared] =
        [all, published, shared].map(|keys| Verifier::new(keys, ISSUER.to_owned(), vec![ISSUER.to_owned()]));

    let users = all.verify(TOKEN, NOW_MS).expect("the token is good");
    let signed = |by: Algorithm, claims: &Claims| {
        (signers[&by].key.sign(claims).expect("it is short"), by, claims.clone())
    };
    let tokens = vec![
        (TOKEN.to_owned(), Algorithm::Es256, users.clone()),
        (twin(TOKEN), Algorithm::Es256, users.clone()),
        signed(Algorithm::EdDsa, &users),
        signed(Algorithm::Rs256, &users),
        signed(Algorithm::Hs256, &users),
        signed(Algorithm::EdDsa, &of_a_service(&users)),
    ];
    assert_ne!(tokens[0].0, tokens[1].0, "the twin is itself");
    Issuer { signers, all, published, shared, tokens }
});

/// What a service's token says beside a user's: nothing of a session or a user.
fn of_a_service(users: &Claims) -> Claims {
    Claims {
        sub: "client:reports".to_owned(),
        client_id: "reports".to_owned(),
        sid: None,
        auth_time: None,
        ep: None,
        amr: Vec::new(),
        roles: Vec::new(),
        scope: Some("revocations.read".to_owned()),
        ..users.clone()
    }
}

/// One input.
pub fn check(data: &[u8]) {
    match data {
        [b'e', which, edits @ ..] => {
            let (which, tokens) = (usize::from(*which), &ISSUED.tokens);
            let [token, other] =
                [which, which + 1 + which / tokens.len()].map(|at| tokens[at % tokens.len()].0.as_str());
            any_text(&edits::apply(token, other, edits));
        }
        [b'f', lines @ ..] => forged(&String::from_utf8_lossy(lines)),
        any => any_text(&String::from_utf8_lossy(any)),
    }
}

/// Whether a key set that came from somewhere lets our tokens pass: only with our key in it, under our id; and the
/// shared secret's never, since nobody publishes that.
pub(crate) fn verifies_with(keys: &KeySet) {
    for (token, by, _) in &ISSUED.tokens {
        let signer = &ISSUED.signers[by].key;
        let theirs = keys.get(signer.kid()).and_then(|key| key.jwk()).map(|jwk| &jwk.parameters);
        let ours = theirs.is_some() && theirs == signer.public_jwk().map(|jwk| &jwk.parameters);
        assert_eq!(keys.verify_signature(token).is_ok(), ours, "another key verifies, or ours does not");
    }
}

/// Whether these are the numbers of one of our keys, which are good ones.
pub(crate) fn is_ours(parameters: &KeyParameters) -> bool {
    let ours = ISSUED.signers.values().filter_map(|signer| signer.key.public_jwk());
    ours.map(|jwk| &jwk.parameters).any(|known| known == parameters)
}

fn any_text(text: &str) {
    let known = ISSUED.tokens.iter().find(|(token, ..)| token == text);
    let signature = ISSUED.all.keys().verify_signature(text);
    assert_eq!(signature.is_ok(), known.is_some(), "{text}");
    let expected = known.map(|(_, by, claims)| (by.is_public(), claims.clone()));
    assert_eq!(verdict(text, NOW_MS), expected, "{text}");
}

/// What a token says, if it passes; and whether it does with the published keys, or with the shared secret.
fn verdict(token: &str, now: i64) -> Option<(bool, Claims)> {
    let Issuer { all, published, shared, .. } = &*ISSUED;
    let verdict = all.verify(token, now);
    assert_eq!(all.verify(token, now), verdict, "the second time is another verdict");
    match [verdict.ok(), published.verify(token, now).ok(), shared.verify(token, now).ok()] {
        [None, None, None] => None,
        [Some(claims), Some(same), None] if claims == same => Some((true, claims)),
        [Some(claims), None, Some(same)] if claims == same => Some((false, claims)),
        verdicts => panic!("the verifiers do not agree about {token}: {verdicts:?}"),
    }
}

/// What the forger signs is authentic, so all that is left are the rules: each of them, read a second time here.
fn forged(lines: &str) {
    let mut lines = lines.splitn(3, '\n');
    let first = lines.next().unwrap_or_default();
    let (now, by) = first.split_once(' ').unwrap_or((first, "ES256"));
    let now = now.parse().unwrap_or(NOW_MS);
    let [header, payload] = [lines.next().unwrap_or_default(), lines.next().unwrap_or_default()];
    let signed = [header, payload].map(|part| Base64UrlUnpadded::encode_string(part.as_bytes())).join(".");
    let signer = Algorithm::from_name(by).map(|by| &ISSUED.signers[&by]);
    let signature = signer
        .map_or_else(|| sign_with_a_public_key(signed.as_bytes()), |signer| signer.sign(signed.as_bytes()));
    let token = format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature));

    let Some((by_published, claims)) = verdict(&token, now) else { return };
    let signer = signer.expect("nobody but the key's owner signs");
    assert_eq!(by_published, signer.key.algorithm().is_public(), "{header}");
    header_is_good(header, signer);
    let json: Value = serde_json::from_str(payload).expect("it was read already");
    claims_are_good(&json, i128::from(now));
    listed_once(payload);
    session_is_whole(&json, &claims);
    nothing_else_is_read(&json, &claims);
    signed_again(signer, claims, now);
}

fn header_is_good(header: &str, signer: &Signer) {
    assert!(
        Names::of(header.as_bytes()).is_some_and(|names| names.differ()),
        "a name stands twice: {header}"
    );
    let header: Value = serde_json::from_str(header).expect("it was read already");
    assert_eq!(header["alg"], signer.key.algorithm().as_str());
    assert_eq!(header["kid"], signer.key.kid());
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
    for (name, needed) in CLAIMS {
        assert!(!needed || claims.get(name).is_some(), "{name} is missing: {claims}");
    }
    assert_eq!(claims["iss"], ISSUER);
    let audience = &claims["aud"];
    let meant = |audiences: &Vec<Value>| audiences.iter().any(|one| one == ISSUER);
    assert!(audience == ISSUER || audience.as_array().is_some_and(meant), "{audience}");
    let end = seconds("exp").expect("whole seconds") + leeway;
    assert!(now < end.min(last), "{now} is not before {end}");
    assert!(seconds("iat").is_some(), "{claims}");
    match &claims["nbf"] {
        Value::Null => {}
        _ => assert!(now >= seconds("nbf").expect("whole seconds") - leeway, "{now} is too early: {claims}"),
    }
}

/// What nobody reads may stand as often as it likes.
fn listed_once(claims: &str) {
    let Names(mut names) = Names::of(claims.as_bytes()).expect("it was read already");
    names.retain(|name| CLAIMS.iter().any(|(listed, _)| listed == name));
    assert!(Names(names).differ(), "a claim stands twice: {claims}");
}

/// A user's token has all three, a service's none; `null` is neither.
fn session_is_whole(json: &Value, claims: &Claims) {
    let [sid, auth_time, ep] = ["sid", "auth_time", "ep"].map(|name| json.get(name));
    let read = claims.session().map(|session| (session.sid, session.auth_time, session.ep));
    match (sid, auth_time, ep) {
        (None, None, None) => assert_eq!(read, None, "a session was made up: {json}"),
        (Some(sid), Some(auth_time), Some(ep)) => {
            let told = sid.as_str().zip(auth_time.as_i64()).zip(ep.as_u64());
            let told = told.map(|((sid, auth_time), ep)| (sid, auth_time, ep));
            assert!(told.is_some() && read == told, "{read:?} of {json}");
        }
        _ => panic!("half a session was let pass: {json}"),
    }
}

/// Every claim that is listed says what it said, and none is made up or lost.
fn nothing_else_is_read(json: &Value, claims: &Claims) {
    let read = serde_json::to_value(claims).expect("claims are JSON");
    for (name, value) in read.as_object().expect("of several") {
        assert!(CLAIMS.iter().any(|(known, _)| known == name), "{name} is nobody's");
        // Whoever has no roles need not say so; who says something about them, or about `amr`, gives a list.
        let same = json[name] == *value || (name == "aud" && json[name].get(0) == Some(value));
        let unsaid = name == "roles" && json.get(name).is_none() && *value == Value::Array(Vec::new());
        // Of whoever acts, only `sub` is read.
        let acting = name == "act" && json[name]["sub"] == value["sub"];
        assert!(same || unsaid || acting, "{name} was {} and became {value}", json[name]);
    }
    for (name, _) in CLAIMS {
        let said = match json.get(name) {
            None => false,
            Some(Value::Null) => !matches!(name, "nbf" | "scope"),
            Some(Value::Array(none)) if name == "amr" => !none.is_empty(),
            Some(_) => true,
        };
        assert_eq!(read.get(name).is_some(), said || name == "roles", "{name}: {json} became {read}");
    }
}

/// Claims that passed can be signed here, and come back as they were; half a session is not signed.
fn signed_again(signer: &Signer, claims: Claims, now: i64) {
    match signer.key.sign(&claims) {
        Ok(again) => {
            let by_published = signer.key.algorithm().is_public();
            assert_eq!(verdict(&again, now), Some((by_published, claims.clone())), "the claims changed");
        }
        Err(why) => assert_eq!(why, SignError::TooLong),
    }
    let half = match claims.sid {
        Some(_) => Claims { sid: None, ..claims },
        None => Claims { ep: Some(0), ..claims },
    };
    assert_eq!(signer.key.sign(&half), Err(SignError::Claims), "half a session was signed");
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

/// The tokens that inputs may begin with, and the ids of their keys by algorithm, for the seeds.
#[must_use]
pub fn known() -> (Vec<&'static str>, BTreeMap<&'static str, &'static str>) {
    let kids = ISSUED.signers.iter().map(|(by, signer)| (by.as_str(), signer.key.kid()));
    (ISSUED.tokens.iter().map(|(token, ..)| token.as_str()).collect(), kids.collect())
}
