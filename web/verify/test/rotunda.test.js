/** The library before the real server: its tokens, its feed, its keys. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";

import express from "express";
import { SignJWT, decodeJwt, decodeProtectedHeader, exportSPKI, importJWK } from "jose";

import { createVerifier } from "../src/index.js";
import { codeOf, until } from "./issuer.js";
import * as rotunda from "./rotunda.js";

const { skip, url } = rotunda;
const options = { issuer: url, audience: url, feed: { ...rotunda.feed, whenStale: { refuseAfterMs: 10_000 } } };

let verifier;
before(async () => {
  if (skip) return;
  verifier = createVerifier(options);
  await verifier.ready();
});
after(() => verifier?.close());

/** Waits until a token is refused with that code, a second at most. */
async function soonRefused(token, code) {
  const began = performance.now();
  await until(code, async () => (await codeOf(verifier, token)) === code, 1000);
  return Math.round(performance.now() - began);
}

test("a user's token says who they are", { skip }, async () => {
  const session = await rotunda.register("who@example.com");
  const claims = await verifier.verify(session.access_token);
  assert.deepEqual([claims.sub, claims.sid, claims.iss, claims.client_id], [session.user.id, session.session.id, url, "native"]);
  assert.equal(await codeOf(verifier, session.access_token, { role: "admin" }), "insufficient_role");
});

test("a session that has ended is refused within a second, and no other", { skip }, async (t) => {
  const gone = await rotunda.register("gone@example.com");
  const other = await rotunda.login("gone@example.com");
  assert.equal(await codeOf(verifier, gone.access_token), "good");
  const ended = rotunda.logout(gone);
  const ms = await soonRefused(gone.access_token, "session_revoked");
  await ended;
  t.diagnostic(`refused ${ms} ms after the logout was sent`);
  assert.equal(await codeOf(verifier, other.access_token), "good");
});

test("of a user who was disabled every token is refused within a second", { skip }, async () => {
  const session = await rotunda.register("disabled@example.com");
  assert.equal(await codeOf(verifier, session.access_token), "good");
  await rotunda.operator("user", "disable", "disabled@example.com");
  await until("refused", async () => /^(user|session)_revoked$/.test(await codeOf(verifier, session.access_token)), 1000);
});

test("one token that was revoked is refused, and its session goes on", { skip }, async () => {
  const session = await rotunda.register("one@example.com");
  await rotunda.revoke(session.access_token);
  await soonRefused(session.access_token, "token_revoked");
});

test("asking with an ETag hears the same", { skip }, async () => {
  const session = await rotunda.register("asked@example.com");
  const asking = createVerifier({ ...options, feed: { ...options.feed, mode: "poll", pollAfterMs: 60_000, whenStale: "go-on" } });
  assert.equal(await codeOf(asking, session.access_token), "good");
  await rotunda.logout(session);
  assert.equal(await codeOf(asking, session.access_token), "good", "it has not asked again");
  assert.equal(await asking.poll(), true);
  assert.equal(await codeOf(asking, session.access_token), "session_revoked");
  const { entries } = asking.health().feed;
  assert.equal(await asking.poll(), true, "304");
  assert.equal(asking.health().feed.entries, entries);
  asking.close();
});

test("credentials that are wrong, or lack the scope, are told in the health", { skip }, async () => {
  const wrong = createVerifier({ ...options, feed: { ...options.feed, clientSecret: "wrong", whenStale: "go-on" } });
  await until("an error", () => wrong.health().feed.error);
  assert.match(wrong.health().feed.error, /\/oauth\/token answers 401; look at the client's id and secret/);
  assert.ok(!wrong.health().feed.error.includes("wrong"));
  wrong.close();
});

test("tokens for others, and what is no access token, are refused", { skip }, async () => {
  const session = await rotunda.register("others@example.com");
  const { feed: _, ...bare } = options;
  for (const wrong of [{ audience: "https://other.example" }, { issuer: "https://other.example", server: url }]) {
    const other = createVerifier({ ...bare, ...wrong });
    assert.equal(await codeOf(other, session.access_token), "token_invalid");
    other.close();
  }
  assert.equal(await codeOf(verifier, session.refresh_token), "token_invalid");
  assert.equal(await codeOf(verifier, session.device_secret), "token_invalid");
});

test("a token forged with the public key as a shared secret is refused", { skip }, async () => {
  const { access_token: token } = await rotunda.register("forged@example.com");
  const { keys } = await (await fetch(`${url}/.well-known/jwks.json`)).json();
  for (const jwk of keys) {
    const spki = await exportSPKI(await importJWK(jwk, jwk.alg, { extractable: true }));
    for (const secret of [spki, JSON.stringify(jwk), jwk.x]) {
      const header = { ...decodeProtectedHeader(token), alg: "HS256", kid: jwk.kid };
      const forged = await new SignJWT(decodeJwt(token)).setProtectedHeader(header).sign(new TextEncoder().encode(secret));
      assert.equal(await codeOf(verifier, forged), "token_invalid");
    }
  }
});

test("Express answers as RFC 6750 has it", { skip }, async () => {
  const { access_token: token, user } = await rotunda.register("express@example.com");
  const app = express();
  app.use(verifier.express());
  app.get("/me", (req, res) => res.json({ sub: req.auth.sub }));
  app.get("/admin", verifier.express({ role: "admin" }), (req, res) => res.json({}));
  app.get("/orders", verifier.express({ scope: "orders.read" }), (req, res) => res.json({}));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const ask = async (path, ...values) => {
    const headers = new Headers();
    for (const value of values) headers.append("authorization", value);
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers });
    return [response.status, response.headers.get("www-authenticate"), await response.json()];
  };
  assert.deepEqual(await ask("/me", `Bearer ${token}`), [200, null, { sub: user.id }]);
  const [status, challenge, body] = await ask("/me");
  assert.deepEqual([status, challenge, body.error, body.reason], [401, 'Bearer realm="rotunda"', "invalid_token", "token_missing"]);
  assert.match((await ask("/me", "Bearer x.y.z"))[1], /error="invalid_token"/);
  assert.deepEqual((await ask("/admin", `Bearer ${token}`)).slice(0, 1), [403]);
  const [forbidden, scoped] = await ask("/orders", `Bearer ${token}`);
  assert.equal(forbidden, 403);
  assert.match(scoped, /error="insufficient_scope".*scope="orders.read"/);
  server.close();
  server.closeAllConnections();
});

// The last one: after it, no token from before is good.
test("a revoked key is refused within a second, and the next one is known at once", { skip }, async () => {
  const before = await rotunda.register("keys@example.com");
  assert.equal(await codeOf(verifier, before.access_token), "good");
  await rotunda.revokeSigningKey();
  await soonRefused(before.access_token, "key_revoked");
  const next = await rotunda.login("keys@example.com");
  assert.notEqual(decodeProtectedHeader(next.access_token).kid, decodeProtectedHeader(before.access_token).kid, "the server knew");
  assert.equal(await codeOf(verifier, next.access_token), "good");
  assert.equal(await codeOf(verifier, before.access_token), "key_revoked");
});
