/**
 * A walk past the console: somebody becomes the first admin, looks at everything, finds the session of a user that was stolen,
 * disables and enables that user, acts for them, and stops.
 */

import assert from "node:assert/strict";

import { PASSWORD } from "../server.js";

export const OTTO = "otto@example.com";
export const ADA = "ada.lovelace.countess.of.king@analytical-engines.example.com";
const OTHER = "another horse battery";

/** Configuration that the walk needs. */
export const CONFIG = '[accounts]\nregistration = "unverified"\n[refresh]\nwindow = "0s"\n';

const AGENTS = {
  firefox: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
  iphone: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
  curl: "curl/8.5.0",
};

/** The whole way. */
export async function walk(visitor, ground) {
  const stolen = await somethingHappens(ground);
  await visitor.inNewTab();
  await isTheFirst(visitor, ground);
  await looksAround(visitor);
  await changesThings(visitor);
  await looksAfterAda(visitor, stolen);
  await actsForAda(visitor, stolen);
}

/** Ada signs in on three devices; of one of her sessions somebody has a copy. */
async function somethingHappens(ground) {
  await ask(ground, "/auth/register", { email: ADA, password: PASSWORD, client_id: "native" }, AGENTS.firefox);
  for (const agent of [AGENTS.firefox, AGENTS.iphone]) {
    await ask(ground, "/auth/login", { email: ADA, password: PASSWORD, client_id: "native" }, agent);
  }
  await ask(ground, "/auth/login", { email: ADA, password: "wrong horse battery", client_id: "native" }, AGENTS.curl);
  const session = await ask(ground, "/auth/login", { email: ADA, password: PASSWORD, client_id: "native" }, AGENTS.firefox);
  let { refresh_token: token } = session;
  for (const address of ["203.0.113.7", "198.51.100.4", "198.51.100.4"]) {
    ({ refresh_token: token } = await ask(ground, "/auth/refresh", { refresh_token: token }, AGENTS.firefox, address));
  }
  const { reason } = await ask(ground, "/auth/refresh", { refresh_token: session.refresh_token }, AGENTS.curl, "192.0.2.66");
  assert.equal(reason, "token_reused");
  return { session: session.session.id, user: session.user.id };
}

async function isTheFirst(visitor, ground) {
  await visitor.open("first", "/admin/first");
  await visitor.send("first-refused", "/admin/first", { admin_token: "ra1_nothing", email: OTTO, password: OTHER });
  const [token] = /ra1_[\w-]+/.exec(ground.server.said);
  await visitor.send("first-done", "/admin/first", { admin_token: token, password: OTHER });
  await visitor.follow("login", "/login");
  await visitor.send("front", "/auth/pages/login", { username: OTTO, password: OTHER, remember: true });
}

async function looksAround(visitor) {
  for (const page of ["sessions", "roles", "clients", "keys", "audit", "webhooks", "users"]) {
    await visitor.follow(page, `/admin/${page}`);
  }
  await visitor.send("users-found", "/admin/users", { q: "ada" });
  await visitor.open("everyone", "/admin/everyone");
  await visitor.open("not-found", "/admin/users/nobody");
}

async function changesThings(visitor) {
  await visitor.open("role-new", "/admin/roles/+");
  const role = { name: "support", permissions: "users.read sessions.read", password: OTHER };
  await visitor.send("roles-one", "/admin/roles/+", role);
  await visitor.follow("role", "/admin/roles/support");
  await visitor.follow("role-remove", "/admin/roles/support/remove");
  await visitor.open("client-new", "/admin/clients/new");
  const client = { name: "billing", kind: "service", scopes: "invoices.read", password: OTHER };
  await visitor.send("client-secret", "/admin/clients/new", client);
  await visitor.follow("clients-one", "/admin/clients");
  await visitor.follow("client-rotate", "/admin/clients/billing/secret");
  await visitor.open("key-rotate", "/admin/keys/rotate");
  await visitor.open("webhook-new", "/admin/webhooks/new");
  await visitor.open("user-new", "/admin/users/new");
  await visitor.open("user-invite", "/admin/users/invite");
}

async function looksAfterAda(visitor, { session, user }) {
  await visitor.open("session-stolen", `/admin/sessions/${session}`);
  await visitor.follow("user", `/admin/users/${user}`);
  for (const verb of ["edit", "roles"]) await visitor.open(`user-${verb}`, `/admin/users/${user}/${verb}`);
  const disable = `/admin/users/${user}/disable`;
  await visitor.open("user-disable", disable);
  await visitor.send("user-disable-refused", disable, { reason: "a test", password: PASSWORD });
  await visitor.send("user-disabled", disable, { password: OTHER });
  const enable = `/admin/users/${user}/enable`;
  await visitor.follow("user-enable", enable);
  await visitor.send("user-enabled", enable);
}

async function actsForAda(visitor, { user }) {
  const act = `/admin/users/${user}/act`;
  await visitor.follow("user-act", act);
  await visitor.send("acting", act, { reason: "Ticket 17: cannot see their orders", password: OTHER });
  await visitor.open("acting-refused", "/admin");
  await visitor.open("acting-password", "/account/password");
  await visitor.send("acting-stopped", "/logout");
}

async function ask({ server }, path, body, agent, address = "203.0.113.7") {
  const headers = { "content-type": "application/json", "user-agent": agent, "x-forwarded-for": address };
  const url = `http://127.0.0.1:${server.port}${path}`;
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
}
