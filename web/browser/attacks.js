/**
 * What a page of another origin can do to a server whose cookies the browser holds: run against every route, and judged.
 *
 * 1. `routes` reads the paths from `/openapi.json`, and those of the pages from the table of routes in the source: nobody has to
 *    remember one.
 * 2. `attack` sends from a page of the attacker, to each path: what a page may send without being asked (`no-cors`), in the three
 *    encodings of forms and with nothing in it; what asks first; forms in frames and as the whole tab; links; frames.
 * 3. It answers what should not have happened, by what the proxy saw and what the attacker's page could read.
 */

import { pageRoutes } from "./pages/routes.js";
import { inTime, until } from "./until.js";

/** Every path of the server. Where it names a session, it is this one. */
export async function routes(server, session) {
  const document = await (await fetch(`http://127.0.0.1:${server.port}/openapi.json`)).json();
  const pages = (await pageRoutes()).map((route) => route.split(" ")[1]);
  const all = [...Object.keys(document.paths), ...pages];
  // The stream stays open; `/revocations` is the same to whoever may not read it.
  const paths = new Set(all.filter((path) => path !== "/revocations/stream"));
  return [...paths].map((path) => filled(path, session)).sort();
}

const filled = (path, session) =>
  path.replace("{*name}", "demo.js").replace("{verb}", "edit").replace(/\{\w+\}/g, session);

/**
 * Runs all attacks from pages of the attacker's in this context; what should not have happened, as lines of text. `asTab`: also
 * those that leave the page, which on the same site carry the same cookies as the others.
 */
export async function attack({ context, home, proxy, auth, paths, fields, asTab = true }) {
  const from = proxy.seen.length;
  const read = [];
  // Several tabs at once: a browser spends most of this waiting.
  const waiting = [...paths];
  const tab = async () => {
    let page = await context.newPage();
    await page.goto(home);
    // Firefox loses a navigation now and then where another one is under way; in a new tab there is none.
    const back = async () => {
      const there = await inTime(page.goto(home), 10_000, home).catch(() => undefined);
      if (there) return;
      page.close().catch(() => {});
      page = await context.newPage();
      await page.goto(home);
    };
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      // On a busy machine a frame may be gone before it has asked for anything.
      for (let tries = 0; tries < 5 && !isFramed(proxy.seen.slice(from), path); tries++) {
        const sent = page.evaluate(fromOnePage, auth + path, fields);
        read.push(...(await inTime(sent, 30_000, path)).map((how) => `${how} ${path} was read`));
      }
      // The admin API looks at no cookie; what the tab would carry there, the frame has carried.
      for (const method of asTab && !path.startsWith("/admin/api/") ? ["GET", "POST"] : []) {
        const gone = page.waitForNavigation({ timeout: 5000, waitUntil: "domcontentloaded" }).catch(() => {});
        await page.evaluate(asTheWholeTab, method, auth + path, fields);
        await gone;
        await back();
      }
    }
    await page.close();
  };
  await Promise.all([1, 2, 3, 4].map(tab));
  // Pages do not wait for what they may not read.
  await until("an answer to each request", async () => proxy.seen.slice(from).every(({ status }) => status !== undefined));
  return { sent: proxy.seen.length - from, findings: [...read, ...judged(proxy.seen.slice(from))] };
}

/** Whether a frame has asked for this path, and a form in a frame has been sent to it. */
const isFramed = (entries, path) =>
  ["GET", "POST"].every((method) =>
    entries.some((entry) => entry.dest === "iframe" && entry.method === method && entry.path === path),
  );

/** What answers everybody alike, and why. */
const FOR_ANYBODY = {
  "/oauth/revoke": "200 whatever the token is (RFC 7009, 2.2); looks at no cookie",
};

/** Whether what the server answered to these requests is what a stranger should be answered. */
function judged(entries) {
  const findings = entries.flatMap((entry) => {
    const what = `${entry.method} ${entry.path} (${entry.cookies.join(", ") || "no cookies"}): ${entry.status}`;
    const isRead = ["GET", "HEAD", "OPTIONS"].includes(entry.method);
    const isForAnybody = entry.path in FOR_ANYBODY;
    const isRefused = isForAnybody || isRead ? entry.status < 500 : entry.status >= 400 && entry.status < 500;
    return [
      ...(isRefused ? [] : [`not refused: ${what}`]),
      ...(entry.set?.length ? [`sets ${entry.set.join(", ")}: ${what}`] : []),
      ...(entry.isPage && !entry.isUnframed ? [`may be framed: ${what}`] : []),
    ];
  });
  return [...new Set(findings)];
}

/** In the attacker's page: all that it can send to one address without leaving. Answers how it could read something. */
async function fromOnePage(url, fields) {
  const read = [];
  const within = (promise) =>
    Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 3000))]).catch(() => undefined);
  const tried = async (how, init) => {
    const response = await within(fetch(url, { credentials: "include", redirect: "follow", ...init }));
    if (response && response.type !== "opaque" && response.type !== "opaqueredirect") read.push(how);
  };
  const parts = new FormData();
  for (const [name, value] of Object.entries(fields)) parts.append(name, value);
  const bodies = { text: JSON.stringify(fields), form: new URLSearchParams(fields), parts, nothing: undefined };
  const silent = Object.entries(bodies).map(([kind, body]) =>
    tried(`POST ${kind}`, { method: "POST", mode: "no-cors", body }),
  );
  const headers = { "content-type": "application/json" };
  const asking = ["POST", "DELETE"].map((method) =>
    tried(`${method} json`, { method, mode: "cors", headers, body: JSON.stringify(fields) }),
  );
  const framed = async (fill) => {
    const frame = document.createElement("iframe");
    frame.name = `frame${Math.random()}`;
    document.body.append(frame);
    // Where it is, if this page may know: it begins as a blank page of its own, and says that it has loaded that.
    const place = () => {
      try {
        return frame.contentWindow.location.href;
      } catch {
        return undefined;
      }
    };
    const gone = (resolve) => frame.addEventListener("load", () => place() !== "about:blank" && resolve());
    const loaded = new Promise(gone);
    fill(frame);
    await within(loaded);
    if (![undefined, "about:blank"].includes(place())) read.push("a frame");
    frame.remove();
  };
  const posted = framed((frame) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "POST", action: url, target: frame.name });
    for (const [name, value] of Object.entries(fields)) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(form);
    form.submit();
    form.remove();
  });
  const shown = framed((frame) => (frame.src = url));
  await Promise.all([...silent, ...asking, tried("GET", { mode: "cors" }), posted, shown]);
  return read;
}

/** In the attacker's page: leaves it, as by a click on a link or a form. */
function asTheWholeTab(method, url, fields) {
  const form = document.createElement("form");
  Object.assign(form, { method, action: url });
  for (const [name, value] of Object.entries(method === "POST" ? fields : {})) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
}
