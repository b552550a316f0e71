/**
 * Days in a browser, thousands of them, in virtual time: the real client in several tabs, on a network that loses, delays and
 * doubles, with tabs that freeze, crash and open. Nobody is ever signed out, and every call settles.
 *
 * `DAYS=10000 npm test` lives through more; `SEED=7` through that one only.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Browser, Server, Time, chance } from "./world.js";

const DAYS = Number(process.env.DAYS ?? 8);
const SEEDS = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: DAYS }, (_, seed) => seed + 1);
/** Longer than any call of the client may take: `token()` gives up after twelve seconds. */
const PATIENCE = 12_100;
/** The same for a sign-in, which may wait for the lock, the answer and the storage. */
const LONG = 24_100;
const MINUTE = 60_000;

const ALL = { locks: true, channel: true, storage: true };
const BAD = { lost: 0.15, slow: 0.1, slowest: 15_000, twice: 0.1 };
const GOOD = { lost: 0, slow: 0, slowest: 0 };

/** A day: what happens is up to chance, what must not happen is checked. */
class Day {
  constructor(seed, { has = ALL, bad = BAD, life = 20, leaves = false, alone = false }) {
    this.luck = chance(seed);
    this.time = new Time(this.luck);
    this.server = new Server(this.time, life);
    this.browser = new Browser(this.time, this.server, this.luck, bad, has);
    Object.assign(this, { leaves, alone, settledLate: [], calls: 0, granted: 0 });
  }

  get tabs() {
    return this.browser.tabs.filter((tab) => !tab.isFrozen);
  }

  open() {
    const tab = this.browser.open();
    tab.session.stated.onChange((state) => this.#changed(tab, state));
    tab.session.run();
    return tab;
  }

  /** Calls from inside a callback, as applications do. */
  #changed(tab, state) {
    (this.seen ??= []).push(`${Math.round(this.time.now)} tab ${tab.name} ${state.status} ${state.reason ?? ""}`);
    if (state.status === "signed-in") this.use(tab);
    if (state.status === "signed-out" && !this.leaves) this.out ??= `tab ${tab.name} at ${this.time.now}: ${state.reason}`;
  }

  use(tab) {
    this.calls += 1;
    this.watch(tab, PATIENCE, tab.session.token()).then((token) => token && (this.granted += 1));
  }

  /** Every call settles in time, unless its tab is frozen meanwhile. */
  watch(tab, most, call) {
    const began = this.time.now;
    const settled = (it) => {
      const took = this.time.now - began;
      if (took > most && !(tab.frozenAt >= began)) this.settledLate.push(`${Math.round(took)} ms in tab ${tab.name} at ${began}`);
      return it;
    };
    return call.then(settled, () => settled(null));
  }

  async signIn() {
    for (let tries = 0; tries < 50; tries++) {
      const tab = this.tabs[0] ?? this.open();
      const done = tab.session.enter("/auth/login", { email: "ada" }).then(() => true, () => false);
      const ended = { is: undefined };
      void done.then((is) => (ended.is = is));
      while (ended.is === undefined && !tab.isGone && !tab.isFrozen) await this.time.until(this.time.now + 100);
      if (ended.is) return;
    }
    assert.fail("nobody could sign in");
  }

  /** One thing happens. */
  event() {
    const { luck, browser } = this;
    const tab = luck.pick(this.tabs);
    const what = luck.random();
    if (this.alone && (!tab || what < 0.08)) browser.tabs[0].thaw();
    else if (!tab || (what < 0.05 && browser.tabs.length < 6)) this.open();
    else if (what < 0.08) tab.crash();
    else if (what < 0.13) tab.freeze();
    else if (what < 0.2) luck.pick(browser.tabs)?.thaw();
    else if (what < 0.23) browser.isCut = true;
    else if (what < 0.32) this.online();
    else if (what < 0.34) this.server.isDown = true;
    else if (what < 0.4) this.server.isDown = false;
    else if (what < 0.45) tab.wake();
    else if (what < 0.5 && this.leaves) this.leave(tab);
    else this.use(tab);
  }

  /** Signs out, or in again as somebody may who has forgotten to sign out. */
  leave(tab) {
    const isOut = this.luck.happens(0.5);
    const call = isOut ? tab.session.leave("/auth/logout", undefined, "logged_out") : tab.session.enter("/auth/login", {});
    void this.watch(tab, LONG, call);
  }

  online() {
    this.browser.isCut = false;
    for (const tab of this.browser.tabs) tab.wake();
  }

  /** The network is good again, and everybody is awake. */
  async calm() {
    this.browser.bad = GOOD;
    this.server.isDown = false;
    for (const tab of this.browser.tabs) tab.thaw();
    this.online();
    if (this.browser.tabs.length === 0) this.open();
    await this.time.until(this.time.now + 3 * MINUTE);
  }

  check(seed) {
    const said = `SEED=${seed}: ${JSON.stringify(this.server.reused)} ${(this.seen ?? []).slice(-12).join("; ")}`;
    assert.equal(this.server.reused.length, 0, `a session ended as reused; ${said}`);
    assert.equal(this.out, undefined, `a sign-out: ${this.out}; ${said}`);
    assert.deepEqual(this.settledLate, [], `calls that took too long; ${said}`);
  }
}

async function lived(seed, options, minutes = 60) {
  const day = new Day(seed, options);
  const { bad } = day.browser;
  day.browser.bad = GOOD;
  day.open();
  await day.time.until(5000);
  await day.signIn();
  day.out = undefined;
  day.browser.bad = bad;
  while (day.time.now < minutes * MINUTE) {
    await day.time.until(day.time.now + day.luck.between(100, 20_000));
    day.event();
  }
  await day.calm();
  return day;
}

async function days(t, options) {
  const total = { rotations: 0, calls: 0, granted: 0, decisions: {} };
  for (const seed of SEEDS) {
    const day = await lived(seed, options);
    day.check(seed);
    for (const tab of day.browser.tabs) assert.equal(tab.session.stated.state.status, "signed-in", `SEED=${seed}, tab ${tab.name}, in the evening`);
    total.rotations += day.server.rotations;
    total.calls += day.calls;
    total.granted += day.granted;
    for (const [name, count] of Object.entries(day.server.decisions)) total.decisions[name] = (total.decisions[name] ?? 0) + count;
  }
  t.diagnostic(`${SEEDS.length} hours: ${JSON.stringify(total)}`);
  return total;
}

test("nobody is signed out, whatever the network does", async (t) => {
  const { decisions } = await days(t, {});
  // Otherwise the network was too good for this to show anything.
  for (const met of ["rotate", "debounce", "replay", "late", "mismatch"]) assert.ok(decisions[met] > 0, met);
});

test("nor without Web Locks and BroadcastChannel", async (t) => {
  await days(t, { has: { ...ALL, locks: false, channel: false } });
});

test("nor with access tokens of two seconds", async (t) => {
  await days(t, { life: 2 });
});

test("nor in one tab whose storage is blocked", async (t) => {
  const { decisions } = await days(t, { has: { ...ALL, storage: false }, alone: true });
  assert.ok(decisions.late > 0);
});

test("who signs out and in is out and in, in all tabs, and nothing is taken for a theft", async () => {
  for (const has of [ALL, { ...ALL, locks: false, channel: false }]) {
    for (const seed of SEEDS) {
      const day = await lived(seed, { has, leaves: true });
      day.check(seed);
      const { cookie } = day.browser.jar;
      const row = day.server.rows.get(cookie?.session);
      const expected = row && !row.ended ? "signed-in" : "signed-out";
      for (const tab of day.browser.tabs) {
        const said = `SEED=${seed}, tab ${tab.name}, ${JSON.stringify(has)}, ${JSON.stringify(cookie)}: ${day.seen.slice(-8).join("; ")}`;
        tab.wake();
        await day.time.until(day.time.now + MINUTE);
        assert.equal(tab.session.stated.state.status, expected, said);
        const token = await over(day, tab.session.token());
        assert.equal(token?.split(" of ")[1], expected === "signed-in" ? cookie.session : undefined, said);
      }
    }
  }
});

/** What comes of a call, in virtual time. */
async function over(day, call) {
  let is = false;
  void call.finally(() => (is = true)).catch(() => undefined);
  while (!is) await day.time.until(day.time.now + 100);
  return call;
}
