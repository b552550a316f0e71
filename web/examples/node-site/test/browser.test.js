/** What a browser has of its session, what it gets to see, and who else may not. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";

import { pathWithin, Cookie } from "../src/browser.js";
import { MemoryStore } from "../src/store.js";
import { Ticket } from "../src/ticket.js";
import { Api } from "./api.js";
import { Rotunda, freePort, skip } from "./rotunda.js";
import { Site } from "./site.js";
import { Visitor, asksToSignIn } from "./visitor.js";

describe("a browser", { skip }, () => {
  let rotunda, api, site, names = 0;
  before(async () => {
    rotunda = await Rotunda.start();
    api = await Api.start(rotunda);
    site = await Site.start({ rotunda: rotunda.url, client: rotunda.client, api: api.url });
  });
  after(async () => {
    site?.stop();
    api?.stop();
    await rotunda?.stop();
  });

  async function comeIn(headers) {
    const email = await rotunda.user(`bob${++names}@example.com`);
    const visitor = new Visitor(site.url);
    const fields = { email, password: "correct horse battery", remember: "yes", to: "/dashboard" };
    const answers = [await visitor.go("/login", { method: "POST", fields, headers })];
    assert.equal(answers[0].status, 303, answers[0].page);
    answers.push(await visitor.go("/dashboard"));
    assert.equal(answers[1].status, 200);
    return { email, visitor, answers };
  }

  test("has a ticket, and never sees a token", async () => {
    const { visitor, answers } = await comeIn();
    const [set] = answers[0].headers["set-cookie"];
    assert.match(set, /^site=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/);
    answers.push(await visitor.go("/"), await visitor.submit("/logout"));
    for (const answer of answers) assert.doesNotMatch(JSON.stringify(answer), /rt1_|rd1_|eyJ/);
  });

  test("without `remember` is forgotten when it is closed", async () => {
    const email = await rotunda.user(`bob${++names}@example.com`);
    const { headers } = await new Visitor(site.url).signIn(email, { remember: "" });
    assert.match(headers["set-cookie"][0], /^site=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    const [session] = await rotunda.sessions(email);
    assert.ok(Date.parse(session.absolute_expires_at) - Date.now() < 25 * 3600 * 1000);
  });

  test("gets another ticket with each sign-in, whatever was planted in it, and what it had before is over", async () => {
    const { visitor, email } = await comeIn();
    const before = new Map(visitor.jar);
    await visitor.signIn(email);
    assert.notEqual(visitor.jar.get("site"), before.get("site"));
    assert.equal((await rotunda.sessions(email)).length, 1);
    const thief = new Visitor(site.url);
    thief.jar = before;
    assert.ok(asksToSignIn(await thief.go("/dashboard")));
    const planted = Ticket.make().text();
    visitor.jar.set("site", planted);
    await visitor.signIn(email);
    assert.notEqual(visitor.jar.get("site"), planted);
  });

  test("is told why its session is over, and nobody else is signed out", async () => {
    const { visitor, email } = await comeIn();
    const [session] = await rotunda.sessions(email);
    await rotunda.operator("session", "revoke", session.id);
    api.wearOut();
    const over = await visitor.go("/dashboard");
    assert.equal(over.status, 403);
    assert.match(over.page, /Your session is over/);
    assert.equal(over.headers["set-cookie"], undefined);
    assert.ok(asksToSignIn(await visitor.go("/dashboard")));
  });

  test("is answered in words when it signs in with a wrong password, and not with what it typed", async () => {
    const { email } = await comeIn();
    const visitor = new Visitor(site.url);
    const { status, page } = await visitor.signIn(email, { password: "<script>'\"" });
    assert.equal(status, 403);
    assert.match(page, /role="alert"/);
    assert.match(page, new RegExp(`value="${email}"`));
    assert.doesNotMatch(page, /<script|&lt;script/);
    assert.equal(visitor.jar.size, 0);
    const { page: escaped } = await visitor.signIn(`"><script>@x.y`);
    assert.doesNotMatch(escaped, /<script/);
  });

  test("is named to Rotunda by its own address and name", async () => {
    const { email } = await comeIn({ "x-forwarded-for": "203.0.113.7", "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0" });
    const [session] = await rotunda.sessions(email);
    assert.equal(session.address, "203.0.113.7");
    assert.match(session.user_agent, /Firefox/);
  });

  test("signs out: its session has ended, and a copy of its ticket is worth nothing", async () => {
    const { visitor, email } = await comeIn();
    const thief = new Visitor(site.url);
    thief.jar = new Map(visitor.jar);
    const { status, headers } = await visitor.submit("/logout");
    assert.equal(status, 303);
    assert.match(headers["set-cookie"][0], /Max-Age=0/);
    assert.equal(visitor.jar.size, 0);
    assert.deepEqual(await rotunda.sessions(email), []);
    assert.ok(asksToSignIn(await thief.go("/dashboard")));
    assert.equal((await visitor.submit("/logout")).status, 303);
  });

  test("signs out of the site even while Rotunda is away", async () => {
    const { visitor } = await comeIn();
    const thief = new Visitor(site.url);
    thief.jar = new Map(visitor.jar);
    await rotunda.kill();
    const { status } = await visitor.submit("/logout");
    await rotunda.again();
    assert.equal(status, 303);
    assert.ok(asksToSignIn(await thief.go("/dashboard")));
  });

  const FORMS = ["/login", "/logout"];
  const FROM = { "another site": "https://evil.example", "another port": "http://localhost:1", "a frame": "null", nobody: undefined };
  for (const [name, origin] of Object.entries(FROM)) {
    test(`has its forms refused when they come from ${name}, and nothing has changed`, async () => {
      const { visitor, email } = await comeIn();
      const jar = new Map(visitor.jar);
      for (const path of FORMS) {
        const fields = { email, password: "correct horse battery" };
        const { status, headers } = await visitor.go(path, { method: "POST", fields, headers: { origin } });
        assert.equal(status, 403, path);
        assert.equal(headers["set-cookie"], undefined);
      }
      assert.deepEqual(visitor.jar, jar);
      assert.equal((await visitor.go("/dashboard")).status, 200);
      assert.equal((await rotunda.sessions(email)).length, 1);
    });
  }

  test("changes nothing by looking", async () => {
    const { visitor, email } = await comeIn();
    for (const path of [...FORMS, "/", "/dashboard"]) {
      const { headers } = await visitor.go(path);
      assert.equal(headers["set-cookie"], undefined, path);
    }
    assert.equal((await rotunda.sessions(email)).length, 1);
  });

  test("is led nowhere else by a sign-in", async () => {
    const email = await rotunda.user(`bob${++names}@example.com`);
    for (const to of ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "/.//evil.example", "/a\r\nx: y"]) {
      const { headers } = await new Visitor(site.url).signIn(email, { to });
      assert.equal(new URL(headers.location, site.url).origin, site.url, to);
      assert.doesNotMatch(headers.location, /^\/\//);
    }
  });

  test("is told what is wrong with what no form of the site sends", async () => {
    const visitor = new Visitor(site.url);
    const ask = async (headers, fields) => (await visitor.ask("/login", { method: "POST", headers, fields })).status;
    assert.equal(await ask({ "content-type": "application/json" }, {}), 415);
    assert.equal(await ask({}, { email: "x".repeat(20_000) }), 413);
    for (const path of ["/nothing", "//evil.example/login", "/login/"]) assert.equal((await visitor.ask(path)).status, 404, path);
    assert.equal((await visitor.ask("/dashboard", { method: "PUT", headers: { origin: site.url } })).status, 404);
  });

  test("finds the site as `server.js` starts it, and the site ends when it is told to", async () => {
    const [port, { clientId, clientSecret }] = [String(await freePort()), rotunda.client];
    const own = { ROTUNDA_URL: rotunda.url, API: api.url, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, PORT: port };
    const started = spawn(process.execPath, ["server.js"], { cwd: new URL("..", import.meta.url), env: { PATH: process.env.PATH, ...own } });
    const ended = once(started, "exit");
    await Promise.race([once(started.stdout, "data"), ended]);
    const visitor = new Visitor(`http://localhost:${port}`);
    const email = await rotunda.user(`bob${++names}@example.com`);
    const answers = [await visitor.signIn(email, { to: "/dashboard" }), await visitor.go("/dashboard")];
    started.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual(answers.map(({ status }) => status), [303, 200]);
  });

  test("a copy of the store signs nobody in, and its records cannot be exchanged", async () => {
    const [{ visitor }, { visitor: other }] = [await comeIn(), await comeIn()];
    const dump = site.store.dump();
    assert.doesNotMatch(dump, /rt1_|rd1_|eyJ/);
    assert.ok(!dump.includes(visitor.jar.get("site")));
    const [mine, theirs] = [visitor, other].map((one) => Ticket.read(one.jar.get("site")));
    const sealed = await site.store.get(mine.name);
    assert.throws(() => theirs.open(sealed));
    assert.ok(mine.open(sealed).length > 0);
  });
});

test("under https the cookie is of this host alone", () => {
  const cookie = new Cookie("https://shop.example.com");
  assert.match(cookie.set(Ticket.make(), false), /^__Host-site=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  assert.match(cookie.expire(), /^__Host-site=; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=0$/);
});

test("what is no ticket is none", () => {
  for (const text of [undefined, "", "x", "=".repeat(43), "a".repeat(44), "rt1_AAAA"]) assert.equal(Ticket.read(text), null);
  const ticket = Ticket.make();
  assert.equal(Ticket.read(ticket.text()).name, ticket.name);
});

test("a path stays a path", () => {
  const origin = "https://shop.example.com";
  assert.equal(pathWithin(origin, "/orders?page=2#x"), "/orders?page=2");
  for (const text of [null, undefined, "", "orders", "javascript:alert(1)", "//x"]) assert.equal(pathWithin(origin, text), "/");
});

test("the store forgets what is old, and puts nothing where nothing is", async () => {
  let now = 0;
  const store = new MemoryStore(() => now);
  await store.set("a", "1", 10);
  await store.replace("b", "2", 10);
  assert.deepEqual([await store.get("a"), await store.get("b")], ["1", null]);
  now = 9;
  await store.replace("a", "3", 10);
  now = 18;
  assert.equal(await store.get("a"), "3");
  now = 19;
  assert.equal(await store.get("a"), null);
  await store.set("c", "4", 10);
  assert.equal(JSON.parse(store.dump()).length, 1);
});

test("under a lock of the store one works after the other, whatever becomes of the work", async () => {
  const store = new MemoryStore();
  const told = [];
  const work = (name, fails) => async () => {
    told.push(`${name} begins`);
    await Promise.resolve();
    told.push(`${name} ends`);
    if (fails) throw new Error(name);
  };
  const [first] = await Promise.allSettled([store.lock("x", work("a", true)), store.lock("x", work("b"))]);
  assert.equal(first.status, "rejected");
  assert.deepEqual(told, ["a begins", "a ends", "b begins", "b ends"]);
});
