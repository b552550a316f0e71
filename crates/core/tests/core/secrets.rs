//! Secrets cannot be shown by accident: by type, and in everything that can be shown.

use std::fmt::{Debug, Display};

use rotunda_core::keys::{DerivedKeys, MasterKey, MasterKeys, SealedSigningKey};
use rotunda_core::login::Login;
use rotunda_core::logout::Logout;
use rotunda_core::model::{
    Account, DeviceHash, DeviceSecret, PageHash, PageKey, Password, PasswordHash, RetryHash, RetryKey,
    RetryKeys, Salt, SecretText, TokenHash, TokenSecret,
};
use rotunda_core::password::ChangePassword;
use rotunda_core::refresh::{Attempt, RefreshToken};
use rotunda_core::register::{Newcomer, Register};
use rotunda_core::{Grant, Rotunda};
use serde::Serialize;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use zeroize::ZeroizeOnDrop;

use crate::support::{HOUR, World};

macro_rules! never_shown {
    ($($secret:ty),* $(,)?) => { $(assert_not_impl_any!($secret: Debug, Display, Serialize);)* };
}

never_shown!(TokenSecret, DeviceSecret, PageKey, RetryKey, RetryKeys, Password, PasswordHash, SecretText);
never_shown!(MasterKey, MasterKeys, DerivedKeys, SealedSigningKey, RefreshToken);
never_shown!(Grant, Attempt, Login, Logout, Register, Newcomer, ChangePassword, Account, Rotunda);
assert_not_impl_any!(TokenHash: Display, Serialize);

assert_impl_all!(TokenSecret: ZeroizeOnDrop);
assert_impl_all!(DeviceSecret: ZeroizeOnDrop);
assert_impl_all!(PageKey: ZeroizeOnDrop);
assert_impl_all!(RetryKey: ZeroizeOnDrop);
assert_impl_all!(Password: ZeroizeOnDrop);
assert_impl_all!(PasswordHash: ZeroizeOnDrop);
assert_impl_all!(SecretText: ZeroizeOnDrop);
assert_impl_all!(MasterKey: ZeroizeOnDrop);

#[test]
fn a_digest_prints_as_its_name_only() {
    let printed = [
        format!("{:?}", TokenHash([7; 32])),
        format!("{:?}", DeviceHash([7; 32])),
        format!("{:?}", PageHash([7; 32])),
        format!("{:?}", RetryHash([7; 16])),
        format!("{:?}", Salt([7; 32])),
    ];
    assert_eq!(printed, ["TokenHash", "DeviceHash", "PageHash", "RetryHash", "Salt"]);
}

#[tokio::test]
async fn nothing_that_is_stored_or_printed_holds_a_secret() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    tab.make_key();
    w.refreshes(&mut tab).await;
    let state = w.store.inner.snapshot();
    let printed = format!("{:?}{:?}{:?}", state.sessions, state.events, w.bearer(&tab).await);
    let device = tab.device.as_ref().unwrap().expose_text();
    let page = tab.page.as_ref().unwrap().expose_text();
    for secret in [&tab.token, &tab.access, &tab.keys[0], &device, &page] {
        assert!(!printed.contains(secret.as_str()));
    }
    assert!(!printed.contains("rt1_") && !printed.contains("rd1_") && !printed.contains("rp1_"));
}

#[test]
fn the_text_forms_are_read_back_and_nothing_else_is() {
    let device = DeviceSecret::from_bytes([7; 32]);
    let text = device.expose_text();
    assert!(text.starts_with("rd1_") && text.len() == 47);
    assert_eq!(DeviceSecret::parse(&text).map(|secret| *secret.expose()), Some([7; 32]));
    let page = PageKey::from_bytes([7; 32]).expose_text();
    assert!(page.starts_with("rp1_"));
    let longer = format!("{text}A");
    for other in ["", "rd1_", &page, &text[4..], &text[..46], &longer, &text.replace("rd1_", "rd2_")] {
        assert!(DeviceSecret::parse(other).is_none(), "{other:?}");
    }
    assert!(
        DeviceSecret::from_bytes([7; 32]).hash().0 != PageKey::from_bytes([7; 32]).hash().0,
        "told apart by use"
    );
}

#[test]
fn retry_keys_are_one_to_four_of_22_to_64_visible_characters() {
    let key = |length: usize| "k".repeat(length);
    for (length, fits) in [(0, false), (21, false), (22, true), (64, true), (65, false)] {
        assert_eq!(RetryKey::parse(&key(length)).is_some(), fits, "{length}");
    }
    for text in ["with a space in between", "with\ttab---------------", "umlaut-\u{e4}-------------------"] {
        assert!(RetryKey::parse(text).is_none(), "{text:?}");
    }
    for (count, fits) in [(0, false), (1, true), (4, true), (5, false)] {
        assert_eq!(RetryKeys::parse(&vec![key(22); count]).is_some(), fits, "{count}");
    }
    assert!(RetryKeys::parse(&[key(22), key(21)]).is_none(), "one that does not fit spoils all");
}
