/** The issuer's keys: fetched, kept, turned over. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createVerifier } from "../src/index.js";
import { Keys, freshFor, usable } from "../src/keys.js";
import { AUDIENCE, Issuer, codeOf, until } from "./issuer.js";

async function withVerifier(options, body) {
  const issuer = await Issuer.start();
  const verifier = createVerifier({ issuer: issuer.url, audience: AUDIENCE, ...options });
  try {
    await body(issuer, verifier);
  } finally {
    verifier.close();
    issuer.stop();
  }
}

test("a new key is known from its first token on, and one that is gone is refused", () =>
  withVerifier({}, async (issuer, verifier) => {
    const old = await issuer.sign();
    assert.equal(await codeOf(verifier, old), "good");
    const next = await issuer.publish("EdDSA");
    assert.equal(await codeOf(verifier, await issuer.sign({ key: next })), "good");
    assert.equal(await codeOf(verifier, old), "good", "both are published");
    issuer.unpublish(issuer.key);
    const third = await issuer.publish("RS256");
    assert.equal(issuer.fetches, 2);
    assert.equal(await codeOf(verifier, await issuer.sign({ key: third })), "token_invalid", "the cool-down has not passed");
    assert.equal(await codeOf(verifier, old), "good", "nobody has told the service");
    assert.equal(issuer.fetches, 2);
  }));

test("10,000 random key ids cause one fetch per cool-down", () =>
  withVerifier({}, async (issuer, verifier) => {
    const [head, payload, signature] = (await issuer.sign()).split(".");
    const header = JSON.parse(Buffer.from(head, "base64url"));
    await verifier.ready();
    const before = issuer.fetches;
    const codes = await Promise.all(
      Array.from({ length: 10_000 }, (_, kid) => {
        const made = Buffer.from(JSON.stringify({ ...header, kid: `k${kid}` })).toString("base64url");
        return codeOf(verifier, `${made}.${payload}.${signature}`);
      }),
    );
    assert.deepEqual([...new Set(codes)], ["token_invalid"]);
    assert.equal(issuer.fetches - before, 1);
    assert.equal(verifier.health().refused.token_invalid, 10_000);
  }));

test("after the cool-down an unknown key id asks again", () =>
  withVerifier({ coolDownMs: 50 }, async (issuer, verifier) => {
    const token = await issuer.sign({ header: { kid: "made up" } });
    await verifier.ready();
    for (const fetches of [2, 3]) {
      await until("another fetch", async () => (await codeOf(verifier, token)) === "token_invalid" && issuer.fetches >= fetches);
    }
  }));

test("without keys it is an outage and no sign-out, until the issuer is there", () =>
  withVerifier({}, async (issuer, verifier) => {
    await verifier.ready();
    issuer.stop();
    const late = createVerifier({ issuer: issuer.url, audience: AUDIENCE });
    const token = await issuer.sign();
    assert.equal(await codeOf(late, token), "keys_unavailable");
    assert.match(late.health().keys.error, /cannot be asked/);
    await assert.rejects(late.ready({ timeoutMs: 100 }), { code: "keys_unavailable", status: 503 });
    await issuer.restart();
    await until("keys", async () => (await codeOf(late, token)) === "good");
    assert.equal(late.health().keys.error, null);
    late.close();
  }));

test("when the issuer is away the last good keys stay, and an unknown one is an outage", () =>
  withVerifier({ coolDownMs: 1 }, async (issuer, verifier) => {
    const known = await issuer.sign();
    const unknown = await issuer.sign({ header: { kid: "new" } });
    assert.equal(await codeOf(verifier, known), "good");
    const answers = [
      (req, res) => res.writeHead(500).end(), (req, res) => res.writeHead(200).end("{"), (req, res) => res.writeHead(200).end('{"keys":[]}'),
      // Both would do, if they were followed and read.
      (req, res) => (req.url.endsWith("?") ? res.end(JSON.stringify(issuer.jwks)) : res.writeHead(302, { location: "?" }).end()),
      (req, res) => res.end(JSON.stringify(issuer.jwks) + " ".repeat(70_000)),
      (req, res) => res.destroy(),
    ];
    for (const answer of answers) {
      issuer.instead = (req, res) => (answer(req, res), true);
      await until("an outage", async () => (await codeOf(verifier, unknown)) === "keys_unavailable");
      assert.equal(await codeOf(verifier, known), "good", answer.toString());
    }
    issuer.instead = () => false;
    await until("an answer", async () => (await codeOf(verifier, unknown)) === "token_invalid");
  }));

/** Keys with a clock of the test's own. */
async function withKeys(options, body) {
  const issuer = await Issuer.start();
  const clock = { now: 1000, elapsed: () => clock.now };
  const keys = new Keys({ jwksUri: new URL(`${issuer.url}/.well-known/jwks.json`), clock, coolDownMs: 30_000, ...options });
  try {
    await keys.ready(Infinity);
    await body(issuer, keys, clock);
  } finally {
    keys.close();
    issuer.stop();
  }
}

test("a service that was idle waits for the next set, and knows that a key is gone", () =>
  withKeys({}, async (issuer, keys, clock) => {
    const { kid } = issuer.key;
    issuer.unpublish(issuer.key);
    const next = await issuer.publish("ES256");
    clock.now += 1_199_000;
    assert.ok(await keys.find(kid), "not yet twice its time: from the old set");
    await until("the next set, in the background", async () => (await keys.find(next.kid)) !== undefined);
    issuer.unpublish(next);
    await issuer.publish("ES256");
    clock.now += 1_200_000;
    assert.deepEqual(await Promise.all([keys.find(next.kid), keys.find(next.kid)]), [undefined, undefined]);
  }));

test("a key that was published while a fetch was under way is asked for once more, by whoever waits", () =>
  withKeys({}, async (issuer, keys, clock) => {
    let waiting;
    issuer.instead = (req, res) => {
      if (waiting) return false;
      const before = JSON.stringify(issuer.jwks);
      waiting = () => res.end(before);
      return true;
    };
    clock.now += 600_000;
    assert.ok(await keys.find(issuer.key.kid));
    await until("a fetch, in the background", () => waiting);
    const next = await issuer.publish("ES256");
    const found = [keys.find(next.kid), keys.find(next.kid), keys.find("made up")];
    waiting();
    assert.deepEqual((await Promise.all(found)).map((key) => key?.alg), ["ES256", "ES256", undefined]);
    assert.equal(issuer.fetches, 3, "one for all of them");
  }));

test("when the issuer is away an old set is used, and only the first request waits", () =>
  withKeys({}, async (issuer, keys, clock) => {
    const { kid } = issuer.key;
    let waiting = [];
    issuer.instead = (req, res) => waiting.push(res);
    clock.now += 1_200_000;
    const first = keys.find(kid);
    let answered = false;
    first.then(() => (answered = true));
    await until("a fetch", () => waiting.length === 1);
    assert.equal(answered, false);
    waiting[0].writeHead(500).end();
    assert.ok(await first);
    clock.now += 30_000;
    assert.ok(await keys.find(kid), "at once, although the next try is not answered");
    await until("another fetch", () => waiting.length === 2);
  }));

test("keys that are unchanged are not sent again", () =>
  withVerifier({ coolDownMs: 1 }, async (issuer, verifier) => {
    let tags = [];
    await verifier.ready();
    issuer.instead = (req, res) => {
      tags.push(req.headers["if-none-match"]);
      res.on("finish", () => tags.push(res.statusCode));
      return false;
    };
    const token = await issuer.sign({ header: { kid: "made up" } });
    await until("another fetch", async () => (await codeOf(verifier, token)) && tags.length === 2);
    assert.match(tags[0], /^"[0-9a-f]{64}"$/);
    assert.equal(tags[1], 304);
    assert.equal(await codeOf(verifier, await issuer.sign()), "good");
  }));

test("keys that cannot verify here are skipped", async () => {
  const issuer = await Issuer.start();
  issuer.stop();
  const [good] = issuer.jwks.keys;
  const short = (await issuer.publish("RS256")).jwk;
  const others = [
    null, 7, {}, { ...good, kid: undefined }, { ...good, kid: "a", use: "enc" }, { ...good, kid: "b", alg: "ES384" },
    { ...good, kid: "c", x: "AAAA" }, { kty: "oct", k: "AAAA", kid: "d" }, { ...short, kid: "e", alg: "PS256" },
    { ...short, kid: "f", n: short.n.slice(0, 170) },
  ];
  assert.deepEqual([...(await usable({ keys: [...others, good, good] })).keys()], [good.kid]);
  for (const none of [null, [], {}, { keys: {} }]) assert.equal((await usable(none)).size, 0);
});

test("what the issuer says about age is believed within bounds", () => {
  const cases = [
    [{}, 600], [{ "cache-control": "public, max-age=600" }, 600], [{ "cache-control": "MAX-AGE = 120", age: "20" }, 100],
    [{ "cache-control": "max-age=1" }, 10], [{ "cache-control": "max-age=31536000" }, 600], [{ "cache-control": "no-store" }, 10],
    [{ "cache-control": "max-age=900, no-cache" }, 10], [{ "cache-control": "max-age=-1", age: "x" }, 600],
    [{ "cache-control": "s-maxage=20" }, 600],
  ];
  for (const [headers, seconds] of cases) assert.equal(freshFor(new Headers(headers)), seconds * 1000, JSON.stringify(headers));
});
