/**
 * Six tabs of one application, with access tokens that last two seconds, and what happens to tabs: one is frozen in the middle of
 * a refresh and woken, one crashes in the middle of a refresh, the network is cut. Nobody is signed out, no script can read a
 * token, and a sign-out reaches every tab.
 *
 * Twenty seconds; with `ROTUNDA_LONG=1` two minutes. `ROTUNDA_WINDOW` sets the server's window.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { eachBrowser } from "../browser.js";
import { holding, page as answering } from "../faults.js";
import { openGround } from "../ground.js";
import { noted, openTab, register, work } from "../people.js";
import { readable, secretsIn } from "../storage.js";
import { until } from "../until.js";

const SPAN = process.env.ROTUNDA_LONG === "1" ? 120_000 : 20_000;
const CONFIG = `[tokens]\naccess_ttl = "2s"\n[refresh]\nwindow = "${process.env.ROTUNDA_WINDOW ?? "10s"}"\n`;
const TABS = 6;
const ADA = "ada@example.com";
/** Between the calls of a tab, in milliseconds. */
const PAUSE = 250;
/** The longest that a call may take: the client waits for a token, then for an answer. */
const LONGEST = 12_000 + 30_000;

const isRefresh = ({ path, method }) => path === "/auth/refresh" && method === "POST";

/** The tab that is refreshing, while the proxy holds back the answer; `release` lets it go. */
async function amidRefresh(tabs, proxy) {
  const { fault, held, release } = holding();
  proxy.fault = (entry) => (isRefresh(entry) ? fault : undefined);
  const tab = await until("a refresh under way", async () => {
    for (const tab of held() > 0 ? tabs : []) {
      if (await tab.evaluate(() => window.notes.refreshing > 0)) return tab;
    }
    return undefined;
  });
  return {
    tab,
    release() {
      proxy.fault = () => undefined;
      release();
    },
  };
}

/** Every tab gets on: a call that is begun from now on succeeds. */
async function allGetOn(tabs) {
  const before = await Promise.all(tabs.map(noted));
  const goneOn = async () => (await Promise.all(tabs.map(noted))).every(({ good }, at) => good > before[at].good + 1);
  await until("every tab gets on", goneOn, 40_000);
}

/** Where a script of these tabs could read a token. */
async function leaks(tabs, secrets) {
  const found = await Promise.all(tabs.map(async (tab) => secretsIn(await readable(tab), secrets)));
  return [...new Set(found.flat())];
}

/**
 * What the tabs may not have noted: a sign-out, or an error that is about the user. On a busy machine a token of two seconds may
 * expire on its way, and the one after it too: that answer is the application's to see, and signs nobody out.
 */
function faults(notes) {
  return notes.flatMap(({ signOuts, status, bad }) => [
    ...(signOuts > 0 ? [`${signOuts} sign-outs`] : []),
    ...(status === "signed-out" ? ["signed out"] : []),
    ...Object.keys(bad).filter((what) => !/^(network|timeout|unavailable) |^answer 401 token_expired$/.test(what)),
  ]);
}

/** One is frozen while it waits for the answer to a refresh; the others go on without it. Then it wakes. */
async function freezeOne(browser, tabs, processes, proxy) {
  const { tab, release } = await amidRefresh(tabs, proxy);
  await browser.freeze(tab, processes.get(tab));
  release();
  await allGetOn(tabs.filter((other) => other !== tab));
  await pause(SPAN * 0.2);
  await browser.wake(tab);
  await allGetOn(tabs);
  return tab;
}

/** One dies while it waits for the answer to a refresh; the others go on. Answers what it had noted. */
async function crashOne(browser, tabs, processes, proxy) {
  const { tab, release } = await amidRefresh(tabs, proxy);
  const ended = await noted(tab);
  await browser.crash(tab, processes.get(tab));
  release();
  tabs.splice(tabs.indexOf(tab), 1);
  await allGetOn(tabs);
  return ended;
}

/** The network goes, for longer than a token is good; one tab is told so by the browser. Then it is back. */
async function cutOff(tabs, proxy) {
  await tabs[1].setOfflineMode(true);
  proxy.cut();
  const isCutOff = async () => (await Promise.all(tabs.map(noted))).every(({ status }) => status === "degraded");
  await until("every tab notices", isCutOff, 30_000);
  await pause(SPAN * 0.1);
  proxy.restore();
  await tabs[1].setOfflineMode(false);
  await allGetOn(tabs);
}

/** The figures of a run, in one line. */
function figures(notes, found, proxy, generation, took) {
  const sum = (numbers) => numbers.reduce((sum, n) => sum + n, 0);
  const refreshes = proxy.requests("/auth/refresh");
  const granted = refreshes.filter(({ answered }) => answered === 200).length;
  const bad = sum(notes.flatMap(({ bad }) => Object.values(bad)));
  const longest = Math.round(Math.max(...notes.map(({ longest }) => longest)));
  return (
    `${Math.round(took / 1000)} s: ${sum(notes.map(({ good }) => good))} calls went well, ${bad} did not; ${refreshes.length} ` +
    `refreshes, ${granted} granted, generation ${generation}; ${sum(notes.map(({ signOuts }) => signOuts))} sign-outs, ` +
    `${found.length} places with a token of ${proxy.secrets.size} secrets; longest call ${longest} ms`
  );
}

eachBrowser((browser) => {
  test("six tabs, a frozen one, a crashed one, and no network: nobody is signed out", { timeout: SPAN * 4 + 120_000 }, async (t) => {
    const { server, proxy, origins } = await openGround({ t, config: CONFIG });
    const context = await browser().context(t);
    const open = () => openTab(context, origins.app, origins.auth);
    const tabs = [await open()];
    await register(tabs[0], ADA);
    while (tabs.length < TABS) tabs.push(await open());
    const processes = new Map();
    for (const tab of browser().name === "firefox" ? tabs : []) processes.set(tab, await browser().processOf(tab));
    assert.equal(new Set(processes.values()).size, processes.size, "tabs share a process");
    const [{ id }] = await server.operator("session", "list", ADA);

    const began = performance.now();
    await Promise.all(tabs.map((tab) => work(tab, PAUSE)));
    await pause(SPAN * 0.15);
    assert.deepEqual(await leaks(tabs, proxy.secrets), []);
    const slept = await freezeOne(browser(), tabs, processes, proxy);
    const ended = await crashOne(browser(), tabs, processes, proxy);
    // The user opens another one.
    tabs.push(await open());
    await work(tabs.at(-1), PAUSE);
    await cutOff(tabs, proxy);
    while (performance.now() - began < SPAN) await pause(200);

    const notes = [...(await Promise.all(tabs.map(noted))), ended];
    const found = await leaks(tabs, proxy.secrets);
    const [{ generation }] = await server.operator("session", "list", ADA);
    t.diagnostic(figures(notes, found, proxy, generation, performance.now() - began));
    assert.deepEqual(faults(notes), []);
    assert.deepEqual(found, []);
    assert.equal((await server.operator("session", "why", id)).ended, null);
    assert.ok(proxy.secrets.size > 10, "the proxy has seen no tokens");
    // For the one that slept, time passed.
    assert.ok(notes.every(({ longest }, at) => tabs[at] === slept || longest < LONGEST));
    const cookies = await context.cookies();
    assert.ok(cookies.length === 3 && cookies.every(({ httpOnly }) => httpOnly), "a cookie that scripts may read");

    await tabs[2].evaluate(() => window.client.logout());
    const isOut = async () => (await Promise.all(tabs.map(noted))).every(({ status }) => status === "signed-out");
    await until("every tab is signed out", isOut, 20_000);
    assert.equal((await server.operator("session", "why", id)).ended, "logged_out");
    assert.deepEqual(await leaks(tabs, proxy.secrets), []);
  });

  test("the checks notice a client that stores a token, and one that takes an outage for a sign-out", async (t) => {
    const { proxy, origins } = await openGround({ t, config: CONFIG });
    const context = await browser().context(t);
    const leaky = await openTab(context, origins.app, origins.auth, "leaky");
    await register(leaky, ADA);
    await until("the leak", () => leaky.evaluate(() => localStorage.length > 0));
    assert.deepEqual(await leaks([leaky], proxy.secrets), ["localStorage"]);
    await leaky.close();

    const hasty = await openTab(context, origins.app, origins.auth, "hasty");
    await until("it is signed in", () => hasty.evaluate(() => window.call()));
    proxy.fault = (entry) => (isRefresh(entry) ? answering(503) : undefined);
    await work(hasty, PAUSE);
    const isNoticed = async () => faults([await noted(hasty)]).includes("1 sign-outs");
    await until("the sign-out is noticed", isNoticed);
  });
});
