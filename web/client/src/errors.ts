/** The one error that every call of the client may reject with. */

import type { Ending, ErrorCode, Reason } from "./reasons.js";

/**
 * - `denied`: the server has understood and says no, in JSON.
 * - `unavailable`: the server, something in front of it, or this device's storage cannot do it now.
 * - `network`: no answer: offline, DNS, TLS, a connection that broke, CORS.
 * - `timeout`: no answer in time.
 *
 * Only `denied` is about the request or the user. None of them means "signed out"; `client.state` says that.
 */
export type Kind = "denied" | "unavailable" | "network" | "timeout";

/** What the client itself has to say, where there is no code of the server. */
export type ClientCode =
  /** The call needs a session, and there is none. */
  | "signed_out"
  /** An answer that is not the server's: a proxy's page, truncated JSON, an unknown form. */
  | "unreadable_answer"
  /** No answer at all. */
  | "unreachable"
  /** No answer in time. */
  | "timed_out"
  /** What the session is kept in cannot be read or written. */
  | "storage_failed"
  /** Each answer contradicted the one before, for as often as was asked. */
  | "unsettled";

export interface Details {
  /** Why, from the server's closed list. */
  readonly reason?: Reason | undefined;
  /** Why the session ended, with `session_ended` and `token_reused`. */
  readonly ended?: Ending | undefined;
  /** The status of the answer. */
  readonly status?: number | undefined;
  /** In how many seconds to ask again. */
  readonly retryAfter?: number | undefined;
  /** The generation of the cookie, with `generation_mismatch`. */
  readonly generation?: number | undefined;
}

/** What a {@link RotundaError} is, beside its {@link Details}. */
export class RotundaError extends Error implements Details {
  declare readonly kind: Kind;
  /** For programs. The server's list grows: expect others. */
  declare readonly code: ErrorCode | ClientCode;
  declare readonly reason?: Reason | undefined;
  declare readonly ended?: Ending | undefined;
  declare readonly status?: number | undefined;
  declare readonly retryAfter?: number | undefined;
  declare readonly generation?: number | undefined;

  /** The server's errors come with its own words for people; those of the client have their code, and mostly a cause. */
  constructor(kind: Kind, code: ErrorCode | ClientCode, details: Details & { cause?: unknown } = {}, message: string = code) {
    super(message, details);
    Object.assign(this, details, { name: "RotundaError", kind, code });
  }
}
