/** Roles that have changed, and everyone who was signed out. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isPage } from "../src/feed/page.js";
import { Revoked } from "../src/feed/revoked.js";
import { checked } from "../src/options.js";
import { codeOf, until } from "./issuer.js";
import { CURSOR, Stream, entry } from "./stream.js";

async function withStream(feed, body) {
  const stream = await Stream.start(feed);
  try {
    await until("a stream", () => stream.open.length > 0);
    stream.page(1, [], { full: true });
    await stream.verifier.ready();
    await body(stream, (claims) => stream.issuer.sign({ claims }));
  } finally {
    stream.stop();
  }
}

const SERVICE = { sid: undefined, ep: undefined, auth_time: undefined, roles: [] };

test("everyone of a lower revision is refused, whatever a service has chosen, and nobody else", () =>
  withStream({}, async (stream, sign) => {
    const { verifier } = stream;
    const [without, before] = [await sign({}), await sign({ rv: 7 })];
    for (const token of [without, before]) assert.equal(await codeOf(verifier, token), "good");
    stream.page(2, [entry.everyone(8), entry.everyone(3)]);
    await until("everyone", async () => (await codeOf(verifier, without)) === "everyone_revoked");
    assert.equal(await codeOf(verifier, before), "everyone_revoked");
    for (const claims of [{ rv: 8 }, { rv: 9 }, SERVICE]) assert.equal(await codeOf(verifier, await sign(claims)), "good");
  }));

test("outdated roles are refused where current ones are demanded, and only there", async () => {
  for (const currentRoles of [true, false]) {
    await withStream({ currentRoles }, async (stream, sign) => {
      const { verifier } = stream;
      const outdated = [
        { ce: 2, rv: 9 }, { rv: 9 }, { ce: 3, rv: 8, roles: ["x", "viewer"] }, { ce: 3, roles: ["viewer"] },
      ];
      const current = [{ ce: 3, rv: 9, roles: ["viewer"] }, { ce: 4, rv: 10, roles: ["viewer"] }, { ce: 3 }, { ...SERVICE, sub: "u1" }];
      const [old, good] = [await Promise.all(outdated.map(sign)), await Promise.all(current.map(sign))];
      for (const token of old) assert.equal(await codeOf(verifier, token), "good");
      stream.page(2, [entry.claims("u1", 3), entry.role("viewer", 9), entry.claims("u2", 99)]);
      await until("the entries", () => verifier.health().feed.entries === 3);
      const expected = currentRoles ? "token_outdated" : "good";
      for (const token of old) assert.equal(await codeOf(verifier, token), expected);
      for (const token of good) assert.equal(await codeOf(verifier, token), "good");
      assert.equal(verifier.health().refused.token_outdated, currentRoles ? 4 : 0);
    });
  }
});

test("an outdated token is answered so that a client refreshes it, and an ended session is no matter of roles", () =>
  withStream({ currentRoles: true }, async (stream, sign) => {
    const token = await sign({});
    stream.page(2, [entry.claims("u1", 1)]);
    await until("outdated", async () => (await codeOf(stream.verifier, token)) === "token_outdated");
    const { status, headers, body } = (await stream.verifier.verify(token).catch((refused) => refused)).answer();
    assert.equal(status, 401);
    const challenge = 'Bearer realm="rotunda", error="invalid_token", error_description="The roles of the user have changed"';
    assert.equal(headers["www-authenticate"], challenge);
    assert.deepEqual([JSON.parse(body).error, JSON.parse(body).reason], ["invalid_token", "token_outdated"]);
    // Before what it may: a role that it lacks may be there after the refresh.
    await assert.rejects(stream.verifier.verify(token, { role: "editor" }), { code: "token_outdated" });
    stream.page(3, [entry.session("s1")]);
    await until("ended", async () => (await codeOf(stream.verifier, token)) === "session_revoked");
  }));

test("while a full page arrives in parts, what was outdated and who was signed out stay so", () =>
  withStream({ currentRoles: true }, async (stream, sign) => {
    const { verifier } = stream;
    const [outdated, out] = [await sign({ roles: ["editor"], rv: 5 }), await sign({ sub: "u2" })];
    stream.page(2, [entry.everyone(5), entry.role("editor", 6)], { full: true });
    await until("the page", () => verifier.health().feed.entries === 2);
    stream.page(3, [entry.session("x")], { full: true, more: true });
    await until("the part", () => verifier.health().feed.entries === 3);
    assert.deepEqual([await codeOf(verifier, outdated), await codeOf(verifier, out)], ["token_outdated", "everyone_revoked"]);
    stream.page(4, []);
    await until("the rest", () => verifier.health().feed.entries === 1);
    assert.deepEqual([await codeOf(verifier, outdated), await codeOf(verifier, out)], ["good", "good"]);
  }));

test("of two entries for the same the stricter and the longer counts, and each is forgotten after its end", () => {
  const revoked = new Revoked();
  revoked.add([entry.everyone(3, 10), entry.everyone(2, 20), entry.claims("u", 3, 10), entry.claims("u", 2, 20)]);
  revoked.add([entry.role("r", 2, 20), entry.role("r", 3, 10)]);
  const holder = (ce, rv, roles = ["r"]) => ({ sid: "s", sub: "u", jti: "j", ep: 0, ce, rv, roles });
  const judged = () => [revoked.refuses(holder(3, 2)), revoked.outdates(holder(2, 3)), revoked.outdates(holder(3, 2)), revoked.size];
  assert.deepEqual(judged(), ["everyone_revoked", true, true, 3]);
  assert.equal(revoked.outdates(holder(3, 3)) || revoked.outdates(holder(3, 0, ["other"])), false);
  revoked.purge(20);
  assert.deepEqual(judged(), ["everyone_revoked", true, true, 3]);
  revoked.purge(21);
  assert.deepEqual(judged(), [undefined, false, false, 0]);
});

test("an entry without its number is an error of the whole page, and a token with a strange one is none", () =>
  withStream({}, async (stream, sign) => {
    const page = (one) => isPage({ cursor: CURSOR(1), full: true, as_of: 1, entries: [one] });
    for (const good of [entry.everyone(1), entry.claims("u", 0), entry.role("r", 1)]) assert.ok(page(good));
    for (const bad of [
      entry.everyone(undefined, 1), entry.everyone(-1), entry.everyone(0.5), entry.everyone("1"), entry.claims("u", null),
      entry.claims(7, 1), entry.claims("u".repeat(257), 1), entry.role("r".repeat(257), 1), entry.role("r", 1, "never"),
    ]) assert.ok(!page(bad), JSON.stringify(bad));
    for (const claims of [{ ce: -1 }, { ce: "1" }, { rv: 1.5 }, { rv: null }]) {
      assert.equal(await codeOf(stream.verifier, await sign(claims)), "token_invalid", JSON.stringify(claims));
    }
  }));

test("whether current roles are demanded is yes or no", () => {
  const given = (currentRoles) => () =>
    checked({ issuer: "https://a.example", audience: "a", feed: { clientId: "c", clientSecret: "s", whenStale: "go-on", currentRoles } });
  assert.equal(given(undefined)().feed.currentRoles, false);
  assert.equal(given(true)().feed.currentRoles, true);
  for (const bad of ["yes", 1, null]) assert.throws(given(bad), /feed\.currentRoles is .*; it is true or false/);
});
