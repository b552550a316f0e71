/**
 * The issuer's feed of revocations, and what is known of it here.
 *
 * 1. What was revoked is held in memory, a small entry each, until no token that it refuses can be alive; keys for good.
 * 2. It arrives by a stream that is followed (`follow.js`), or by asking from time to time (`poll.js`).
 * 3. A full page replaces what was known. A large one arrives in several parts: what was known before stays in force beside
 *    it until the last of them, so that nothing revoked passes in between.
 * 4. How stale it is shows in `health()`, and refuses tokens with 503 where the service wants that.
 */

import { AskError } from "../ask.js";
import { Refused } from "../refused.js";
import { Follower } from "./follow.js";
import { Freshness } from "./freshness.js";
import { Poller } from "./poll.js";
import { MOST_ENTRIES, Revoked } from "./revoked.js";
import { RevokedKeys } from "./revoked-keys.js";
import { ServiceToken } from "./service-token.js";

/** How often what has expired is looked for. */
const PURGE_EVERY_MS = 30_000;

/** What is known of the feed. */
export class Feed {
  #options;
  #clock;
  #revoked = new Revoked();
  #revokedKeys = new RevokedKeys();
  /** What a full page that is still arriving will have replaced. */
  #leaving = null;
  #freshness = new Freshness();
  #heard = false;
  #connected = false;
  #error = null;
  #purgedAt = 0;
  #closed = new AbortController();
  #poller;
  /** Where to go on. */
  cursor = null;

  constructor(options) {
    this.#options = options;
    this.#clock = options.clock;
    const token = new ServiceToken(options);
    const reader = { ...options, token, feed: this, closed: this.#closed.signal };
    this.#poller = new Poller(reader);
    if (options.mode === "stream") new Follower(reader).start();
  }

  /** Throws {@link Refused} if a token of these claims was taken back, is outdated where that matters, or if it cannot be told. */
  judge(claims) {
    const code = this.#revoked.refuses(claims) ?? this.#leaving?.refuses(claims);
    if (code) throw new Refused(code);
    const outdates = (known) => known?.outdates(claims) ?? false;
    if (this.#options.currentRoles && (outdates(this.#revoked) || outdates(this.#leaving))) throw new Refused("token_outdated");
    if (this.#stalenessMs() > this.#options.refuseAfterMs) throw new Refused("feed_stale");
  }

  /** Whether that key was revoked. */
  hasRevokedKey(kid) {
    return this.#revokedKeys.has(kid);
  }

  /** Asks, where nothing is followed and the last answer is old. */
  async pollIfDue() {
    if (this.#options.mode === "poll") await this.#poller.pollIfDue();
  }

  /** Asks now; whether the feed answered. A stream needs no asking. */
  async poll() {
    return this.#options.mode === "poll" ? this.#poller.poll() : this.#connected;
  }

  /** Done when all of the feed was heard once. */
  async ready(until) {
    while (!this.#heard) {
      if (this.#closed.signal.aborted || this.#clock.elapsed() >= until) throw new Refused("feed_stale");
      // Not before its time: after a round that failed, that is a second later.
      await this.pollIfDue();
      if (!this.#heard) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** What `health()` says about the feed. */
  health() {
    const staleness = this.#stalenessMs();
    return {
      connected: this.#connected,
      stalenessMs: Number.isFinite(staleness) ? Math.round(staleness) : null,
      entries: this.#revoked.size + (this.#leaving?.size ?? 0) + this.#revokedKeys.size,
      error: this.#error,
    };
  }

  /** Ends the stream and every request under way. */
  close() {
    this.#closed.abort();
  }

  /** Takes a page: the revocations first, the age of the word with them. One without `more` may have a next part. */
  take(url, page, date) {
    const known = page.full ? 0 : this.#revoked.size;
    if (known + page.entries.length > MOST_ENTRIES) {
      throw new AskError(url, `has more than ${MOST_ENTRIES} revocations, which is more than a service keeps`);
    }
    const newKeys = page.entries.filter(({ type, kid }) => type === "key" && this.#revokedKeys.add(kid));
    if (page.full) {
      // The first one that is replaced stays, should a second full page begin before it was let go.
      this.#leaving ??= this.#revoked;
      this.#revoked = new Revoked();
    }
    this.#revoked.add(page.entries);
    this.hear(page.as_of, date);
    this.cursor = page.cursor;
    if (page.more === false) this.arrived();
    for (const { kid } of newKeys) this.#options.onRevokedKey(kid);
  }

  /** Everything up to the cursor is here. */
  arrived() {
    this.#leaving = null;
    this.#heard = true;
    const now = this.#clock.elapsed();
    if (now - this.#purgedAt < PURGE_EVERY_MS) return;
    this.#purgedAt = now;
    // The same clock and leeway judge the `exp` of tokens, which is not later than that of their entry: wherever this
    // clock stands, a token is refused for its age before its entry is gone.
    this.#revoked.purge((Date.now() - this.#options.leewayMs) / 1000);
  }

  /** The server read its store at `asOf`. */
  hear(asOf, date) {
    this.#freshness.hear(asOf, date, this.#clock.elapsed(), this.#clock.jumps);
  }

  /** The server says that nothing has changed up to now. */
  unchanged(date) {
    this.#freshness.confirm(date, this.#clock.elapsed(), this.#clock.jumps);
    this.arrived();
  }

  connected() {
    this.#connected = true;
    this.#error = null;
  }

  disconnected(error) {
    this.#connected = false;
    this.#error = error.message;
  }

  #stalenessMs() {
    return this.#heard ? this.#freshness.stalenessMs(this.#clock.elapsed()) : Infinity;
  }
}
