/**
 * A refresh, as docs/guide/rotation.md has it under "What the client does, exactly".
 *
 * 1. Have a retry key for this generation, stored before it is sent. Ask with those of the last four.
 * 2. Granted: keep it if it is newer in the same session.
 * 3. `generation_mismatch`: go by the cookie's generation if it is newer, or if there is a key for it; otherwise that may be
 *    old news, so ask again after a pause, and believe it the second time.
 * 4. `token_stale`: with a newer token as always; with the very same, once without keys.
 * 5. `session_ended`, `token_reused`, `token_missing`: ask once more, for a new sign-in may be there by now. Only then it is over.
 * 6. Anything else: keep all. A reply that does not come is given up before the window has passed, and asked for again.
 */

import type { SessionAnswer } from "./answer.js";
import { RotundaError } from "./errors.js";
import { NOTHING_KNOWN, afterAnswer, afterMismatch, keysToSend, makeKey, withKey, type Kept } from "./keys.js";
import type { Book } from "./storage.js";

/** What a refresh needs of the world. */
export interface Means {
  readonly book: Book;
  /** Whether tokens are in bodies and in the book, rather than in cookies. */
  readonly isNative: boolean;
  readonly ask: (body: object) => Promise<SessionAnswer>;
  readonly pause: (ms: number) => Promise<void>;
}

export type Outcome =
  | { readonly granted: SessionAnswer }
  /** There is no session. The reason is absent where nothing was stored. */
  | { readonly over: RotundaError | null };

/** The most requests of one refresh. */
const ROUNDS = 8;
/** The most of them without an answer. */
const FAILURES = 2;
const PAUSE_MS = 300;
/** What means that the session is over, once doubted. */
const OVER: readonly string[] = ["session_ended", "token_reused", "token_missing"];
/** A longer `Retry-After` is left to whoever called. */
const SHORT_WAIT_S = 1;

/** Asks until there is an answer to go by; rejects with a {@link RotundaError} where all is to be kept and tried later. */
export async function refresh({ book, isNative, ask, pause }: Means): Promise<Outcome> {
  let bare = false;
  let doubted = false;
  let failures = 0;
  let toldBefore: number | undefined;

  /** Whether the answer counts: it does not if another session has begun meanwhile. */
  async function keep(sent: Kept, answer: SessionAnswer): Promise<boolean> {
    let next: Kept | undefined;
    await book.update((now) => (next = afterAnswer(now, sent, answer)) ?? now);
    return next !== undefined;
  }

  /** Goes by the cookie's generation, at once or the second time. */
  async function mismatched(told: number): Promise<void> {
    let next: Kept | undefined;
    await book.update((now) => (next = afterMismatch(now ?? NOTHING_KNOWN, told, toldBefore === told)) ?? now);
    toldBefore = next ? undefined : told;
    if (!next) await pause(PAUSE_MS);
  }

  /** Forgets the session that is over, unless another one has begun. */
  async function forget(sent: Kept): Promise<boolean> {
    return (await book.update((now) => (now?.session === sent.session ? null : now))) === null;
  }

  /** Whether it is over; resolves for asking again, rejects where it is to be left for later. */
  async function refused(sent: Kept, wasBare: boolean, error: RotundaError): Promise<boolean> {
    const { kind, reason, retryAfter = 0, generation } = error;
    if (kind !== "denied") {
      if (++failures >= FAILURES || retryAfter > SHORT_WAIT_S) throw error;
      if (kind !== "timeout") await pause(retryAfter * 1000 || PAUSE_MS);
    } else if (reason === "generation_mismatch" && generation !== undefined) {
      await mismatched(generation);
    } else if (reason === "token_stale" && !wasBare) {
      const now = await book.update((kept) => kept);
      bare = now?.session === sent.session && now?.generation === sent.generation;
    } else if (reason && OVER.includes(reason)) {
      // Somebody who never was here need not be asked for twice.
      if (doubted || (reason === "token_missing" && !sent.session)) return forget(sent);
      doubted = true;
    } else {
      throw error;
    }
    return false;
  }

  for (let round = 0; round < ROUNDS; round++) {
    const sent = await book.update((now) => {
      const kept = now ?? (isNative ? null : NOTHING_KNOWN);
      return kept && withKey(kept, makeKey);
    });
    if (!sent) return { over: null };
    const wasBare = bare;
    bare = false;
    try {
      const answer = await ask(body(sent, wasBare, isNative));
      if (await keep(sent, answer)) return { granted: answer };
    } catch (error) {
      if (await refused(sent, wasBare, error as RotundaError)) return { over: error as RotundaError };
    }
  }
  throw new RotundaError("unavailable", "unsettled");
}

function body(sent: Kept, bare: boolean, isNative: boolean): object {
  const { generation, token: refresh_token, device: device_secret } = sent;
  return { ...(!bare && { retry_keys: keysToSend(sent) }), ...(isNative ? { refresh_token, device_secret } : { generation }) };
}
