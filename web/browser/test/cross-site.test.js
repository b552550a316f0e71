/**
 * Somebody is signed in, and opens a page that means ill, in the same browser: of another site, where their cookies do not go; and
 * of a neighbour on the same site, where they do. Whatever it sends to whatever route is refused and changes nothing.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { attack, routes } from "../attacks.js";
import { eachBrowser } from "../browser.js";
import { openGround } from "../ground.js";
import { PASSWORD } from "../server.js";

const ADA = "ada@example.com";
const MALLORY = "mallory@example.com";

/** What a request may name. Mallory has an account, and knows Ada's password: nothing but the origin is in the way. */
const FIELDS = {
  email: MALLORY,
  username: "",
  password: PASSWORD,
  current_password: PASSWORD,
  new_password: "another horse battery",
  client_id: "web",
  token: "nothing",
};

const send = (page, url, body) =>
  page.evaluate(
    async (url, body) => {
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", credentials: "include", headers, body: JSON.stringify(body) };
      const response = await fetch(url, init);
      return { status: response.status, body: response.status === 204 ? {} : await response.json() };
    },
    url,
    body,
  );

/** A browser in which Ada is signed in, by the application. */
async function signedIn(context, ground) {
  const { auth, app } = ground.origins;
  for (const site of [ground.stranger, ground.neighbour, ground.app]) {
    site.put("/plain", "<!doctype html><title>A page</title><body></body>");
  }
  const page = await context.newPage();
  await page.goto(`${app}/plain`);
  for (const email of [MALLORY, ADA]) {
    const { status } = await send(page, `${auth}/auth/register`, { email, password: PASSWORD });
    assert.equal(status, 201);
  }
  const { body } = await send(page, `${auth}/auth/refresh`, {});
  assert.equal(body.user.email, ADA);
  return { context, page, session: body.session.id };
}

/** All that an attack could change, as the operator sees it, and the browser. */
async function standing({ server }, { context, session }) {
  const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).sort();
  const [users, why] = [await server.operator("user", "list"), await server.operator("session", "why", session)];
  const sessions = [];
  for (const { email } of users) sessions.push(...(await server.operator("session", "list", email)));
  return { cookies, users, why, sessions };
}

eachBrowser((browser) => {
  test("a page of another origin is refused at every route, and changes nothing", async (t) => {
    const ground = await openGround({ t, https: true });
    const { proxy, origins } = ground;
    const ada = await signedIn(await browser().context(t), ground);
    const paths = await routes(ground.server, ada.session);
    const before = await standing(ground, ada);
    assert.equal(before.cookies.length, 3, "Ada has no cookies to abuse");

    for (const attacker of ["stranger", "neighbour"]) {
      const from = proxy.seen.length;
      const place = { context: ada.context, home: `${origins[attacker]}/plain`, proxy, auth: origins.auth };
      const asTab = attacker === "stranger";
      const { sent, findings } = await attack({ ...place, paths, fields: FIELDS, asTab });
      assert.deepEqual(findings, [], attacker);
      assert.deepEqual(await standing(ground, ada), before, attacker);
      // It was tried: with Ada's cookies, where the browser sends them.
      assert.ok(sent >= paths.length * 7, `${sent} requests for ${paths.length} routes`);
      const tried = proxy.seen.slice(from);
      for (const method of ["GET", "POST"]) {
        const framed = tried.filter((entry) => entry.dest === "iframe" && entry.method === method);
        assert.deepEqual(paths.filter((path) => !framed.some((entry) => entry.path === path)), [], `${method} in a frame`);
      }
      const abused = tried.filter(({ cookies }) => cookies.length > 0);
      const posted = abused.filter(({ method }) => method === "POST");
      if (attacker === "neighbour") assert.ok(posted.length >= paths.length, `${posted.length} posts with cookies`);
      else assert.deepEqual(posted, []);
      t.diagnostic(`${attacker}: ${sent} requests to ${paths.length} routes, ${abused.length} with cookies`);
    }
    const { status, body } = await send(ada.page, `${origins.auth}/auth/refresh`, {});
    assert.deepEqual([status, body.session?.id], [200, ada.session]);
  });

  test("the same page would sign Ada out of a server that did not look at origins", async (t) => {
    const ground = await openGround({ t, https: true });
    const { proxy, origins } = ground;
    const ada = await signedIn(await browser().context(t), ground);
    // Without these headers the server takes a request for one of no browser.
    proxy.rewrite = ({ origin, "sec-fetch-site": site, ...headers }) => headers;
    const place = { context: ada.context, home: `${origins.neighbour}/plain`, proxy, auth: origins.auth };
    const { findings } = await attack({ ...place, paths: ["/auth/logout", "/auth/refresh"], fields: FIELDS });
    assert.ok(findings.some((finding) => finding.startsWith("not refused: POST /auth/logout")), findings.join("\n"));
    assert.ok(findings.some((finding) => finding.startsWith("sets __Secure-rotunda_refresh")), findings.join("\n"));
    assert.equal((await ground.server.operator("session", "why", ada.session)).ended, "logged_out");
  });
});
