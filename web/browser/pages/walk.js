/**
 * A walk past all hosted pages, by somebody who registers, forgets, is stolen from, and leaves: every page is met at least once, as
 * it is at first, after a mistake and when all is done. `pages.test.js` compares it with the routes of the server.
 */

import assert from "node:assert/strict";

import { PASSWORD } from "../server.js";
import { openLetters } from "./letters.js";

export const ADA = "ada.lovelace@example.com";
const NEW_ADA = "augusta.ada.king.countess.of.lovelace@analytical-engines.example.com";
const COMMON = "passwordpassword";
const [SECOND, THIRD] = ["staple of four words", "another four good words"];

/** Configuration that the walk needs. */
export const CONFIG = '[accounts]\nregistration = "verified"\n[refresh]\nwindow = "0s"\n';

/** The whole way. */
export async function walk(visitor, ground) {
  const letter = openLetters(ground.server);
  await visitor.inNewTab();
  await registers(visitor, letter);
  await comesAndGoes(visitor);
  await forgets(visitor, letter);
  await goesAstray(visitor, ground);
  await looksAfterTheAccount(visitor, ground, letter);
  await isRobbed(visitor, ground, letter);
  await leaves(visitor);
}

async function registers(visitor, letter) {
  await visitor.open("login", "/");
  await visitor.send("login-refused", "/auth/pages/login", { username: ADA, password: PASSWORD });
  await visitor.follow("register", "/register");
  await visitor.send("register-refused", "/register", { email: ADA, password: COMMON });
  await visitor.send("register-letter", "/register", { password: PASSWORD });
  await visitor.open("verify", await letter("verify_email"));
  await visitor.send("verify-refused", "/verify", { password: COMMON });
  await visitor.send("verify-done", "/verify", { password: PASSWORD });
}

async function comesAndGoes(visitor) {
  await visitor.open("login-signed-in", "/login");
  await visitor.open("account-new", "/account");
  await visitor.open("logout", "/logout");
  await visitor.send("logout-done", "/logout");
  await visitor.open("logout-nobody", "/logout");
  await visitor.follow("login-again", "/login");
}

async function forgets(visitor, letter) {
  await visitor.follow("forgot", "/forgot");
  await visitor.send("forgot-letter", "/forgot", { email: ADA });
  await visitor.open("reset", await letter("reset_password"));
  await visitor.send("reset-refused", "/reset", { password: COMMON });
  await visitor.send("reset-done", "/reset", { password: SECOND });
}

async function goesAstray(visitor, ground) {
  await visitor.open("link-bad", "/verify?token=rl1_nothing");
  await visitor.open("return-refused", "/login?return_to=https%3A%2F%2Fevil.example%2F");
  await visitor.open("not-found", "/nowhere");
  await visitor.open("logout-again", "/logout");
  const { rewrite } = ground.proxy;
  ground.proxy.rewrite = (headers) => rewrite({ ...headers, origin: "https://evil.example", "sec-fetch-site": "cross-site" });
  await visitor.send("elsewhere", "/logout");
  ground.proxy.rewrite = rewrite;
}

async function looksAfterTheAccount(visitor, ground, letter) {
  for (const agent of DEVICES) await signIn(ground, SECOND, agent);
  await visitor.open("account-devices", "/account");
  await visitor.send("account-ended", "/account/sessions/end");
  await visitor.send("account-others-ended", "/account/sessions/end-others");
  await visitor.follow("password", "/account/password");
  await visitor.send("password-refused", "/account/password", { password: COMMON, new_password: THIRD });
  await visitor.send("password-changed", "/account/password", { password: SECOND, new_password: THIRD });
  await visitor.follow("email", "/account/email");
  await visitor.send("email-refused", "/account/email", { email: NEW_ADA, password: COMMON });
  // The address is still there.
  await visitor.send("email-letter", "/account/email", { password: THIRD });
  await visitor.open("change", await letter("confirm_email"));
  await visitor.send("change-done", "/verify", { password: THIRD });
  await visitor.open("login-long", "/login");
  await visitor.open("account-long", "/account");
  await visitor.follow("export", "/account/export");
  await visitor.send("export-refused", "/account/export", { password: COMMON });
  const answer = await visitor.fetch("/account/export", { password: THIRD }, ground.proxy);
  assert.deepEqual([answer.status, answer.isPage], [200, false]);
}

async function isRobbed(visitor, ground, letter) {
  const { refresh_token: stolen } = await signIn(ground, THIRD, DEVICES[0], NEW_ADA);
  const refresh = (refresh_token) => ask(ground, "/auth/refresh", { refresh_token }, DEVICES[1]);
  const { refresh_token: next } = await refresh(stolen);
  await refresh(next);
  const { reason } = await refresh(stolen);
  assert.equal(reason, "token_reused");
  await visitor.open("account-theft", "/account");
  // That letter went to the address before the change, which is hers again by the report.
  await visitor.open("report", await letter("new_device"));
  await visitor.send("report-done", "/report");
  await visitor.open("report-bad", "/report?token=used");
  await visitor.open("login-ended", "/login");
  await visitor.open("reset-after-report", await letter("report_taken"));
  await visitor.send("reset-after-report-done", "/reset", { password: SECOND });
}

async function leaves(visitor) {
  await visitor.open("account-last", "/account");
  await visitor.send("logout-all-done", "/account/logout-all");
  await visitor.follow("login-last", "/login");
  await visitor.send("account-after-login", "/auth/pages/login", { username: ADA, password: SECOND, remember: true });
  await visitor.follow("delete", "/account/delete");
  await visitor.send("delete-refused", "/account/delete", { password: COMMON });
  await visitor.send("delete-done", "/account/delete", { password: SECOND });
}

const DEVICES = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
];

/** Another device, which keeps its tokens by itself. */
const signIn = (ground, password, agent, email = ADA) =>
  ask(ground, "/auth/login", { email, password, client_id: "native" }, agent);

async function ask({ server }, path, body, agent) {
  const headers = { "content-type": "application/json", "user-agent": agent };
  const url = `http://127.0.0.1:${server.port}${path}`;
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
}
