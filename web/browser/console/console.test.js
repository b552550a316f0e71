/**
 * The console, in one browser: an operator's tool has no pages that another engine lays out in another way, and the checks of
 * `pages/examine.js` take their time. Everything is done by keyboard and without JavaScript; each page is held to what all pages are.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { eachBrowser } from "../browser.js";
import { openGround } from "../ground.js";
import { pageRoutes } from "../pages/routes.js";
import { start } from "../pages/start.js";
import { CONFIG, walk } from "./walk.js";

const [WIDE, NARROW] = [{ width: 1280, height: 1024 }, { width: 320, height: 256 }];
const VIEWS = [{ ...WIDE, theme: "light" }, { ...NARROW, theme: "dark" }];
const LONG = [...VIEWS, { ...WIDE, theme: "dark" }, { ...NARROW, theme: "light" }];

/** What the walk leaves out, and why: the same page as another one, with other words. */
const OTHERS = [
  "POST /admin/clients/{id}/{verb}",
  "POST /admin/keys/rotate",
  "GET /admin/keys/{id}/revoke",
  "POST /admin/keys/{id}/revoke",
  "POST /admin/roles/{id}/remove",
  "GET /admin/sessions/{id}/end",
  "POST /admin/sessions/{id}/end",
  "POST /admin/users/new",
  "POST /admin/users/invite",
  "POST /admin/everyone",
  "POST /admin/webhooks/new",
  "GET /admin/webhooks/{id}",
  "GET /admin/webhooks/{id}/{verb}",
  "POST /admin/webhooks/{id}/{verb}",
];

/** The routes of the console that nobody came to. */
async function forgotten(proxy) {
  const seen = proxy.seen.map(({ method, path }) => `${method} ${path}`);
  const came = (route) => {
    const pattern = new RegExp(`^${route.replace(/\{[^}]*\}/g, "[^/]+")}$`);
    return seen.some((one) => pattern.test(one));
  };
  const routes = (await pageRoutes()).filter((route) => route.includes(" /admin"));
  return routes.filter((route) => !came(route) && !OTHERS.includes(route));
}

eachBrowser((browser, name) => {
  const skip = name !== "chromium" && !process.env.ROTUNDA_LONG;
  test("the console is as pages should be, and an operator finds their way", { skip }, async () => {
    const ground = await openGround({ config: CONFIG, server: 'trusted_proxies = ["127.0.0.1/32"]\n' });
    const views = name === "chromium" ? (process.env.ROTUNDA_LONG ? LONG : VIEWS) : [{ ...NARROW, theme: "as it is" }];
    const { visitor, findings, context } = await start(browser(), ground, { language: "en", views });
    try {
      const cause = await walk(visitor, ground).then(() => undefined, (error) => error);
      const told = cause ? [...findings, `after ${visitor.names.at(-1)}: ${cause.stack}`] : findings;
      assert.equal(told.join("\n"), "");
      assert.deepEqual(await forgotten(ground.proxy), [], "the walk does not come past these");
      console.log(`${name}: ${visitor.names.length} pages of the console`);
    } finally {
      await context.close();
      await ground.close();
    }
  });
});
