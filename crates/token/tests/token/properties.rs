//! Whatever is sent: nothing panics, and nothing that the key did not sign verifies.

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;
use rotunda_token::{ActClaim, Claims, KeySet, SigningKey};

use crate::fixture::{claims, forge, forge_claims, header, issuers, key, verifier, verify};

#[derive(Clone, Debug)]
enum Mutation {
    Replace(Index, char),
    Insert(Index, char),
    Remove(Index),
    Swap(Index, Index),
    Cut(Index),
    Repeat(Index, Index),
}

/// Characters that a token may have, dots included, and a few that it may not.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![8 => proptest::char::range('0', 'z'), 2 => Just('.'), 1 => Just('='), 1 => any::<char>()]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<Index>(), character()).prop_map(|(at, to)| Mutation::Replace(at, to)),
        (any::<Index>(), character()).prop_map(|(at, what)| Mutation::Insert(at, what)),
        any::<Index>().prop_map(Mutation::Remove),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        any::<Index>().prop_map(Mutation::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Mutation::Repeat(a, b)),
    ]
}

fn apply(token: &str, mutations: &[Mutation]) -> String {
    let mut text: Vec<char> = token.chars().collect();
    for mutation in mutations {
        // One more than the length, so that no index is out of range and the end can be reached.
        let at = |index: &Index| index.index(text.len() + 1);
        match mutation {
            Mutation::Replace(i, to) => {
                let i = at(i);
                text.splice(i..text.len().min(i + 1), [*to]);
            }
            Mutation::Insert(i, what) => text.insert(at(i), *what),
            Mutation::Remove(i) => {
                let i = at(i);
                text.drain(i..text.len().min(i + 1));
            }
            Mutation::Swap(i, j) if !text.is_empty() => {
                let (i, j) = (i.index(text.len()), j.index(text.len()));
                text.swap(i, j);
            }
            Mutation::Swap(..) => {}
            Mutation::Cut(i) => text.truncate(at(i)),
            Mutation::Repeat(i, j) => {
                let (i, j) = (at(i), at(j));
                text.extend_from_within(i.min(j)..i.max(j));
            }
        }
    }
    text.into_iter().collect()
}

/// Seconds or milliseconds: half of them near to each other, half from the whole range.
fn time() -> impl Strategy<Value = i64> {
    prop_oneof![-2_000..2_000_i64, any::<i64>()]
}

proptest! {
    #[test]
    fn an_arbitrary_string_never_verifies(text in any::<String>(), now in any::<i64>()) {
        prop_assert!(verifier().verify(&text, now).is_err());
        prop_assert!(verifier().keys().verify_signature(&text).is_err());
    }

    #[test]
    fn three_arbitrary_parts_never_verify(text in r"[A-Za-z0-9_-]{0,99}\.[A-Za-z0-9_-]{0,99}\.[A-Za-z0-9_-]{0,99}") {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn a_mutated_token_never_verifies(mutations in proptest::collection::vec(mutation(), 1..6)) {
        for issuer in issuers() {
            let token = issuer.token();
            let mutated = apply(&token, &mutations);
            prop_assert_eq!(issuer.verify(&mutated).is_ok(), mutated == token);
        }
    }

    #[test]
    fn arbitrary_signed_bytes_are_no_claims(payload in any::<String>(), now in any::<i64>()) {
        prop_assert!(verifier().verify(&forge_claims(&payload), now).is_err());
    }

    #[test]
    fn an_arbitrary_signed_header_is_no_header(text in any::<String>()) {
        prop_assert!(verify(&forge(&text, &serde_json::to_string(&claims()).unwrap())).is_err());
    }

    #[test]
    fn any_times_are_judged_as_arithmetic_has_it(
        exp in time(), nbf in proptest::option::of(time()), leeway in prop_oneof![0..100_i64, 0..=i64::MAX],
        now in prop_oneof![-2_000_000..2_000_000_i64, any::<i64>()],
    ) {
        let token = forge(&header().to_string(), &serde_json::to_string(&Claims { exp, nbf, ..claims() }).unwrap());
        let verdict = verifier().with_leeway_seconds(leeway).verify(&token, now);
        // In 128 bits nothing overflows; the end of the 64-bit range is as far away as a time can be.
        let wide = |seconds: i64| i128::from(seconds) * 1000;
        let end = (wide(exp) + wide(leeway)).clamp(i64::MIN.into(), i64::MAX.into());
        let start = nbf.map(|nbf| (wide(nbf) - wide(leeway)).clamp(i64::MIN.into(), i64::MAX.into()));
        let now = i128::from(now);
        prop_assert_eq!(verdict.is_ok(), now < end && start.is_none_or(|start| start <= now));
    }

    #[test]
    fn any_claims_survive_the_way_there_and_back(
        sub: String, jti: String, ep: u64, roles: Vec<String>, scope: Option<String>, auth_time: i64,
        ce: Option<u64>, rv: Option<u64>, acting: Option<String>,
    ) {
        let act = acting.map(|sub| ActClaim { sub });
        let (ep, auth_time) = (Some(ep), Some(auth_time));
        let claims = Claims { sub, jti, ep, roles, scope, auth_time, ce, rv, act, ..claims() };
        if let Ok(token) = key().sign(&claims) {
            prop_assert_eq!(verify(&token), Ok(claims));
        }
    }

    #[test]
    fn arbitrary_bytes_are_neither_keys_nor_panics(bytes: Vec<u8>) {
        for algorithm in rotunda_token::Algorithm::ALL {
            let read = SigningKey::from_secret_bytes(algorithm, &bytes);
            // Any 32 bytes are an HMAC key.
            prop_assert_eq!(read.is_ok(), !algorithm.is_public() && bytes.len() == 32);
        }
        prop_assert!(KeySet::from_jwks_json(&bytes).map_or(true, |keys| keys.is_empty()));
    }
}
