//! Attacks through the header (RFC 8725 §2, RFC 7515 §10). All but the first few carry a signature that is right.

use aws_lc_rs::hmac;
use rotunda_token::Invalid;
use serde_json::json;

use crate::fixture::{
    claims, decode, encode, forge, forge_header, header, header_with, key, parts, token, verify,
};

#[test]
fn alg_none_is_refused() {
    let payload = serde_json::to_string(&claims()).unwrap();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let unsigned = format!("{}.{}.", encode(header_with("alg", json!(none))), encode(&payload));
        assert_eq!(verify(&unsigned), Err(Invalid::AlgorithmUnknown), "{none}");
        assert_eq!(verify(&forge_header(&header_with("alg", json!(none)))), Err(Invalid::AlgorithmUnknown));
    }
}

#[test]
fn a_token_whose_signature_was_cut_off_is_refused() {
    let token = token();
    let [header, payload, _] = parts(&token);
    assert_eq!(verify(&format!("{header}.{payload}.")), Err(Invalid::Signature));
    assert_eq!(verify(&format!("{header}.{payload}")), Err(Invalid::NotThreeParts));
}

#[test]
fn hmac_keyed_with_the_public_key_is_refused() {
    let jwk = key().public_jwk();
    let point = [vec![4], decode(&jwk.x), decode(&jwk.y)].concat();
    for secret in [point, serde_json::to_vec(jwk).unwrap(), jwk.x.clone().into_bytes()] {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        for (alg, why) in [("HS256", Invalid::AlgorithmUnknown), ("ES256", Invalid::Signature)] {
            let token = forge_header(&header_with("alg", json!(alg)));
            let signed = token.rsplit_once('.').unwrap().0;
            let tag = encode(hmac::sign(&secret, signed.as_bytes()));
            assert_eq!(verify(&format!("{signed}.{tag}")), Err(why));
        }
    }
}

#[test]
fn another_algorithm_on_the_right_key_is_refused() {
    for alg in ["ES384", "ES512", "ES256K", "RS256", "PS256", "EdDSA", "HS256", "es256", "ES256 "] {
        let token = forge_header(&header_with("alg", json!(alg)));
        assert_eq!(verify(&token), Err(Invalid::AlgorithmUnknown), "{alg}");
    }
}

#[test]
fn an_alg_that_is_missing_or_no_string_is_refused() {
    let without = json!({ "typ": "at+jwt", "kid": key().kid() }).to_string();
    assert_eq!(verify(&forge_header(&without)), Err(Invalid::AlgorithmUnknown));
    for alg in [json!(null), json!(256), json!(["ES256"])] {
        assert_eq!(verify(&forge_header(&header_with("alg", alg))), Err(Invalid::Header));
    }
}

#[test]
fn a_key_inside_the_token_is_refused() {
    let (attacker, _) = rotunda_token::SigningKey::generate(rotunda_token::Algorithm::Es256).unwrap();
    let own = json!(attacker.public_jwk());
    assert_eq!(verify(&forge_header(&header_with("jwk", own))), Err(Invalid::KeyInHeader));

    // The attacker's own token under our `kid`: the key that counts is ours.
    let foreign = attacker.sign(&claims()).unwrap();
    let [_, payload, _] = parts(&foreign);
    let [_, _, signature] = parts(&foreign);
    let ours = encode(header().to_string());
    assert_eq!(verify(&format!("{ours}.{payload}.{signature}")), Err(Invalid::Signature));
}

#[test]
fn a_key_at_an_address_is_refused() {
    for name in ["jku", "x5u"] {
        let token = forge_header(&header_with(name, json!("https://evil.example/keys")));
        assert_eq!(verify(&token), Err(Invalid::KeyInHeader), "{name}");
    }
}

#[test]
fn a_certificate_in_the_header_is_refused() {
    assert_eq!(verify(&forge_header(&header_with("x5c", json!(["MIIB"])))), Err(Invalid::KeyInHeader));
}

#[test]
fn crit_is_refused_whatever_it_lists() {
    for crit in [json!([]), json!(["exp"]), json!(["b64"]), json!(null)] {
        assert_eq!(verify(&forge_header(&header_with("crit", crit))), Err(Invalid::Critical));
    }
}

#[test]
fn an_unknown_name_is_skipped() {
    // RFC 7515 §4: what is not understood and not critical is ignored.
    assert_eq!(verify(&forge_header(&header_with("x-note", json!({ "a": [1, null] })))), Ok(claims()));
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    let kid = key().kid();
    let good = format!(r#""typ":"at+jwt","alg":"ES256","kid":"{kid}""#);
    let again = [
        r#""alg":"none""#.to_owned(),
        r#""alg":"ES256""#.to_owned(),
        r#""typ":"at+jwt""#.to_owned(),
        format!(r#""kid":"{kid}""#),
        r#""\u0061lg":"ES256""#.to_owned(),
        r#""x-note":1,"x-note":1"#.to_owned(),
    ];
    for again in again {
        assert_eq!(verify(&forge_header(&format!("{{{good},{again}}}"))), Err(Invalid::Header), "{again}");
        assert_eq!(verify(&forge_header(&format!("{{{again},{good}}}"))), Err(Invalid::Header), "{again}");
    }
}

#[test]
fn a_header_that_is_no_object_is_refused() {
    let good = header();
    let array = json!([good["alg"], good["typ"], good["kid"]]).to_string();
    let trailing = format!("{good}{{}}");
    for header in ["", "{", "null", "[]", "\"ES256\"", "{\"alg\"}", &array, &trailing, &"[".repeat(4000)] {
        assert_eq!(verify(&forge_header(header)), Err(Invalid::Header), "{header}");
    }
}

#[test]
fn another_typ_is_refused() {
    for typ in
        ["JWT", "jwt", "at+jw", "at+jwt ", "rt+jwt", "logout+jwt", "text/at+jwt", "application/jwt", ""]
    {
        assert_eq!(verify(&forge_header(&header_with("typ", json!(typ)))), Err(Invalid::Type), "{typ}");
    }
    let without = json!({ "alg": "ES256", "kid": key().kid() }).to_string();
    assert_eq!(verify(&forge_header(&without)), Err(Invalid::Type));
}

#[test]
fn typ_is_accepted_in_any_case_and_in_full() {
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert_eq!(verify(&forge_header(&header_with("typ", json!(typ)))), Ok(claims()), "{typ}");
    }
}

#[test]
fn an_unknown_kid_is_refused() {
    let kid = key().kid();
    let unknown = ["", "key-1", "../../etc/passwd", "' OR 1=1 --", &kid[1..], &kid.to_ascii_lowercase()];
    for kid in unknown {
        assert_eq!(verify(&forge_header(&header_with("kid", json!(kid)))), Err(Invalid::KeyUnknown), "{kid}");
    }
}

#[test]
fn a_missing_kid_is_refused_even_with_one_key() {
    let header = json!({ "typ": "at+jwt", "alg": "ES256" }).to_string();
    assert_eq!(
        verify(&forge(&header, &serde_json::to_string(&claims()).unwrap())),
        Err(Invalid::KeyIdMissing)
    );
    assert_eq!(verify(&forge_header(&header_with("kid", json!(null)))), Err(Invalid::Header));
}
