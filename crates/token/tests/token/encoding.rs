//! Attacks through the form: bounds, parts and base64url.

use rotunda_token::{Invalid, MAX_TOKEN_BYTES};
use serde_json::json;

use crate::fixture::{claims, claims_with, encode, forge_claims, forge_parts, header, parts, token, verify};

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
    let token = token();
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
        assert_eq!(verify(&wrong), Err(Invalid::NotThreeParts), "{wrong}");
    }
}

#[test]
fn data_before_or_after_the_token_is_refused() {
    let token = token();
    for wrong in [
        format!("{token} "),
        format!("{token}\n"),
        format!(" {token}"),
        format!("Bearer {token}"),
        format!("{token}\0"),
        format!("{token}é"),
    ] {
        assert_eq!(verify(&wrong), Err(Invalid::Encoding), "{wrong:?}");
    }
}

#[test]
fn a_truncated_token_is_refused_wherever_it_is_cut() {
    let token = token();
    for length in 0..token.len() {
        assert!(verify(&token[..length]).is_err(), "{length}");
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
    for spaces in 0..3 {
        let payload = encode(good_payload() + &" ".repeat(spaces));
        let header = encode(header().to_string());
        assert!(verify(&forge_parts(&header, &payload)).is_ok());
        for padding in ["=", "=="] {
            assert_eq!(verify(&forge_parts(&header, &(payload.clone() + padding))), Err(Invalid::Encoding));
        }
    }
    assert_eq!(verify(&(token() + "==")), Err(Invalid::Encoding), "of the signature");
}

#[test]
fn the_other_alphabet_is_refused() {
    // `~~~???` gives `-` and `_`.
    let payload = encode(claims_with("jti", json!("~~~???~~~???")));
    let header = encode(header().to_string());
    assert!(payload.contains('-') || payload.contains('_'), "or the test proves nothing");
    assert!(verify(&forge_parts(&header, &payload)).is_ok());
    let other = payload.replace('-', "+").replace('_', "/");
    assert_eq!(verify(&forge_parts(&header, &other)), Err(Invalid::Encoding));
}

#[test]
fn stray_last_bits_are_refused() {
    // 64 bytes are 86 characters, the last of which has four bits that mean nothing.
    let token = token();
    let (start, last) = token.split_at(token.len() - 1);
    let value = ALPHABET.iter().position(|c| last.as_bytes() == [*c]).unwrap();
    assert_eq!(value % 16, 0);
    for bits in 1..16 {
        let other = char::from(ALPHABET[value + bits]);
        assert_eq!(verify(&format!("{start}{other}")), Err(Invalid::Encoding), "{other}");
    }
}

#[test]
fn stray_last_bits_are_refused_even_if_they_are_signed() {
    let payload =
        (0..3).map(|spaces| good_payload() + &" ".repeat(spaces)).find(|p| p.len() % 3 == 1).unwrap();
    let payload = encode(payload);
    let (start, last) = payload.split_at(payload.len() - 1);
    let value = ALPHABET.iter().position(|c| last.as_bytes() == [*c]).unwrap();
    let header = encode(header().to_string());
    assert!(verify(&forge_parts(&header, &payload)).is_ok());
    let other = format!("{start}{}", char::from(ALPHABET[value + 1]));
    assert_eq!(verify(&forge_parts(&header, &other)), Err(Invalid::Encoding));
}

#[test]
fn a_lone_last_character_is_refused() {
    // One character over a multiple of four holds six bits: no byte.
    let payload =
        (0..3).map(|spaces| good_payload() + &" ".repeat(spaces)).find(|p| p.len() % 3 == 0).unwrap();
    let header = encode(header().to_string());
    for lone in ["A", "e", "_"] {
        let payload = encode(&payload) + lone;
        assert_eq!(verify(&forge_parts(&header, &payload)), Err(Invalid::Encoding), "{lone}");
    }
}
