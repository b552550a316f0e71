//! Core's parsers of what clients keep: refresh tokens, device and page secrets, retry keys, ids.
//!
//! The first byte says how the rest is read:
//!
//! - `e`: a token of ours (one byte says which), then changes to it. It is read if and only if nothing has changed.
//! - `m`: a token made here with any fields, which must survive the way out and in, and have one successor.
//! - `k`: retry keys, one a line.
//! - anything else: text, the first byte included, for each parser.

use std::sync::LazyLock;

use rotunda_core::keys::{MasterKey, MasterKeys};
use rotunda_core::model::{
    DeviceId, DeviceSecret, PageKey, RetryKey, RetryKeys, Salt, SessionId, TokenSecret, UserId,
};
use rotunda_core::refresh::RefreshToken;

use crate::edits;

/// Two master keys, so that a token can name the wrong one.
static KEYS: LazyLock<MasterKeys> = LazyLock::new(|| {
    let keys = [(1, MasterKey::from_bytes([11; 32])), (7, MasterKey::from_bytes([77; 32]))];
    MasterKeys::new(keys).expect("two keys")
});

/// Every token that this target ever made before it reads any: three sessions, three generations each.
static MADE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut made = Vec::new();
    for session in [0_u8, 0x5a, 0xff] {
        let (id, secret) = (SessionId::from_bytes([session; 16]), TokenSecret::from_bytes([session ^ 3; 32]));
        let mut token = RefreshToken::first(&KEYS, id, secret).expect("the current key is there");
        for key_id in [1, 7, 1] {
            made.push(text(&token));
            token = token.successor(&KEYS, key_id, &Salt([key_id; 32])).expect("a young family");
        }
    }
    made
});

fn text(token: &RefreshToken) -> String {
    token.expose_text(&KEYS).expect("its key is there")
}

/// The tokens that inputs may begin with.
#[must_use]
pub fn made() -> &'static [String] {
    &MADE
}

/// One input.
pub fn check(data: &[u8]) {
    match data {
        [b'e', which, edits @ ..] => changed(usize::from(*which), edits),
        [b'm', fields @ ..] => any_fields(fields),
        [b'k', lines @ ..] => retry_keys(&String::from_utf8_lossy(lines)),
        any => any_text(&String::from_utf8_lossy(any)),
    }
}

fn changed(which: usize, edits: &[u8]) {
    let [token, other] = [which % MADE.len(), which / MADE.len() % MADE.len()].map(|at| MADE[at].as_str());
    let changed = edits::apply(token, other, edits);
    let ours = MADE.contains(&changed);
    assert_eq!(RefreshToken::parse(&KEYS, &changed).is_some(), ours, "{changed}");
}

fn any_text(text: &str) {
    if let Some(token) = RefreshToken::parse(&KEYS, text) {
        assert!(MADE.iter().any(|made| made == text), "nobody made this: {text}");
        assert_eq!(token.expose_text(&KEYS).as_deref(), Some(text), "it has two spellings");
    }
    if let Some(secret) = DeviceSecret::parse(text) {
        assert_eq!(secret.expose_text(), text, "it has two spellings");
    }
    if let Some(key) = PageKey::parse(text) {
        assert_eq!(key.expose_text(), text, "it has two spellings");
    }
    assert!(
        DeviceSecret::parse(text).is_none() || PageKey::parse(text).is_none(),
        "it is two things: {text}"
    );
    // An id opens nothing, so another spelling of it does no harm; but it must mean the same.
    if let Ok(id) = text.parse::<SessionId>() {
        assert_eq!(id.to_string().parse::<SessionId>(), Ok(id));
        assert_eq!(SessionId::from_bytes(*id.as_bytes()), id);
    }
    let ids = [text.parse::<UserId>().is_ok(), text.parse::<DeviceId>().is_ok()];
    assert_eq!(ids, [text.parse::<SessionId>().is_ok(); 2], "ids are read in one way: {text}");
}

/// Key, generation, id, secret and salt from the input; what is missing of it is zero.
fn any_fields(fields: &[u8]) {
    let mut bytes = fields.iter().copied().chain(std::iter::repeat(0));
    let mut take = || bytes.next().unwrap_or_default();
    let key_id = take();
    let next_key_id = take();
    let generation = u32::from_be_bytes(std::array::from_fn(|_| take()));
    let id = SessionId::from_bytes(std::array::from_fn(|_| take()));
    let secret = TokenSecret::from_bytes(std::array::from_fn(|_| take()));
    let salt = Salt(std::array::from_fn(|_| take()));

    let mut token = RefreshToken::first(&KEYS, id, secret).expect("the current key is there");
    (token.key_id, token.generation) = (key_id, generation);
    let Some(text) = token.expose_text(&KEYS) else {
        return assert!(KEYS.get(key_id).is_none(), "key {key_id} is there, and wrote nothing");
    };
    assert_eq!(text.len(), RefreshToken::TEXT_LEN);
    let read = RefreshToken::parse(&KEYS, &text).expect("what was written can be read");
    assert_eq!((read.key_id, read.session_id, read.generation), (key_id, id, generation));
    assert!(read.hash(&KEYS) == token.hash(&KEYS), "the secret is another one");

    let next = token.successor(&KEYS, next_key_id, &salt);
    let possible = KEYS.get(next_key_id).is_some() && generation < u32::MAX;
    assert_eq!(next.is_some(), possible, "{next_key_id} {generation}");
    if let Some(next) = next {
        let again = read.successor(&KEYS, next_key_id, &salt).expect("as before");
        assert_eq!(
            next.expose_text(&KEYS),
            again.expose_text(&KEYS),
            "the successor is not the same each time"
        );
        assert_eq!((next.key_id, next.session_id), (next_key_id, id));
        assert_eq!(next.generation, generation + 1);
        assert_ne!(next.expose_text(&KEYS), Some(text), "a token cannot follow itself");
    }
}

fn retry_keys(lines: &str) {
    let texts: Vec<&str> = lines.split('\n').collect();
    let fits =
        |text: &&str| text.chars().all(|c| c > ' ' && c < '\u{7f}') && text.len() >= 22 && text.len() <= 64;
    let read = RetryKeys::parse(&texts);
    let expected = texts.len() <= RetryKeys::MOST && texts.iter().all(fits);
    assert_eq!(read.is_some(), expected, "{texts:?}");
    for text in &texts {
        assert_eq!(RetryKey::parse(text).is_some(), fits(text), "{text:?}");
    }
    let Some(read) = read else { return };
    let [here, elsewhere] = [1, 2].map(|id| read.hashes(&SessionId::from_bytes([id; 16])));
    assert_eq!(here.len(), texts.len());
    for (at, text) in texts.iter().enumerate() {
        assert_ne!(here[at], elsewhere[at], "a retry key says something about another session");
        for (other_at, other) in texts.iter().enumerate() {
            assert_eq!(here[at] == here[other_at], text == other, "{text:?} {other:?}");
        }
    }
}
