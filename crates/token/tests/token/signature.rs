//! Attacks through the signature.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
    RsaKeyPair,
};
use rotunda_token::{Algorithm, Invalid, KeySet, SigningKey, Verifier};

use crate::fixture::{
    ISSUER, NOW_MS, claims, decode, ecdsa, encode, issuer, issuers, key, parts, token, verify,
};

#[test]
fn a_signature_of_the_wrong_length_is_refused() {
    for issuer in issuers() {
        let token = issuer.token();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = decode(signature);
        let (all, half) = (signature.len(), signature.len() / 2);
        let longer = [signature.as_slice(), &[0]].concat();
        let padded = [&[0], signature.as_slice()].concat();
        let twice = signature.repeat(2);
        for wrong in [
            &[],
            &signature[..1],
            &signature[..half],
            &signature[..all - 1],
            &signature[1..],
            &longer,
            &padded,
            &twice,
        ] {
            let token = format!("{signed}.{}", encode(wrong));
            assert_eq!(issuer.verify(&token), Err(Invalid::Signature), "{} {}", issuer.name(), wrong.len());
        }
    }
}

#[test]
fn signatures_are_as_long_as_their_algorithm_has_them() {
    let lengths = issuers().each_ref().map(|issuer| decode(parts(&issuer.token())[2]).len());
    assert_eq!(lengths, [64, 64, 384, 32]);
}

#[test]
fn a_der_signature_is_refused() {
    let token = token();
    let signed = token.rsplit_once('.').unwrap().0;
    let der = ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, signed.as_bytes());
    assert_eq!(der.first(), Some(&0x30), "or it is no DER");
    assert_eq!(verify(&format!("{signed}.{}", encode(der))), Err(Invalid::Signature));
}

#[test]
fn an_rsa_signature_with_another_padding_or_hash_is_refused() {
    let issuer = issuer(Algorithm::Rs256);
    let token = issuer.token();
    let signed = token.rsplit_once('.').unwrap().0;
    let pair = RsaKeyPair::from_pkcs8(issuer.secret.expose()).unwrap();
    let forms: [(&'static dyn RsaEncoding, _); 3] = [
        (&RSA_PKCS1_SHA256, Ok(claims())),
        (&RSA_PSS_SHA256, Err(Invalid::Signature)),
        (&RSA_PKCS1_SHA512, Err(Invalid::Signature)),
    ];
    for (form, verdict) in forms {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(form, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        assert_eq!(issuer.verify(&format!("{signed}.{}", encode(signature))), verdict);
    }
}

#[test]
fn a_signature_of_zeros_is_refused() {
    // "Psychic signatures", CVE-2022-21449: r = s = 0 verified for every message.
    for issuer in issuers() {
        let token = issuer.token();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        for filler in [0_u8, 1, 0xff] {
            let filled = encode(vec![filler; decode(signature).len()]);
            assert_eq!(issuer.verify(&format!("{signed}.{filled}")), Err(Invalid::Signature));
        }
    }
}

#[test]
fn every_flipped_bit_of_the_signature_is_refused() {
    for issuer in issuers() {
        let (token, verifier) = (issuer.token(), issuer.verifier());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = decode(signature);
        for bit in 0..signature.len() * 8 {
            let mut changed = signature.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let token = format!("{signed}.{}", encode(changed));
            assert_eq!(verifier.verify(&token, NOW_MS), Err(Invalid::Signature), "{bit}");
        }
    }
}

#[test]
fn an_ed25519_signature_has_no_twin() {
    // RFC 8032 §5.1.7: S is below the order of the group, or S + L would be a second signature of the same bytes.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let issuer = issuer(Algorithm::EdDsa);
    let token = issuer.token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut twin = decode(signature);
    let mut carry = 0;
    for (byte, order) in twin[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    assert_eq!(carry, 0);
    assert_eq!(issuer.verify(&format!("{signed}.{}", encode(twin))), Err(Invalid::Signature));
}

#[test]
fn the_signature_of_another_token_is_refused() {
    let (one, two) = (token(), token());
    let [header, payload, _] = parts(&one);
    let other = key().sign(&rotunda_token::Claims { ep: Some(4), ..claims() }).unwrap();
    assert_eq!(verify(&format!("{header}.{payload}.{}", parts(&other)[2])), Err(Invalid::Signature));
    assert_eq!(
        verify(&format!("{header}.{payload}.{}", parts(&two)[2])),
        Ok(claims()),
        "same bytes, same key"
    );
}

#[test]
fn the_key_of_another_issuer_is_unknown() {
    let (other, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    assert_eq!(verify(&other.sign(&claims()).unwrap()), Err(Invalid::KeyUnknown));
}

#[test]
fn one_key_of_a_set_does_not_stand_in_for_another() {
    let (other, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    let both = KeySet::from_signing_keys([key(), &other]);
    let verifier = Verifier::new(both, ISSUER.to_owned(), vec![ISSUER.to_owned()]);
    let (ours, theirs) = (token(), other.sign(&claims()).unwrap());
    assert_eq!(verifier.verify(&ours, NOW_MS), Ok(claims()));
    assert_eq!(verifier.verify(&theirs, NOW_MS), Ok(claims()));

    let [header, _, _] = parts(&ours);
    let [_, payload, signature] = parts(&theirs);
    assert_eq!(verifier.verify(&format!("{header}.{payload}.{signature}"), NOW_MS), Err(Invalid::Signature));
}

#[test]
fn a_bare_jws_is_checked_for_its_signature_only() {
    let keys = KeySet::from_signing_keys([key()]);
    let kid = key().kid();
    for header in [format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), r#"{"alg":"ES256","typ":"x"}"#.to_owned()] {
        let jws = crate::fixture::forge(&header, "not JSON");
        assert_eq!(keys.verify_signature(&jws).unwrap().as_bytes(), b"not JSON");
    }
    let unknown = crate::fixture::forge(r#"{"alg":"ES256","kid":"x"}"#, "{}");
    assert_eq!(keys.verify_signature(&unknown), Err(Invalid::KeyUnknown));
}

#[test]
fn a_bare_jws_without_kid_needs_a_set_of_exactly_one_key() {
    let (other, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    let jws = crate::fixture::forge(r#"{"alg":"ES256"}"#, "{}");
    let checked = |keys: &[&SigningKey]| {
        KeySet::from_signing_keys(keys.iter().copied()).verify_signature(&jws).map(|it| it.into_bytes())
    };
    assert_eq!(checked(&[key()]), Ok(b"{}".to_vec()));
    assert_eq!(checked(&[&other]), Err(Invalid::Signature));
    assert_eq!(checked(&[key(), &other]), Err(Invalid::KeyIdMissing));
    assert_eq!(checked(&[]), Err(Invalid::KeyIdMissing));
}
