//! Which new passwords will do.

use proptest::prelude::*;
use rotunda_core::denied::Denied;
use rotunda_core::model::{Email, Password, Username};
use rotunda_core::outside::KnownPassword;
use rotunda_core::password::acceptable::{Predictable, UserWords, acceptable};
use rotunda_core::policy::Policy;
use rotunda_testkit::ListedPasswords;

use crate::support::password;

fn policy() -> Policy {
    let mut policy = Policy::new("https://auth.acme.example");
    policy.service_words = ["auth.acme.example", "acme", "Wunderwerk", "com"].map(str::to_owned).to_vec();
    policy
}

fn ada() -> UserWords {
    let email = Email::parse("ada.lovelace+shop@analytical-engines.example").unwrap();
    let username = Username::parse("countess_1815").unwrap();
    UserWords::of(&email, Some(&username), Some("Ada Lovelace Byron-Ωmega"))
}

/// How a password fares with Ada, when "password" and "trustno1" are common and "tr0ub4dor&3" is breached.
fn judged(text: &str) -> Result<(), Denied> {
    let known = ListedPasswords::new(&[
        ("password", KnownPassword::Common),
        ("trustno1 trustno1", KnownPassword::Common),
        ("tr0ub4dor&3 tr0ub4dor&3", KnownPassword::Breached),
    ]);
    acceptable(&password(text), &policy(), &ada(), &known)
}

#[test]
fn a_new_password_is_long_enough_and_not_longer_than_anybody_types() {
    let mut policy = policy();
    let check = |policy: &Policy, text: &str| {
        acceptable(&password(text), policy, &UserWords::default(), &ListedPasswords::default()).err()
    };
    assert_eq!(check(&policy, &"üö".repeat(6)), None, "characters count, not bytes");
    assert_eq!(check(&policy, "üöüöüöüöüöü"), Some(Denied::PasswordTooShort { least: 12 }));
    assert_eq!(check(&policy, &"pq".repeat(Password::MOST_BYTES / 2)), None);
    assert_eq!(check(&policy, &"p".repeat(Password::MOST_BYTES + 1)), Some(Denied::PasswordTooLong));
    policy.least_password_chars = 1;
    let least = Policy::FLOOR_PASSWORD_CHARS;
    assert_eq!(check(&policy, "pqpqpqpq"), None);
    assert_eq!(check(&policy, "pqpqpqp"), Some(Denied::PasswordTooShort { least }));
}

#[test]
fn words_of_the_user_and_of_the_service_are_not_enough() {
    let (user, service) = (Predictable::User, Predictable::Service);
    for (text, what) in [
        ("ada.lovelace+shop@analytical-engines.example", user),
        ("AdaLovelaceByron", user),
        ("adalovelacebyronωmega1", user),
        ("lovelace1234", user),
        ("1843-L0v3Lac3", user),
        ("10ve1ace10ve1ace", user),
        ("byron     !     byron", user),
        ("countess_1815!", user),
        ("analytical2026", user),
        ("Engine$-engines", user),
        ("password@lovelace", user),
        ("lovelacepassword", user),
        ("l0velace - Password!", user),
        ("lovelace!!!!!!!!!!!", user),
        ("lovelace12345678", user),
        ("acmeacmeacme", service),
        ("Acme-2026-Acme", service),
        ("auth.acme.example", service),
        ("wunderwerk#42", service),
        ("4cm3-wund3rw3rk", service),
        ("acme-lovelace", user),
    ] {
        assert_eq!(judged(text), Err(Denied::PasswordPredictable(what)), "{text}");
    }
}

#[test]
fn a_name_of_short_words_is_a_word_when_they_are_written_together() {
    let email = Email::parse("x@example.com").unwrap();
    let user = UserWords::of(&email, None, Some("Bo Li-Xu Wei"));
    let check = |text| acceptable(&password(text), &policy(), &user, &ListedPasswords::default());
    assert_eq!(check("BoLiXuWei2026"), Err(Denied::PasswordPredictable(Predictable::User)));
    assert_eq!(check("bo li xu wei 2026"), Ok(()), "as in any other phrase");
}

#[test]
fn a_phrase_may_have_such_words_in_it() {
    for text in [
        "lovelace walks the dog",
        "the acme of perfection",
        "byron on a wet sunday",
        "countess of nowhere at all",
        "xK7#qV2p-lovelace",
        "correct horse battery",
        "staple of four words",
        // Words of fewer than four characters say nothing.
        "ada com ada com ada",
        "password of my own password",
    ] {
        assert_eq!(judged(text), Ok(()), "{text}");
    }
}

#[test]
fn a_repetition_or_a_run_is_refused_however_long() {
    let (repetition, run) = (Predictable::Repetition, Predictable::Run);
    for (text, what) in [
        ("aaaaaaaaaaaa", repetition),
        ("aAaAaAaAaAaA", repetition),
        ("            ", repetition),
        (&"🔑".repeat(12), repetition),
        (&"x".repeat(1024), repetition),
        ("abcdefghijkl", run),
        ("ABCDefghijklmnop", run),
        ("zyxwvutsrqponm", run),
        ("1234567890123", run),
        ("3210987654321", run),
        ("абвгдежзийкл", run),
    ] {
        assert_eq!(judged(text), Err(Denied::PasswordPredictable(what)), "{text}");
    }
    for text in ["aaaaaaaaaaab", "abcdefghijkm", "abcabcabcabc", "aceggecaaceg", "135791357913"] {
        assert_eq!(judged(text), Ok(()), "{text}");
    }
}

#[test]
fn a_known_password_is_refused_for_what_it_is_known_for() {
    assert_eq!(judged("trustno1 trustno1"), Err(Denied::PasswordCommon));
    assert_eq!(judged("tr0ub4dor&3 tr0ub4dor&3"), Err(Denied::PasswordBreached));
}

proptest! {
    /// Whatever is sent and whoever asks, there is an answer, and no refusal repeats the password.
    #[test]
    fn any_text_is_judged_and_none_is_repeated(
        text in "\\PC{0,40}|[a-z@.]{8,24}|(lovelace|acme|.){1,12}",
        name in proptest::option::of("\\PC{1,128}"),
        words in proptest::collection::vec("\\PC{0,12}", 0..6),
    ) {
        let mut policy = policy();
        policy.service_words = words;
        let email = Email::parse("ada@example.com").unwrap();
        let user = UserWords::of(&email, None, name.as_deref());
        let judged = acceptable(&password(&text), &policy, &user, &ListedPasswords::default());
        if let Err(denied) = judged {
            let kinds = matches!(denied, Denied::PasswordTooShort { .. } | Denied::PasswordTooLong | Denied::PasswordPredictable(_));
            prop_assert!(kinds, "{denied:?}");
            prop_assert!(text.len() < 8 || !denied.to_string().contains(&text));
        }
    }

    /// Random letters are refused to nobody.
    #[test]
    fn random_letters_are_accepted(text in "[a-zA-Z0-9]{16,24}") {
        prop_assert_eq!(judged(&text), Ok(()));
    }
}
