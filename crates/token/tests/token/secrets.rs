//! Secrets cannot be shown or copied, by type; and refusals repeat nothing of a token.

use std::fmt::{Debug, Display};

use rotunda_token::{Claims, Invalid, KeySet, SecretBytes, SharedSecret, SigningKey, Verifier, VerifyingKey};
use serde::Serialize;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use zeroize::ZeroizeOnDrop;

assert_not_impl_any!(SigningKey: Debug, Display, Serialize, Clone);
assert_not_impl_any!(SecretBytes: Debug, Display, Serialize, Clone, AsRef<[u8]>, std::ops::Deref);
assert_not_impl_any!(SharedSecret: Debug, Display, Serialize, Clone, AsRef<[u8]>, std::ops::Deref);
assert_impl_all!(SecretBytes: ZeroizeOnDrop);
assert_impl_all!(SharedSecret: ZeroizeOnDrop);

// What is shared between the threads of a server, and what it is made of.
assert_impl_all!(SigningKey: Send, Sync);
assert_impl_all!(Verifier: Send, Sync, Clone, Debug);
assert_impl_all!(KeySet: Send, Sync, Clone, Debug);
assert_impl_all!(VerifyingKey: Send, Sync, Clone, Debug);
assert_impl_all!(Claims: Send, Sync, Clone, Debug);
assert_impl_all!(Invalid: std::error::Error, Copy, Send, Sync);

#[test]
fn every_refusal_says_what_was_wrong_and_what_to_do() {
    use Invalid as I;
    let all = [
        I::TooLong,
        I::NotThreeParts,
        I::Encoding,
        I::Header,
        I::AlgorithmUnknown,
        I::Critical,
        I::KeyInHeader,
        I::Type,
        I::KeyIdMissing,
        I::KeyUnknown,
        I::AlgorithmMismatch,
        I::Signature,
        I::Claims,
        I::Issuer,
        I::Audience,
        I::NotYetValid,
        I::Expired,
    ];
    for invalid in all {
        let text = invalid.to_string();
        let (wrong, to_do) = text.split_once([';', ',']).unwrap();
        assert!(wrong.len() > 20 && to_do.len() > 15, "{text}");
        assert!(!text.ends_with('.') && text.starts_with("the ") | text.starts_with("a part"), "{text}");
        assert_eq!(invalid.is_expired(), invalid == I::Expired);
    }
}
