/**
 * `fetch` with the access token.
 *
 * 1. The token goes to allowed origins only, and never over an `Authorization` that the caller has set.
 * 2. A 401 has the token refreshed, once, and the request sent again, once, if its body can be sent twice.
 * 3. Where that does not help, the API is not taking our tokens at all, and for a moment nothing is refreshed on its word.
 */

import { limited } from "./ask.js";
import { timedOut } from "./clock.js";
import type { LiveSession } from "./session.js";

export interface Api {
  readonly session: LiveSession;
  readonly covers: (url: string) => boolean;
  /** Until the head of an answer is there. */
  readonly timeoutMs: number;
  /** Until when a 401 is not believed to be about the token. */
  fruitless?: number;
}

/** For how long an API that refuses fresh tokens is not believed. */
const FRUITLESS_MS = 5000;

export async function authorized(api: Api, input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const { session, covers } = api;
  // By its form: one that was made in another frame is no `instanceof`, but is sent where it says.
  const request = (input as Request).url ? (input as Request) : undefined;
  const headers = new Headers(init.headers ?? request?.headers);
  const token = covers(request?.url ?? String(input)) && !headers.has("authorization") ? await session.token() : null;
  if (token === null) return send(api, input, init);
  // Cloned before it is sent: a body is read once.
  const again = isStream(init.body) ? undefined : (request?.clone() ?? input);
  const first = await send(api, input, bearing(init, headers, token));
  if (first.status !== 401 || again === undefined) return first;
  const now = session.world.now();
  if (now < api.fruitless!) return first;
  const fresh = await session.token(token);
  if (fresh === null) return first;
  void first.body?.cancel().catch(() => undefined);
  const second = await send(api, again, bearing(init, headers, fresh));
  if (second.status === 401) api.fruitless = now + FRUITLESS_MS;
  return second;
}

function bearing(init: RequestInit, headers: Headers, token: string): RequestInit {
  const mine = new Headers(headers);
  mine.set("authorization", `Bearer ${token}`);
  return { ...init, headers: mine };
}

/** Whether a body can be read once only. */
export function isStream(body: unknown): boolean {
  const it = Object(body);
  return "getReader" in it || Symbol.asyncIterator in it;
}

/** As `fetch`, except that it does not wait for ever, and says in our words what went wrong. */
async function send({ session, timeoutMs }: Api, input: RequestInfo | URL, init: RequestInit): Promise<Response> {
  const { after, fetch } = session.world;
  const theirs = init.signal ?? (input as Request).signal;
  // What an API has answered stands, however long this page slept since: time stands still here.
  const way = { after, now: () => 0 };
  // Never taken back: it also ends a body that is still being read.
  const heed = (stop: () => void): void => theirs?.addEventListener("abort", stop);
  try {
    // React Native has half a signal, too: neither `throwIfAborted` nor `reason`.
    if (theirs?.aborted) throw timedOut();
    return await limited(way, timeoutMs, (signal) => fetch(input, { ...init, signal }), heed);
  } catch (error) {
    throw (theirs?.aborted && theirs.reason) || error;
  }
}

/** The origin of an address; `undefined` where there is none. */
export function originOf(url: string): string | undefined {
  const base = globalThis.document?.baseURI;
  try {
    return new URL(url, base).origin;
  } catch {
    // React Native has half a URL. Whatever is not plain is not covered.
    return /^https?:\/\/[^/?#\\@\s]+(?=[/?#]|$)/.exec(url)?.[0];
  }
}
