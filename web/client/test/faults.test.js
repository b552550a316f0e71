/**
 * Everything that may happen between a client and the server: the session survives it, the error says what it is, and the next
 * refresh that gets through finds all as it was.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { RotundaError } from "../dist/index.js";
import { address, app, errorOf, page } from "./people.js";
import { Proxy } from "./proxy.js";
import { PASSWORD, Rotunda, skip, until } from "./rotunda.js";

/** What each fault is to the client. */
const MATRIX = {
  refused: "network",
  lost: "network",
  cut: "network",
  dns: "network",
  offline: "network",
  silent: "timeout",
  truncated: "unavailable",
  html: "unavailable",
  403: "unavailable",
  404: "unavailable",
  408: "unavailable",
  429: "unavailable",
  500: "unavailable",
  501: "unavailable",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

let rotunda;
before(async () => (rotunda = skip ? undefined : await Rotunda.start()));
after(() => rotunda?.stop());

/** A `fetch` whose network may be away, and one whose name server is. */
function flaky(proxy) {
  return (url, init) => {
    if (proxy.fault === "offline") return Promise.reject(new TypeError("Failed to fetch"));
    return fetch(proxy.fault === "dns" ? String(url).replace("127.0.0.1", "nowhere.invalid") : url, init);
  };
}

for (const [mode, person] of Object.entries({ page, app })) {
  describe(`${mode}: the session survives`, { skip, concurrency: true }, () => {
    for (const [fault, kind] of Object.entries(MATRIX)) {
      test(fault, async () => {
        const proxy = await Proxy.start(rotunda.port);
        const { client } = await person(rotunda, proxy.url, { wrap: flaky(proxy) });
        const seen = [];
        client.onChange(({ status }) => seen.push(status));
        const first = await client.token();
        const { user } = client.state;

        proxy.fault = fault;
        const began = performance.now();
        const error = await errorOf(client.token({ refused: first }));
        assert.ok(error instanceof RotundaError, String(error));
        assert.equal(error.kind, kind, `${error.code}: ${error.message}`);
        assert.ok(performance.now() - began < 12_000);
        assert.deepEqual([client.state.status, client.state.user], ["degraded", user]);

        proxy.fault = undefined;
        const next = await until("a token", () => client.token({ refused: first }).catch(() => null));
        assert.notEqual(next, first);
        assert.equal((await client.user()).id, user.id);
        assert.deepEqual([client.state.status, client.state.reason], ["signed-in", undefined]);
        assert.ok(!seen.includes("signed-out"), seen.join());
        proxy.stop();
      });
    }
  });
}

describe("every call settles in time, with a typed error", { skip, concurrency: true }, () => {
  const calls = {
    login: (client) => client.login({ email: "a@example.com", password: PASSWORD }),
    logout: (client) => client.logout(),
    logoutEverywhere: (client) => client.logoutEverywhere(),
    user: (client) => client.user(),
    sessions: (client) => client.sessions(),
    endSession: (client) => client.endSession("0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21"),
    changePassword: (client) => client.changePassword(PASSWORD, "staple of four words"),
    fetch: (client, url) => client.fetch(`${url}/auth/me`),
  };
  for (const [name, call] of Object.entries(calls)) {
    test(name, async () => {
      const proxy = await Proxy.start(rotunda.port);
      const { client, storage } = await app(rotunda, proxy.url);
      proxy.fault = "silent";
      const error = await errorOf(call(client, proxy.url));
      assert.equal(error.kind, "timeout", String(error));
      assert.equal(client.state.status, "signed-in", "that says nothing about the session");
      assert.ok(storage.text, "nor does it change what is stored");
      proxy.stop();
    });
  }
});

test("a server that was away for a restart is asked again", { skip }, async () => {
  const { client } = await page(rotunda);
  const first = await client.token();
  await rotunda.kill();
  assert.equal((await errorOf(client.token({ refused: first }))).kind, "network");
  await rotunda.serve();
  assert.notEqual(await client.token({ refused: first }), first);
});

test("what the server refuses is told in its own words", { skip }, async () => {
  const { client, email } = await app(rotunda);
  const taken = await errorOf(client.register({ email, password: PASSWORD }));
  assert.deepEqual([taken.kind, taken.code, taken.status], ["denied", "email_taken", 409]);
  const wrong = await errorOf(client.login({ email, password: "not the password" }));
  assert.deepEqual([wrong.kind, wrong.code, wrong.reason, wrong.status], ["denied", "invalid_grant", "credentials_invalid", 401]);
  const short = await errorOf(client.register({ email: address(), password: "short" }));
  assert.deepEqual([short.kind, short.code], ["denied", "password_unacceptable"]);
  assert.match(short.message, /at least \d+ characters/);
  assert.equal(client.state.status, "signed-in", "none of this is about the session");
});
