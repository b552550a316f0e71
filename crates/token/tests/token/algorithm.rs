//! Attacks through `alg` (RFC 8725 §2.1): none at all, and one kind of key used as another.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use base64ct::{Base64, Encoding};
use rotunda_token::{Algorithm, Invalid, KeySet};
use serde_json::json;

use crate::fixture::{Issuer, claims, encode, issuers, parts, public_issuers};

#[test]
fn alg_none_is_refused() {
    let payload = encode(serde_json::to_string(&claims()).unwrap());
    for issuer in issuers() {
        for none in ["none", "None", "NONE", "nOnE", "noNe", "none ", " none", "none\0", "nöne", ""] {
            let header = issuer.header_with("alg", json!(none));
            let unsigned = format!("{}.{payload}.", encode(&header));
            assert_eq!(issuer.verify(&unsigned), Err(Invalid::AlgorithmUnknown), "{none}");
            let signed = issuer.forge_header(&header);
            assert_eq!(issuer.verify(&signed), Err(Invalid::AlgorithmUnknown), "{none}");
            let cut = signed.rsplit_once('.').unwrap().0;
            assert_eq!(issuer.verify(cut), Err(Invalid::NotThreeParts), "{none}");
        }
    }
}

#[test]
fn a_token_whose_signature_was_cut_off_is_refused() {
    for issuer in issuers() {
        let token = issuer.token();
        let [header, payload, _] = parts(&token);
        assert_eq!(issuer.verify(&format!("{header}.{payload}.")), Err(Invalid::Signature));
        assert_eq!(issuer.verify(&format!("{header}.{payload}")), Err(Invalid::NotThreeParts));
    }
}

/// Every form in which a public key is written down somewhere: each has been the secret of somebody's HMAC.
fn public_forms(issuer: &Issuer) -> Vec<Vec<u8>> {
    let secret = issuer.secret.expose();
    let x509 = |key: &dyn AsDer<PublicKeyX509Der<'static>>| key.as_der().unwrap().as_ref().to_vec();
    let (raw, der) = match issuer.key.algorithm() {
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret).unwrap();
            (pair.public_key().as_ref().to_vec(), x509(pair.public_key()))
        }
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::from_pkcs8(secret).unwrap();
            (pair.public_key().as_ref().to_vec(), x509(pair.public_key()))
        }
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::from_pkcs8(secret).unwrap();
            (pair.public_key().as_ref().to_vec(), x509(pair.public_key()))
        }
        Algorithm::Hs256 => unreachable!("it has no public key"),
    };
    let text = Base64::encode_string(&der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", lines.join("\n"));
    let jwk = json!(issuer.key.public_jwk());
    let jwks = json!(KeySet::from_signing_keys([&issuer.key]).to_jwks()).to_string();
    let members = jwk.as_object().unwrap().values().filter_map(|it| it.as_str());
    let mut forms: Vec<Vec<u8>> = members
        .flat_map(|text| {
            let bytes = base64ct::Base64UrlUnpadded::decode_vec(text).unwrap_or_default();
            [text.as_bytes().to_vec(), bytes]
        })
        .collect();
    // Without the leading 4 of a point; then as libraries take it, with every line end that a file may have.
    forms.extend([raw[1..].to_vec(), raw, der, text.into_bytes(), Vec::new()]);
    forms.extend(["", "\n", "\r\n"].map(|end| format!("{pem}{end}").into_bytes()));
    forms.push(pem.replace('\n', "\r\n").into_bytes());
    forms.extend([
        serde_json::to_vec(issuer.key.public_jwk().unwrap()).unwrap(),
        jwk.to_string().into_bytes(),
    ]);
    forms.push(jwks.into_bytes());
    forms
}

#[test]
fn hmac_keyed_with_the_public_key_is_refused_whatever_the_form_of_the_key() {
    for issuer in public_issuers() {
        let forms = public_forms(issuer);
        assert!(forms.len() >= 20, "{}", forms.len());
        for secret in forms {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            let mac = |header: &str| {
                let token = issuer.forge_header(header);
                let signed = token.rsplit_once('.').unwrap().0;
                format!("{signed}.{}", encode(hmac::sign(&secret, signed.as_bytes())))
            };
            let hs256 = mac(&issuer.header_with("alg", json!("HS256")));
            assert_eq!(issuer.verify(&hs256), Err(Invalid::AlgorithmMismatch));
            let own = mac(&issuer.header().to_string());
            assert_eq!(issuer.verify(&own), Err(Invalid::Signature));
            // Nor where the key is not named and there is only one.
            let bare = mac(r#"{"alg":"HS256"}"#);
            let refused = issuer.verifier().keys().verify_signature(&bare);
            assert_eq!(refused, Err(Invalid::AlgorithmMismatch));
        }
    }
}

#[test]
fn an_hs256_token_is_refused_where_public_keys_are_expected_even_with_the_true_secret() {
    let all = KeySet::from_signing_keys(issuers().iter().map(|issuer| &issuer.key));
    let published = KeySet::from_jwks(&all.to_jwks()).unwrap();
    assert_eq!((all.len(), published.len()), (4, 3));
    let shared = issuers().iter().find(|issuer| !issuer.key.algorithm().is_public()).unwrap();
    assert!(all.verify_signature(&shared.token()).is_ok(), "or the test proves nothing");
    assert_eq!(published.verify_signature(&shared.token()), Err(Invalid::KeyUnknown));
    for issuer in public_issuers() {
        let header = issuer.header_with("alg", json!("HS256"));
        for keys in [&all, &published] {
            let refused = keys.verify_signature(&shared.forge_header(&header));
            assert_eq!(refused, Err(Invalid::AlgorithmMismatch), "{}", issuer.name());
        }
    }
}

#[test]
fn another_algorithm_on_the_right_key_is_refused() {
    for issuer in issuers() {
        for other in Algorithm::ALL.into_iter().filter(|other| *other != issuer.key.algorithm()) {
            let token = issuer.forge_header(&issuer.header_with("alg", json!(other.as_str())));
            assert_eq!(issuer.verify(&token), Err(Invalid::AlgorithmMismatch), "{}", other.as_str());
        }
    }
}

#[test]
fn an_algorithm_that_is_not_on_the_list_is_refused() {
    let unknown = [
        "ES384", "ES512", "ES256K", "RS384", "RS512", "PS256", "HS384", "HS512", "Ed25519", "Ed448",
        "RSA-OAEP", "dir", "es256", "ES256 ", "eddsa", "EDDSA", "rs256", "hs256", "HS256\0",
    ];
    for issuer in issuers() {
        for alg in unknown {
            let token = issuer.forge_header(&issuer.header_with("alg", json!(alg)));
            assert_eq!(issuer.verify(&token), Err(Invalid::AlgorithmUnknown), "{alg}");
        }
    }
}

#[test]
fn the_key_of_another_algorithm_under_the_right_kid_is_refused() {
    for issuer in issuers() {
        for other in issuers().iter().filter(|other| other.name() != issuer.name()) {
            let token = other.forge_header(&issuer.header().to_string());
            assert_eq!(issuer.verify(&token), Err(Invalid::Signature), "{} {}", issuer.name(), other.name());
        }
    }
}

#[test]
fn an_alg_that_is_missing_or_no_string_is_refused() {
    for issuer in issuers() {
        let without = issuer.forge_header(&issuer.header_without("alg"));
        assert_eq!(issuer.verify(&without), Err(Invalid::AlgorithmUnknown));
        for alg in [json!(null), json!(256), json!([issuer.name()])] {
            let token = issuer.forge_header(&issuer.header_with("alg", alg));
            assert_eq!(issuer.verify(&token), Err(Invalid::Header));
        }
    }
}
