/**
 * What is kept of a session, and the rules of its retry keys. Pure: values in, values out.
 *
 * In a browser the token is in a cookie that no page can read, so what is kept, and shared by all tabs, is the highest
 * generation that any of them has seen, and the keys. A native client keeps the token as well, in the same breath.
 */

import type { SessionAnswer } from "./answer.js";

export interface Kept {
  /** The session's id; absent until an answer has told it. */
  readonly session?: string;
  /** The generation that the client believes to be in. */
  readonly generation: number;
  /** The retry key of each generation. */
  readonly keys: Readonly<Record<number, string>>;
  /** The refresh token; native clients only. */
  readonly token?: string;
  /** The device secret; native clients only. */
  readonly device?: string;
}

/** The server remembers the keys of this many rotations. */
const REMEMBERED = 4;

/** Where a page begins that knows nothing: a session's first generation. If it is another one, the server says so. */
export const NOTHING_KNOWN: Kept = { generation: 0, keys: {} };

/** With a key for the generation, made if it is new. Those that excuse nothing any more go. */
export function withKey(kept: Kept, make: () => string): Kept {
  if (kept.keys[kept.generation] !== undefined) return kept;
  const young = Object.entries(kept.keys).filter(([generation]) => Number(generation) > kept.generation - REMEMBERED);
  return { ...kept, keys: { ...Object.fromEntries(young), [kept.generation]: make() } };
}

/** The keys that go with a request, oldest first; that of this generation is the last. */
export function keysToSend({ generation, keys }: Kept): string[] {
  // Which are in the order of their numbers.
  return Object.keys(keys)
    .map(Number)
    .filter((it) => it > generation - REMEMBERED && it <= generation)
    .map((it) => keys[it] as string);
}

/**
 * What is kept after an answer; `undefined` where the answer is of a session that was left meanwhile.
 *
 * `sent` is what was known when it was asked, `now` what is known when it is answered.
 */
export function afterAnswer(now: Kept | null, sent: Kept, answer: SessionAnswer): Kept | undefined {
  const { id, generation } = answer.session;
  if (now === null) return undefined;
  if (now.session !== undefined && now.session !== id) {
    // Another session's cookie was put there without this client, by a page of the server. Native: by nobody.
    const replaced = now.session === sent.session && sent.token === undefined;
    return replaced ? { session: id, generation, keys: {} } : undefined;
  }
  if (now.token === undefined) return { ...now, session: id, generation: Math.max(now.generation, generation) };
  // Token and generation together, and never an older one over a newer one.
  return generation > now.generation ? { ...now, ...tokens(answer), generation } : now;
}

/** What is kept of a session that begins. */
export function begun(answer: SessionAnswer): Kept {
  return { session: answer.session.id, generation: answer.session.generation, keys: {}, ...tokens(answer) };
}

function tokens({ refresh_token: token, device_secret: device }: SessionAnswer): Pick<Kept, "token" | "device"> {
  return { ...(token && { token }), ...(device && { device }) };
}

/**
 * What is kept after the server has said of which generation the cookie is; `undefined` where that may be old news.
 *
 * Told the same `again`, it is none: the cookie is not of the session that this client thinks.
 */
export function afterMismatch(now: Kept, told: number, again: boolean): Kept | undefined {
  // Another tab has heard it too, and may have made the key for it already.
  if (told === now.generation) return now;
  if (now.session === undefined || again) return { generation: told, keys: {} };
  return told > now.generation || now.keys[told] !== undefined ? { ...now, generation: told } : undefined;
}

/** 128 random bits as 32 hexadecimal digits. */
export function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
}
