//! What each refusal says to programs: written down a second time on purpose, for these names are on the wire.

use rotunda_core::denied::Denied as D;
use rotunda_core::model::Ending;

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
        (D::ReauthenticationNeeded(std::time::Duration::ZERO), Some("reauthentication_needed")),
        (D::TooManySessions, Some("too_many_sessions")),
        (D::LinkInvalid, Some("link_invalid")),
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
    ];
    for (denied, reason) in table {
        assert_eq!(denied.reason(), reason, "{denied:?}");
        let generation = matches!(denied, D::GenerationMismatch(_)).then_some(7);
        assert_eq!(denied.generation(), generation, "{denied:?}");
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
