/** What a developer does first: nothing configured, http, `localhost` and `127.0.0.1`. Cookies are kept, and sent. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { eachBrowser } from "../browser.js";
import { openGround } from "../ground.js";
import { PASSWORD } from "../server.js";

/** Asks the server from a page of the application; `[status, body]`. */
const ask = (page, url, body) =>
  page.evaluate(
    async (url, body) => {
      const init = { method: "POST", credentials: "include", headers: { "content-type": "application/json" } };
      const response = await fetch(url, { ...init, body: JSON.stringify(body) });
      return [response.status, response.status === 204 ? null : await response.json()];
    },
    url,
    body,
  );

eachBrowser((browser) => {
  for (const host of ["localhost", "127.0.0.1"]) {
    test(`an application on http://${host} signs in, refreshes and signs out as it is`, async (t) => {
      const ground = await openGround({ t });
      ground.app.put("/plain", "<!doctype html><title>Plain</title>");
      const context = await browser().context(t);
      const page = await context.newPage();
      await page.goto(`http://${host}:${ground.app.port}/plain`);
      const auth = `http://${host}:${ground.proxy.port}/auth`;

      const [registered] = await ask(page, `${auth}/register`, { email: "ada@example.com", password: PASSWORD });
      assert.equal(registered, 201);
      const [signedIn, { session }] = await ask(page, `${auth}/login`, { email: "ada@example.com", password: PASSWORD });
      assert.equal(signedIn, 200);
      const [refreshed, next] = await ask(page, `${auth}/refresh`, {});
      assert.deepEqual([refreshed, next.session.id], [200, session.id]);
      assert.equal(await page.evaluate(() => document.cookie), "");
      assert.deepEqual(await ask(page, `${auth}/logout`, {}), [204, null]);
      const [refused, { reason }] = await ask(page, `${auth}/refresh`, {});
      assert.deepEqual([refused, reason], [401, "token_missing"]);
    });
  }
});
