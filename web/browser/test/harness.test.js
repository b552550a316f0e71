/** That the harness does what the tests rest on: a frozen tab stands still, a crashed one is gone, and only that one. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { eachBrowser } from "../browser.js";
import { startProxy } from "../proxy.js";
import { startSite } from "../site.js";
import { readable, secretsIn } from "../storage.js";
import { inTime, until } from "../until.js";

const COUNTING = "<!doctype html><title>Counting</title><script>window.n = 0; setInterval(() => window.n++, 20)</script>";
const counted = (page) => page.evaluate(() => window.n);

eachBrowser((browser) => {
  test("a frozen tab stands still, wakes, and a crash takes one tab only", async (t) => {
    const site = await startSite();
    t.after(site.close);
    site.put("/", COUNTING);
    const context = await browser().context(t);
    const [one, two, three] = [await context.newPage(), await context.newPage(), await context.newPage()];
    for (const page of [one, two, three]) await page.goto(`http://localhost:${site.port}/`);

    // What the page says of itself when it is asked may have waited until it was woken: the clock is its own.
    const steps = () => one.evaluate(() => (window.last = window.n));
    await steps();
    await browser().freeze(one);
    // A tab in the background counts once a second in Firefox.
    const [other, frozenAt] = [await counted(two), Date.now()];
    await until("the other tab counts on", async () => (await counted(two)) > other + 3);
    await until("a second has passed", () => Date.now() > frozenAt + 1000);
    await browser().wake(one);
    const [before, after] = await one.evaluate(() => [window.last, window.n]);
    // A busy machine takes its time to freeze it; one that is not frozen counts to fifty in a second.
    assert.ok(after - before <= 15, `a frozen tab counted from ${before} to ${after}`);
    await until("the woken tab counts", async () => (await counted(one)) > after);

    await browser().crash(three);
    const isDead = () => inTime(three.evaluate(() => window.n), 2000, "a dead tab").then(() => false, () => true);
    await until("the tab is dead", isDead);
    for (const page of [one, two]) assert.ok((await counted(page)) > 0, "another tab died as well");

    await two.setOfflineMode(true);
    assert.equal(await two.evaluate(() => fetch("/").then(() => "an answer", (error) => error.name)), "TypeError");
    await two.setOfflineMode(false);
    assert.equal(await two.evaluate(() => fetch("/").then(({ status }) => status)), 200);
  });

  test("what is stored anywhere is found", async (t) => {
    const site = await startSite();
    t.after(site.close);
    site.put("/", "<!doctype html><title>Storing</title>");
    const context = await browser().context(t);
    const page = await context.newPage();
    await page.goto(`http://localhost:${site.port}/`);
    assert.deepEqual(secretsIn(await readable(page), []), []);
    const secret = `rt1_${"x".repeat(40)}`;
    await page.evaluate(async (secret) => {
      document.cookie = `a=${secret}`;
      localStorage.setItem("b", `{"c":"${secret}"}`);
      sessionStorage.setItem(secret, "");
      await (await caches.open("d")).put("/e", new Response(secret));
      const open = indexedDB.open("f");
      open.onupgradeneeded = () => open.result.createObjectStore("g").add({ h: new TextEncoder().encode(secret) }, 1);
      await new Promise((resolve) => (open.onsuccess = resolve));
      open.result.close();
    }, secret);
    const everywhere = ["IndexedDB f/g", "caches d", "document.cookie", "localStorage", "sessionStorage"];
    assert.deepEqual(secretsIn(await readable(page), []).sort(), everywhere);
  });

  test("a cut is a cut, and heals", async (t) => {
    const site = await startSite();
    t.after(site.close);
    site.put("/", "<!doctype html><title>Asking</title>", { headers: { "access-control-allow-origin": "*" } });
    const proxy = await startProxy({ target: site.port });
    t.after(() => proxy.close());
    const context = await browser().context(t);
    const page = await context.newPage();
    await page.goto(`http://localhost:${proxy.port}/`);
    const ask = () => page.evaluate(() => fetch("/").then(({ status }) => status, (error) => error.name));
    assert.equal(await ask(), 200);
    proxy.cut();
    assert.equal(await ask(), "TypeError");
    proxy.restore();
    assert.equal(await ask(), 200);
  });
});
