//! How often whom was refused, by the closed list of reasons; by the code of the error where a refusal has no reason.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a refusal can be counted as; what is not here would be `other`.
const NAMES: [&str; 33] = [
    "credentials_invalid",
    "user_disabled",
    "token_missing",
    "token_unknown",
    "token_expired",
    "token_stale",
    "token_reused",
    "proof_missing",
    "generation_mismatch",
    "client_mismatch",
    "address_mismatch",
    "session_ended",
    "reauthentication_needed",
    "too_many_sessions",
    "link_invalid",
    "rate_limited",
    "acting_for_another",
    "invalid_client",
    "invalid_token",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "insufficient_scope",
    "access_denied",
    "precondition_failed",
    "conflict",
    "not_found",
    "registration_off",
    "email_taken",
    "username_taken",
    "password_unacceptable",
    "invalid_grant",
    "other",
];

/// Of the process, as the log is: an answer is made where no router is at hand.
static REFUSALS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];

/// One more.
pub(crate) fn count(name: &str) {
    let place = NAMES.iter().position(|known| *known == name).unwrap_or(NAMES.len() - 1);
    if let Some(number) = REFUSALS.get(place) {
        number.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) fn read() -> Vec<(&'static str, u64)> {
    NAMES.into_iter().zip(REFUSALS.iter().map(|number| number.load(Ordering::Relaxed))).collect()
}
