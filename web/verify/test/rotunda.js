/**
 * The real server, started by `crates/cli/tests/cli/languages.rs`, which says in the environment where it is. Without that
 * these tests are skipped.
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const { ROTUNDA_URL, ROTUNDA_BINARY, ROTUNDA_FOLDER, ROTUNDA_LISTEN, FEED_CLIENT_ID, FEED_CLIENT_SECRET } = process.env;

export const skip = ROTUNDA_URL ? false : "needs a server: cargo test -p rotunda --test cli languages";
export const url = ROTUNDA_URL;
export const feed = { clientId: FEED_CLIENT_ID, clientSecret: FEED_CLIENT_SECRET };

const PASSWORD = "correct horse battery";

async function post(path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}

/** Somebody on a device of their own: `access_token`, `refresh_token`, `device_secret`, `user`, `session`. */
export const register = (email) => post("/auth/register", { email, password: PASSWORD, client_id: "native" });

export const login = (email) => post("/auth/login", { email, password: PASSWORD, client_id: "native" });

export const logout = ({ refresh_token, device_secret }) => post("/auth/logout", { refresh_token, device_secret });

/** Revokes one access token (RFC 7009). */
export async function revoke(token) {
  const body = new URLSearchParams({ token, token_type_hint: "access_token", client_id: "native" });
  const response = await fetch(`${url}/oauth/revoke`, { method: "POST", body });
  if (!response.ok) throw new Error(`/oauth/revoke: ${response.status} ${await response.text()}`);
}

/** A command of the operator, beside the server. */
export async function operator(...command) {
  const { ROTUNDA_URL: _, ...env } = process.env;
  const options = { cwd: ROTUNDA_FOLDER, env: { PATH: env.PATH, ROTUNDA_SERVER__LISTEN: ROTUNDA_LISTEN } };
  const { stdout } = await promisify(execFile)(ROTUNDA_BINARY, ["--config", "rotunda.toml", ...command, "--json"], options);
  return JSON.parse(stdout);
}

/** Has the key revoked that signs now; another one signs at once. */
export async function revokeSigningKey() {
  const { kid } = (await operator("key", "list")).find((key) => key.signs);
  await operator("key", "revoke", kid);
}
