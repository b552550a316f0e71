/**
 * Every way in which a request does not get through, and what it is on the wire (RFC 6750 §3 and §3.1).
 *
 * No message repeats any part of a token. The body has the form of the server's own errors: `error`, `error_description`
 * and, where a client acts upon it, `reason`.
 */

const INVALID = { status: 401, error: "invalid_token" };
const INSUFFICIENT = { status: 403, error: "insufficient_scope" };
const UNAVAILABLE = { status: 503, error: "temporarily_unavailable" };

/** The closed list. It only grows. */
export const CODES = Object.freeze({
  token_missing: {
    ...INVALID, reason: "token_missing", challenge: "",
    says: "This needs an access token and none was sent. Send it as `Authorization: Bearer TOKEN`.",
  },
  request_malformed: {
    status: 400, error: "invalid_request", challenge: "The Authorization header is not good",
    says: "The Authorization header cannot be understood. Send one, as `Authorization: Bearer TOKEN`.",
  },
  token_expired: {
    ...INVALID, reason: "token_expired", challenge: "The access token has expired",
    says: "The access token has expired. Refresh it and try again.",
  },
  token_invalid: {
    ...INVALID, reason: "token_unknown", challenge: "The access token is not good",
    says: "The access token is not good: it is no access token of this issuer for this service.",
  },
  session_revoked: {
    ...INVALID, reason: "session_ended", challenge: "The session has ended",
    says: "The session of this access token has ended. Sign in again.",
  },
  user_revoked: {
    ...INVALID, reason: "token_unknown", challenge: "The access token was revoked",
    says: "This access token was issued before its user's rights changed. Refresh it or sign in again.",
  },
  everyone_revoked: {
    ...INVALID, reason: "token_unknown", challenge: "The access token was revoked",
    says: "Everyone was signed out after this access token was issued. Refresh it or sign in again.",
  },
  token_revoked: {
    ...INVALID, reason: "token_unknown", challenge: "The access token was revoked",
    says: "This access token was revoked. Get a new one.",
  },
  key_revoked: {
    ...INVALID, reason: "token_unknown", challenge: "The access token was revoked",
    says: "The key that signed this access token was revoked. Get a new token.",
  },
  token_outdated: {
    ...INVALID, reason: "token_outdated", challenge: "The roles of the user have changed",
    says: "The roles or permissions of this user have changed since the access token was issued. Refresh it and try again.",
  },
  insufficient_scope: {
    ...INSUFFICIENT, challenge: "The access token lacks a scope",
    says: "This needs a scope that the access token does not have.",
  },
  insufficient_role: {
    ...INSUFFICIENT, challenge: "The user lacks a role",
    says: "This needs a role that the user does not have.",
  },
  keys_unavailable: {
    ...UNAVAILABLE,
    says: "It cannot be told now whether the access token is good: the issuer cannot be asked for its keys. Try again.",
  },
  feed_stale: {
    ...UNAVAILABLE,
    says: "Ended sessions are not known at the moment: the feed of revocations is behind. Try again.",
  },
});

/** When to come back after an outage. */
const RETRY_AFTER_SECONDS = "2";

/** What scopes may consist of (RFC 6749 §3.3); nothing else gets into a header. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Why a request does not get through. A 503 is an outage and nobody's sign-out. */
export class Refused extends Error {
  constructor(code, { scope, role, cause } = {}) {
    super(CODES[code].says, { cause });
    this.name = "Refused";
    /** One of {@link CODES}. */
    this.code = code;
    /** 400, 401, 403 or 503. */
    this.status = CODES[code].status;
    /** The `error` of OAuth. */
    this.error = CODES[code].error;
    /** The server's `reason`, where a client acts upon it. */
    this.reason = CODES[code].reason;
    /** The scope or role that was missing. */
    this.scope = scope;
    this.role = role;
  }

  /** The whole answer, for whatever serves it. */
  answer() {
    const headers = { "content-type": "application/json", "cache-control": "no-store" };
    const { challenge } = CODES[this.code];
    if (challenge !== undefined) headers["www-authenticate"] = this.#challenge(challenge);
    if (this.status === 503) headers["retry-after"] = RETRY_AFTER_SECONDS;
    const body = { error: this.error, error_description: this.message, reason: this.reason };
    return { status: this.status, headers, body: JSON.stringify(body) };
  }

  #challenge(says) {
    const error = says && `, error="${this.error}", error_description="${says}"`;
    const scope = SCOPE.test(this.scope ?? "") ? `, scope="${this.scope}"` : "";
    return `Bearer realm="rotunda"${error}${scope}`;
  }
}
