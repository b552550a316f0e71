/** The parts that meet what a browser may lack: clocks that jump, locks that are stolen, storage that is blocked. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { limited } from "../dist/ask.js";
import { clock } from "../dist/clock.js";
import { exclusive, line } from "../dist/lock.js";
import { afterMismatch, keysToSend, makeKey, withKey } from "../dist/keys.js";
import { indexed } from "../dist/storage.js";

const MINUTE = 60_000;

/** Timers that go off when the test says so. */
function timers() {
  const waiting = new Set();
  const after = (ms, then) => {
    const it = { then };
    waiting.add(it);
    return () => waiting.delete(it);
  };
  const goOff = () => {
    for (const it of waiting) (waiting.delete(it), it.then());
  };
  return { after, goOff, waiting };
}

test("whoever sets the time of day ages a token at most, and never makes it younger", () => {
  for (const jump of [60, -60, 24 * 60, -24 * 60]) {
    let monotonic = 0;
    let wall = 1e12;
    const now = clock(() => monotonic, () => wall);
    const began = now();
    monotonic += MINUTE;
    wall += MINUTE;
    assert.equal(now() - began, MINUTE);
    wall += jump * MINUTE;
    assert.equal(now() - began, MINUTE + Math.max(0, jump) * MINUTE);
    monotonic += MINUTE;
    wall += MINUTE;
    assert.equal(now() - began, 2 * MINUTE + Math.max(0, jump) * MINUTE, "counted once");
  }
});

test("time that the monotonic clock slept through has passed", () => {
  let wall = 1e12;
  const now = clock(() => 0, () => wall);
  const began = now();
  wall += 120 * MINUTE;
  assert.equal(now() - began, 120 * MINUTE);
});

test("an answer that a page slept through is as good as none", async () => {
  const { after, goOff, waiting } = timers();
  let time = 0;
  const way = { after, now: () => time };
  const takes = (ms, it) => async () => ((time += ms), it);
  assert.equal(await limited(way, 4000, takes(4000, "in time")), "in time");
  await assert.rejects(limited(way, 4000, takes(4001, "late")), { kind: "timeout", code: "timed_out" });
  const broken = () => Promise.reject(new TypeError("Failed to fetch"));
  await assert.rejects(limited(way, 4000, broken), { kind: "network", code: "unreachable" });
  const silent = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const call = limited(way, 4000, silent);
  goOff();
  await assert.rejects(call, { kind: "timeout" });
  let stop;
  const stopped = limited(way, 4000, silent, (it) => (stop = it));
  stop();
  await assert.rejects(stopped, { kind: "timeout" });
  assert.equal(waiting.size, 0);
});

const LOCKS = {
  "that are granted": { request: (_name, work) => Promise.resolve().then(work) },
  "that are blocked": { request: () => Promise.reject(new DOMException("no", "SecurityError")) },
  "that throw": {
    request() {
      throw new TypeError("not a function");
    },
  },
  "that are stolen while the work is done": {
    request: (_name, work) => (void work(), Promise.reject(new DOMException("stolen", "AbortError"))),
  },
  "in line": line(),
};

for (const [name, locks] of Object.entries(LOCKS)) {
  test(`work is done once, with locks ${name}`, async () => {
    const { after, goOff, waiting } = timers();
    let done = 0;
    const work = async () => ++done;
    assert.equal(await exclusive(locks, "name", 1000, after, work), 1);
    goOff();
    assert.deepEqual([done, waiting.size], [1, 0]);
    const failing = exclusive(locks, "name", 1000, after, () => Promise.reject(new Error("of the work")));
    await assert.rejects(failing, /of the work/);
    assert.equal(await exclusive(locks, "name", 1000, after, work), 2, "and the lock is free again");
  });
}

test("a lock that nobody gives is waited for so long and no longer, and given back when it comes", async () => {
  const { after, goOff } = timers();
  let grant;
  const locks = { request: (_name, work) => new Promise((resolve) => (grant = () => resolve(work()))) };
  let done = 0;
  const call = exclusive(locks, "name", 1000, after, async () => ++done);
  await Promise.resolve();
  assert.equal(done, 0);
  goOff();
  assert.equal(await call, 1);
  await grant();
  assert.equal(done, 1);
});

test("one after the other, in line", async () => {
  const { after } = timers();
  const locks = line();
  const story = [];
  const work = (name) => async () => {
    story.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    story.push(`${name} ends`);
  };
  await Promise.all(["a", "b"].map((name) => exclusive(locks, "name", 1000, after, work(name))));
  assert.deepEqual(story, ["a begins", "a ends", "b begins", "b ends"]);
});

test("keys: one for each generation, those of the last four, oldest first", () => {
  let count = 0;
  const make = () => `key ${count++}`;
  let kept = { session: "s", generation: 0, keys: {} };
  for (let generation = 0; generation < 6; generation++) {
    kept = withKey({ ...kept, generation }, make);
    assert.equal(withKey(kept, make), kept, "made once");
  }
  assert.deepEqual(keysToSend(kept), ["key 2", "key 3", "key 4", "key 5"]);
  assert.deepEqual(keysToSend({ ...kept, generation: 3 }), ["key 2", "key 3"], "none that is newer than the cookie");
  assert.deepEqual(keysToSend(withKey({ ...kept, generation: 8 }, make)), ["key 5", "key 6"], "fewer where some were skipped");
  assert.match(makeKey(), /^[0-9a-f]{32}$/);
  assert.notEqual(makeKey(), makeKey());
});

test("a generation that the server tells is believed if it is newer, or has a key, or is told twice", () => {
  const kept = { session: "s", generation: 9, keys: { 7: "k7", 9: "k9" } };
  assert.equal(afterMismatch(kept, 9, false), kept, "another tab has heard it");
  assert.deepEqual(afterMismatch(kept, 11, false), { ...kept, generation: 11 });
  assert.deepEqual(afterMismatch(kept, 7, false), { ...kept, generation: 7 });
  assert.equal(afterMismatch(kept, 8, false), undefined);
  assert.deepEqual(afterMismatch(kept, 8, true), { generation: 8, keys: {} });
  assert.deepEqual(afterMismatch({ generation: 0, keys: { 0: "k0" } }, 3, false), { generation: 3, keys: {} });
});

/** As much of IndexedDB as is used. */
function database() {
  const kept = new Map();
  const fire = (it, name) => setImmediate(() => it[name]?.({ target: it }));
  const it = { isBroken: false, isSilent: false };
  const late = [];
  it.open = () => {
    const opening = {};
    const store = {
      get: (key) => {
        const read = { result: kept.get(key) };
        fire(read, "onsuccess");
        return read;
      },
      put: (value, key) => kept.set(key, structuredClone(value)),
    };
    const transaction = { objectStore: () => store };
    opening.result = {
      close() {},
      transaction: () => (setImmediate(() => setImmediate(() => fire(transaction, it.isBroken ? "onabort" : "oncomplete"))), transaction),
    };
    const answer = () => fire(opening, "onsuccess");
    if (it.isSilent) late.push(answer);
    else answer();
    return opening;
  };
  /** Whoever waits for it is answered. */
  it.wakeUp = () => {
    it.isSilent = false;
    for (const answer of late.splice(0)) answer();
  };
  return it;
}

const KEPT = { session: "s", generation: 1, keys: {} };

test("IndexedDB keeps what is kept, for whoever opens it", async () => {
  const factory = database();
  const { after, waiting } = timers();
  assert.equal(await indexed("a", after, () => factory).update((now) => now), null);
  assert.deepEqual(await indexed("a", after, () => factory).update(() => KEPT), KEPT);
  assert.deepEqual(await indexed("a", after, () => factory).update((now) => ({ ...now, generation: now.generation + 1 })), { ...KEPT, generation: 2 });
  assert.equal(await indexed("b", after, () => factory).update((now) => now), null);
  assert.equal(await indexed("a", after, () => factory).update(() => null), null);
  assert.equal(waiting.size, 0);
});

const BLOCKED = {
  absent: () => undefined,
  "where to look is forbidden": () => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  },
  broken: () => Object.assign(database(), { isBroken: true }),
};

for (const [name, factory] of Object.entries(BLOCKED)) {
  test(`without IndexedDB the page remembers by itself: ${name}`, async () => {
    const book = indexed("a", timers().after, factory);
    assert.deepEqual(await book.update(() => KEPT), KEPT);
    assert.deepEqual(await book.update((now) => now), KEPT);
  });
}

test("a fetch that does not heed its signal is given up all the same", async () => {
  const { after, goOff, waiting } = timers();
  const deaf = () => new Promise(() => {});
  const call = limited({ after, now: () => 0 }, 4000, deaf);
  goOff();
  await assert.rejects(call, { kind: "timeout", code: "timed_out" });
  let stop;
  const stopped = limited({ after, now: () => 0 }, 4000, deaf, (it) => (stop = it));
  stop();
  await assert.rejects(stopped, { kind: "timeout" });
  assert.equal(waiting.size, 0);
});

test("IndexedDB that is slow at first is taken as soon as it answers", async () => {
  const { after, goOff } = timers();
  const factory = Object.assign(database(), { isSilent: true });
  await indexed("a", timers().after, () => Object.assign(factory, { isSilent: false })).update(() => KEPT);
  factory.isSilent = true;
  const book = indexed("a", after, () => factory);
  const first = book.update(() => null);
  goOff();
  assert.equal(await first, null, "alone");
  factory.wakeUp();
  // The two steps of a transaction, and the news of it.
  for (let step = 0; step < 6; step++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await book.update((now) => now), KEPT, "what other tabs have, and what came too late has changed nothing");
  factory.isBroken = true;
  await assert.rejects(book.update((now) => now), { code: "storage_failed" });
});

test("IndexedDB that never answers is waited for once", async () => {
  const { after, goOff, waiting } = timers();
  const factory = Object.assign(database(), { isSilent: true });
  const book = indexed("a", after, () => factory);
  const first = book.update(() => KEPT);
  assert.equal(waiting.size, 1);
  goOff();
  assert.deepEqual(await first, KEPT);
  assert.deepEqual(await book.update((now) => now), KEPT);
  assert.equal(waiting.size, 0, "and not a second time");
});

test("IndexedDB that has worked, and does not, is not replaced behind the other tabs' backs", async () => {
  const factory = database();
  const book = indexed("a", timers().after, () => factory);
  await book.update(() => KEPT);
  factory.isBroken = true;
  await assert.rejects(book.update((now) => now), { name: "RotundaError", code: "storage_failed", kind: "unavailable" });
  factory.isBroken = false;
  assert.deepEqual(await book.update((now) => now), KEPT);
});
