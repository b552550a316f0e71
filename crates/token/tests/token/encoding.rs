//! Attacks through the form: bounds, parts and base64url.

use rotunda_token::{Algorithm, Invalid, MAX_TOKEN_BYTES};
use serde_json::json;

use crate::fixture::{NOW_MS, claims, claims_with, encode, forge_claims, issuers, parts, verify};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn good_payload() -> String {
    serde_json::to_string(&claims()).unwrap()
}

#[test]
fn nothing_at_all_is_refused() {
    assert_eq!(verify(""), Err(Invalid::NotThreeParts));
    assert_eq!(verify("."), Err(Invalid::NotThreeParts));
    assert_eq!(verify(".."), Err(Invalid::Header));
    assert_eq!(verify("\0"), Err(Invalid::NotThreeParts));
}

#[test]
fn more_or_fewer_than_three_parts_are_refused() {
    for issuer in issuers() {
        let token = issuer.token();
        let [header, payload, signature] = parts(&token);
        let wrong = [
            header.to_owned(),
            format!("{header}.{payload}"),
            format!("{token}."),
            format!(".{token}"),
            format!("{header}..{payload}.{signature}"),
            format!("{token}.{signature}"),
            format!("{header}.{payload}.{payload}.{payload}.{signature}"),
        ];
        for wrong in wrong {
            assert_eq!(issuer.verify(&wrong), Err(Invalid::NotThreeParts), "{wrong}");
        }
    }
}

#[test]
fn data_before_or_after_the_token_is_refused() {
    for issuer in issuers() {
        let token = issuer.token();
        for wrong in [
            format!("{token} "),
            format!("{token}\n"),
            format!(" {token}"),
            format!("Bearer {token}"),
            format!("{token}\0"),
            format!("{token}é"),
        ] {
            assert_eq!(issuer.verify(&wrong), Err(Invalid::Encoding), "{wrong:?}");
        }
    }
}

#[test]
fn white_space_in_any_part_is_refused() {
    for issuer in issuers() {
        let token = issuer.token();
        let [header, payload, signature] = parts(&token);
        for space in [" ", "\n", "\r\n", "\t", "\u{a0}", "\0"] {
            for wrong in [
                issuer.forge_parts(&format!("{header}{space}"), payload),
                issuer.forge_parts(&format!("{space}{header}"), payload),
                issuer.forge_parts(header, &format!("{payload}{space}")),
                issuer.forge_parts(header, &format!("{}{space}{}", &payload[..8], &payload[8..])),
                format!("{header}.{payload}.{space}{signature}"),
                format!("{header}.{payload}.{}{space}{}", &signature[..8], &signature[8..]),
            ] {
                assert_eq!(issuer.verify(&wrong), Err(Invalid::Encoding), "{wrong:?}");
            }
        }
    }
}

#[test]
fn a_truncated_token_is_refused_wherever_it_is_cut() {
    for issuer in issuers() {
        let (token, verifier) = (issuer.token(), issuer.verifier());
        for length in 0..token.len() {
            assert!(verifier.verify(&token[..length], NOW_MS).is_err(), "{length}");
        }
    }
}

#[test]
fn an_oversized_token_is_refused_before_it_is_read() {
    assert_eq!(verify(&"a".repeat(MAX_TOKEN_BYTES + 1)), Err(Invalid::TooLong));
    assert_eq!(verify(&"a".repeat(MAX_TOKEN_BYTES)), Err(Invalid::NotThreeParts));

    let long = forge_claims(&claims_with("scope", json!("s".repeat(MAX_TOKEN_BYTES))));
    assert_eq!(verify(&long), Err(Invalid::TooLong), "even with a signature that is right");
}

#[test]
fn padding_is_refused() {
    // Payloads of every length modulo 3, so that both kinds of padding occur; the signature covers it.
    for issuer in issuers() {
        let header = encode(issuer.header().to_string());
        for spaces in 0..3 {
            let payload = encode(good_payload() + &" ".repeat(spaces));
            assert!(issuer.verify(&issuer.forge_parts(&header, &payload)).is_ok());
            for padding in ["=", "=="] {
                let padded = issuer.forge_parts(&header, &(payload.clone() + padding));
                assert_eq!(issuer.verify(&padded), Err(Invalid::Encoding));
            }
        }
        for padding in ["=", "=="] {
            let padded = issuer.forge_parts(&(header.clone() + padding), &encode(good_payload()));
            assert_eq!(issuer.verify(&padded), Err(Invalid::Encoding), "of the header");
            assert_eq!(
                issuer.verify(&(issuer.token() + padding)),
                Err(Invalid::Encoding),
                "of the signature"
            );
        }
    }
}

#[test]
fn the_other_alphabet_is_refused() {
    let swap = |part: &str| part.replace('-', "+").replace('_', "/");
    for issuer in issuers() {
        // `~~~???` gives `-` and `_`.
        let payload = encode(claims_with("jti", json!("~~~???~~~???")));
        let header = encode(issuer.header_with("x-note", json!("~~~???~~~???~~~???")));
        for (part, other) in [(&payload, swap(&payload)), (&header, swap(&header))] {
            assert_ne!(*part, other, "or the test proves nothing");
        }
        assert!(issuer.verify(&issuer.forge_parts(&header, &payload)).is_ok());
        let wrong = issuer.forge_parts(&header, &swap(&payload));
        assert_eq!(issuer.verify(&wrong), Err(Invalid::Encoding));
        assert_eq!(issuer.verify(&issuer.forge_parts(&swap(&header), &payload)), Err(Invalid::Encoding));

        // Not every signature has one of the two.
        let token = (0..)
            .map(|jti| issuer.forge_claims(&claims_with("jti", json!(jti.to_string()))))
            .find(|token| parts(token)[2].contains(['-', '_']))
            .unwrap();
        let [header, payload, signature] = parts(&token);
        let wrong = format!("{header}.{payload}.{}", swap(signature));
        assert_eq!(issuer.verify(&wrong), Err(Invalid::Encoding));
    }
}

/// The other spellings of the last character, which differ in the bits that mean nothing.
fn stray(part: &str) -> Vec<String> {
    let (start, last) = part.split_at(part.len() - 1);
    let value = ALPHABET.iter().position(|c| last.as_bytes() == [*c]).unwrap();
    let meaningless = match part.len() % 4 {
        2 => 16,
        3 => 4,
        _ => 1,
    };
    assert_eq!(value % meaningless, 0, "it is canonical");
    (1..meaningless).map(|bits| format!("{start}{}", char::from(ALPHABET[value + bits]))).collect()
}

#[test]
fn stray_last_bits_are_refused() {
    // 64 bytes leave four bits over, 32 leave two, and the 384 of RSA none.
    for issuer in issuers() {
        let token = issuer.token();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let others = stray(signature);
        let wanted = match issuer.key.algorithm() {
            Algorithm::Es256 | Algorithm::EdDsa => 15,
            Algorithm::Rs256 => 0,
            Algorithm::Hs256 => 3,
        };
        assert_eq!(others.len(), wanted);
        for other in others {
            assert_eq!(issuer.verify(&format!("{signed}.{other}")), Err(Invalid::Encoding), "{other}");
        }
    }
}

#[test]
fn stray_last_bits_are_refused_even_if_they_are_signed() {
    for issuer in issuers() {
        let header = issuer.header().to_string();
        let header = encode(format!("{header}{}", " ".repeat(4 - header.len() % 3)));
        let mut refused = 0;
        for spaces in 0..3 {
            let payload = encode(good_payload() + &" ".repeat(spaces));
            assert!(issuer.verify(&issuer.forge_parts(&header, &payload)).is_ok());
            for other in stray(&payload) {
                assert_eq!(issuer.verify(&issuer.forge_parts(&header, &other)), Err(Invalid::Encoding));
                refused += 1;
            }
        }
        assert_eq!(refused, 15 + 3, "both kinds");
        for other in stray(&header) {
            let token = issuer.forge_parts(&other, &encode(good_payload()));
            assert_eq!(issuer.verify(&token), Err(Invalid::Encoding));
        }
    }
}

#[test]
fn a_lone_last_character_is_refused() {
    // One character over a multiple of four holds six bits: no byte.
    let payload =
        (0..3).map(|spaces| good_payload() + &" ".repeat(spaces)).find(|p| p.len() % 3 == 0).unwrap();
    for issuer in issuers() {
        let header = encode(issuer.header().to_string());
        for lone in ["A", "e", "_"] {
            let token = issuer.forge_parts(&header, &(encode(&payload) + lone));
            assert_eq!(issuer.verify(&token), Err(Invalid::Encoding), "{lone}");
        }
    }
}
