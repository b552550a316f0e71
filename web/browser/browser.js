/**
 * Debian's Chromium and Firefox, each with a profile of its own that goes with it. puppeteer-core drives both: Chromium over the
 * DevTools protocol, Firefox over WebDriver BiDi; neither brings a browser along.
 *
 * 1. A test asks `eachBrowser` and is run once for each of them; the process starts each of them once, for all its tests.
 * 2. What one user does in it goes into a context of its own: `browser.context(t)` has its own cookies and storage.
 * 3. `freeze`, `wake`, `crash` do to a tab what systems do to it. In Chromium by its own commands; in Firefox by stopping and
 *    killing the process that the tab runs in.
 *
 * `ROTUNDA_BROWSERS=firefox` runs the tests in that one only.
 */

import { after, before, describe } from "node:test";

import puppeteer from "puppeteer-core";

import { contentProcesses, descendants, isAlive, isStopped, timeSpent } from "./processes.js";
import { skip } from "./server.js";
import { inTime, until } from "./until.js";

/** Names that lead to this machine, in these browsers only: an operator's domain, and somebody else's. */
export const NAMES = ["auth.rotunda.test", "app.rotunda.test", "neighbour.rotunda.test", "evil.test"];

const ALL = ["chromium", "firefox"];
const chosen = (process.env.ROTUNDA_BROWSERS ?? ALL.join(",")).split(",");

/** Declares tests for each browser: `tests(browser, name)` is called for each, and finds `browser()` started when a test runs. */
export function eachBrowser(tests) {
  for (const name of ALL.filter((name) => chosen.includes(name))) {
    describe(name, { skip }, () => {
      let browser;
      before(async () => {
        browser = await shared(name);
      });
      tests(() => browser, name);
    });
  }
}

const running = new Map();

/** One browser of each kind for all tests of this process. */
function shared(name) {
  if (!running.has(name)) running.set(name, openBrowser(name));
  return running.get(name);
}

after(async () => {
  for (const browser of running.values()) await (await browser).close();
});

const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

const LAUNCH = {
  chromium: {
    browser: "chrome",
    executablePath: process.env.ROTUNDA_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      ...asRoot,
      "--disable-dev-shm-usage",
      "--host-resolver-rules=MAP *.test 127.0.0.1",
      // Each tab has a process of its own, so that the crash of one is not the crash of two.
      "--disable-features=ProcessPerSiteUpToMainFrameThreshold",
    ],
  },
  firefox: {
    browser: "firefox",
    executablePath: process.env.ROTUNDA_FIREFOX ?? "/usr/bin/firefox-esr",
    extraPrefsFirefox: {
      "network.dns.localDomains": NAMES.join(","),
      // As above.
      "dom.ipc.processCount.webIsolated": 16,
      // Puppeteer has all of them in one.
      "dom.ipc.processCount": 16,
      "fission.autostart": true,
      // A page that attacks sends more at once than the six that it would wait for.
      "network.http.max-persistent-connections-per-server": 32,
      // Its panel takes the focus.
      "browser.download.alwaysOpenPanel": false,
    },
  },
};

/** Starts a browser. */
export async function openBrowser(name) {
  const options = { headless: true, acceptInsecureCerts: true, timeout: 60_000, ...LAUNCH[name] };
  return new Browser(name, await puppeteer.launch(options));
}

class Browser {
  #stopped = new Map();

  constructor(name, driven) {
    this.name = name;
    /** Puppeteer's browser. */
    this.driven = driven;
  }

  get pid() {
    return this.driven.process().pid;
  }

  /** Cookies and storage of their own, as if it were another browser, until the test ends; `newPage()` opens tabs in it. */
  async context(t) {
    const context = await this.driven.createBrowserContext();
    // A tab that has crashed may not close; the browser will.
    t?.after(() => inTime(context.close(), 5000, "a context that closes").catch(() => {}));
    return context;
  }

  /**
   * Stops a tab as a system does that saves power: nothing of it runs until it is woken. `knownPid` is what `processOf` said, for
   * whoever wants no time to pass.
   */
  async freeze(page, knownPid) {
    if (this.name === "chromium") return lifecycle(page, "frozen");
    const pid = knownPid ?? (await this.processOf(page));
    this.#stopped.set(page, pid);
    process.kill(pid, "SIGSTOP");
    await until("a stopped process", async () => isStopped(pid));
  }

  async wake(page) {
    if (this.name === "chromium") return lifecycle(page, "active");
    process.kill(this.#stopped.get(page), "SIGCONT");
    this.#stopped.delete(page);
  }

  /** Has the process of a tab die; `knownPid` as above. */
  async crash(page, knownPid) {
    if (this.name === "chromium") {
      const died = new Promise((resolve) => page.once("error", resolve));
      const session = await page.createCDPSession();
      // It never answers: what would is dead.
      session.send("Page.crash").catch(() => {});
      return inTime(died, 10_000, "the crash of a tab");
    }
    const dying = knownPid ?? (await this.processOf(page));
    process.kill(dying, "SIGKILL");
    return until("a dead process", async () => !isAlive(dying));
  }

  /** The process that a Firefox tab runs in: the one that computes while the page does. */
  async processOf(page) {
    // A tick is ten milliseconds. On a busy machine a page may have to compute for longer until it shows.
    for (let span = 300; span < 10_000; span *= 2) {
      const pids = contentProcesses(descendants(this.pid));
      const before = timeSpent(pids);
      await page.evaluate((span) => {
        for (const end = performance.now() + span; performance.now() < end; );
      }, span);
      const after = timeSpent(pids);
      const spent = pids.map((pid) => ({ pid, ticks: after.get(pid) - before.get(pid) }));
      const [most, next] = spent.sort((a, b) => b.ticks - a.ticks);
      if (most.ticks >= 15 && most.ticks >= 4 * (next?.ticks ?? 0)) return most.pid;
    }
    throw new Error("no process of Firefox computes when the tab does");
  }

  /** The browser, its processes and its profile are gone. */
  async close() {
    for (const pid of this.#stopped.values()) process.kill(pid, "SIGCONT");
    const all = [this.pid, ...descendants(this.pid)];
    await inTime(this.driven.close(), 10_000, "a browser that closes").catch(() => {});
    for (const pid of all.filter(isAlive)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It went by itself meanwhile.
      }
    }
  }
}

async function lifecycle(page, state) {
  const session = await page.createCDPSession();
  await session.send("Page.setWebLifecycleState", { state });
  await session.detach();
}
