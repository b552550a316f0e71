/**
 * The signing keys that were ever revoked on the feed.
 *
 * A session's entry can be forgotten when its tokens have expired. A key's cannot: whoever has stolen the key writes the
 * `exp` himself, and the key may still be held, or published again. So what was heard once is remembered for as long as the
 * process lives, whatever the feed and the key set say later.
 */

/** The most that are remembered, the newest; issuers revoke a key in years. */
export const MOST_KEYS = 1_024;

export class RevokedKeys {
  /** In the order in which they were last heard of. */
  #kids = new Set();

  /** Remembers it; whether that is news. */
  add(kid) {
    const isNew = !this.#kids.delete(kid);
    this.#kids.add(kid);
    if (this.#kids.size > MOST_KEYS) this.#kids.delete(this.#kids.values().next().value);
    return isNew;
  }

  /** Whether that key was revoked. */
  has(kid) {
    return this.#kids.has(kid);
  }

  /** How many are remembered. */
  get size() {
    return this.#kids.size;
  }
}
