//! Attacks through the rest of the header (RFC 8725 §2, RFC 7515 §10). Each token carries a signature that is right.

use rotunda_token::{Algorithm, Invalid, SigningKey};
use serde_json::json;

use crate::fixture::{claims, encode, issuers, parts, public_issuers};

#[test]
fn an_embedded_jwk_is_refused() {
    for issuer in public_issuers() {
        let (attacker, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        for own in [json!(attacker.public_jwk()), json!(issuer.key.public_jwk()), json!(null)] {
            let token = issuer.forge_header(&issuer.header_with("jwk", own));
            assert_eq!(issuer.verify(&token), Err(Invalid::KeyInHeader));
        }
    }
}

#[test]
fn an_attackers_own_key_under_our_kid_is_refused() {
    for issuer in issuers().iter().filter(|issuer| issuer.key.algorithm() != Algorithm::Rs256) {
        let (attacker, _) = SigningKey::generate(issuer.key.algorithm()).unwrap();
        let foreign = attacker.sign(&claims()).unwrap();
        let [_, payload, signature] = parts(&foreign);
        let ours = encode(issuer.header().to_string());
        assert_eq!(issuer.verify(&format!("{ours}.{payload}.{signature}")), Err(Invalid::Signature));
    }
}

#[test]
fn a_jku_or_x5u_is_refused() {
    for issuer in issuers() {
        for name in ["jku", "x5u"] {
            for address in [json!("https://evil.example/keys"), json!(""), json!(null)] {
                let token = issuer.forge_header(&issuer.header_with(name, address));
                assert_eq!(issuer.verify(&token), Err(Invalid::KeyInHeader), "{name}");
            }
        }
    }
}

#[test]
fn a_certificate_in_the_header_is_refused() {
    for issuer in issuers() {
        let token = issuer.forge_header(&issuer.header_with("x5c", json!(["MIIB"])));
        assert_eq!(issuer.verify(&token), Err(Invalid::KeyInHeader));
    }
}

#[test]
fn crit_is_refused_whatever_it_lists() {
    for issuer in issuers() {
        for crit in [json!([]), json!(["exp"]), json!(["b64"]), json!(null)] {
            let token = issuer.forge_header(&issuer.header_with("crit", crit));
            assert_eq!(issuer.verify(&token), Err(Invalid::Critical));
        }
    }
}

#[test]
fn an_unknown_name_is_skipped() {
    // RFC 7515 §4: what is not understood and not critical is ignored.
    for issuer in issuers() {
        let token = issuer.forge_header(&issuer.header_with("x-note", json!({ "a": [1, null] })));
        assert_eq!(issuer.verify(&token), Ok(claims()));
    }
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    for issuer in issuers() {
        let (alg, kid) = (issuer.name(), issuer.key.kid());
        let good = format!(r#""typ":"at+jwt","alg":"{alg}","kid":"{kid}""#);
        let again = [
            r#""alg":"none""#.to_owned(),
            format!(r#""alg":"{alg}""#),
            r#""typ":"at+jwt""#.to_owned(),
            format!(r#""kid":"{kid}""#),
            format!(r#""\u0061lg":"{alg}""#),
            r#""x-note":1,"x-note":1"#.to_owned(),
        ];
        for again in again {
            for header in [format!("{{{good},{again}}}"), format!("{{{again},{good}}}")] {
                assert_eq!(issuer.verify(&issuer.forge_header(&header)), Err(Invalid::Header), "{header}");
            }
        }
    }
}

#[test]
fn a_header_that_is_no_object_and_nothing_else_is_refused() {
    for issuer in issuers() {
        let good = issuer.header();
        let array = json!([good["alg"], good["typ"], good["kid"]]).to_string();
        let mut wrong: Vec<_> = ["", "{", "null", "[]", "\"ES256\"", "{\"alg\"}", &array, &"[".repeat(4000)]
            .map(str::to_owned)
            .into();
        wrong.extend(["{}", ",", "\0", "}", "null"].map(|trailing| format!("{good}{trailing}")));
        for header in wrong {
            assert_eq!(issuer.verify(&issuer.forge_header(&header)), Err(Invalid::Header), "{header}");
        }
    }
}

#[test]
fn another_typ_is_refused() {
    for issuer in issuers() {
        for typ in
            ["JWT", "jwt", "at+jw", "at+jwt ", "rt+jwt", "logout+jwt", "text/at+jwt", "application/jwt", ""]
        {
            let token = issuer.forge_header(&issuer.header_with("typ", json!(typ)));
            assert_eq!(issuer.verify(&token), Err(Invalid::Type), "{typ}");
        }
        let without = issuer.forge_header(&issuer.header_without("typ"));
        assert_eq!(issuer.verify(&without), Err(Invalid::Type));
    }
}

/// What OpenID Connect Core 1.0 §2 has in an ID token, and what an access token has besides: so nothing but the type
/// tells them apart.
#[test]
fn an_id_token_used_as_an_access_token_is_refused() {
    for issuer in issuers() {
        let mut id_token = json!(claims());
        id_token["nonce"] = json!("n-0S6_WzA2Mj");
        id_token["azp"] = json!("web");
        id_token["at_hash"] = json!("77QmUPtjPfzWtF2AnpK9RQ");
        let headers = [issuer.header_with("typ", json!("JWT")), issuer.header_without("typ")];
        for header in headers {
            let token = issuer.forge(&header, &id_token.to_string());
            assert_eq!(issuer.verify(&token), Err(Invalid::Type), "{header}");
        }
        let token = issuer.forge(&issuer.header().to_string(), &id_token.to_string());
        assert!(issuer.verify(&token).is_ok(), "or the test proves nothing");
    }
}

#[test]
fn a_refresh_token_used_as_an_access_token_is_refused() {
    // Ours is no JWS at all: one text of base64url behind a prefix (crates/core/src/refresh).
    for opaque in ["rt1_", &format!("rt1_{}", encode([7; 70])), &encode([7; 96])] {
        for issuer in issuers() {
            assert_eq!(issuer.verify(opaque), Err(Invalid::NotThreeParts), "{opaque}");
        }
    }
    // And one of another server's kind: a JWT of the same key.
    for issuer in issuers() {
        for typ in ["rt+jwt", "refresh+jwt", "Refresh", "JWT"] {
            let token = issuer.forge_header(&issuer.header_with("typ", json!(typ)));
            assert_eq!(issuer.verify(&token), Err(Invalid::Type), "{typ}");
        }
    }
}

#[test]
fn typ_is_accepted_in_any_case_and_in_full() {
    for issuer in issuers() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            let token = issuer.forge_header(&issuer.header_with("typ", json!(typ)));
            assert_eq!(issuer.verify(&token), Ok(claims()), "{typ}");
        }
    }
}

#[test]
fn an_unknown_kid_is_refused() {
    for issuer in issuers() {
        let kid = issuer.key.kid();
        let unknown = ["", "key-1", "../../etc/passwd", "' OR 1=1 --", &kid[1..], &kid.to_ascii_lowercase()];
        for kid in unknown {
            let token = issuer.forge_header(&issuer.header_with("kid", json!(kid)));
            assert_eq!(issuer.verify(&token), Err(Invalid::KeyUnknown), "{kid}");
        }
    }
}

#[test]
fn a_missing_kid_is_refused_even_with_one_key() {
    for issuer in issuers() {
        let without = issuer.forge_header(&issuer.header_without("kid"));
        assert_eq!(issuer.verify(&without), Err(Invalid::KeyIdMissing));
        let null = issuer.forge_header(&issuer.header_with("kid", json!(null)));
        assert_eq!(issuer.verify(&null), Err(Invalid::Header));
    }
}
