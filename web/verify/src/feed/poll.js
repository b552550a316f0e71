/**
 * Asking for revocations, for functions that have no background task.
 *
 * 1. `GET /revocations` from the last cursor, with `If-None-Match`.
 * 2. 304: nothing new, as of this very answer. 200: a page; while it says `more`, the next one is asked for at once, without
 *    `If-None-Match`: what is known up to there is not all. So it is in the next round, if this one breaks off.
 * 3. There is one round at a time, and whoever needs it waits for the same one. After one that failed the next waits a
 *    second, so that an outage costs a function one slow request and not all of them.
 */

import { ANSWER_MS, AskError, ask, json, within } from "../ask.js";
import { dateOf } from "./freshness.js";
import { isPage } from "./page.js";

/** The longest page: the server gives 50,000 entries at most. */
const MOST_BYTES = 32 * 1024 * 1024;
/** More pages than this are no feed. */
const MOST_PAGES = 100;
const RETRY_MS = 1_000;

export class Poller {
  #reader;
  #dueAt = 0;
  /** Whether the last page said that there is more. */
  #more = false;
  /** The round that is under way; it never rejects. */
  #pending;

  /** @param reader who asks: `{ pollUrl, pollAfterMs, token, feed, clock, closed }` */
  constructor(reader) {
    this.#reader = reader;
  }

  async pollIfDue() {
    if (this.#reader.clock.elapsed() >= this.#dueAt) await this.poll();
    else await this.#pending;
  }

  poll() {
    this.#pending ??= this.#round().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #round() {
    const { feed, clock, pollAfterMs } = this.#reader;
    const began = clock.elapsed();
    try {
      for (let page = 0; await this.#ask(); page += 1) {
        if (page === MOST_PAGES) throw new AskError(this.#reader.pollUrl, "never comes to an end");
      }
      feed.connected();
      this.#dueAt = began + pollAfterMs;
      return true;
    } catch (error) {
      feed.disconnected(error);
      this.#dueAt = clock.elapsed() + RETRY_MS;
      return false;
    }
  }

  /** One page; whether there is more. */
  async #ask() {
    const { feed, token, closed } = this.#reader;
    const { bearer } = await token.get(closed);
    const { cursor } = feed;
    const url = from(this.#reader.pollUrl, cursor);
    const tag = cursor && !this.#more ? `"${cursor}"` : undefined;
    const headers = { authorization: bearer, accept: "application/json", ...(tag && { "if-none-match": tag }) };
    let response;
    try {
      response = await ask(url, { headers, signal: within(ANSWER_MS, closed) }, tag ? [200, 304] : [200]);
    } catch (error) {
      if (error.status === 401 || error.status === 403) token.forget();
      throw error;
    }
    if (response.status === 304) {
      feed.unchanged(dateOf(response));
      return false;
    }
    const page = await json(url, response, MOST_BYTES);
    if (!isPage(page)) throw new AskError(url, "answers with something else than a page of revocations");
    const more = page.more === true;
    feed.take(url, { ...page, more }, dateOf(response));
    this.#more = more;
    return more;
  }
}

/** The feed from there on. */
export function from(url, cursor) {
  const since = new URL(url);
  if (cursor) since.searchParams.set("since", cursor);
  return since;
}
