/**
 * A browser and a server in virtual time: tabs that run the real client, a cookie jar, a bad network, and the rules of
 * `crates/core/src/refresh/decide.rs` once more. Everything that happens follows from a seed.
 */

import { liveSession } from "../dist/session.js";

/** The window, in milliseconds. */
const WINDOW = 10_000;

/** Repeatable chance (mulberry32). */
export function chance(seed) {
  let a = seed >>> 0;
  const random = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { random, happens: (p) => random() < p, between: (a, b) => a + random() * (b - a), pick: (all) => all[Math.floor(random() * all.length)] };
}

/** Time that passes only when nothing is left to do. */
export class Time {
  now = 0;
  #due = [];
  #count = 0;

  /** The device's time of day, and its chance, are ours from here on. */
  constructor(luck) {
    Date.now = () => Math.round(1e12 + this.now);
    Math.random = luck.random;
  }

  after(ms, then) {
    const it = { at: this.now + Math.max(0, ms), count: this.#count++, then };
    this.#due.push(it);
    return () => (it.then = undefined);
  }

  /** Until `at`, one event after the other, each with all that follows from it. */
  async until(at) {
    for (;;) {
      await settled();
      let next;
      for (const it of this.#due) if (!next || it.at < next.at || (it.at === next.at && it.count < next.count)) next = it;
      if (!next || next.at > at) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.now = next.at;
      next.then?.();
    }
    this.now = at;
  }
}

/** All promises have done what they could. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Sessions, each one row. */
export class Server {
  /** What ended sessions for reuse: must stay empty. */
  reused = [];
  rotations = 0;
  decisions = {};
  rows = new Map();
  #ids = 0;

  constructor(time, life) {
    Object.assign(this, { time, life });
  }

  /** A login; the session that this browser had before is left behind. */
  begin(cookie) {
    this.end(cookie, "logged_out");
    const session = `s${++this.#ids}`;
    const created_at = this.time.now.toFixed(6).padStart(20, "0");
    const row = { session, generation: 0, id: ++this.#ids, retry: {}, rotatedAt: -Infinity, created_at };
    this.rows.set(session, row);
    return this.grant(row);
  }

  end(cookie, why) {
    const row = this.rows.get(cookie?.session);
    if (row) row.ended ??= why;
  }

  grant({ session, generation, id, created_at }) {
    const refresh_after = Math.max(1, Math.floor(this.life * 0.7));
    const access_token = `token ${++this.#ids} of ${session}`;
    const body = { access_token, expires_in: this.life, refresh_after, session: { id: session, generation, created_at }, user: { id: "ada" } };
    return { status: 200, body, cookie: { session, generation, id } };
  }

  refresh(cookie, { retry_keys = [], generation }) {
    const row = this.rows.get(cookie?.session);
    const decision = this.decide(row, cookie, retry_keys, generation);
    this.decisions[decision] = (this.decisions[decision] ?? 0) + 1;
    const refused = (reason, more) => ({ status: 401, body: { error: "invalid_grant", error_description: reason, reason, ...more } });
    switch (decision) {
      case "missing":
        return refused("token_missing");
      case "ended":
        return refused("session_ended", { ended: row.ended });
      case "mismatch":
        return refused("generation_mismatch", { generation: cookie.generation });
      case "stale":
        return refused("token_stale");
      case "reuse":
        this.reused.push({ at: this.time.now, cookie, retry_keys, row: structuredClone(row) });
        row.ended = "reused";
        return refused("token_reused", { ended: "reused" });
      case "rotate":
        row.retry = { ...row.retry, [row.generation]: retry_keys.at(-1) };
        delete row.retry[row.generation - 4];
        Object.assign(row, { before: row.previous, previous: row.id, id: ++this.#ids, generation: row.generation + 1, rotatedAt: this.time.now });
        this.rotations += 1;
    }
    return this.grant(row);
  }

  decide(row, cookie, keys, believes) {
    if (!row) return "missing";
    if (row.ended) return "ended";
    if (believes !== undefined && believes !== cookie.generation) return "mismatch";
    const inside = this.time.now - row.rotatedAt < WINDOW;
    const excused = keys.includes(row.retry[cookie.generation] ?? "none");
    switch (row.generation - cookie.generation) {
      case 0:
        return inside ? "debounce" : "rotate";
      case 1:
        return inside ? "replay" : excused ? "late" : "reuse";
      case 2:
        return inside || excused ? "in flight" : "reuse";
      default:
        return excused ? "stale" : "reuse";
    }
  }
}

/** A browser: a jar, storage, locks, and tabs. */
export class Browser {
  jar = {};
  tabs = [];
  kept = null;
  isCut = false;
  #lines = new Map();
  #names = 0;

  /**
   * @param bad `{ lost, slow }`: how many messages are lost, and how many take up to `slowest` ms
   * @param has `{ locks, channel, storage }`: what the browser knows; without storage each tab has a memory of its own
   */
  constructor(time, server, luck, bad, has) {
    Object.assign(this, { time, server, luck, bad, has });
  }

  open() {
    const tab = new Tab(this, ++this.#names);
    this.tabs.push(tab);
    return tab;
  }

  /** Where a message is: on its way for that long, or lost. */
  transit(then) {
    const { luck, bad } = this;
    if (this.isCut || luck.happens(bad.lost)) return;
    const ms = luck.happens(bad.slow) ? luck.between(1000, bad.slowest) : luck.between(5, 200);
    this.time.after(ms, then);
  }

  /** What the network makes of a request. `answered` is called for every answer that arrives. */
  send(question, answered) {
    const deliver = () => {
      const reply = this.handle(question);
      this.transit(() => answered(reply));
    };
    this.transit(deliver);
    // Only what a proxy may repeat.
    if (question.path === "/auth/refresh" && this.luck.happens(this.bad.twice ?? 0)) this.transit(() => void this.handle(question));
  }

  handle({ path, body, cookie }) {
    if (this.server.isDown) return { status: 503, text: "<html>away</html>" };
    if (path === "/auth/refresh") return this.server.refresh(cookie, body);
    if (path === "/auth/login") return this.server.begin(cookie);
    this.server.end(cookie, "logged_out");
    return { status: 204, cookie: null };
  }

  /** `navigator.locks` of one tab. */
  locks(tab) {
    return {
      request: (name, work) =>
        new Promise((resolve, reject) => {
          const line = this.#lines.get(name) ?? [];
          this.#lines.set(name, line);
          const mine = { tab };
          mine.begin = () => work().then(resolve, reject).finally(() => this.#leave(line, mine));
          line.push(mine);
          if (line[0] === mine) mine.begin();
        }),
    };
  }

  #leave(line, mine) {
    const at = line.indexOf(mine);
    if (at < 0) return;
    line.splice(at, 1);
    if (at === 0 && line.length > 0) line[0].begin();
  }

  release(tab) {
    for (const line of this.#lines.values()) for (const mine of line.filter((it) => it.tab === tab)) this.#leave(line, mine);
  }
}

class Tab {
  isFrozen = false;
  isGone = false;
  #later = [];
  #heard;
  #woken;

  constructor(browser, name) {
    Object.assign(this, { browser, name });
    const { time, luck, has } = browser;
    const none = { request: (_name, work) => (this.line = (this.line ?? Promise.resolve()).then(work, work)) };
    let own = null;
    const update = async (change) => {
      await this.pause(luck.between(0, 5));
      if (!has.storage) return (own = change(own));
      return (browser.kept = structuredClone(change(browser.kept)));
    };
    this.session = liveSession({
      name: "rotunda",
      baseUrl: "",
      isNative: false,
      background: true,
      client: {},
      credentials: "include",
      fetch: (path, init) => this.fetch(path, init),
      after: (ms, then) => time.after(ms, this.live(then)),
      now: () => time.now,
      book: { update },
      locks: has.locks ? browser.locks(this) : none,
      channel: has.channel ? (heard) => this.channel(heard) : () => undefined,
      wake: (listener) => {
        this.#woken = listener;
        return () => (this.#woken = undefined);
      },
    });
  }

  /** What happens in this tab: later if it is frozen, never if it is gone. */
  live(then) {
    return () => {
      if (this.isGone) return;
      if (this.isFrozen) this.#later.push(then);
      else then();
    };
  }

  pause(ms) {
    return new Promise((resolve) => this.browser.time.after(ms, this.live(resolve)));
  }

  channel(heard) {
    this.#heard = heard;
    return {
      postMessage: (news) => {
        const copy = structuredClone(news);
        for (const tab of this.browser.tabs) {
          if (tab !== this) this.browser.time.after(this.browser.luck.between(0, 20), tab.live(() => tab.#heard?.(copy)));
        }
      },
      close: () => (this.#heard = undefined),
    };
  }

  fetch(path, { signal, body }) {
    const { browser } = this;
    const { jar } = browser;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const fail = (error) => {
        isOver = true;
        reject(error);
      };
      if (signal.aborted) return fail(new Error("aborted"));
      signal.addEventListener("abort", () => fail(new Error("aborted")));
      if (browser.isCut) return void browser.time.after(5, this.live(() => fail(new TypeError("offline"))));
      browser.send({ path, body: body && JSON.parse(body), cookie: jar.cookie }, (reply) => {
        // Given up, or answered already: the connection is gone. A frozen tab's is not: its cookies arrive.
        if (isOver || this.isGone) return;
        isOver = true;
        if (reply.cookie !== undefined) jar.cookie = reply.cookie ?? undefined;
        const text = reply.text ?? JSON.stringify(reply.body ?? "");
        this.live(() => resolve({ status: reply.status, text: async () => text, headers: new Headers() }))();
      });
    });
  }

  freeze() {
    this.isFrozen = true;
    this.frozenAt = this.browser.time.now;
  }

  thaw() {
    this.isFrozen = false;
    for (const then of this.#later.splice(0)) if (!this.isGone) then();
    this.wake();
  }

  wake() {
    this.live(() => this.#woken?.())();
  }

  crash() {
    this.isGone = true;
    this.browser.tabs.splice(this.browser.tabs.indexOf(this), 1);
    this.browser.release(this);
  }
}
