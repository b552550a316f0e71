//! The closed lists of the contract, written down a second time on purpose: what changes there must be said here too.

/// `reason` of a refusal.
pub(crate) const REASONS: [&str; 18] = [
    "credentials_invalid",
    "email_unverified",
    "user_disabled",
    "rate_limited",
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
    "acting_for_another",
];

/// `ended`: why a session ended.
pub(crate) const ENDINGS: [&str; 15] = [
    "logged_out",
    "logged_out_everywhere",
    "revoked_by_user",
    "revoked_by_admin",
    "reused",
    "password_changed",
    "password_reset",
    "user_disabled",
    "user_deleted",
    "idle_expired",
    "absolute_expired",
    "evicted",
    "reported",
    "renewed",
    "email_verified",
];

/// `error`, each with the statuses that it comes with.
pub(crate) const ERRORS: [(&str, &[u16]); 28] = [
    ("invalid_request", &[400]),
    ("invalid_client", &[400, 401]),
    ("unauthorized_client", &[400]),
    ("unsupported_grant_type", &[400]),
    ("invalid_scope", &[400]),
    ("password_unacceptable", &[400]),
    ("link_invalid", &[400]),
    ("invalid_grant", &[400, 401]),
    ("insufficient_user_authentication", &[401]),
    ("invalid_token", &[401]),
    ("access_denied", &[403]),
    ("insufficient_scope", &[403]),
    ("origin_refused", &[403]),
    ("registration_off", &[403]),
    ("not_found", &[404]),
    ("method_not_allowed", &[405]),
    ("request_timeout", &[408]),
    ("email_taken", &[409]),
    ("username_taken", &[409]),
    ("conflict", &[409]),
    ("precondition_failed", &[412]),
    ("payload_too_large", &[413]),
    ("unsupported_media_type", &[415]),
    ("misdirected_request", &[421]),
    ("precondition_required", &[428]),
    ("rate_limited", &[429]),
    ("server_error", &[500]),
    ("temporarily_unavailable", &[503]),
];

/// What any route may answer before its handler is reached; the document names the other statuses one by one.
pub(crate) const UNDOCUMENTED: [u16; 6] = [400, 405, 408, 413, 415, 421];

/// What gateways ask: no page may read it.
pub(crate) const FOR_GATEWAYS: &str = "/auth/verify";

/// What operators' programs ask: no page may read it.
pub(crate) const FOR_OPERATORS: &str = "/admin/api/";

/// What people open in a browser.
pub(crate) const PAGES: [&str; 9] =
    ["/", "/login", "/auth/pages/login", "/register", "/forgot", "/logout", "/verify", "/reset", "/report"];
