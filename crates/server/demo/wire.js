/**
 * What is sent to Rotunda: the requests of a native app, as docs/guide/rotation.md has them. Without cookies, so that
 * whoever is signed in at this server in the same browser is left alone.
 */

/** After so long an answer is not waited for any more; shorter than the window. */
const GIVE_UP_MS = 8_000;

const CLIENT = "native";

/**
 * Asks, and never throws.
 *
 * @returns `{ status, body }`; status 0 where no answer came, and body `{}` where it was not JSON
 */
async function ask(method, path, { body, bearer } = {}) {
  const headers = { accept: "application/json" };
  if (body) headers["content-type"] = "application/json";
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  try {
    const signal = AbortSignal.timeout(GIVE_UP_MS);
    const text = body && JSON.stringify(body);
    const answer = await fetch(path, { method, headers, body: text, signal, credentials: "omit", cache: "no-store" });
    return { status: answer.status, body: await answer.json().catch(() => ({})) };
  } catch {
    return { status: 0, body: {} };
  }
}

export function register({ email, password }) {
  return ask("POST", "/auth/register", { body: { email, password, client_id: CLIENT } });
}

export function login({ email, password }) {
  return ask("POST", "/auth/login", { body: { email, password, client_id: CLIENT } });
}

/** Trades what a holder has; `keys` are its retry keys, oldest first. */
export function refresh({ token, device, keys }) {
  const body = { refresh_token: token, device_secret: device, retry_keys: keys, client_id: CLIENT };
  return ask("POST", "/auth/refresh", { body });
}

/** What has happened to the user lately. */
export function events(access) {
  return ask("GET", "/auth/events", { bearer: access });
}

/** A text that nobody can guess: 16 random bytes. */
export function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
