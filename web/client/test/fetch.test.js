/** `client.fetch` and the interceptor of axios, before an API of their own and the real server. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable, Stream } from "node:stream";
import { after, afterEach, before, beforeEach, test } from "node:test";

import axios from "axios";

import { intercept } from "../dist/axios.js";
import { createClient } from "../dist/index.js";
import { app, errorOf } from "./people.js";
import { Proxy } from "./proxy.js";
import { Rotunda, skip, until } from "./rotunda.js";

let rotunda;
before(async () => (rotunda = skip ? undefined : await Rotunda.start()));
after(() => rotunda?.stop());

/** Says what it was sent. A token on its list gets 401. */
class Api {
  seen = [];
  refuses = new Set();
  answers = true;

  async start() {
    this.server = createServer(async (req, res) => {
      let body = "";
      for await (const piece of req) body += piece;
      const bearer = req.headers.authorization?.replace("Bearer ", "");
      this.seen.push({ bearer, body, method: req.method, custom: req.headers["x-custom"] });
      if (!this.answers) return;
      res.writeHead(this.refuses === true || this.refuses.has(bearer) ? 401 : 200).end(body);
    }).listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

let api;
let proxy;
let client;
beforeEach(async () => {
  if (skip) return;
  api = await new Api().start();
  proxy = await Proxy.start(rotunda.port);
  ({ client } = await app(rotunda, proxy.url, { apis: [api.url] }));
});
afterEach(() => {
  api?.stop();
  proxy?.stop();
});

test("the token goes to allowed origins, and nowhere else", { skip }, async () => {
  const other = await new Api().start();
  const token = await client.token();
  assert.equal((await client.fetch(`${api.url}/orders`)).status, 200);
  await client.fetch(new URL(`${api.url}/orders`));
  await client.fetch(new Request(`${api.url}/orders`, { headers: { "x-custom": "1" } }), { method: "PUT" });
  assert.deepEqual(api.seen.map((it) => it.bearer), [token, token, token]);
  assert.deepEqual([api.seen[2].method, api.seen[2].custom], ["PUT", "1"]);
  await client.fetch(`${other.url}/orders`);
  assert.deepEqual(other.seen.map((it) => it.bearer), [undefined]);
  const { port } = new URL(api.url);
  const foreign = [`http://localhost:${port}/`, `https://127.0.0.1:${port}/`, `http://127.0.0.1:${port}@evil.example/`, "http://127.0.0.1/", "no address", "data:,x"];
  for (const url of foreign) assert.equal(client.covers(url), false, url);
  for (const url of [api.url, `${api.url}?x`, proxy.url, `${proxy.url}/auth/me`]) assert.equal(client.covers(url), true, url);
  other.stop();
});

test("an Authorization of the caller's own is left alone", { skip }, async () => {
  api.refuses = true;
  const answer = await client.fetch(api.url, { headers: { authorization: "Basic eDp5" } });
  assert.deepEqual([answer.status, api.seen.map((it) => it.bearer)], [401, ["Basic eDp5"]]);
  assert.equal(proxy.refreshes(), 0);
});

test("where URL has no origin, as in React Native, only what is plain is covered", { skip }, async () => {
  const { URL: whole } = globalThis;
  globalThis.URL = class extends whole {
    get origin() {
      throw new Error("not implemented");
    }
  };
  try {
    const bare = createClient({ baseUrl: "https://auth.example.com", apis: ["https://api.example.com"] });
    for (const url of ["https://api.example.com", "https://api.example.com/x", "https://api.example.com?x", "https://api.example.com#x", "https://auth.example.com/"]) {
      assert.equal(bare.covers(url), true, url);
    }
    const foreign = ["@evil.example/", ":x@evil.example/", "\\@evil.example/", "\\.evil.example/", ".evil.example/", ":8443/", " .evil.example", "\t@evil.example"];
    for (const rest of foreign) assert.equal(bare.covers(`https://api.example.com${rest}`), false, rest);
  } finally {
    globalThis.URL = whole;
  }
});

test("a request that was made in another frame is sent where it says, and the token nowhere else", { skip }, async () => {
  const asked = [];
  const wrap = async (input, init) => {
    if (typeof input === "string") return fetch(input, init);
    asked.push([input.url, new Headers(init.headers).get("authorization")]);
    return new Response();
  };
  globalThis.document = { baseURI: `${api.url}/` };
  try {
    const { client } = await app(rotunda, rotunda.url, { apis: [api.url], wrap });
    const foreign = (url) => ({ url, headers: new Headers(), clone: () => foreign(url) });
    await client.fetch(foreign("https://evil.example/"));
    await client.fetch(foreign(`${api.url}/orders`));
    assert.deepEqual(asked, [["https://evil.example/", null], [`${api.url}/orders`, `Bearer ${await client.token()}`]]);
  } finally {
    delete globalThis.document;
  }
});

test("an origin without its scheme is refused, not taken for a path of this page", () => {
  globalThis.document = { baseURI: "https://app.example.com/" };
  try {
    for (const it of ["api.example.com", "api.example.com:8443", "/api", "", "null", "//api.example.com", undefined]) {
      assert.throws(() => createClient({ baseUrl: "https://auth.example.com", apis: [it] }), /is no address/, it);
      assert.throws(() => createClient({ baseUrl: it ?? "" }), /is no address/, it);
    }
  } finally {
    delete globalThis.document;
  }
});

test("a refused token is refreshed once, for all, and the request is sent again with its body", { skip }, async () => {
  const first = await client.token();
  api.refuses.add(first);
  const bodies = ["text", new URLSearchParams({ a: "1" }), new Blob(["blob"]), new TextEncoder().encode("bytes")];
  const sent = bodies.map((body) => client.fetch(api.url, { method: "POST", body }).then((it) => it.text()));
  const request = new Request(api.url, { method: "POST", body: "request" });
  assert.deepEqual(await Promise.all([...sent, client.fetch(request).then((it) => it.text())]), ["text", "a=1", "blob", "bytes", "request"]);
  assert.equal(proxy.refreshes(), 1);
  assert.equal(api.seen.filter((it) => it.bearer === first).length, 5);
});

test("what can be sent once only is sent once", { skip }, async () => {
  api.refuses.add(await client.token());
  const stream = () => new Blob(["stream"]).stream();
  const answer = await client.fetch(api.url, { method: "POST", body: stream(), duplex: "half" });
  assert.deepEqual([answer.status, api.seen.length], [401, 1]);
});

test("an API that takes none of our tokens does not have them refreshed without end", { skip }, async () => {
  api.refuses = true;
  for (let times = 0; times < 20; times++) assert.equal((await client.fetch(api.url)).status, 401);
  assert.equal(proxy.refreshes(), 1);
  assert.equal(client.state.status, "signed-in");
});

test("a 401 while the server is away is told as what it is", { skip }, async () => {
  api.refuses.add(await client.token());
  proxy.fault = "502";
  const error = await errorOf(client.fetch(api.url));
  assert.deepEqual([error.kind, client.state.status], ["unavailable", "degraded"]);
});

test("a session that has ended leaves the API's own answer", { skip }, async () => {
  api.refuses.add(await client.token());
  const [{ id }] = await client.sessions();
  await rotunda.operator("session", "revoke", id);
  assert.equal((await client.fetch(api.url)).status, 401);
  assert.deepEqual([client.state.status, client.state.reason], ["signed-out", "revoked_by_admin"]);
  await client.fetch(api.url);
  assert.equal(api.seen.at(-1).bearer, undefined, "as a stranger");
});

test("an API that is silent, gone, or no longer waited for", { skip }, async () => {
  api.answers = false;
  assert.equal((await errorOf(client.fetch(api.url))).kind, "timeout");
  const stop = new AbortController();
  const stopped = errorOf(client.fetch(api.url, { signal: stop.signal }));
  stop.abort(new Error("no longer wanted"));
  assert.equal((await stopped).message, "no longer wanted");
  assert.equal((await errorOf(client.fetch(api.url, { signal: AbortSignal.abort() }))).name, "AbortError");
  api.stop();
  assert.equal((await errorOf(client.fetch(api.url))).kind, "network");
  assert.equal(client.state.status, "signed-in", "none of this is about the session");
});

test("an abort signal of React Native, which throws nothing and has no reason", { skip }, async () => {
  api.answers = false;
  const half = () => Object.assign(new EventTarget(), { aborted: false });
  const signal = half();
  const stopped = errorOf(client.fetch(api.url, { signal }));
  await until("the request", () => api.seen.length === 1);
  signal.aborted = true;
  signal.dispatchEvent(new Event("abort"));
  assert.equal((await stopped).kind, "timeout");
  assert.equal((await errorOf(client.fetch(api.url, { signal }))).kind, "timeout");
  assert.equal(api.seen.length, 1, "not sent at all");
  api.answers = true;
  assert.equal((await client.fetch(api.url, { signal: half() })).status, 200);
});

test("axios does not send again what can be sent once only", { skip }, async () => {
  const instance = axios.create({ baseURL: api.url });
  intercept(instance, client);
  api.refuses.add(await client.token());
  // As the package form-data is: it can be piped, and that is all.
  const form = Object.assign(new Stream(), { pipe: (to) => to.end("form") });
  for (const data of [form, Readable.from(["stream"])]) {
    const error = await errorOf(instance.post("/orders", data, { maxRedirects: 0 }));
    assert.equal(error.response?.status, 401, String(error));
  }
  assert.deepEqual([api.seen.map((it) => it.body), proxy.refreshes()], [["form", "stream"], 0]);
});

test("axios: an API that takes none of our tokens, and what an error has in it", { skip }, async () => {
  const instance = axios.create({ baseURL: api.url });
  intercept(instance, client);
  api.refuses = true;
  for (let times = 0; times < 20; times++) {
    const { config, response } = await errorOf(instance.get("/orders"));
    assert.equal(response.status, 401);
    assert.equal(typeof config.rotunda, "number", "no token beside the header");
  }
  assert.equal(proxy.refreshes(), 1);
  assert.equal(client.state.status, "signed-in");
});

test("axios does the same", { skip }, async () => {
  const instance = axios.create({ baseURL: api.url, headers: { "x-custom": "1" } });
  const stop = intercept(instance, client);
  const first = await client.token();
  assert.equal((await instance.get("/orders")).status, 200);
  api.refuses.add(first);
  const answers = await Promise.all([1, 2, 3].map((order) => instance.post("/orders", { order })));
  assert.deepEqual(answers.map((it) => it.data), [{ order: 1 }, { order: 2 }, { order: 3 }]);
  assert.equal(proxy.refreshes(), 1);
  const [, ...rest] = api.seen.map(({ bearer, custom }) => [bearer, custom]);
  const next = await client.token();
  assert.deepEqual(rest, [...Array(3).fill([first, "1"]), ...Array(3).fill([next, "1"])]);

  const other = await new Api().start();
  await instance.get(`${other.url}/x`);
  await instance.get("/own", { headers: { Authorization: "Basic eDp5" } });
  assert.deepEqual([other.seen[0].bearer, api.seen.at(-1).bearer], [undefined, "Basic eDp5"]);
  other.stop();
  api.refuses = true;
  assert.equal((await errorOf(instance.get("/orders"))).response.status, 401);
  stop();
  assert.equal((await errorOf(instance.get("/orders"))).response.status, 401);
  assert.equal(api.seen.at(-1).bearer, undefined);
});
