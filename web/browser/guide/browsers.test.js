/** What docs/guide/browsers.md tells people to write, in both browsers and in Node, before the real server. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { eachBrowser } from "../browser.js";
import { CLIENT, openGround } from "../ground.js";
import { PASSWORD, skip, startServer } from "../server.js";
import { readable } from "../storage.js";
import { until } from "../until.js";

const GUIDE = new URL("../../../docs/guide/browsers.md", import.meta.url);
const CLIENT_PACKAGE = fileURLToPath(new URL("../../client", import.meta.url));

/** The page's files in a folder of the test, with its addresses replaced by those of the test. */
async function taken(t, addresses) {
  const folder = await mkdtemp(join(tmpdir(), "rotunda-guide-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const blocks = [...(await readFile(GUIDE, "utf8")).matchAll(/^```\w+ (\S+\.\w+)\n(.*?)^```$/gms)];
  assert.deepEqual(blocks.map(([, name]) => name), ["index.html", "session.js", "app.js", "errors.js", "axios.js", "native.js"]);
  for (const [, name, code] of blocks) {
    const own = Object.entries(addresses).reduce((text, [from, to]) => text.replaceAll(from, to), code);
    await writeFile(join(folder, name), own);
  }
  return folder;
}

/** An API that checks tokens as a gateway does, and lets the application's origin ask. */
async function openApi(t, rotunda) {
  const api = { worn: new Set(), asked: 0 };
  const server = createServer(async (req, res) => {
    const { origin = "", authorization = "" } = req.headers;
    res.setHeader("access-control-allow-origin", origin);
    res.setHeader("access-control-allow-headers", "Authorization, Content-Type");
    res.setHeader("vary", "Origin");
    if (req.method === "OPTIONS") return res.writeHead(204).end();
    api.asked += 1;
    const good = !api.worn.has(authorization) && (await fetch(`${rotunda}/auth/verify`, { headers: { authorization } })).ok;
    api.last = authorization;
    if (!good) return res.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end();
    res.writeHead(200, { "content-type": "application/json" }).end('["tea", "a pot"]');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close().closeAllConnections());
  api.url = `http://localhost:${server.address().port}`;
  return api;
}

const visible = (page, selector) => page.$eval(selector, (element) => !element.closest("[hidden]"));
const said = (page, selector) => page.$eval(selector, (element) => element.textContent);

eachBrowser((browser) => {
  test("the application of the guide to web applications", async (t) => {
    const folders = { "/client/": CLIENT };
    const ground = await openGround({ t, folders });
    const api = await openApi(t, ground.server.url);
    folders["/"] = await taken(t, { "http://localhost:8080": ground.origins.auth, "http://localhost:4000": api.url });
    await register(ground);
    const context = await browser().context(t);
    const page = await context.newPage();
    await page.goto(`${ground.origins.app}/index.html`);
    await until("the form", () => visible(page, "form"));

    const signIn = async (password) => {
      await page.$eval("[name=email]", (field) => (field.value = "ada@example.com"));
      await page.$eval("[name=password]", (field, value) => (field.value = value), password);
      await page.click("form button");
    };
    await signIn("a wrong one, surely");
    await until("a refusal", async () => (await said(page, "[role=status]")).includes("is not right"));
    await signIn(PASSWORD);
    await until("the orders", async () => (await said(page, "ul")) === "teaa pot");
    assert.equal(await said(page, "#who"), "ada@example.com");
    assert.equal(await visible(page, "form"), false);
    const stored = JSON.stringify(await readable(page));
    assert.doesNotMatch(stored, /eyJ|rt1_|rd1_/);

    // A page that is loaded again has lost its token, and gets another.
    api.worn.add(api.last);
    await page.reload();
    await until("the orders again", async () => (await said(page, "ul")) === "teaa pot");
    assert.ok(!api.worn.has(api.last));

    // Without the server, nobody is signed out.
    const other = await context.newPage();
    await ground.server.kill();
    await other.goto(`${ground.origins.app}/index.html`);
    await until("a word about it", async () => (await said(other, "[role=status]")).includes("Not connected"));
    assert.equal(await visible(other, "form"), false);
    await ground.server.start();
    await until("the other tab", async () => (await said(other, "#who")) === "ada@example.com", 30_000);

    await page.bringToFront(); // nothing is clicked in a tab that nobody sees
    await page.click("main button");
    for (const tab of [page, other]) await until("the form in each tab", () => visible(tab, "form"));
  });
});

test("the client for programs and that for axios", { skip }, async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const api = await openApi(t, server.url);
  const folder = await taken(t, { "http://localhost:4000": api.url });
  await mkdir(join(folder, "node_modules/@rotunda"), { recursive: true });
  await symlink(CLIENT_PACKAGE, join(folder, "node_modules/@rotunda/client"));
  await symlink(join(CLIENT_PACKAGE, "node_modules/axios"), join(folder, "node_modules/axios"));
  await writeFile(join(folder, "package.json"), '{"type": "module"}');
  // The module for axios takes the application's client; here that is the program's.
  await writeFile(join(folder, "session.js"), 'export { client } from "./native.js";');
  const program = `
import { client } from "./native.js";
import { api } from "./axios.js";
const { user } = await client.ready();
const { email } = user ?? (await client.register({ email: "ada@example.com", password: "${PASSWORD}" }));
const { data } = await api.get("/orders");
console.log(JSON.stringify({ began: user === null, email, data }));
`;
  await writeFile(join(folder, "program.js"), program);
  const env = { PATH: process.env.PATH, ROTUNDA_URL: server.url, SESSION_FILE: join(folder, "session") };
  const run = async () => JSON.parse((await promisify(execFile)(process.execPath, ["program.js"], { cwd: folder, env })).stdout);
  assert.deepEqual(await run(), { began: true, email: "ada@example.com", data: ["tea", "a pot"] });
  const first = await readFile(env.SESSION_FILE, "utf8");
  assert.match(first, /rt1_/);
  assert.equal((await stat(env.SESSION_FILE)).mode & 0o777, 0o600);
  // Another run goes on with the session.
  assert.deepEqual(await run(), { began: false, email: "ada@example.com", data: ["tea", "a pot"] });
  assert.equal((await server.operator("session", "list", "ada@example.com")).length, 1);
});

async function register({ server }) {
  const body = JSON.stringify({ email: "ada@example.com", password: PASSWORD, client_id: "native" });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body };
  assert.equal((await fetch(`${server.url}/auth/register`, init)).status, 201);
}
