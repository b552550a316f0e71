/** What the server answers, and what is made of it. */

import { RotundaError } from "./errors.js";
import type { Ending, ErrorCode, Reason } from "./reasons.js";

/** A user, as `GET /auth/me` has them. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly email_verified: boolean;
  readonly username: string | null;
  readonly name: string | null;
  /** RFC 3339. */
  readonly created_at: string;
}

/** A live session, as the list of devices has it. Moments are RFC 3339. */
export interface Session {
  readonly id: string;
  readonly client_id: string;
  readonly device_id: string;
  /** What a person calls it, such as "Firefox on Linux". */
  readonly label: string;
  readonly address: string | null;
  readonly device_first_seen_at: string | null;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
  /** Whether it is the one that asks. */
  readonly current: boolean;
}

/** The session answer: the same after a sign-in and after a refresh. */
export interface SessionAnswer {
  readonly access_token: string;
  readonly expires_in: number;
  readonly refresh_after: number;
  /** Native clients only; a browser has both in cookies. */
  readonly refresh_token?: string;
  readonly device_secret?: string;
  readonly session: { readonly id: string; readonly generation: number; readonly created_at: string };
  readonly user: User;
}

/** The body of every error. */
interface ErrorBody {
  readonly error: ErrorCode;
  readonly error_description: string;
  readonly reason: Reason;
  readonly ended: Ending;
  readonly generation: number;
}

/** A status and what came with it; `body` is `undefined` where it was not JSON. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: number | undefined;
}

/** The session answer in a reply, or the error that it is. */
export function sessionAnswer(reply: Reply): SessionAnswer {
  const it = reply.body as SessionAnswer | undefined;
  if (reply.status < 300 && it?.access_token && it.expires_in > 0 && it.session?.generation >= 0 && it.user) return it;
  throw refusal(reply);
}

/** The error that a reply is, if it is not what was asked for. */
export function refusal({ status, body, retryAfter }: Reply): RotundaError {
  const { error, error_description, reason, ended, generation } = (body ?? {}) as Partial<ErrorBody>;
  // Everything that stands between here and the server may answer in its place; it does not answer like this.
  if (typeof error !== "string" || status < 400) {
    return new RotundaError("unavailable", "unreadable_answer", { status, retryAfter });
  }
  const kind = status >= 500 || status === 408 ? "unavailable" : "denied";
  return new RotundaError(kind, error, { status, reason, ended, generation, retryAfter }, error_description);
}
