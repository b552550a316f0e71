/**
 * The token with which a service reads the feed: `client_credentials` (RFC 6749 §4.4).
 *
 * 1. The client authenticates by HTTP Basic, both parts form-encoded first (RFC 6749 §2.3.1).
 * 2. It asks for the one scope that it needs, `revocations.read`.
 * 3. The token is renewed when nine tenths of its life have passed, by the clock that measures durations.
 */

import { ANSWER_MS, AskError, ask, json, within } from "../ask.js";

const MOST_BYTES = 64 * 1024;
/** No token is renewed more often, however short it lives; and none is kept for more than a day. */
const LEAST_LIFE_MS = 1_000;
const MOST_LIFE_MS = 86_400_000;

export class ServiceToken {
  #url;
  #basic;
  #clock;
  #held = null;
  #pending;

  constructor({ tokenUrl, clientId, clientSecret, clock }) {
    this.#url = tokenUrl;
    this.#clock = clock;
    const pair = [clientId, clientSecret].map((text) => new URLSearchParams({ "": text }).toString().slice(1)).join(":");
    this.#basic = `Basic ${Buffer.from(pair).toString("base64")}`;
  }

  /** `{ bearer, renewAt }`; one renewal at a time. */
  async get(closed) {
    if (this.#held && this.#clock.elapsed() < this.#held.renewAt) return this.#held;
    this.#pending ??= this.#ask(closed).finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  /** It was not accepted. */
  forget() {
    this.#held = null;
  }

  async #ask(closed) {
    const now = this.#clock.elapsed();
    const response = await ask(this.#url, {
      method: "POST",
      headers: { authorization: this.#basic, accept: "application/json" },
      body: new URLSearchParams({ grant_type: "client_credentials", scope: "revocations.read" }),
      signal: within(ANSWER_MS, closed),
    });
    const { access_token: token, expires_in: seconds } = (await json(this.#url, response, MOST_BYTES)) ?? {};
    if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token) || !(seconds >= 0)) {
      throw new AskError(this.#url, "answers with something else than a token (RFC 6749 §5.1)");
    }
    const lifeMs = Math.min(Math.max(seconds * 900, LEAST_LIFE_MS), MOST_LIFE_MS);
    this.#held = { bearer: `Bearer ${token}`, renewAt: now + lifeMs };
    return this.#held;
  }
}
