//! The text form of refresh tokens, and how one follows from another.

use base64ct::{Base64UrlUnpadded, Encoding};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::RngSeed;
use rotunda_core::keys::MasterKeys;
use rotunda_core::model::{Salt, SessionId, TokenSecret};
use rotunda_core::refresh::RefreshToken;

use crate::support::masters;

const SALT: Salt = Salt([5; 32]);

fn first(keys: &MasterKeys) -> RefreshToken {
    RefreshToken::first(keys, SessionId::from_bytes([3; 16]), TokenSecret::from_bytes([4; 32])).unwrap()
}

fn text(token: &RefreshToken, keys: &MasterKeys) -> String {
    token.expose_text(keys).unwrap()
}

fn bytes_of(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text.strip_prefix("rt1_").unwrap()).unwrap()
}

fn text_of(bytes: &[u8]) -> String {
    format!("rt1_{}", Base64UrlUnpadded::encode_string(bytes))
}

/// A token with the right tag for whatever its body is: made with the very key, as only this server could.
fn tagged(signed: &[u8]) -> String {
    use aws_lc_rs::{hkdf, hmac};
    struct Len32;
    impl hkdf::KeyType for Len32 {
        fn len(&self) -> usize {
            32
        }
    }
    let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"rotunda v1").extract(&[1; 32]);
    let mut key = [0; 32];
    root.expand(&[b"refresh token tag"], Len32).unwrap().fill(&mut key).unwrap();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed);
    text_of(&[signed, &tag.as_ref()[..16]].concat())
}

#[test]
fn a_token_is_98_bytes_with_a_prefix_and_read_back_as_it_was() {
    let keys = masters(&[1]);
    let token = first(&keys);
    let text = text(&token, &keys);
    assert!(text.starts_with("rt1_"));
    assert_eq!((text.len(), RefreshToken::TEXT_LEN), (98, 98));
    assert!(text.len() <= 128);
    let read = RefreshToken::parse(&keys, &text).unwrap();
    assert_eq!((read.key_id, read.session_id, read.generation), (1, token.session_id, 0));
    assert_eq!(read.hash(&keys), token.hash(&keys));
    assert_eq!(read.expose_text(&keys), Some(text));
}

#[test]
fn the_layout_is_the_one_that_is_written_down() {
    let keys = masters(&[1]);
    let token = first(&keys).successor(&keys, 1, &SALT).unwrap();
    let bytes = bytes_of(&text(&token, &keys));
    assert_eq!(bytes.len(), 70);
    assert_eq!(bytes[..2], [1, 1], "version and key id");
    assert_eq!(bytes[2..18], [3; 16], "session");
    assert_eq!(bytes[18..22], [0, 0, 0, 1], "generation");
    assert_eq!(tagged(&bytes[..54]), text_of(&bytes), "tag");
}

#[test]
fn no_single_bit_can_be_changed() {
    let keys = masters(&[1]);
    let bytes = bytes_of(&text(&first(&keys), &keys));
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(RefreshToken::parse(&keys, &text_of(&changed)).is_none(), "bit {bit}");
    }
    let text = text(&first(&keys), &keys);
    for place in 0..text.len() {
        for character in "Aa0-_. \n=+/".chars() {
            let mut changed: Vec<char> = text.chars().collect();
            if std::mem::replace(&mut changed[place], character) != character {
                let changed: String = changed.into_iter().collect();
                assert!(RefreshToken::parse(&keys, &changed).is_none(), "{character:?} at {place}");
            }
        }
    }
}

#[test]
fn only_the_one_spelling_is_read() {
    let keys = masters(&[1]);
    let text = text(&first(&keys), &keys);
    let body = &text[4..];
    let last_but_bits: Vec<String> = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        .chars()
        .map(|last| format!("{}{last}", &text[..97]))
        .filter(|other| *other != text)
        .collect();
    let others = [
        String::new(),
        "rt1_".to_owned(),
        body.to_owned(),
        format!("rt2_{body}"),
        format!("RT1_{body}"),
        format!("rd1_{body}"),
        format!(" {text}"),
        format!("{text} "),
        format!("{text}\n"),
        format!("{text}="),
        format!("{text}=="),
        format!("{text}A"),
        format!("{text}{text}"),
        text[..97].to_owned(),
        text[..text.len() - 2].to_owned(),
        text.replace("rt1_", "rt1-"),
        format!("rt1_{}\u{e9}", &body[..92]),
    ];
    for other in others.into_iter().chain(last_but_bits) {
        assert!(RefreshToken::parse(&keys, &other).is_none(), "{other:?}");
    }
    for shorter in 0..text.len() {
        assert!(RefreshToken::parse(&keys, &text[..shorter]).is_none());
    }
}

#[test]
fn another_version_or_an_unknown_key_is_refused_even_with_a_right_tag() {
    let keys = masters(&[1]);
    let signed = bytes_of(&text(&first(&keys), &keys))[..54].to_vec();
    assert!(RefreshToken::parse(&keys, &tagged(&signed)).is_some());
    for (version, key_id) in [(0, 1), (2, 1), (255, 1), (1, 0), (1, 2), (1, 255)] {
        let mut other = signed.clone();
        (other[0], other[1]) = (version, key_id);
        assert!(RefreshToken::parse(&keys, &tagged(&other)).is_none(), "version {version}, key {key_id}");
    }
}

#[test]
fn under_two_master_keys_old_tokens_are_read_and_new_ones_made_with_the_newer() {
    let (old, both, new) = (masters(&[1]), masters(&[1, 2]), masters(&[2]));
    let token = first(&old);
    let text_of_old = text(&token, &old);
    let read = RefreshToken::parse(&both, &text_of_old).unwrap();
    assert_eq!((read.key_id, read.hash(&both)), (1, token.hash(&old)), "with the key that its own id names");
    assert_eq!(first(&both).key_id, 2);
    assert_ne!(first(&both).hash(&both), token.hash(&old), "the same secret under another key");
    assert!(RefreshToken::parse(&new, &text_of_old).is_none());
    assert_eq!((token.hash(&new), token.expose_text(&new)), (None, None));
    assert!(token.successor(&new, 1, &SALT).is_none());
    let successor = read.successor(&both, 2, &SALT).unwrap();
    assert_eq!((successor.key_id, successor.generation), (2, 1));
    assert!(RefreshToken::parse(&new, &text(&successor, &both)).is_some());
}

#[test]
fn a_successor_is_always_the_same_and_differs_by_everything_that_it_is_made_of() {
    let keys = masters(&[1, 2]);
    let token = |session: u8, secret: u8| {
        RefreshToken::first(
            &keys,
            SessionId::from_bytes([session; 16]),
            TokenSecret::from_bytes([secret; 32]),
        )
        .unwrap()
    };
    let successor =
        |token: &RefreshToken, key: u8, salt: u8| token.successor(&keys, key, &Salt([salt; 32])).unwrap();
    let hash = |token: &RefreshToken| token.hash(&masters(&[1, 2])).unwrap().0;
    let text = |token: RefreshToken| token.expose_text(&keys).unwrap();

    let base = successor(&token(3, 4), 2, 5);
    assert_eq!(text(successor(&token(3, 4), 2, 5)), text(base.clone()));
    let mut later = token(3, 4);
    later.generation = 1;
    let others = [
        ("salt", successor(&token(3, 4), 2, 6)),
        ("session", successor(&token(9, 4), 2, 5)),
        ("secret", successor(&token(3, 9), 2, 5)),
        ("generation", successor(&later, 2, 5)),
    ];
    for (what, other) in others {
        assert_ne!(hash(&other), hash(&base), "another {what}");
    }
    let under_the_other_key = successor(&token(3, 4), 1, 5);
    // The hash has a key too, so compare what the secrets themselves lead to.
    let secret = |token: &RefreshToken| bytes_of(&token.expose_text(&keys).unwrap())[22..54].to_vec();
    assert_ne!(secret(&under_the_other_key), secret(&base), "another key");
}

#[test]
fn the_last_generation_has_no_successor() {
    let keys = masters(&[1]);
    let mut last_but_one = first(&keys);
    last_but_one.generation = u32::MAX - 1;
    let last = last_but_one.successor(&keys, 1, &SALT).unwrap();
    assert_eq!(last.generation, u32::MAX);
    assert!(RefreshToken::parse(&keys, &text(&last, &keys)).is_some());
    assert!(last.successor(&keys, 1, &SALT).is_none());
}

/// Strings that look like tokens more or less.
fn lookalikes() -> impl Strategy<Value = String> {
    let body = proptest::string::string_regex("(rt1_)?[A-Za-z0-9_=+/ -]{0,120}").unwrap();
    proptest::prop_oneof![
        body,
        any::<String>(),
        proptest::string::string_regex("rt1_[A-Za-z0-9_-]{94}").unwrap()
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_is_read_without_a_panic_and_refused(text in lookalikes()) {
        prop_assert!(RefreshToken::parse(&masters(&[1, 2]), &text).is_none());
    }

    #[test]
    fn every_token_is_read_back(
        session in any::<[u8; 16]>(), secret in any::<[u8; 32]>(), salt in any::<[u8; 32]>(), steps in 0..4_usize,
    ) {
        let keys = masters(&[7]);
        let token = RefreshToken::first(&keys, SessionId::from_bytes(session), TokenSecret::from_bytes(secret));
        let mut token = token.unwrap();
        for _ in 0..steps {
            token = token.successor(&keys, 7, &Salt(salt)).unwrap();
        }
        let text = token.expose_text(&keys).unwrap();
        let read = RefreshToken::parse(&keys, &text).unwrap();
        prop_assert_eq!(text.len(), 98);
        prop_assert_eq!(read.session_id, SessionId::from_bytes(session));
        prop_assert_eq!(read.generation as usize, steps);
        prop_assert_eq!(read.expose_text(&keys), Some(text));
    }
}
