/**
 * The issuer's keys, held so that a request never waits for them twice.
 *
 * 1. The first fetch begins when the verifier is made. Until one succeeds, no token can be judged: 503, never 401.
 * 2. A set is fresh for as long as the issuer says, ten minutes at most. The first request after that has it fetched again,
 *    in the background and with `If-None-Match`, and is itself answered from the old set. If that is older than twice its
 *    time, because nobody came meanwhile, the request waits for the new one: a key may be gone since long.
 * 3. A token that names an unknown key has the set fetched at once, and waits for it: that is how a new key becomes known
 *    between two fetches. Anybody can send such a token, so this happens at most once per cool-down.
 * 4. There is one fetch at a time; whoever needs it waits for the same one. One that began before an unknown key was named may
 *    not have seen it, so then the set is asked for once more, if the cool-down has passed.
 * 5. When the issuer is away the last good set stays. What a token that names an unknown key then gets is 503: the key may
 *    be new.
 * 6. A revocation of a held key on the feed has the set fetched at once.
 */

import { setTimeout } from "node:timers/promises";

import { importJWK } from "jose";

import { ANSWER_MS, AskError, ask, json, within } from "./ask.js";
import { Refused } from "./refused.js";

const MOST_BYTES = 64 * 1024;
const MOST_KEYS = 64;
const MOST_AGE_MS = 600_000;
const LEAST_AGE_MS = 10_000;
/** How soon a fetch that failed is tried again: with no key at all, and with old ones. */
const FIRST_RETRY_MS = 1_000;
const RETRY_MS = 30_000;

/** One algorithm for each kind of key; what a token says about it must agree. */
const ALGORITHM_OF = { "EC P-256": "ES256", "OKP Ed25519": "EdDSA", RSA: "RS256" };
/** What may sign. A shared secret is no public key, and never in a key set. */
export const ALGORITHMS = Object.values(ALGORITHM_OF);

/** Keys by their ids. */
export class Keys {
  #url;
  #clock;
  #coolDownMs;
  /** @type {Map<string, { alg: string, key: CryptoKey }> | undefined} */
  #held;
  #etag;
  /** For how long the held set counts as fresh, from when it was confirmed. */
  #freshMs = 0;
  #refreshAt = 0;
  #confirmedAt;
  #askedForUnknownAt = -Infinity;
  #error = null;
  #fetches = 0;
  /** The fetch that is under way; it never rejects. */
  #pending;
  #again = false;
  #closed = new AbortController();

  constructor({ jwksUri, clock, coolDownMs }) {
    this.#url = jwksUri;
    this.#clock = clock;
    this.#coolDownMs = coolDownMs;
    this.#start();
  }

  /** The key of that id, if the issuer has one. */
  async find(kid) {
    if (this.#clock.elapsed() >= this.#refreshAt) this.#start();
    if (!this.#held || this.#isOld()) await this.#pending;
    if (!this.#held) throw new Refused("keys_unavailable");
    if (!this.#held.has(kid)) await this.#askForUnknown(kid);
    const key = this.#held.get(kid);
    if (!key && this.#error) throw new Refused("keys_unavailable");
    return key;
  }

  /** The feed has said that this key was revoked. */
  revoked(kid) {
    if (!this.#held?.has(kid)) return;
    // One that is under way may have begun too early to see it.
    if (this.#pending) this.#again = true;
    else this.#start();
  }

  /** Done when there are keys. */
  async ready(until) {
    while (!this.#held) {
      if (this.#closed.signal.aborted || this.#clock.elapsed() >= until) throw new Refused("keys_unavailable");
      await this.#start();
      if (!this.#held) await setTimeout(FIRST_RETRY_MS / 4);
    }
  }

  /** What `health()` says about keys. */
  health() {
    return {
      count: this.#held?.size ?? 0,
      ageMs: this.#confirmedAt === undefined ? null : Math.round(this.#clock.elapsed() - this.#confirmedAt),
      fetches: this.#fetches,
      error: this.#error,
    };
  }

  /** Ends what is under way. */
  close() {
    this.#closed.abort();
  }

  /** Whether the next set is waited for. In an outage that is noticed every half minute, only the first request waits. */
  #isOld() {
    const now = this.#clock.elapsed();
    const triedInVain = this.#error !== null && now < this.#refreshAt + RETRY_MS;
    return !triedInVain && now >= this.#confirmedAt + 2 * this.#freshMs;
  }

  async #askForUnknown(kid) {
    await this.#pending;
    if (this.#held.has(kid)) return;
    const now = this.#clock.elapsed();
    if (now >= this.#askedForUnknownAt + this.#coolDownMs) {
      this.#askedForUnknownAt = now;
      this.#start();
    }
    // What is under way now, if anything, has begun since.
    await this.#pending;
  }

  #start() {
    if (this.#closed.signal.aborted) return undefined;
    this.#pending ??= this.#fetch().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #fetch() {
    do {
      this.#again = false;
      this.#fetches += 1;
      let freshMs;
      try {
        freshMs = this.#freshMs = await this.#ask();
        this.#error = null;
        this.#confirmedAt = this.#clock.elapsed();
      } catch (error) {
        this.#error = error.message;
        freshMs = this.#held ? RETRY_MS : FIRST_RETRY_MS;
      }
      this.#refreshAt = this.#clock.elapsed() + freshMs;
    } while (this.#again && !this.#closed.signal.aborted);
  }

  async #ask() {
    const headers = { accept: "application/json", ...(this.#etag && { "if-none-match": this.#etag }) };
    const init = { headers, signal: within(ANSWER_MS, this.#closed.signal) };
    const response = await ask(this.#url, init, this.#etag ? [200, 304] : [200]);
    const freshMs = freshFor(response.headers);
    if (response.status === 304) return freshMs;
    const held = await usable(await json(this.#url, response, MOST_BYTES));
    // It would refuse everybody, and an issuer that signs has a key.
    if (held.size === 0) throw new AskError(this.#url, "answers with something else than a key set for signatures");
    this.#held = held;
    this.#etag = response.headers.get("etag");
    return freshMs;
  }
}

/** The keys of a set that can verify here, each parsed once. Others are skipped: they may be meant for others. */
export async function usable(jwks) {
  const held = new Map();
  const given = Array.isArray(jwks?.keys) ? jwks.keys.slice(0, MOST_KEYS) : [];
  for (const jwk of given) {
    const alg = ALGORITHM_OF[jwk?.kty === "RSA" ? "RSA" : `${jwk?.kty} ${jwk?.crv}`];
    const meant = (jwk?.alg ?? alg) === alg && (jwk?.use ?? "sig") === "sig" && typeof jwk?.kid === "string";
    if (alg === undefined || !meant || held.has(jwk.kid)) continue;
    const { kty, crv, x, y, n, e } = jwk;
    // Only the public half is taken, whatever else is there.
    const key = await importJWK({ kty, crv, x, y, n, e }, alg).catch(() => undefined);
    const bits = key?.algorithm.modulusLength ?? 2048;
    if (key && bits >= 2048 && bits <= 4096) held.set(jwk.kid, { alg, key });
  }
  return held;
}

/** How long an answer counts as fresh: `max-age` less `Age` (RFC 9111 §4.2), within bounds. */
export function freshFor(headers) {
  const control = headers.get("cache-control") ?? "";
  if (/\bno-(store|cache)\b/i.test(control)) return LEAST_AGE_MS;
  const maxAge = /\bmax-age\s*=\s*"?(\d+)/i.exec(control)?.[1];
  if (maxAge === undefined) return MOST_AGE_MS;
  const age = /^\s*(\d+)\s*$/.exec(headers.get("age") ?? "")?.[1] ?? 0;
  return Math.min(Math.max((maxAge - age) * 1000, LEAST_AGE_MS), MOST_AGE_MS);
}
