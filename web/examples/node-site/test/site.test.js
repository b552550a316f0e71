/** A site that holds the sessions of its users, before the real server. */

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { MemoryStore } from "../src/store.js";
import { Api } from "./api.js";
import { Between } from "./between.js";
import { chance, shuffled } from "./chance.js";
import { Rotunda, skip } from "./rotunda.js";
import { Site } from "./site.js";
import { PARTS, Visitor, asksToSignIn, shows } from "./visitor.js";

/** Every refresh rotates, and a used token ends its session unless its retry key comes along: what is wrong shows at once. */
const MERCILESS = '[refresh]\nwindow = "0s"\n';

let rotunda, between, api;
const sites = [];
let names = 0;

async function start(config) {
  rotunda = await Rotunda.start(config);
  between = await Between.start(rotunda.url);
  api = await Api.start(rotunda);
}

async function stop() {
  api?.stop();
  between?.stop();
  await rotunda?.stop();
}

async function open(more = {}) {
  const site = await Site.start({ rotunda: between.url, client: rotunda.client, api: api.url, ...more });
  sites.push(site);
  return site;
}

function reset() {
  sites.splice(0).forEach((site) => site.stop());
  between.after = () => {};
  between.counts.clear();
  Object.assign(api, { together: 1, credulous: false });
}

/** Somebody new, signed in. */
async function comeIn(site) {
  const email = await rotunda.user(`ada${++names}@example.com`);
  const visitor = new Visitor(site.url);
  const { status, headers } = await visitor.signIn(email, { to: "/dashboard" });
  assert.deepEqual([status, headers.location], [303, "/dashboard"]);
  return { email, visitor };
}

describe("at the moment of a refresh", { skip }, () => {
  before(() => start(MERCILESS));
  afterEach(reset);
  after(stop);

  test("eight requests to the API at once share one refresh, in whatever order they are answered", async () => {
    const site = await open();
    const { visitor } = await comeIn(site);
    api.together = PARTS;
    for (let round = 0; round < 10; round++) {
      api.wearOut();
      shows(await visitor.go("/dashboard"));
    }
    // The first page was shown with the token of the sign-in.
    assert.equal(between.count("/auth/refresh"), 9);
  });

  test("500 navigations, each with eight requests at the moment of a refresh: nobody is asked to sign in", async () => {
    const site = await open();
    const { visitor, email } = await comeIn(site);
    const jar = new Map(visitor.jar);
    api.together = PARTS;
    let navigations = 0;
    while (navigations < 500) {
      api.wearOut();
      const tabs = Array.from({ length: 1 + chance(5) }, () => visitor.ask("/dashboard"));
      for (const answer of shuffled(await Promise.all(tabs))) {
        assert.ok(!asksToSignIn(answer), `navigation ${navigations}`);
        assert.equal(answer.headers["set-cookie"], undefined);
        shows(visitor.take(answer));
        navigations++;
      }
    }
    const [{ generation }] = await rotunda.sessions(email);
    console.log(`${navigations} navigations, ${generation} rotations, ${between.count("/auth/refresh")} refreshes`);
    assert.ok(generation > 100, `${generation}`);
    assert.equal(between.count("/auth/refresh"), generation, "a refresh was repeated");
    assert.deepEqual(visitor.jar, jar);
  });

  test("an answer of before a sign-out and a sign-in does not touch the new session", async () => {
    const site = await open();
    const { visitor, email } = await comeIn(site);
    const [{ id }] = await rotunda.sessions(email);
    await rotunda.operator("session", "revoke", id);
    api.wearOut();
    await visitor.ask("/dashboard").then(async (late) => {
      assert.ok(asksToSignIn(late), `${late.status} ${late.page} ${site.log}`);
      await visitor.signIn(email);
      visitor.take(late);
    });
    shows(await visitor.go("/dashboard"));
  });

  test("users of one process never get each other's tokens", async () => {
    const site = await open();
    const all = await Promise.all(Array.from({ length: 6 }, () => comeIn(site)));
    for (let round = 0; round < 5; round++) {
      api.wearOut();
      const pages = await Promise.all(all.map(({ visitor }) => visitor.go("/dashboard")));
      const users = pages.map((answer) => new Set(answer.page.match(/(?<=&quot;of&quot;:&quot;)[^&]+/g)));
      assert.ok(users.every((of) => of.size === 1));
      assert.equal(new Set(users.map((of) => [...of][0])).size, all.length);
    }
  });

  test("two processes over one store that can lock need not even a window", async () => {
    const store = far(new MemoryStore());
    const [one, two] = [await open({ store }), await open({ store })];
    const { visitor, email } = await comeIn(one);
    for (let round = 0; round < 20; round++) {
      api.wearOut();
      const asked = [one, two, two, one].map((site) => {
        visitor.site = site.url;
        return visitor.ask("/dashboard");
      });
      for (const answer of await Promise.all(asked)) shows(answer);
    }
    const [{ generation }] = await rotunda.sessions(email);
    assert.ok(generation > 15, `${generation}`);
  });

  test("a reply that is lost is asked for again", async () => {
    const site = await open();
    const { visitor, email } = await comeIn(site);
    shows(await visitor.go("/dashboard"));
    api.wearOut();
    let lost = 0;
    between.after = (path) => (path === "/auth/refresh" && lost++ === 0 ? new Promise(() => {}) : undefined);
    const impatient = await visitor.go("/dashboard");
    assert.ok(impatient.status === 200 || impatient.status === 503, impatient.page);
    shows(await visitor.go("/dashboard"));
    assert.ok(lost > 1);
    assert.equal((await rotunda.sessions(email)).length, 1);
  });
});

describe("several processes, and starts", { skip }, () => {
  before(() => start('[refresh]\nwindow = "1s"\n'));
  afterEach(reset);
  after(stop);

  test("two processes over one store that cannot lock, without stickiness: nobody is asked to sign in", async () => {
    const store = far(new MemoryStore());
    store.lock = undefined;
    const [one, two] = [await open({ store }), await open({ store })];
    const { visitor, email } = await comeIn(one);
    const generation = async () => (await rotunda.sessions(email))[0]?.generation;
    let rounds = 0;
    while ((await generation()) < 4) {
      api.wearOut();
      const asked = [one, two, one, two].map((site) => {
        visitor.site = site.url;
        return visitor.ask("/dashboard");
      });
      for (const answer of await Promise.all(asked)) shows(answer);
      rounds++;
    }
    console.log(`${rounds} rounds, ${between.count("/auth/refresh")} refreshes`);
    assert.ok(between.count("/auth/refresh") > rounds, "both have refreshed");
  });

  test("a sign-out in one process is one in the other", async () => {
    const one = await open();
    const two = await open({ store: one.store });
    const { visitor } = await comeIn(one);
    const copy = new Map(visitor.jar);
    visitor.site = two.url;
    shows(await visitor.go("/dashboard"));
    api.credulous = true;
    visitor.site = one.url;
    await visitor.submit("/logout");
    Object.assign(visitor, { site: two.url, jar: copy });
    assert.ok(asksToSignIn(await visitor.go("/dashboard")));
  });

  test("a sign-out is not undone by a refresh that is under way in another process", async () => {
    const one = await open();
    const two = await open({ store: one.store });
    const { visitor, email } = await comeIn(one);
    visitor.site = two.url;
    shows(await visitor.go("/dashboard"));
    api.wearOut();
    const { promise: gate, resolve: go } = deferred();
    const { promise: asked, resolve: arrived } = deferred();
    between.after = async (path) => {
      if (path !== "/auth/refresh") return;
      arrived();
      await gate;
    };
    const late = visitor.ask("/dashboard");
    await asked;
    visitor.site = one.url;
    const copy = new Map(visitor.jar);
    await visitor.submit("/logout");
    go();
    await late;
    assert.equal(visitor.jar.size, 0);
    visitor.jar = copy;
    for (const site of [one, two]) {
      visitor.site = site.url;
      assert.ok(asksToSignIn(await visitor.go("/dashboard")));
    }
    assert.deepEqual(await rotunda.sessions(email), []);
  });

  test("the site and Rotunda are started again, and nobody notices", async () => {
    const site = await open();
    const { visitor, email } = await comeIn(site);
    site.stop();
    const next = await open({ store: site.store });
    visitor.site = next.url;
    shows(await visitor.go("/dashboard"));
    await rotunda.kill();
    await rotunda.again();
    api.wearOut();
    shows(await visitor.go("/dashboard"));
    assert.equal((await rotunda.sessions(email)).length, 1);
  });

  test("while Rotunda is away pages are 503, and afterwards everybody is still signed in", async () => {
    const site = await open();
    const { visitor } = await comeIn(site);
    shows(await visitor.go("/dashboard"));
    api.wearOut();
    await rotunda.kill();
    const away = await visitor.go("/dashboard");
    const stranger = await new Visitor(site.url).signIn("ada@example.com");
    await rotunda.again();
    assert.equal(away.status, 503, away.page);
    assert.ok(Number(away.headers["retry-after"]) > 0);
    assert.equal(away.headers["set-cookie"], undefined);
    assert.ok(!asksToSignIn(away));
    assert.equal(stranger.status, 503, stranger.page);
    shows(await visitor.go("/dashboard"));
  });

  test("when the store is away pages are 503, too", async () => {
    const site = await open();
    const { visitor } = await comeIn(site);
    const get = site.store.get;
    site.store.get = () => Promise.reject(new Error("the store is away"));
    const away = await visitor.go("/dashboard");
    site.store.get = get;
    assert.equal(away.status, 503);
    assert.equal(away.headers["set-cookie"], undefined);
    shows(await visitor.go("/dashboard"));
  });

  for (const broken of ["get", "delete"]) {
    test(`a sign-out while the store is away is said to be none: ${broken}`, async () => {
      const site = await open();
      const { visitor, email } = await comeIn(site);
      site.store[broken] = () => Promise.reject(new Error("the store is away"));
      const away = await visitor.submit("/logout");
      delete site.store[broken];
      assert.equal(away.status, 503, away.page);
      assert.equal(away.headers["set-cookie"], undefined);
      assert.doesNotMatch(away.page, /signed (in|out)/);
      shows(await visitor.go("/dashboard"));
      assert.equal((await visitor.submit("/logout")).status, 303);
      assert.deepEqual([visitor.jar.size, await rotunda.sessions(email)], [0, []]);
    });
  }

  test("a sign-out while Rotunda is away is one here, and is logged", async () => {
    const site = await open();
    const { visitor } = await comeIn(site);
    const copy = new Map(visitor.jar);
    await rotunda.kill();
    const away = await visitor.submit("/logout");
    await rotunda.again();
    assert.deepEqual([away.status, visitor.jar.size, site.log.length], [303, 0, 1]);
    visitor.jar = copy;
    assert.ok(asksToSignIn(await visitor.go("/dashboard")));
  });
});

/** A store at the other end of a network: each call takes its time, more or less of it. */
function far(store) {
  const turns = async (left) => {
    for (; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
  };
  const call = (name) => async (...values) => {
    await turns(chance(10));
    const said = await store[name](...values);
    await turns(chance(10));
    return said;
  };
  const calls = ["get", "set", "replace", "delete"].map((name) => [name, call(name)]);
  return { ...Object.fromEntries(calls), lock: (name, work) => store.lock(name, work) };
}

function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}
