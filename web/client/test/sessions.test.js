/** Sessions before the real server: how they go on, how they end, and who hears of it. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { createClient } from "../dist/index.js";
import { Jar, Shelf, address, app, errorOf, page } from "./people.js";
import { Proxy } from "./proxy.js";
import { PASSWORD, Rotunda, skip, until } from "./rotunda.js";

const OTHER_PASSWORD = "staple of four words";

/** Every refresh rotates, so that tests need not wait: only retry keys excuse a repeated request. */
const CONFIG = '[refresh]\nwindow = "0s"\n[clients.web]\nwindow = "10s"\n[clients.patient]\nkind = "native"\nwindow = "10s"\n';

let rotunda;
before(async () => (rotunda = skip ? undefined : await Rotunda.start(CONFIG)));
after(() => rotunda?.stop());

const renewed = async (client) => client.token({ refused: await client.token() });

test("a lost reply is asked for again with the same retry key, however late", { skip }, async () => {
  const proxy = await Proxy.start(rotunda.port);
  const { client, storage } = await app(rotunda, proxy.url);
  for (let generation = 0; generation < 6; generation++) {
    proxy.fault = "lost";
    await errorOf(renewed(client));
    const { generation: kept, keys, token } = JSON.parse(storage.text);
    assert.equal(kept, generation, "nothing newer was received");
    assert.deepEqual(Object.keys(keys).map(Number), [-3, -2, -1, 0].map((it) => it + generation).filter((it) => it >= 0));
    proxy.fault = undefined;
    await renewed(client);
    assert.equal(JSON.parse(storage.text).generation, generation + 1);
    assert.notEqual(JSON.parse(storage.text).token, token);
  }
  proxy.stop();
});

test("an app that was killed goes on from its storage", { skip }, async () => {
  const proxy = await Proxy.start(rotunda.port);
  const { client, storage } = await app(rotunda, proxy.url);
  const { user } = client.state;
  await renewed(client);
  proxy.fault = "lost";
  await errorOf(renewed(client));
  proxy.fault = undefined;
  const copy = new Shelf();
  copy.text = storage.text;
  const next = await app(rotunda, proxy.url, { storage: copy });
  assert.deepEqual(next.client.state, { status: "unknown", user: null });
  assert.deepEqual(await next.client.ready(), { status: "signed-in", user });
  proxy.stop();
});

test("a thief with a copy of everything is found, and the user is told", { skip }, async () => {
  const { client, storage } = await app(rotunda);
  const stolen = new Shelf();
  await renewed(client);
  stolen.text = storage.text;
  await renewed(client);
  const thief = await app(rotunda, rotunda.url, { storage: stolen });
  assert.equal(await thief.client.token(), null);
  assert.deepEqual(thief.client.state, { status: "signed-out", user: null, reason: "reused" });
  assert.equal(await renewed(client), null);
  assert.deepEqual(client.state, { status: "signed-out", user: null, reason: "reused" });
  assert.equal(storage.text, null);
});

test("a page asks once for a hundred who want a token", { skip }, async () => {
  const proxy = await Proxy.start(rotunda.port);
  const { client } = await page(rotunda, proxy.url);
  const refused = await client.token();
  const before = proxy.refreshes();
  const tokens = await Promise.all(Array.from({ length: 100 }, () => client.token({ refused })));
  assert.equal(new Set(tokens).size, 1);
  assert.equal(proxy.refreshes() - before, 1);
  proxy.stop();
});

test("a page that nobody has told finds the session in its cookie, and a stranger's page none", { skip }, async () => {
  const { client, jar } = await page(rotunda);
  const next = await page(rotunda, rotunda.url, { jar });
  assert.deepEqual(await next.client.ready(), client.state);
  const stranger = await page(rotunda, rotunda.url, { jar: new Jar() });
  assert.deepEqual(await stranger.client.ready(), { status: "signed-out", user: null });
  assert.equal((await errorOf(stranger.client.user())).code, "signed_out");
});

test("a page whose cookie has moved on is told the generation", { skip }, async () => {
  const proxy = await Proxy.start(rotunda.port);
  const { client, jar } = await page(rotunda, proxy.url);
  for (let times = 0; times < 3; times++) {
    // Another page of the browser, which shares nothing with it but the jar.
    const other = await page(rotunda, rotunda.url, { jar });
    await other.client.ready();
  }
  const before = proxy.refreshes();
  await renewed(client);
  assert.ok(proxy.refreshes() - before <= 2);
  assert.equal(client.state.status, "signed-in");
  proxy.stop();
});

test("a session that was renewed by a page of the server is no sign-out", { skip }, async () => {
  const { client, jar } = await page(rotunda);
  const seen = [];
  client.onChange(({ status }) => seen.push(status));
  const headers = { "content-type": "application/json", authorization: `Bearer ${await client.token()}` };
  const body = JSON.stringify({ password: PASSWORD });
  const answer = await jar.tab(rotunda.url)(`${rotunda.url}/auth/reauthenticate`, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
  assert.equal((await client.user()).id, client.state.user.id);
  assert.deepEqual([client.state.status, ...seen], ["signed-in"]);
});

test("an end is doubted once: somebody may have signed in again while it was on its way", { skip }, async () => {
  for (const leavesFirst of [false, true]) {
    const jar = new Jar();
    const { client, email } = await page(rotunda);
    const raw = jar.tab(rotunda.url);
    const signIn = () => post(raw, "/auth/login", { email, password: PASSWORD });
    let beside;
    // The request is under way, with the old cookie, when another page of the browser signs in.
    const wrap = async (url, init) => {
      const work = beside;
      beside = undefined;
      await work?.();
      return fetch(url, init);
    };
    await signIn();
    const tab = await page(rotunda, rotunda.url, { jar, wrap });
    const refused = (await tab.client.ready()) && (await tab.client.token());
    const seen = [];
    tab.client.onChange(({ status }) => seen.push(status));
    if (leavesFirst) jar.cookies.delete("rotunda_refresh");
    beside = signIn;
    assert.notEqual(await tab.client.token({ refused }), refused);
    assert.deepEqual([tab.client.state.status, ...seen], ["signed-in"]);
    await client.logout();
  }
});

const post = (send, path, body) =>
  send(rotunda.url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

for (const [mode, person] of Object.entries({ page, app })) {
  test(`${mode}: signing out ends the session at once, however often it is asked for`, { skip }, async () => {
    const { client, storage } = await person(rotunda);
    const token = await client.token();
    await client.logout();
    assert.deepEqual(client.state, { status: "signed-out", user: null, reason: "logged_out" });
    assert.equal(storage?.text ?? null, null);
    assert.equal(await client.token(), null);
    const answer = await fetch(`${rotunda.url}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await answer.json()).reason, "session_ended");
    await client.logout();
  });

  test(`${mode}: signing out while a refresh is under way`, { skip }, async () => {
    const { client } = await person(rotunda);
    const refreshed = client.token({ refused: await client.token() });
    await client.logout();
    assert.equal(await refreshed, null);
    assert.equal(client.state.status, "signed-out");
  });

  test(`${mode}: a sign-out that the server did not hear of is none`, { skip }, async () => {
    const proxy = await Proxy.start(rotunda.port);
    const { client } = await person(rotunda, proxy.url);
    proxy.fault = "502";
    assert.equal((await errorOf(client.logout())).kind, "unavailable");
    assert.equal(client.state.status, "signed-in");
    proxy.fault = undefined;
    await client.logout();
    assert.equal(client.state.status, "signed-out");
    proxy.stop();
  });

  test(`${mode}: a new password goes on here and ends the others`, { skip }, async () => {
    const { client, email } = await person(rotunda);
    const other = await app(rotunda, rotunda.url, { storage: new Shelf() });
    await other.client.login({ email, password: PASSWORD });
    await client.changePassword(PASSWORD, OTHER_PASSWORD);
    await renewed(client);
    assert.equal((await client.sessions()).length, 1);
    assert.equal((await errorOf(other.client.user())).ended, "password_changed");
    assert.deepEqual(other.client.state, { status: "signed-out", user: null, reason: "password_changed" });
    await client.reauthenticate(OTHER_PASSWORD);
    assert.equal((await client.user()).email, email);
  });
}

test("my devices: this one, the others, and the end of one", { skip }, async () => {
  const { client, email } = await page(rotunda);
  const phone = await app(rotunda, rotunda.url, { storage: new Shelf() });
  await phone.client.login({ email, password: PASSWORD });
  const sessions = await client.sessions();
  assert.deepEqual(sessions.map(({ current, client_id }) => [current, client_id]).sort(), [[false, "native"], [true, "web"]]);
  await client.endSession(sessions.find((it) => !it.current).id);
  assert.equal(client.state.status, "signed-in");
  await errorOf(phone.client.user());
  assert.equal(phone.client.state.reason, "revoked_by_user");
  await client.endSession(sessions.find((it) => it.current).id);
  assert.deepEqual([client.state.status, client.state.reason], ["signed-out", "revoked_by_user"]);
});

test("everywhere is everywhere", { skip }, async () => {
  const { client, email } = await page(rotunda);
  const phone = await app(rotunda, rotunda.url, { storage: new Shelf() });
  await phone.client.login({ email, password: PASSWORD });
  await phone.client.logoutEverywhere();
  assert.equal(phone.client.state.reason, "logged_out_everywhere");
  assert.equal(await renewed(client), null);
  assert.equal(client.state.reason, "logged_out_everywhere");
});

test("a user whom the operator disables is signed out by the next answer", { skip }, async () => {
  const { client, email } = await page(rotunda);
  await rotunda.operator("user", "disable", email);
  assert.equal((await errorOf(client.user())).code, "invalid_token");
  assert.deepEqual(client.state, { status: "signed-out", user: null, reason: "user_disabled" });
});

test("a device is known again", { skip }, async () => {
  const { client, email } = await app(rotunda);
  const [{ device_id: first }] = await client.sessions();
  await client.logout();
  await client.login({ email, password: PASSWORD });
  assert.deepEqual((await client.sessions()).map((it) => it.device_id), [first]);
});

test("storage that cannot be read now is no sign-out", { skip }, async () => {
  const { client, storage } = await app(rotunda);
  const refused = await client.token();
  storage.fails = true;
  assert.equal((await errorOf(client.token({ refused }))).code, "storage_failed");
  assert.deepEqual([client.state.status, client.state.reason], ["degraded", "storage_failed"]);
  storage.fails = false;
  assert.notEqual(await client.token({ refused }), refused);
  assert.equal(client.state.status, "signed-in");
});

test("storage of another version is no sign-out either, and a sign-in writes over it", { skip }, async () => {
  for (const text of ['{"v":2,"token":"rt2_x"}', '{"v":1}', "what?", "[]", "null"]) {
    const storage = new Shelf();
    storage.text = text;
    const { client } = await app(rotunda, rotunda.url, { storage });
    assert.equal((await client.ready()).status, "degraded", text);
    assert.equal(storage.text, text);
    await client.register({ email: address(), password: PASSWORD });
    assert.equal(client.state.status, "signed-in");
  }
});

test("a native client that cannot store its session has none", { skip }, async () => {
  const storage = new Shelf();
  const { client } = await app(rotunda, rotunda.url, { storage });
  storage.fails = true;
  const error = await errorOf(client.register({ email: address(), password: PASSWORD }));
  assert.equal(error.code, "storage_failed");
  assert.equal(client.state.user, null);
});

test("two processes that share a storage never write an older token over a newer one", { skip }, async () => {
  const storage = new Shelf();
  let last = Promise.resolve();
  storage.lock = (work) => (last = last.then(work, work));
  const { client } = await app(rotunda, rotunda.url, { storage });
  await client.register({ email: address(), password: PASSWORD });
  const seen = [];
  const write = storage.write.bind(storage);
  storage.write = (text) => (seen.push(JSON.parse(text).generation), write(text));
  // Another `fetch` and another object around the same storage: as another process has it.
  const other = createClient({ baseUrl: rotunda.url, mode: "native", fetch: (...it) => fetch(...it), storage: Object.create(storage) });
  for (let times = 0; times < 10; times++) await Promise.all([renewed(client), renewed(other)]);
  assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
  assert.deepEqual([client.state.status, other.state.status], ["signed-in", "signed-in"]);
});

test("a confidential client shows its secret", { skip }, async () => {
  const { client_id: clientId, client_secret: clientSecret } = await rotunda.operator("client", "add", "shop", "--kind", "confidential");
  const storage = new Shelf();
  const options = { baseUrl: rotunda.url, mode: "native", clientId, storage };
  const client = createClient({ ...options, clientSecret });
  const user = await client.register({ email: address(), password: PASSWORD });
  await renewed(client);
  const copy = new Shelf();
  copy.text = storage.text;
  const thief = createClient({ ...options, storage: copy });
  assert.equal((await errorOf(thief.token())).code, "invalid_client");
  assert.equal(thief.state.status, "degraded");
  assert.deepEqual(await client.user(), user);
  await client.logout();
  assert.equal(client.state.status, "signed-out");
});

test("an app may have its session refreshed by the clock", { skip }, async (t) => {
  const short = await Rotunda.start('[tokens]\naccess_ttl = "2s"\n');
  t.after(() => short.stop());
  const storage = new Shelf();
  const client = createClient({ baseUrl: short.url, mode: "native", storage, background: true });
  await client.register({ email: address(), password: PASSWORD });
  const first = await client.token();
  const writes = storage.writes;
  // Nobody asks: what is stored moves on all the same, for the key of the next attempt is stored first.
  await until("a refresh", () => storage.writes > writes);
  await until("a fresh token", async () => (await client.token()) !== first);
  client.dispose();
});

test("clients that are made alike share one session, and what is disposed of wakes up when it is used", { skip }, async () => {
  const proxy = await Proxy.start(rotunda.port);
  const jar = new Jar();
  const options = { baseUrl: proxy.url, fetch: jar.tab(rotunda.url) };
  const [first, second] = [createClient(options), createClient({ ...options, baseUrl: `${proxy.url}/` })];
  const changes = [];
  second.onChange((state) => changes.push(state));
  const user = await first.register({ email: address(), password: PASSWORD });
  assert.equal(second.state, first.state);
  await until("the other one hears", () => changes.length > 0);
  assert.deepEqual(changes, [{ status: "signed-in", user }]);
  first.dispose();
  first.dispose();
  second.dispose();
  const refused = await second.token();
  assert.notEqual(await first.token({ refused }), refused);
  proxy.stop();
});

test("callbacks may call everything, and one that throws spoils nothing", { skip }, async (t) => {
  const { client, email } = await page(rotunda);
  const heard = [];
  const reported = t.mock.method(console, "error", () => undefined);
  client.onChange(() => {
    throw new Error("a listener's own");
  });
  const stop = client.onChange(async ({ status }) => {
    heard.push(status);
    if (status === "signed-out") heard.push((await client.login({ email, password: PASSWORD })).email);
    else heard.push((await client.user()).email, (await client.fetch(`${rotunda.url}/auth/me`)).status);
  });
  await client.logout();
  await until("all of it", () => heard.length === 5);
  assert.deepEqual(heard, ["signed-out", "signed-in", email, email, 200].sort((a, b) => heard.indexOf(a) - heard.indexOf(b)));
  assert.deepEqual(reported.mock.calls.map((it) => it.arguments[0].message), ["a listener's own", "a listener's own"]);
  stop();
});

test("a page with the name of a native client gets no session, and tells nobody of its tokens", { skip }, async (t) => {
  const jar = new Jar();
  const { email } = await app(rotunda);
  const client = createClient({ baseUrl: rotunda.url, clientId: "native", fetch: jar.tab(rotunda.url) });
  const heard = [];
  const other = new BroadcastChannel(`rotunda ${rotunda.url} native/1`);
  t.after(() => other.close());
  other.onmessage = ({ data }) => heard.push(data);
  const error = await errorOf(client.login({ email, password: PASSWORD }));
  assert.deepEqual([error.kind, error.code], ["unavailable", "unreadable_answer"]);
  assert.notEqual(client.state.status, "signed-in");
  const last = new BroadcastChannel(`rotunda ${rotunda.url} native/1`);
  last.postMessage("that is all");
  await until("the last message", () => heard.includes("that is all"));
  last.close();
  assert.deepEqual(heard, ["that is all"]);
});

test("what is said on the channel in another form is not listened to", { skip }, async (t) => {
  const proxy = await Proxy.start(rotunda.port);
  t.after(() => proxy.stop());
  const { client } = await page(rotunda, proxy.url);
  const failed = [];
  const fails = (error) => failed.push(error);
  process.on("uncaughtException", fails);
  t.after(() => process.off("uncaughtException", fails));
  await client.token();
  const before = proxy.refreshes();
  const other = new BroadcastChannel(`rotunda ${proxy.url} web/1`);
  t.after(() => other.close());
  for (const news of [null, undefined, "signed-out", 7, [], {}, { hello: 1 }, { answer: null }, { v: 2, over: true }]) other.postMessage(news);
  // Heard last: the end of this session.
  const [{ id }] = await client.sessions();
  other.postMessage({ ended: id, reason: "logged_out" });
  await until("the end", () => client.state.status === "signed-out");
  assert.deepEqual([failed, proxy.refreshes() - before, client.state.reason], [[], 0, "logged_out"]);
});

test("a failed sign-in does not keep the session from being refreshed by the clock", { skip }, async (t) => {
  const short = await Rotunda.start('[tokens]\naccess_ttl = "2s"\n');
  const proxy = await Proxy.start(short.port);
  t.after(() => (proxy.stop(), short.stop()));
  const client = createClient({ baseUrl: proxy.url, mode: "native", storage: new Shelf(), background: true });
  t.after(() => client.dispose());
  const email = address();
  await client.register({ email, password: PASSWORD });
  await until("a first refresh", () => proxy.refreshes() === 1);
  proxy.fault = "silent";
  await until("one by the clock, without an answer", () => proxy.refreshes() === 2);
  proxy.fault = undefined;
  assert.equal((await errorOf(client.login({ email, password: "not the password" }))).reason, "credentials_invalid");
  await until("a refresh that nobody asks for", () => proxy.refreshes() > 2);
});

test("what was disposed of, and used again, can be disposed of again", { skip }, async (t) => {
  const short = await Rotunda.start('[tokens]\naccess_ttl = "1s"\n');
  const proxy = await Proxy.start(short.port);
  t.after(() => (proxy.stop(), short.stop()));
  const { setTimeout: later, clearTimeout: never } = globalThis;
  const waiting = new Set();
  globalThis.setTimeout = (work, ms) => {
    const timer = later(() => (waiting.delete(timer), work()), ms);
    waiting.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => (waiting.delete(timer), never(timer));
  t.after(() => Object.assign(globalThis, { setTimeout: later, clearTimeout: never }));
  const client = createClient({ baseUrl: proxy.url, mode: "native", storage: new Shelf(), background: true });
  await client.register({ email: address(), password: PASSWORD });
  assert.ok(waiting.size > 0);
  for (let times = 0; times < 2; times++) {
    client.dispose();
    const sleeps = waiting.size;
    await client.token({ refused: await client.token() });
    assert.ok(waiting.size > sleeps, "it is awake");
    client.dispose();
    assert.equal(waiting.size, sleeps, `asleep, time ${times}`);
  }
});
