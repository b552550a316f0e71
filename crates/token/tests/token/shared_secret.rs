//! A secret that services share with the issuer.

use rotunda_token::{Algorithm, Invalid, KeySet, NotSharedSecret, SharedSecret, SigningKey, Verifier};

use crate::fixture::{ISSUER, NOW_MS, claims, encode, issuer, public_issuers};

#[test]
fn a_service_with_the_secret_accepts_the_tokens_and_knows_the_kid() {
    let issuer = issuer(Algorithm::Hs256);
    let text = issuer.key.shared_secret().unwrap().expose_text();
    assert_eq!((text.len(), text.as_str()), (43, encode(issuer.secret.expose()).as_str()));
    let keys = KeySet::from_shared_secret(&SharedSecret::from_text(&text).unwrap());
    assert_eq!(keys.iter().map(|key| key.kid()).collect::<Vec<_>>(), [issuer.key.kid()]);
    let verifier = Verifier::new(keys, ISSUER.to_owned(), vec![ISSUER.to_owned()]);
    assert_eq!(verifier.verify(&issuer.token(), NOW_MS), Ok(claims()));
}

#[test]
fn a_service_with_the_secret_accepts_nothing_else() {
    let shared = issuer(Algorithm::Hs256);
    let keys = KeySet::from_shared_secret(shared.key.shared_secret().unwrap());
    for other in public_issuers() {
        assert_eq!(keys.verify_signature(&other.token()), Err(Invalid::KeyUnknown), "{}", other.name());
        let ours = serde_json::json!(shared.key.kid());
        let named = other.forge_header(&other.header_with("kid", ours));
        assert_eq!(keys.verify_signature(&named), Err(Invalid::AlgorithmMismatch), "{}", other.name());
    }
    let (stranger, _) = SigningKey::generate(Algorithm::Hs256).unwrap();
    assert_eq!(keys.verify_signature(&stranger.sign(&claims()).unwrap()), Err(Invalid::KeyUnknown));
}

#[test]
fn a_secret_is_replaced_while_both_are_accepted() {
    let old = issuer(Algorithm::Hs256);
    let (new, _) = SigningKey::generate(Algorithm::Hs256).unwrap();
    let keys = KeySet::from_shared_secrets([&old.key, &new].map(|key| key.shared_secret().unwrap()));
    assert_eq!(keys.len(), 2);
    for token in [old.token(), new.sign(&claims()).unwrap()] {
        assert!(keys.verify_signature(&token).is_ok());
    }
}

#[test]
fn only_hs256_keys_have_a_secret_to_share() {
    for other in public_issuers() {
        assert!(other.key.shared_secret().is_none(), "{}", other.name());
    }
}

#[test]
fn what_is_not_32_bytes_of_base64url_is_no_shared_secret() {
    let text = issuer(Algorithm::Hs256).key.shared_secret().unwrap().expose_text();
    let wrong = [
        String::new(),
        "your-256-bit-secret".to_owned(),
        encode([7; 31]),
        encode([7; 33]),
        encode([7; 64]),
        format!("{}=", *text),
        format!("{}\n", *text),
        format!(" {}", *text),
        "A".repeat(42) + "B",
        "+/".repeat(21) + "A",
        "a".repeat(100_000),
    ];
    for wrong in wrong {
        assert_eq!(SharedSecret::from_text(&wrong).err(), Some(NotSharedSecret), "{wrong}");
    }
    assert!(SharedSecret::from_text(&encode([7; 32])).is_ok());
}
