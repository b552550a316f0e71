//! Attacks through the signature.

use aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
use rotunda_token::{Algorithm, Invalid, KeySet, SigningKey, Verifier};

use crate::fixture::{ISSUER, NOW_MS, claims, decode, encode, key, parts, raw_signature, token, verify};

#[test]
fn a_signature_of_the_wrong_length_is_refused() {
    let token = token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = decode(signature);
    let longer = [signature.as_slice(), &[0]].concat();
    let twice = signature.repeat(2);
    for wrong in [&[], &signature[..1], &signature[..32], &signature[..63], &longer, &twice] {
        assert_eq!(
            verify(&format!("{signed}.{}", encode(wrong))),
            Err(Invalid::Signature),
            "{}",
            wrong.len()
        );
    }
}

#[test]
fn a_der_signature_is_refused() {
    let token = token();
    let signed = token.rsplit_once('.').unwrap().0;
    let der = raw_signature(&ECDSA_P256_SHA256_ASN1_SIGNING, signed);
    assert_eq!(der.first(), Some(&0x30), "or it is no DER");
    assert_eq!(verify(&format!("{signed}.{}", encode(der))), Err(Invalid::Signature));
}

#[test]
fn a_signature_of_zeros_is_refused() {
    // "Psychic signatures", CVE-2022-21449: r = s = 0 verified for every message.
    let token = token();
    let signed = token.rsplit_once('.').unwrap().0;
    for filler in [0_u8, 1, 0xff] {
        assert_eq!(verify(&format!("{signed}.{}", encode([filler; 64]))), Err(Invalid::Signature));
    }
}

#[test]
fn every_flipped_bit_of_the_signature_is_refused() {
    let token = token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = decode(signature);
    for bit in 0..signature.len() * 8 {
        let mut changed = signature.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(&format!("{signed}.{}", encode(changed))), Err(Invalid::Signature), "{bit}");
    }
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
