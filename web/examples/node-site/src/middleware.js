/**
 * The other way, for frameworks whose middleware runs before each page: the tokens are in the browser's cookie, sealed, and
 * the site keeps nothing.
 *
 * 1. Requests that come together with one old cookie all refresh. Inside the window all of them get the same refresh token,
 *    so whichever `Set-Cookie` arrives last is as good as the others.
 * 2. It has to arrive inside the window; after that the old cookie ends the session. So a refresh gets six seconds, and the
 *    page behind it has to begin soon.
 * 3. Only a sign-in and a refresh set the cookie. Nothing clears it but a sign-out.
 */

const ATTEMPTS = 2;
const PATIENCE_MS = 3_000;

/** `key`: a {@link Ticket} that seals, the same in all processes; `cookie`: the name. */
export function middleware({ baseUrl, clientId, clientSecret, key, cookie, now = Date.now }) {
  /** What a `Set-Cookie` says after a sign-in or a refresh. */
  function setCookie(session) {
    const secure = cookie.startsWith("__Host-") ? "; Secure" : "";
    return `${cookie}=${key.seal(JSON.stringify(session))}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000${secure}`;
  }

  /** What the cookie holds: the session answer of Rotunda, in short. */
  function session({ access_token, expires_in, refresh_after, refresh_token, device_secret }) {
    const at = now();
    return { access_token, renew: at + refresh_after * 1000, until: at + expires_in * 1000, refresh_token, device_secret };
  }

  function read(request) {
    const sealed = request.headers.get("cookie")?.match(`(?:^|; )${cookie}=([\\w-]+)`)?.[1];
    try {
      return sealed ? JSON.parse(key.open(sealed)) : null;
    } catch {
      return null; // sealed by nobody here
    }
  }

  async function refreshed({ refresh_token, device_secret }) {
    const body = JSON.stringify({ client_id: clientId, client_secret: clientSecret, refresh_token, device_secret });
    const headers = { "content-type": "application/json" };
    for (let attempt = 1; ; attempt++) {
      try {
        const signal = AbortSignal.timeout(PATIENCE_MS);
        const response = await fetch(`${baseUrl}/auth/refresh`, { method: "POST", headers, body, signal });
        const answer = await response.json();
        if (response.ok && answer.access_token) return session({ device_secret, ...answer });
        if (["session_ended", "token_reused"].includes(answer.reason)) return null;
        throw new Error(`a refresh was answered with ${response.status} ${answer.error}`);
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** Has `next` make the answer: `next(request, accessToken)`, with `null` for somebody who is not signed in. */
  async function withSession(request, next) {
    const old = read(request);
    let current = old;
    if (old && now() >= old.renew) {
      current = await refreshed(old).catch((error) => {
        if (now() < old.until) return old; // it is good for a while yet
        throw error; // 503, not the sign-in page
      });
    }
    const response = await next(request, current?.access_token ?? null);
    if (current && current !== old) response.headers.append("set-cookie", setCookie(current));
    return response;
  }

  return { withSession, session, setCookie };
}
