/** The feed's protocol: in parts, cut, stalled, misunderstood. `rotunda.test.js` follows the real one. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock } from "../src/clock.js";
import { Feed } from "../src/feed/feed.js";
import { checked } from "../src/options.js";
import { AUDIENCE, codeOf, until } from "./issuer.js";
import { CURSOR, Stream, entry } from "./stream.js";

async function withStream(feed, body) {
  const stream = await Stream.start(feed);
  try {
    await body(stream, stream.verifier, (options) => stream.issuer.sign(options));
  } finally {
    stream.stop();
  }
}

const opened = (stream) => until("a stream", () => stream.open.length > 0);
const eventually = (verifier, token, code) => until(code, async () => (await codeOf(verifier, token)) === code);

test("sessions, epochs, tokens and keys are refused as they arrive", () =>
  withStream({}, async (stream, verifier, sign) => {
    await opened(stream);
    const claims = { sid: "s", sub: "u", ep: 7, jti: "j" };
    const token = await sign({ claims });
    stream.page(1, [entry.session("other"), entry.user("other", 99), entry.user("u", 7), { type: "of tomorrow" }], { full: true });
    await verifier.ready();
    assert.equal(await codeOf(verifier, token), "good");
    assert.equal(verifier.health().feed.entries, 3);

    stream.page(2, [entry.session("s")]);
    await eventually(verifier, token, "session_revoked");
    stream.page(3, [entry.user("u", 8)], { full: true });
    await eventually(verifier, token, "user_revoked");
    assert.equal(await codeOf(verifier, await sign({ claims: { ...claims, ep: 8 } })), "good");
    stream.page(4, [entry.token("j")], { full: true });
    await eventually(verifier, token, "token_revoked");
    const service = await sign({ claims: { sid: undefined, ep: undefined, auth_time: undefined, jti: "j" } });
    assert.equal(await codeOf(verifier, service), "token_revoked");
    const fetches = stream.issuer.fetches;
    await stream.issuer.publish("ES256");
    stream.issuer.unpublish(stream.issuer.key);
    stream.page(5, [entry.key(stream.issuer.key.kid)], { full: true });
    await eventually(verifier, token, "key_revoked");
    await until("a fetch of the keys", () => stream.issuer.fetches === fetches + 1 && verifier.health().keys.count === 1);
    assert.equal(await codeOf(verifier, token), "key_revoked");
    assert.equal(stream.issuer.fetches, fetches + 1, "for a revoked key nobody is asked");
    assert.deepEqual(stream.asked, ["token svc:a%2Bb+c%3A%25", "stream null"]);
  }));

test("a revoked key stays refused when its entry has expired, the feed is silent about it and it is still published", () =>
  withStream({}, async (stream, verifier, sign) => {
    await opened(stream);
    const token = await sign();
    const past = Math.floor(Date.now() / 1000) - 3600;
    stream.page(1, [entry.key(stream.issuer.key.kid, past)], { full: true });
    await eventually(verifier, token, "key_revoked");
    stream.page(2, [entry.session("x")], { full: true });
    await until("the second page", () => verifier.health().feed.entries === 2);
    assert.equal(await codeOf(verifier, token), "key_revoked");
    assert.equal(verifier.health().keys.count, 1, "the key set still has it");
  }));

test("while a full page arrives in parts nothing revoked passes", () =>
  withStream({}, async (stream, verifier, sign) => {
    await opened(stream);
    const [first, second] = [await sign({ claims: { sid: "a" } }), await sign({ claims: { sid: "b" } })];
    stream.page(1, [entry.session("a")], { full: true });
    await eventually(verifier, first, "session_revoked");
    stream.page(2, [entry.session("b")], { full: true, more: true });
    await eventually(verifier, second, "session_revoked");
    assert.equal(await codeOf(verifier, first), "session_revoked", "the old ones are in force beside the new ones");
    stream.page(3, [entry.session("c")]);
    await eventually(verifier, first, "good");
    assert.equal(await codeOf(verifier, second), "session_revoked");
    assert.equal(verifier.health().feed.entries, 2);
  }));

test("a stream that breaks off is opened again from where it was, with a new token if its token has ended", () =>
  withStream({}, async (stream, verifier, sign) => {
    await opened(stream);
    const token = await sign({ claims: { sid: "s" } });
    stream.page(1, [entry.session("s")], { full: true });
    stream.heartbeat(4);
    await until("the heartbeat", () => verifier.health().feed.stalenessMs !== null && stream.open[0].writableLength === 0);
    await eventually(verifier, token, "session_revoked");
    const again = async (end, ...expected) => {
      stream.asked.length = 0;
      end();
      await until("another stream", () => stream.asked.at(-1)?.startsWith("stream") && stream.open.length === 1);
      assert.deepEqual(stream.asked, expected);
      assert.equal(await codeOf(verifier, token), "session_revoked", "what was heard stays");
      stream.heartbeat(4);
      await until("connected", () => verifier.health().feed.connected);
    };
    await again(() => stream.open[0].destroy(), `stream ${CURSOR(4)}`);
    await again(() => stream.event("end", { reason: "shutdown" }), `stream ${CURSOR(4)}`);
    await again(() => stream.event("end", { reason: "token_expired" }), "token svc:a%2Bb+c%3A%25", `stream ${CURSOR(4)}`);
    for (const nonsense of [
      "event: revocations\ndata: {\n\n", "event: heartbeat\ndata: {}\n\n", 'event: revocations\ndata: {"cursor":"a b"}\n\n',
      `event: revocations\ndata: ${JSON.stringify({ cursor: "c", full: true, as_of: 1, entries: [{ type: "session", exp: 1 }] })}\n\n`,
    ]) await again(() => stream.send(nonsense), `stream ${CURSOR(4)}`);
    await again(() => stream.send(Buffer.from([0x64, 0xff, 0x0a])), `stream ${CURSOR(4)}`);
  }));

test("a stream on which no event is completed is silent, whatever else it sends", () =>
  withStream({}, async (stream, verifier) => {
    await opened(stream);
    stream.page(1, [], { full: true });
    await verifier.ready();
    const errors = new Set();
    const pieces = setInterval(() => stream.send(": still here\nevent: heartbeat\n"), 100);
    const again = () => errors.add(verifier.health().feed.error) && stream.asked.includes(`stream ${CURSOR(1)}`);
    await until("another stream", again).finally(() => clearInterval(pieces));
    assert.match([...errors].join(), /sent no event for 5000 ms/);
  }));

test("an answer that is no stream is not left open", () =>
  withStream({}, async (stream, verifier) => {
    let [begun, ended] = [0, 0];
    stream.issuer.instead = (req, res) => {
      if (!req.url.startsWith("/revocations/stream")) return stream.answer(req, res);
      begun += 1;
      res.on("close", () => (ended += 1));
      res.writeHead(200, { "content-type": "text/html" }).write("<p>");
      return true;
    };
    await until("several tries", () => begun >= 3);
    await until("no answer is left open", () => begun - ended <= 1, 2000);
    assert.match(verifier.health().feed.error, /something else than a stream/);
  }));

test("a token that is about to run out is renewed without a cut", () =>
  withStream({}, async (stream, verifier) => {
    stream.expiresIn = 1;
    await until("connected", () => verifier.health().feed.connected);
    await until("a third stream", () => {
      assert.ok(verifier.health().feed.connected, "nobody waits in between");
      return stream.asked.filter((it) => it.startsWith("stream")).length === 3;
    });
    assert.deepEqual(stream.asked.map((it) => it.split(" ")[0]), ["token", "stream", "token", "stream", "token", "stream"]);
    assert.equal(verifier.health().feed.error, null);
  }));

test("a feed that is behind refuses with 503 where the service wants that, and comes back", () =>
  withStream({ whenStale: { refuseAfterMs: 2000 } }, async (stream, verifier, sign) => {
    const token = await sign();
    assert.equal(await codeOf(verifier, token), "feed_stale", "nothing was heard yet");
    await opened(stream);
    stream.page(1, [], { full: true });
    await eventually(verifier, token, "good");
    // Heartbeats go on, but the server cannot read its store any more.
    const stalled = Date.now();
    const beating = setInterval(() => stream.heartbeat(1, stalled), 100);
    await eventually(verifier, token, "feed_stale");
    clearInterval(beating);
    assert.ok(verifier.health().feed.stalenessMs >= 2000);
    assert.ok(Date.now() - stalled >= 1900, "not before it was too old");
    assert.equal(verifier.health().feed.connected, true);
    stream.heartbeat(1);
    await eventually(verifier, token, "good");
  }));

/** A feed by itself, with a clock of the test's own. */
async function withFeed(options, clock, body) {
  const stream = await Stream.start();
  stream.verifier.close();
  await until("nobody follows", () => stream.open.length === 0);
  stream.asked.length = 0;
  const feed = { clientId: "svc", clientSecret: "secret", whenStale: "go-on", ...options };
  const one = new Feed({ ...checked({ issuer: stream.issuer.url, audience: AUDIENCE, feed }).feed, leewayMs: 0, clock, onRevokedKey() {} });
  try {
    await body(stream, one);
  } finally {
    one.close();
    stream.issuer.stop();
  }
}

test("when this machine's clock is set ahead the stream is opened again, and its word counts", async () => {
  let ahead = 0;
  const clock = new Clock(() => performance.now(), () => Date.now() + ahead);
  await withFeed({}, clock, async (stream, feed) => {
    await until("a stream", () => stream.open.length > 0);
    stream.greets = true;
    stream.page(1, [], { full: true });
    await feed.ready(Infinity);
    ahead = 60_000;
    assert.ok(feed.health().stalenessMs >= 59_000, "this process may have been frozen");
    stream.asked.length = 0;
    stream.heartbeat(2);
    await until("another stream", () => stream.asked.includes(`stream ${CURSOR(1)}`));
    await until("freshness", () => feed.health().stalenessMs < 5000);
  });
});

test("where the service goes on, a cut feed shows in its health only", () =>
  withStream({}, async (stream, verifier, sign) => {
    const token = await sign();
    assert.equal(await codeOf(verifier, token), "good");
    assert.equal(verifier.health().feed.stalenessMs, null);
    await opened(stream);
    stream.page(1, [entry.session("x")], { full: true });
    await verifier.ready();
    stream.issuer.stop();
    await until("an error", () => verifier.health().feed.error !== null);
    const { connected, stalenessMs, entries } = verifier.health().feed;
    assert.deepEqual([connected, entries], [false, 1]);
    await until("age", () => verifier.health().feed.stalenessMs > stalenessMs);
    assert.equal(await codeOf(verifier, token), "good");
  }));

test("polling asks when the last answer is old, on and on while there is more, and with the ETag", () =>
  withStream({ mode: "poll", pollAfterMs: 50, whenStale: { refuseAfterMs: 2000 } }, async (stream, verifier, sign) => {
    const page = (place, entries, more) => ({ cursor: CURSOR(place), full: place === 1, more, as_of: Date.now(), entries });
    stream.pages = [page(1, [entry.session("a")], true), page(2, [entry.session("s1")], false), 304];
    const tokens = await Promise.all(["a", "s1", "c"].map((sid) => sign({ claims: { sid } })));
    const codes = () => Promise.all(tokens.map((token) => codeOf(verifier, token)));
    assert.deepEqual(await codes(), ["session_revoked", "session_revoked", "good"]);
    const asked = ["token svc:a%2Bb+c%3A%25", "poll null undefined", `poll ${CURSOR(1)} undefined`];
    assert.deepEqual(stream.asked, asked, "three checks at once, one round");
    asked.push(`poll ${CURSOR(2)} "${CURSOR(2)}"`);
    await until("another poll", async () => (await codes()) && stream.asked.length === 4);
    assert.deepEqual(stream.asked, asked);
    assert.deepEqual(await codes(), ["session_revoked", "session_revoked", "good"]);

    stream.pages = [500];
    assert.equal(await verifier.poll(), false);
    assert.match(verifier.health().feed.error, /answers 500/);
    assert.deepEqual(await codes(), ["session_revoked", "session_revoked", "good"]);
    await eventually(verifier, tokens[2], "feed_stale");
    stream.pages = [304];
    assert.equal(await verifier.poll(), true);
    assert.equal(await codeOf(verifier, tokens[2]), "good");
    stream.pages = [401, 304];
    stream.asked.length = 0;
    assert.equal(await verifier.poll(), false);
    assert.equal(await verifier.poll(), true);
    assert.deepEqual(stream.asked.map((it) => it.split(" ")[0]), ["poll", "token", "poll"], "a token that was refused is not shown again");
  }));

test("a round that breaks off while there is more goes on from there, and is not all before", () =>
  withStream({ mode: "poll", pollAfterMs: 60_000 }, async (stream, verifier) => {
    const page = (place, more) => ({ cursor: CURSOR(place), full: place === 1, more, as_of: Date.now(), entries: [entry.session(`s${place}`)] });
    stream.pages = [page(1, true), 500, 304];
    assert.equal(await verifier.poll(), false);
    assert.equal(await verifier.poll(), false, "nobody asked for that");
    assert.equal(verifier.health().feed.stalenessMs, null, "not all of it was heard");
    stream.pages = [page(2, true), page(3, false)];
    assert.equal(await verifier.poll(), true);
    assert.equal(verifier.health().feed.entries, 3);
    const rest = [1, 1, 1, 2].map((place) => `poll ${CURSOR(place)} undefined`);
    assert.deepEqual(stream.asked.slice(1), ["poll null undefined", ...rest]);
  }));

test("whoever waits for a feed that does not answer asks once a second", () =>
  withStream({ mode: "poll" }, async (stream, verifier) => {
    stream.pages = [500, 500, stream.greeting()];
    const began = performance.now();
    await verifier.ready();
    assert.ok(performance.now() - began >= 1900);
    assert.equal(stream.asked.filter((it) => it.startsWith("poll")).length, 3);
    stream.pages = [500];
  }));

test("a feed without an end is no feed", () =>
  withStream({ mode: "poll" }, async (stream, verifier) => {
    stream.pages = [{ cursor: CURSOR(1), full: true, more: true, as_of: 1, entries: [] }];
    assert.equal(await verifier.poll(), false);
    assert.match(verifier.health().feed.error, /never comes to an end/);
  }));

test("a verifier that is closed leaves nothing behind", () =>
  withStream({}, async (stream, verifier) => {
    await opened(stream);
    verifier.close();
    // Sooner than its silence would end it.
    await until("the stream's end", () => stream.open.length === 0, 3000);
    const asked = stream.asked.length;
    await assert.rejects(verifier.ready({ timeoutMs: 50 }), { code: "feed_stale" });
    assert.equal(stream.asked.length, asked);
  }));

test("a stream that falls silent is opened again", () =>
  withStream({}, async (stream, verifier) => {
    await opened(stream);
    await until("an error", () => /sent no event for 5000 ms/.test(verifier.health().feed.error));
    await until("another stream", () => stream.asked.filter((it) => it.startsWith("stream")).length === 2);
  }));
