/**
 * Checks Rotunda's access tokens in a service, without asking the server about each.
 *
 * 1. The signature and what is signed are checked with `jose`, with the issuer's keys (`keys.js`) and one algorithm a key.
 * 2. What was taken back meanwhile is known from the revocation feed (`feed/`), if the service follows it.
 * 3. Then the scopes and roles that the caller asks for.
 *
 * Whatever does not get through is a {@link Refused}; its `code` is from a closed list.
 */

import { decodeProtectedHeader, errors, jwtVerify } from "jose";

import { bearerToken } from "./bearer.js";
import { accepted, has } from "./claims.js";
import { Clock } from "./clock.js";
import { middleware } from "./express.js";
import { Feed } from "./feed/feed.js";
import { ALGORITHMS, Keys } from "./keys.js";
import { checked } from "./options.js";
import { CODES, Refused } from "./refused.js";

export { CODES, Refused } from "./refused.js";
export { bearerToken } from "./bearer.js";

/** The longest token that is looked at, in characters. */
const MOST_TOKEN_LENGTH = 8 * 1024;
/** RFC 7515 §3.1, without the spaces and padding that decoders forgive. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** Whether it is the one way to write its bytes: decoders forgive bits after the last one, so a token had several forms. */
const isCanonical = (part) => Buffer.from(part, "base64url").toString("base64url") === part;

/** A verifier for one issuer. See `index.d.ts` for the options. */
export function createVerifier(options) {
  return new Verifier(checked(options));
}

class Verifier {
  #options;
  #clock = new Clock();
  #keys;
  #feed;
  #refused = Object.fromEntries(Object.keys(CODES).map((code) => [code, 0]));

  constructor(options) {
    this.#options = options;
    this.#keys = new Keys({ ...options, clock: this.#clock });
    if (options.feed) {
      const revoked = (kid) => this.#keys.revoked(kid);
      this.#feed = new Feed({ ...options.feed, leewayMs: options.leewayMs, clock: this.#clock, onRevokedKey: revoked });
    }
  }

  /** The claims of a good token; throws {@link Refused} otherwise. */
  async verify(token, needs = {}) {
    try {
      return await this.#verify(token, needs);
    } catch (error) {
      if (error instanceof Refused) this.#refused[error.code] += 1;
      throw error;
    }
  }

  /** The same for the value of an `Authorization` header. */
  async authorize(authorization, needs = {}) {
    let token;
    try {
      token = bearerToken(authorization);
    } catch (error) {
      this.#refused[error.code] += 1;
      throw error;
    }
    return this.verify(token, needs);
  }

  async #verify(token, needs) {
    if (token === undefined || token === null || token === "") throw new Refused("token_missing");
    await this.#feed?.pollIfDue();
    const claims = await this.#signed(token);
    this.#feed?.judge(claims);
    for (const scope of [...this.#options.scope, ...many(needs.scope)]) {
      if (!has.scope(claims, scope)) throw new Refused("insufficient_scope", { scope });
    }
    for (const role of [...this.#options.role, ...many(needs.role)]) {
      if (!has.role(claims, role)) throw new Refused("insufficient_role", { role });
    }
    return claims;
  }

  /** What a token says, if its issuer has signed it for us and it has not expired. */
  async #signed(token) {
    const isShort = typeof token === "string" && token.length <= MOST_TOKEN_LENGTH;
    if (!isShort || !COMPACT.test(token) || !token.split(".").every(isCanonical)) throw new Refused("token_invalid");
    const { issuer, audience, leewayMs } = this.#options;
    try {
      const key = await this.#key(decodeProtectedHeader(token));
      const { payload } = await jwtVerify(token, key.key, {
        issuer, audience, typ: "at+jwt", algorithms: [key.alg], clockTolerance: leewayMs / 1000,
      });
      return accepted(payload);
    } catch (error) {
      if (error instanceof Refused) throw error;
      if (error instanceof errors.JWTExpired) throw new Refused("token_expired", { cause: error });
      // All that jose throws is about this token: keys were looked at when they came, options when they were given.
      throw new Refused("token_invalid", { cause: error });
    }
  }

  /** The key that the header names. Whether the algorithm is that of the key is asked when the signature is. */
  async #key({ alg, kid }) {
    if (!ALGORITHMS.includes(alg) || typeof kid !== "string") throw new Refused("token_invalid");
    if (this.#feed?.hasRevokedKey(kid)) throw new Refused("key_revoked");
    const key = await this.#keys.find(kid);
    // The feed may have spoken while the keys were fetched.
    if (this.#feed?.hasRevokedKey(kid)) throw new Refused("key_revoked");
    if (key === undefined) throw new Refused("token_invalid");
    return key;
  }

  /** A middleware for Express, and whatever calls middlewares as it does. */
  express(needs = {}) {
    return middleware(this, needs);
  }

  /** Asks the feed now; whether it answered. */
  async poll() {
    return this.#feed ? this.#feed.poll() : false;
  }

  /** Done when there are keys and, with a feed, all of it was heard once; throws {@link Refused} when that takes too long. */
  async ready({ timeoutMs = 10_000 } = {}) {
    const until = this.#clock.elapsed() + timeoutMs;
    await this.#keys.ready(until);
    await this.#feed?.ready(until);
  }

  /** How it is, for a health endpoint and for metrics. */
  health() {
    return { keys: this.#keys.health(), feed: this.#feed?.health() ?? null, refused: { ...this.#refused } };
  }

  /** Ends the stream and every request under way. */
  close() {
    this.#keys.close();
    this.#feed?.close();
  }
}

function many(oneOrMany = []) {
  return Array.isArray(oneOrMany) ? oneOrMany : [oneOrMany];
}
