// The closed lists of the server. Made from its own by crates/server/tests/api/typescript.rs, which fails when this file
// says anything else; `ROTUNDA_WRITE=1 cargo test -p rotunda-server --test api typescript` writes it. Lists only grow.

/** `error` of an answer that is not what was asked for. */
export const ERRORS = [
  "invalid_request",
  "invalid_client",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
  "password_unacceptable",
  "link_invalid",
  "invalid_grant",
  "insufficient_user_authentication",
  "invalid_token",
  "access_denied",
  "insufficient_scope",
  "origin_refused",
  "registration_off",
  "not_found",
  "method_not_allowed",
  "request_timeout",
  "email_taken",
  "username_taken",
  "conflict",
  "precondition_failed",
  "payload_too_large",
  "unsupported_media_type",
  "misdirected_request",
  "precondition_required",
  "rate_limited",
  "server_error",
  "temporarily_unavailable",
] as const;

/** One of {@link ERRORS}. */
export type ErrorCode = (typeof ERRORS)[number];

/** `reason`: why the caller was refused. */
export const REASONS = [
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
] as const;

/** One of {@link REASONS}. */
export type Reason = (typeof REASONS)[number];

/** `ended`: why a session is over. */
export const ENDINGS = [
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
] as const;

/** One of {@link ENDINGS}. */
export type Ending = (typeof ENDINGS)[number];
