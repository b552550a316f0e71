/**
 * Every hosted page, in both browsers, both languages and both themes, narrow and wide, by keyboard alone. `walk.js` is the way past
 * all of them, `examine.js` what each is held to; that none was forgotten is found out by comparing with the server's routes.
 *
 * In Chromium nothing of it needs JavaScript: it is off while pages load and forms are sent. In Firefox, which cannot be told so, the
 * pages are found to have none.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { eachBrowser } from "../browser.js";
import { openGround } from "../ground.js";
import { pageRoutes } from "./routes.js";
import { start } from "./start.js";
import { CONFIG, walk } from "./walk.js";

/** What is no page of the walk, and why. */
const OTHERS = {
  "GET /auth/pages/login": "leads to /login",
  "GET /demo": "has tests of its own",
  "GET /demo/{*name}": "is a part of it",
  "POST /login": "is the same as POST /auth/pages/login",
  "GET /pages/logo": "is a picture, and there is none here",
};

const WIDE = { width: 1280, height: 1024 };
/** What is left of it at 400 %. */
const NARROW = { width: 320, height: 256 };

/** Each browser walks once in each of these ways; in a long run, in all of them. */
const WAYS = {
  chromium: [{ language: "en", views: [{ ...WIDE, theme: "light" }, { ...NARROW, theme: "dark" }] }],
  firefox: [{ language: "de", views: [{ ...NARROW, theme: "as it is" }] }],
};
const ALL_VIEWS = [WIDE, NARROW].flatMap((size) => ["light", "dark"].map((theme) => ({ ...size, theme })));
const LONG = { chromium: ALL_VIEWS, firefox: [WIDE, NARROW].map((size) => ({ ...size, theme: "as it is" })) };

const ways = (name) =>
  process.env.ROTUNDA_LONG ? ["en", "de"].map((language) => ({ language, views: LONG[name] })) : WAYS[name];

/** The routes of pages that nobody came to. The console's have a walk of their own. */
async function forgotten(proxy) {
  const seen = new Set(proxy.seen.map(({ method, path }) => `${method} ${path}`));
  return (await pageRoutes()).filter((route) => !seen.has(route) && !OTHERS[route] && !route.includes(" /admin"));
}

eachBrowser((browser, name) => {
  for (const way of ways(name)) {
    test(`every page is as a page should be (${way.language})`, async () => {
      const ground = await openGround({ config: CONFIG });
      const { visitor, findings, context } = await start(browser(), ground, way);
      try {
        const cause = await walk(visitor, ground).then(() => undefined, (error) => error);
        const told = cause ? [...findings, `after ${visitor.names.at(-1)}: ${cause.stack}`] : findings;
        assert.equal(told.join("\n"), "");
        assert.deepEqual(await forgotten(ground.proxy), [], "the walk does not come past these");
        const { length } = visitor.names;
        console.log(`${name} in ${way.language}: ${length} pages, ${way.views.length} views of each`);
      } finally {
        await context.close();
        await ground.close();
      }
    });
  }
});
