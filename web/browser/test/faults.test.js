/**
 * Whatever the network and the machines in it do to a refresh: the session survives, the calls settle, and when it is over
 * everything goes on by itself.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { eachBrowser } from "../browser.js";
import * as faults from "../faults.js";
import { openGround } from "../ground.js";
import { noted, openTab, register, work } from "../people.js";
import { startProxy } from "../proxy.js";
import { until } from "../until.js";

/** What the network does to every request; or what is done to the page. */
const MATRIX = {
  "no network, and the browser says so": { begin: (page) => page.setOfflineMode(true), end: (page) => page.setOfflineMode(false) },
  "a name that cannot be resolved": {
    begin: (page) => page.evaluate(() => void (window.astray = true)),
    end: (page) => page.evaluate(() => void (window.astray = false)),
  },
  "a connection that breaks": faults.reset,
  "no answer": faults.hang,
  "an answer that is lost": faults.lost,
  "an answer that never comes": faults.mute,
  "an answer that breaks off": faults.truncated,
  "half an answer": faults.halved,
  "a proxy's page with 200": faults.page(200),
  "a redirect to somebody's sign-in": faults.page(302, { location: "http://127.0.0.1:1/login" }),
  "401 in HTML": faults.page(401),
  "403 in HTML": faults.page(403),
  "404 in HTML": faults.page(404),
  "408": faults.page(408),
  "429": faults.page(429, { "retry-after": "1" }),
  "500": faults.page(500),
  "501": faults.page(501),
  "502": faults.page(502),
  "503": faults.page(503, { "retry-after": "1" }),
  "504": faults.page(504),
};
const LANES = 4;

/** One user in a browser of their own, with a network of their own, who goes through these faults. */
async function walk(t, browser, { server, origins }, lane, names) {
  const proxy = await startProxy({ target: server.port });
  t.after(() => proxy.close());
  const page = await openTab(await browser.context(t), origins.app, `http://localhost:${proxy.port}`);
  await register(page, `ada${lane}@example.com`);
  await work(page, 100);
  const wentWrong = [];
  for (const name of names) {
    const fault = MATRIX[name];
    const onPage = typeof fault === "object" ? fault : undefined;
    if (onPage) await onPage.begin(page);
    else proxy.fault = () => fault;
    const isNoticed = async () => (await noted(page)).status !== "signed-in";
    await until(`${name}: it is noticed`, isNoticed, 30_000);
    if (onPage) await onPage.end(page);
    else proxy.fault = () => undefined;
    const { good } = await noted(page);
    const recovered = async () => {
      const { good: now, status } = await noted(page);
      return now > good && status === "signed-in";
    };
    await until(`${name}: it recovers`, recovered, 30_000).catch((error) => wentWrong.push(error.message));
    const { signOuts } = await noted(page);
    if (signOuts > 0) wentWrong.push(`${name}: signed out`);
    await page.evaluate(() => (window.notes.signOuts = 0));
  }
  const { longest } = await noted(page);
  assert.ok(longest < 42_000, `a call took ${longest} ms`);
  return wentWrong;
}

eachBrowser((browser) => {
  test("the session survives every fault of the network, and recovers", { timeout: 240_000 }, async (t) => {
    const ground = await openGround({ t, config: '[tokens]\naccess_ttl = "1s"\n' });
    const names = Object.keys(MATRIX);
    const lanes = Array.from({ length: LANES }, (_, lane) => names.filter((_, at) => at % LANES === lane));
    const walks = lanes.map((names, lane) => walk(t, browser(), ground, lane, names));
    assert.deepEqual((await Promise.all(walks)).flat(), []);
    for (let lane = 0; lane < LANES; lane += 1) {
      const [session] = await ground.server.operator("session", "list", `ada${lane}@example.com`);
      assert.equal(session.ended, null);
    }
  });
});
