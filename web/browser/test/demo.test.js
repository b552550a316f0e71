/** The demo, played from the sign-in to the theft, with the keyboard alone; and what it draws is what went over the wire. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { eachBrowser } from "../browser.js";
import { Reader } from "../demo/reader.js";
import { openGround } from "../ground.js";
import { PASSWORD } from "../server.js";
import { readable, secretsIn } from "../storage.js";
import { until } from "../until.js";

/** A window that nobody has to wait long for; the page goes by it. */
const QUICK = '[clients.native]\nwindow = "2s"\n';

/** A ground, and somebody who has opened the demo on it; they are signed in at this server as well, in the same browser. */
async function open(test, browser) {
  const ground = await openGround({ config: QUICK });
  const context = await browser.context();
  test.after(async () => {
    await context.close();
    await ground.close();
  });
  const page = await context.newPage();
  await watch(page);
  await page.goto(`${ground.origins.auth}/demo`);
  await page.evaluate(async (password) => {
    const body = JSON.stringify({ email: "grace@example.com", password });
    await fetch("/auth/register", { method: "POST", headers: { "content-type": "application/json" }, body });
  }, PASSWORD);
  ground.proxy.seen.length = 0;
  return { ground, context, page, reader: new Reader(page) };
}

/** What a page does against its policy is noted in `window.violations`. */
async function watch(page) {
  await page.setExtraHTTPHeaders({ "accept-language": "en" });
  await page.evaluateOnNewDocument(() => {
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
    addEventListener("error", (event) => window.violations.push(event.message));
  });
}

/** Every request that the demo has sent, as its list has them: what was really asked and answered. */
function asked({ proxy }) {
  return proxy.seen
    .filter(({ path, method }) => method === "POST" && path.startsWith("/auth/"))
    .map(({ path, method, status }) => `${method} ${path} ${status}`);
}

/** The same of what the page says. */
const said = (wires) => wires.map((wire) => wire.replace(/^(POST \S+).*→ (\d+).*$/, "$1 $2"));

eachBrowser((browser) => {
  test("a reader sees tokens rotate, two tabs, a thief, and the theft found", async (t) => {
    const { ground, context, page, reader } = await open(t, browser());
    await reader.press("Register");
    await reader.answers(1);
    await reader.press("Refresh");
    await reader.answers(2);
    await reader.press("Refresh");
    await reader.answers(3);
    await reader.windowPasses();
    await reader.press("Refresh, and lose the answer");
    await reader.answers(4);
    await reader.press("Refresh");
    assert.deepEqual(await reader.answers(5), [
      "POST /auth/register → 201 g0",
      "POST /auth/refresh g0 → 200 g1",
      "POST /auth/refresh g1 → 200 g1",
      "POST /auth/refresh g1 → 200 g2",
      "POST /auth/refresh g1 → 200 g2",
    ]);

    await reader.press("Go on: a second tab");
    await reader.press("Open the second tab");
    const second = await until("the second tab", async () => (await context.pages()).find((other) => other.url().includes("/demo#")));
    await until("what they share", () => second.$(".card.app"));
    await reader.windowPasses();
    await page.bringToFront();
    await reader.press("Both refresh at once");
    const both = (await reader.answers(7)).slice(5);
    assert.deepEqual(both, ["POST /auth/refresh g2 → 200 g3", "POST /auth/refresh g2 → 200 g3"]);
    assert.deepEqual((await reader.picture()).rules, ["sign-in", "rotate", "debounce", "rotate", "replay", "rotate", "replay"]);

    await reader.windowPasses();
    await reader.press("Go on: a thief");
    await reader.press("Copy everything");
    await reader.press("The thief refreshes");
    await reader.answers(8);
    await reader.windowPasses();
    await reader.press("Tab 1 refreshes");
    await reader.answers(9);
    await until("the last step", async () => (await reader.heading()) === "The theft is found");
    await reader.press("The thief refreshes");
    await reader.answers(10);
    await reader.press("Sign in again");
    const wires = await reader.answers(11);
    assert.deepEqual(wires.slice(7), [
      "POST /auth/refresh g3 → 200 g4",
      "POST /auth/refresh g3 → 401 token_reused",
      "POST /auth/refresh g4 → 401 session_ended",
      "POST /auth/login → 200 g0",
    ]);

    assert.deepEqual(said(wires).sort(), asked(ground).sort(), "what is listed is what was asked");
    const { arrows, rules, bars } = await reader.picture();
    // One for each request, one for each answer that arrived, one for the copy.
    assert.equal(arrows, 2 * 11 - 1 + 1);
    assert.deepEqual(rules.slice(7), ["rotate", "reuse", "ended", "sign-in"]);
    assert.ok(bars.includes("the session has ended: reused"), bars.join(", "));
    const withCookies = ground.proxy.seen.filter(({ path, cookies }) => path.startsWith("/auth/") && cookies.length > 0);
    assert.deepEqual(withCookies, [], "whoever is signed in here otherwise is left alone");
    await until("what the user can look up", () => page.$(".events .bad"));
    for (const tab of [page, second]) {
      assert.deepEqual(await tab.evaluate(() => window.violations ?? []), []);
      const places = secretsIn(await readable(tab), ground.proxy.secrets);
      assert.deepEqual(places, [], "tokens are in memory only, and shown in part");
    }
    const session = await page.$eval(".sees pre", (line) => line.textContent.split(" ").at(-1));
    assert.equal((await ground.server.operator("session", "why", session)).ended, "reused");
  });

  test("the thief who comes late is found as well, and the app hears of it", async (t) => {
    const { reader } = await open(t, browser());
    await reader.press("Register");
    await reader.answers(1);
    await reader.press("Refresh");
    await reader.answers(2);
    await reader.press("Go on: a second tab");
    await reader.windowPasses();
    await reader.press("Go on: a thief");
    await reader.press("Copy everything");
    await reader.press("Tab 1 refreshes");
    await reader.answers(3);
    await reader.windowPasses();
    await reader.press("The thief refreshes");
    await reader.answers(4);
    await reader.press("Tab 1 refreshes");
    assert.deepEqual((await reader.answers(5)).slice(3), [
      "POST /auth/refresh g1 → 401 token_reused",
      "POST /auth/refresh g2 → 401 session_ended",
    ]);
  });

  test("a second tab says when there is nothing to share, or somebody else shares it", async (t) => {
    const { ground, context, reader } = await open(t, browser());
    await reader.press("Register");
    await reader.answers(1);
    await reader.press("Refresh");
    await reader.answers(2);
    await reader.press("Go on: a second tab");
    const door = await reader.page.$eval("a.button", (link) => link.href);
    const headings = [];
    for (const url of [`${ground.origins.auth}/demo#nobody`, door, door]) {
      const page = await context.newPage();
      await watch(page);
      await page.goto(url);
      const text = await until("what it says", () =>
        page.$eval(".panel", (panel) => !panel.textContent.includes("Looking for") && panel.querySelector("p").textContent),
      );
      headings.push(text.split(".")[0]);
    }
    assert.deepEqual(headings, [
      "The first tab is closed, and its story with it",
      "It shares what the app keeps with the first tab, and draws the same picture",
      "There is a second tab already",
    ]);
  });
});
