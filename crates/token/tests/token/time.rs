//! When a token is valid.

use rotunda_token::{Claims, Invalid, LEEWAY_SECONDS};
use serde_json::json;

use crate::fixture::{NOW, NOW_MS, claims, claims_with, forge_claims, key, token, verifier, verify};

const EXP_MS: i64 = (NOW + 600) * 1000;

#[test]
fn exp_holds_for_59_seconds_more_and_not_for_61() {
    assert_eq!(LEEWAY_SECONDS, 60);
    assert_eq!(verifier().verify(&token(), EXP_MS + 59_000), Ok(claims()));
    assert_eq!(verifier().verify(&token(), EXP_MS + 61_000), Err(Invalid::Expired));
}

#[test]
fn nbf_holds_59_seconds_before_and_not_61() {
    let nbf = NOW + 300;
    let claims = Claims { nbf: Some(nbf), ..claims() };
    let token = key().sign(&claims).unwrap();
    assert_eq!(verifier().verify(&token, (nbf - 61) * 1000), Err(Invalid::NotYetValid));
    assert_eq!(verifier().verify(&token, (nbf - 59) * 1000), Ok(claims));
}

#[test]
fn the_limits_are_exact_to_the_millisecond() {
    let token = key().sign(&Claims { nbf: Some(NOW), ..claims() }).unwrap();
    for leeway in [0, 1, 60, 3600] {
        let verifier = verifier().with_leeway_seconds(leeway);
        let (first, end) = (NOW_MS - leeway * 1000, EXP_MS + leeway * 1000);
        assert_eq!(verifier.verify(&token, first - 1), Err(Invalid::NotYetValid), "{leeway}");
        assert!(verifier.verify(&token, first).is_ok(), "{leeway}");
        assert!(verifier.verify(&token, end - 1).is_ok(), "{leeway}");
        assert_eq!(verifier.verify(&token, end), Err(Invalid::Expired), "{leeway}");
    }
}

#[test]
fn a_leeway_below_zero_counts_as_zero() {
    let verifier = verifier().with_leeway_seconds(-600);
    assert!(verifier.verify(&token(), EXP_MS - 1).is_ok());
    assert_eq!(verifier.verify(&token(), EXP_MS), Err(Invalid::Expired));
}

#[test]
fn an_exp_at_the_ends_of_the_range_neither_panics_nor_wraps() {
    for (exp, outcome) in [
        (i64::MAX, Ok(())),
        (i64::MAX / 1000 + 1, Ok(())),
        (0, Err(Invalid::Expired)),
        (-1, Err(Invalid::Expired)),
        (i64::MIN / 1000 - 1, Err(Invalid::Expired)),
        (i64::MIN, Err(Invalid::Expired)),
    ] {
        assert_eq!(verify(&forge_claims(&claims_with("exp", json!(exp)))).map(drop), outcome, "{exp}");
    }
    for (nbf, outcome) in [(i64::MIN, Ok(())), (-1, Ok(())), (i64::MAX, Err(Invalid::NotYetValid))] {
        assert_eq!(verify(&forge_claims(&claims_with("nbf", json!(nbf)))).map(drop), outcome, "{nbf}");
    }
    for leeway in [i64::MIN, i64::MAX] {
        assert!(verifier().with_leeway_seconds(leeway).verify(&token(), NOW_MS).is_ok(), "{leeway}");
    }
    assert!(verifier().verify(&token(), i64::MIN).is_ok(), "`exp` is far away");
    assert_eq!(verifier().verify(&token(), i64::MAX), Err(Invalid::Expired));
}

#[test]
fn an_exp_that_is_no_whole_number_in_range_is_refused() {
    let good = serde_json::to_string(&claims()).unwrap();
    for number in
        ["1800000600.0", "1.8e12", "1e400", "-1e400", "9223372036854775808", "1e-1", "NaN", "01800000600"]
    {
        let claims = good.replace("\"exp\":1800000600", &format!("\"exp\":{number}"));
        assert_ne!(claims, good);
        assert_eq!(verify(&forge_claims(&claims)), Err(Invalid::Claims), "{number}");
    }
}

#[test]
fn an_iat_in_the_future_is_accepted() {
    let claims = Claims { iat: NOW + 500, auth_time: Some(NOW + 500), ..claims() };
    assert_eq!(verify(&key().sign(&claims).unwrap()), Ok(claims));
}

#[test]
fn expired_is_told_apart_and_only_if_nothing_else_is_wrong() {
    let later = EXP_MS + 3_600_000;
    assert!(verifier().verify(&token(), later).unwrap_err().is_expired());
    for (name, value, why) in
        [("iss", "https://evil.example", Invalid::Issuer), ("aud", "https://evil.example", Invalid::Audience)]
    {
        let refused = verifier().verify(&forge_claims(&claims_with(name, json!(value))), later).unwrap_err();
        assert_eq!(refused, why);
        assert!(!refused.is_expired());
    }
}
