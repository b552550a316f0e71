/** The other way: tokens in the site's own cookie, refreshed before each page. What it can do, and what it cannot. */

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { middleware } from "../src/middleware.js";
import { Ticket } from "../src/ticket.js";
import { Between, FAULTS } from "./between.js";
import { chance, shuffled } from "./chance.js";
import { PASSWORD, Rotunda, skip } from "./rotunda.js";

describe("tokens in a sealed cookie", { skip }, () => {
  let rotunda, between, site, now, names = 0;
  before(async () => {
    rotunda = await Rotunda.start('[refresh]\nwindow = "1s"\n');
    between = await Between.start(rotunda.url);
    const options = { baseUrl: between.url, ...rotunda.client, key: Ticket.make(), cookie: "__Host-site" };
    site = middleware({ ...options, now: () => now });
  });
  afterEach(() => Object.assign(between, { fault: undefined, spoil: undefined }));
  after(async () => {
    between?.stop();
    await rotunda?.stop();
  });

  /** Somebody's jar, with one cookie. */
  async function signIn() {
    now = Date.now();
    const email = await rotunda.user(`eve${++names}@example.com`);
    const body = JSON.stringify({ email, password: PASSWORD, client_id: rotunda.client.clientId, client_secret: rotunda.client.clientSecret });
    const response = await fetch(`${rotunda.url}/auth/login`, { method: "POST", headers: { "content-type": "application/json" }, body });
    return { email, jar: site.setCookie(site.session(await response.json())).split(";")[0] };
  }

  /** A page that shows whether its reader is signed in, after it has asked Rotunda; 503 when that could not be found out. */
  async function look(jar) {
    const page = async (_, token) => {
      if (token === null) return new Response("sign in");
      const { status } = await fetch(`${rotunda.url}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
      return new Response(status === 200 ? "in" : `${status}`);
    };
    const request = new Request("http://localhost/", { headers: { cookie: `other=1; ${jar}` } });
    const response = await site.withSession(request, page).catch(() => new Response("away", { status: 503 }));
    return { said: await response.text(), jar: response.headers.getSetCookie().map((set) => set.split(";")[0])[0] };
  }

  const expire = () => (now += 3600_000);

  test("500 navigations, up to eight at a time at the moment of a refresh, their cookies in any order: nobody is signed out", async () => {
    let { email, jar } = await signIn();
    let navigations = 0;
    while (navigations < 500) {
      expire();
      const tabs = Array.from({ length: 1 + chance(8) }, () => look(jar));
      for (const { said, jar: set } of shuffled(await Promise.all(tabs))) {
        assert.equal(said, "in", `navigation ${navigations}`);
        assert.ok(set);
        jar = set;
        navigations++;
      }
    }
    const [{ generation }] = await rotunda.sessions(email);
    console.log(`${navigations} navigations, ${generation} rotations, ${between.count("/auth/refresh")} refreshes`);
    assert.ok(generation > 0);
  });

  for (const [name, fault] of Object.entries(FAULTS)) {
    test(`${name}: 503 and the session survives`, async () => {
      const { jar } = await signIn();
      expire();
      between.fault = fault;
      assert.deepEqual(await look(jar), { said: "away", jar: undefined });
      between.fault = undefined;
      assert.equal((await look(jar)).said, "in");
    });
  }

  test("a reply that is lost is asked for again at once", async () => {
    const { jar } = await signIn();
    expire();
    between.spoil = (req, res) => {
      between.spoil = undefined;
      res.destroy();
    };
    assert.equal((await look(jar)).said, "in");
  });

  test("while the access token is good an outage is not noticed", async () => {
    const { jar } = await signIn();
    now += 14 * 60_000;
    between.fault = FAULTS["500"];
    assert.deepEqual(await look(jar), { said: "in", jar: undefined });
  });

  test("a cookie that comes after the window is a used token: the session ends, and the cookie is left alone", async () => {
    const { email, jar } = await signIn();
    const [{ id }] = await rotunda.sessions(email);
    expire();
    assert.equal((await look(jar)).said, "in");
    const rotated = Date.parse((await rotunda.sessions(email))[0].rotated_at);
    while (Date.now() < rotated + 1500) await rotunda.sessions(email);
    assert.deepEqual(await look(jar), { said: "sign in", jar: undefined });
    assert.equal((await rotunda.operator("session", "why", id)).ended, "reused");
  });

  test("a cookie that was made elsewhere signs nobody in", async () => {
    const forged = Ticket.make().seal(JSON.stringify({ access_token: "x", renew: 1e15, until: 1e15 }));
    for (const text of [forged, "x", ""]) assert.equal((await look(`__Host-site=${text}`)).said, "sign in");
  });

  test("it fits into a cookie", async () => {
    const { jar } = await signIn();
    assert.ok(jar.length < 2048, `${jar.length}`);
    assert.doesNotMatch(jar, /rt1_|rd1_|eyJ/);
  });
});
