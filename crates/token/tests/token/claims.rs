//! Attacks through the claims. Every token here carries a signature that is right.

use rotunda_token::{ActClaim, Claims, Invalid, KeySet, SessionClaims, SignError, Verifier};
use serde_json::json;

use crate::fixture::{
    ISSUER, NOW, NOW_MS, claims, claims_with, encode, forge_claims, issuers, key, parts, token, verify,
};

fn claims_without(name: &str) -> String {
    let mut all = serde_json::to_value(claims()).unwrap();
    all.as_object_mut().unwrap().remove(name).unwrap();
    all.to_string()
}

#[test]
fn a_missing_exp_is_refused() {
    for issuer in issuers() {
        for claims in [claims_without("exp"), claims_with("exp", json!(null))] {
            assert_eq!(
                issuer.verify(&issuer.forge_claims(&claims)),
                Err(Invalid::Claims),
                "{}",
                issuer.name()
            );
        }
    }
}

#[test]
fn every_other_required_claim_is_required() {
    let required = ["iss", "sub", "aud", "iat", "jti", "client_id"];
    for name in required {
        assert_eq!(verify(&forge_claims(&claims_without(name))), Err(Invalid::Claims), "{name}");
        assert_eq!(verify(&forge_claims(&claims_with(name, json!(null)))), Err(Invalid::Claims), "{name}");
    }
}

/// A service's token: `client_credentials`, with nobody behind it.
fn service_claims() -> Claims {
    Claims {
        sub: "client:reports".to_owned(),
        client_id: "reports".to_owned(),
        sid: None,
        auth_time: None,
        amr: Vec::new(),
        ep: None,
        roles: Vec::new(),
        scope: Some("revocations.read".to_owned()),
        ..claims()
    }
}

#[test]
fn a_service_token_has_no_session_and_says_nothing_of_one() {
    assert_eq!(verify(&key().sign(&service_claims()).unwrap()), Ok(service_claims()));
    assert_eq!(service_claims().session(), None);
    let written = serde_json::to_value(service_claims()).unwrap();
    for name in ["sid", "auth_time", "ep", "amr"] {
        assert!(written.get(name).is_none(), "{name}");
    }
    let session = SessionClaims { sid: &claims().sid.unwrap(), auth_time: NOW - 30, ep: 3 };
    assert_eq!(claims().session(), Some(session));
}

#[test]
fn roles_and_amr_are_empty_where_the_token_does_not_say() {
    for (name, without) in
        [("amr", Claims { amr: Vec::new(), ..claims() }), ("roles", Claims { roles: Vec::new(), ..claims() })]
    {
        assert_eq!(verify(&forge_claims(&claims_without(name))), Ok(without), "{name}");
        assert_eq!(verify(&forge_claims(&claims_with(name, json!(null)))), Err(Invalid::Claims), "{name}");
    }
}

#[test]
fn the_numbers_of_roles_may_be_absent_and_are_then_not_written() {
    let without = Claims { ce: None, rv: None, ..claims() };
    let written = serde_json::to_value(&without).unwrap();
    assert!(written.get("ce").is_none() && written.get("rv").is_none());
    assert_eq!(verify(&key().sign(&without).unwrap()), Ok(without));
    let most = Claims { ce: Some(u64::MAX), rv: Some(0), ..claims() };
    assert_eq!(verify(&key().sign(&most).unwrap()), Ok(most));
}

#[test]
fn half_a_session_is_refused_and_not_signed() {
    let (sid, auth_time, ep) = (claims().sid, claims().auth_time, claims().ep);
    for which in 0..8 {
        let has = |bit: u8| which & bit != 0;
        let some = Claims {
            sid: sid.clone().filter(|_| has(1)),
            auth_time: auth_time.filter(|_| has(2)),
            ep: ep.filter(|_| has(4)),
            ..claims()
        };
        let (read, signed) = (verify(&forge_claims(&json!(some).to_string())), key().sign(&some));
        if matches!(which, 0 | 7) {
            assert_eq!((read, signed.is_ok()), (Ok(some), true), "{which}");
        } else {
            assert_eq!((read, signed), (Err(Invalid::Claims), Err(SignError::Claims)), "{which}");
        }
    }
    for name in ["sid", "auth_time", "ep"] {
        assert_eq!(verify(&forge_claims(&claims_with(name, json!(null)))), Err(Invalid::Claims), "{name}");
    }
    for name in ["sid", "auth_time", "ep"] {
        let mut service = json!(service_claims());
        service[name] = json!(null);
        assert_eq!(verify(&forge_claims(&service.to_string())), Err(Invalid::Claims), "absent is not `null`");
    }
}

#[test]
fn what_a_token_need_not_say_is_absent_and_never_null() {
    let silent = Claims { ce: None, rv: None, act: None, ..claims() };
    for name in ["ce", "rv", "act"] {
        assert!(json!(silent).get(name).is_none(), "{name}");
        assert_eq!(verify(&forge_claims(&claims_with(name, json!(null)))), Err(Invalid::Claims), "{name}");
    }
}

#[test]
fn whoever_acts_is_told_by_their_id_and_nothing_else_of_them_is_read() {
    let acted = Claims { act: Some(ActClaim { sub: "a".to_owned() }), ..claims() };
    assert_eq!(json!(acted)["act"], json!({ "sub": "a" }));
    let more = json!({ "sub": "a", "iss": "https://other.example", "act": { "sub": "b" } });
    for told in [json!({ "sub": "a" }), more] {
        assert_eq!(verify(&forge_claims(&claims_with("act", told))), Ok(acted.clone()));
    }
    assert_eq!(verify(&key().sign(&acted).unwrap()), Ok(acted));
}

#[test]
fn a_claim_of_the_wrong_type_is_refused() {
    let wrong = [
        ("iss", json!([ISSUER])),
        ("sub", json!(7)),
        ("aud", json!(7)),
        ("aud", json!([ISSUER, 7])),
        ("aud", json!({ "0": ISSUER })),
        ("exp", json!("1800000600")),
        ("exp", json!(true)),
        ("nbf", json!("0")),
        ("ep", json!(-1)),
        ("ce", json!(-1)),
        ("ce", json!(null)),
        ("rv", json!("7")),
        ("rv", json!(null)),
        ("roles", json!("admin")),
        ("roles", json!({ "admin": true })),
        ("scope", json!(["admin"])),
        ("ce", json!(-1)),
        ("ce", json!("1")),
        ("rv", json!(1.5)),
        ("act", json!("019a7d3c-2b1e-7c40-9f00-5d2c1a7be009")),
        ("act", json!({})),
        ("act", json!({ "sub": 7 })),
        ("act", json!({ "sub": null })),
        ("act", json!(["a"])),
    ];
    for (name, value) in wrong {
        assert_eq!(verify(&forge_claims(&claims_with(name, value))), Err(Invalid::Claims), "{name}");
    }
}

#[test]
fn a_claim_that_stands_twice_is_refused() {
    let good = serde_json::to_string(&claims()).unwrap();
    let inner = &good[1..good.len() - 1];
    let again = [
        r#""exp":9999999999"#,
        r#""exp":1800000600"#,
        r#""\u0065xp":9999999999"#,
        r#""sub":"admin""#,
        r#""aud":[]"#,
        r#""roles":["admin"]"#,
        r#""ce":1,"ce":1"#,
        r#""rv":2,"rv":1"#,
        r#""act":{"sub":"a"},"act":{"sub":"a"}"#,
        r#""act":{"sub":"a","sub":"b"}"#,
        r#""act":{"sub":"a","\u0073ub":"b"}"#,
        r#""ep":4"#,
        r#""sid":"another""#,
        r#""auth_time":1800000000"#,
        r#""amr":["mfa"]"#,
        r#""nbf":0,"nbf":0"#,
        r#""scope":"a","scope":"b""#,
    ];
    for again in again {
        for claims in [format!("{{{inner},{again}}}"), format!("{{{again},{inner}}}")] {
            for issuer in issuers() {
                assert_eq!(issuer.verify(&issuer.forge_claims(&claims)), Err(Invalid::Claims), "{claims}");
            }
        }
    }
}

#[test]
fn an_unlisted_claim_reaches_nobody_so_twice_is_harmless() {
    let good = serde_json::to_string(&claims()).unwrap();
    let inner = &good[1..good.len() - 1];
    let unlisted = [
        r#""admin":true,"admin":false"#,
        r#""may_act":{"sub":"a","sub":"b","exp":1,"exp":2}"#,
        r#""EXP":1,"Exp":2,"exp ":3"#,
        r#""claims":[{"exp":1,"exp":2}]"#,
    ];
    for unlisted in unlisted {
        assert_eq!(verify(&forge_claims(&format!("{{{inner},{unlisted}}}"))), Ok(claims()), "{unlisted}");
    }
}

#[test]
fn claims_that_are_no_object_are_refused() {
    // serde would read the struct from an array of its fields in their order.
    let act = Some(ActClaim { sub: "a".to_owned() });
    let claims = Claims { ce: Some(1), rv: Some(2), act, ..claims() };
    let all = serde_json::to_value(claims.clone()).unwrap();
    let positional = json!([
        all["iss"],
        all["sub"],
        all["aud"],
        all["exp"],
        all["iat"],
        null,
        all["jti"],
        all["client_id"],
        all["sid"],
        all["auth_time"],
        all["amr"],
        all["ep"],
        all["roles"],
        all["ce"],
        all["rv"],
        null,
        all["act"]
    ]);
    assert_eq!(
        serde_json::from_value::<Claims>(positional.clone()).ok(),
        Some(claims),
        "or the test proves nothing"
    );

    let positional = positional.to_string();
    for payload in ["", "null", "[]", "\"exp\"", "{", "{}", "{\"exp\":1800000600}", &positional] {
        assert_eq!(verify(&forge_claims(payload)), Err(Invalid::Claims), "{payload}");
    }
}

#[test]
fn data_after_the_claims_is_refused() {
    let good = serde_json::to_string(&claims()).unwrap();
    for issuer in issuers() {
        let verify = |claims: String| issuer.verify(&issuer.forge_claims(&claims));
        assert!(verify(format!(" {good}\r\n")).is_ok(), "white space is JSON");
        for trailing in ["{}", ",", "\0", "}", "null", &good] {
            assert_eq!(verify(format!("{good}{trailing}")), Err(Invalid::Claims), "{trailing}");
        }
    }
}

#[test]
fn another_issuer_is_refused() {
    for iss in
        ["https://evil.example", "https://auth.example.com/", "https://AUTH.example.com", "", "https://auth"]
    {
        for issuer in issuers() {
            let token = issuer.forge_claims(&claims_with("iss", json!(iss)));
            assert_eq!(issuer.verify(&token), Err(Invalid::Issuer), "{iss}");
        }
    }
}

#[test]
fn another_audience_is_refused() {
    for aud in [
        json!("https://other.example"),
        json!([]),
        json!(""),
        json!(["a", "b"]),
        json!("https://auth.example.com "),
    ] {
        for issuer in issuers() {
            let token = issuer.forge_claims(&claims_with("aud", aud.clone()));
            assert_eq!(issuer.verify(&token), Err(Invalid::Audience), "{aud}");
        }
    }
}

#[test]
fn one_common_audience_is_enough() {
    let verifier = Verifier::new(
        KeySet::from_signing_keys([key()]),
        ISSUER.to_owned(),
        vec!["https://a.example".to_owned(), "https://b.example".to_owned()],
    );
    let with = |aud| forge_claims(&claims_with("aud", aud));
    assert!(verifier.verify(&with(json!("https://b.example")), NOW_MS).is_ok());
    assert!(verifier.verify(&with(json!(["https://c.example", "https://a.example"])), NOW_MS).is_ok());
    assert_eq!(verifier.verify(&token(), NOW_MS), Err(Invalid::Audience));
}

#[test]
fn without_audiences_nothing_is_accepted() {
    let verifier = Verifier::new(KeySet::from_signing_keys([key()]), ISSUER.to_owned(), Vec::new());
    assert_eq!(verifier.verify(&token(), NOW_MS), Err(Invalid::Audience));
}

#[test]
fn a_changed_claim_breaks_the_signature() {
    for issuer in issuers() {
        let token = issuer.token();
        let [header, _, signature] = parts(&token);
        let payload = encode(claims_with("roles", json!(["admin"])));
        assert_eq!(issuer.verify(&format!("{header}.{payload}.{signature}")), Err(Invalid::Signature));
    }
}
