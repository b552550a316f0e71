//! What each refusal says to programs: written down a second time on purpose, for these names are on the wire.

use std::time::Duration;

use rotunda_core::denied::Denied as D;
use rotunda_core::model::Ending;
use rotunda_core::password::acceptable::Predictable;

#[test]
fn each_refusal_has_its_reason_or_none() {
    let table = [
        (D::CredentialsInvalid, Some("credentials_invalid")),
        (D::UserDisabled, Some("user_disabled")),
        (D::TokenMissing, Some("token_missing")),
        (D::TokenUnknown, Some("token_unknown")),
        (D::TokenAhead, Some("token_unknown")),
        (D::TokenExpired, Some("token_expired")),
        (D::TokenStale, Some("token_stale")),
        (D::TokenReused, Some("token_reused")),
        (D::ProofMissing, Some("proof_missing")),
        (D::GenerationMismatch(7), Some("generation_mismatch")),
        (D::ClientMismatch, Some("client_mismatch")),
        (D::AddressMismatch, Some("address_mismatch")),
        (D::SessionEnded(None), Some("session_ended")),
        (D::SessionEnded(Some(Ending::LoggedOut)), Some("session_ended")),
        (D::ReauthenticationNeeded(Duration::from_secs(300)), Some("reauthentication_needed")),
        (D::TooManySessions, Some("too_many_sessions")),
        (D::LinkInvalid, Some("link_invalid")),
        (D::RateLimited(Duration::from_secs(9)), Some("rate_limited")),
        (D::ClientUnknown, None),
        (D::NotFound, None),
        (D::RegistrationOff, None),
        (D::EmailTaken, None),
        (D::UsernameTaken, None),
        (D::EmailInvalid, None),
        (D::UsernameInvalid, None),
        (D::NameInvalid, None),
        (D::PasswordTooShort { least: 12 }, None),
        (D::PasswordTooLong, None),
        (D::PasswordCommon, None),
        (D::PasswordBreached, None),
        (D::PasswordPredictable(Predictable::User), None),
    ];
    for (denied, reason) in table {
        assert_eq!(denied.reason(), reason, "{denied:?}");
        let generation = matches!(denied, D::GenerationMismatch(_)).then_some(7);
        assert_eq!(denied.generation(), generation, "{denied:?}");
        let wait = matches!(denied, D::RateLimited(_)).then_some(9);
        assert_eq!(denied.retry_after_seconds(), wait, "{denied:?}");
        let ending = match denied {
            D::TokenReused => Some(Ending::Reused),
            D::SessionEnded(Some(_)) => Some(Ending::LoggedOut),
            _ => None,
        };
        assert_eq!(denied.ending(), ending, "{denied:?}");
    }
}

#[test]
fn a_refusal_tells_people_what_it_knows() {
    assert_eq!(D::SessionEnded(None).to_string(), "This session has ended. Sign in again.");
    let reported = D::SessionEnded(Some(Ending::Reported));
    assert_eq!(reported.to_string(), "This session has ended (reported). Sign in again.");
    assert!(D::GenerationMismatch(7).to_string().contains("`generation` 7"));
    assert!(D::PasswordTooShort { least: 12 }.to_string().contains("at least 12 characters"));
}

#[test]
fn a_wait_is_told_in_whole_seconds_and_never_too_short() {
    let table = [
        (Duration::ZERO, 1, "1 second"),
        (Duration::from_millis(1), 1, "1 second"),
        (Duration::from_secs(1), 1, "1 second"),
        (Duration::from_millis(1_001), 2, "2 seconds"),
        (Duration::from_secs(600), 600, "600 seconds"),
        (Duration::MAX, u64::MAX, "18446744073709551615 seconds"),
    ];
    for (wait, seconds, told) in table {
        let denied = D::RateLimited(wait);
        assert_eq!(denied.retry_after_seconds(), Some(seconds), "{wait:?}");
        assert_eq!(denied.to_string(), format!("Too many attempts. Try again in {told}."));
    }
}

#[test]
fn a_refused_password_is_told_why_and_how_to_do_better() {
    let better = "A few unrelated words in a row make a good one.";
    let predictable =
        |what: &str| format!("The password is little more than {what}, which is easy to guess. {better}");
    let table = [
        (
            D::PasswordTooShort { least: 15 },
            "The password needs at least 15 characters. A few words in a row make a good one.".to_owned(),
        ),
        (D::PasswordTooLong, "The password has more than 1024 bytes.".to_owned()),
        (
            D::PasswordCommon,
            format!(
                "This password is one of the most common ones, or such a one with a few digits or signs behind it: it \
                 is among the first that attackers try. {better}"
            ),
        ),
        (
            D::PasswordBreached,
            format!(
                "This password has turned up in a data breach, so attackers try it. Do not use it anywhere any more. \
                 {better}"
            ),
        ),
        (
            D::PasswordPredictable(Predictable::Service),
            predictable("the name of this service or another word that its operator has ruled out"),
        ),
        (D::PasswordPredictable(Predictable::User), predictable("your own name or address")),
        (D::PasswordPredictable(Predictable::Repetition), predictable("one character repeated")),
        (D::PasswordPredictable(Predictable::Run), predictable("characters that follow one another")),
    ];
    for (denied, text) in table {
        assert_eq!(denied.to_string(), text);
    }
}
