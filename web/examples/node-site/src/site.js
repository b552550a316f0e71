/**
 * A shop with pages made by its server, which asks an API on behalf of whoever looks at them.
 *
 * 1. The browser has a ticket, in a cookie of the site's own. No token ever reaches it.
 * 2. What a page shows is fetched before its first byte is sent, all parts at once.
 * 3. Only Rotunda's word that the session is over leads to the sign-in page: then the client says `signed-out`. When anything
 *    is away, its calls reject, and it is 503.
 * 4. A GET changes nothing. A POST has to come from a page of this site.
 */

import { createServer } from "node:http";

import { RotundaError } from "@rotunda/client";

import { Cookie, Refused, form, fromOwnPage, pathWithin } from "./browser.js";
import * as pages from "./pages.js";

/** What the dashboard shows; each part is a request to the API. */
const PARTS = ["profile", "orders", "invoices", "basket", "wishes", "letters", "offers", "help"];

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** Why a session is over, in words, where there is something to say. */
const ENDED = {
  reused: "Somebody has used a copy of your session. It was ended on this device. Sign in again, and look at your devices.",
  password_changed: "Your password was changed. Sign in again with the new one.",
  logged_out_everywhere: "You have signed out everywhere.",
};

/**
 * The site, not listening yet.
 *
 * `origin`: its address as browsers write it; `api`: that of the API; `log`: is told what nobody else is.
 */
export function createSite({ origin, api, sessions, log = console.error }) {
  const cookie = new Cookie(origin);

  const routes = {
    "GET /": () => ok(pages.front()),
    "GET /login": ({ query }) => ok(pages.signIn({ to: pathWithin(origin, query.get("to")) })),
    "POST /login": signIn,
    "POST /logout": signOut,
    "GET /dashboard": dashboard,
  };

  async function signIn({ req, ticket }) {
    const { email = "", password = "", remember, to } = await form(req);
    let fresh;
    try {
      fresh = await sessions.begin({ email, password, remember: remember === "yes" });
    } catch (error) {
      if (!(error instanceof RotundaError) || error.kind !== "denied") throw error;
      const wait = error.retryAfter && { "retry-after": String(error.retryAfter) };
      const page = pages.signIn({ to: pathWithin(origin, to), email, said: error.message });
      return { status: error.status === 429 ? 429 : 403, page, headers: wait };
    }
    // What this browser had before is over. If that cannot be said just now, it is forgotten here.
    await sessions.end(ticket, log).catch(log);
    return goTo(pathWithin(origin, to), { "set-cookie": cookie.set(fresh, remember === "yes") });
  }

  /** A store that is away is 503, and the cookie stays: the session does too, and people should know. */
  async function signOut({ ticket }) {
    await sessions.end(ticket, log);
    return goTo("/", { "set-cookie": cookie.expire() });
  }

  async function dashboard({ ticket }) {
    const session = await sessions.of(ticket);
    if (session === null || (await session.token()) === null) return askToSignIn(session, ticket, "/dashboard");
    const ask = async (part) => {
      const response = await session.fetch(`${api}/${part}`);
      if (response.ok) return [part, await response.json()];
      await response.body?.cancel();
      return [part, null];
    };
    const parts = await Promise.all(PARTS.map(ask));
    // One of the requests may have heard so.
    if (session.state.status === "signed-out") return askToSignIn(session, ticket, "/dashboard");
    return ok(pages.dashboard(parts));
  }

  /** For somebody who has no session, or none any more. */
  async function askToSignIn(session, ticket, to) {
    if (session === null) return goTo(`/login?${new URLSearchParams({ to })}`);
    // The cookie stays: this answer may be late, and the browser have a new ticket already.
    await sessions.forget(ticket);
    const said = ENDED[session.state.reason] ?? "Your session is over. Sign in again.";
    return { status: 403, page: pages.signIn({ to, said }) };
  }

  async function answer(req) {
    const asked = origin + req.url;
    const { pathname, searchParams: query } = URL.canParse(asked) ? new URL(asked) : {};
    const route = routes[`${req.method} ${pathname}`];
    if (!route) throw new Refused(404, "There is no such page.");
    if (req.method !== "GET") fromOwnPage(req, origin);
    return route({ req, query, ticket: cookie.read(req) });
  }

  return createServer((req, res) => {
    sessions
      .for(req, () => answer(req))
      .catch((error) => refusal(error, log))
      .then(({ status, page = "", headers }) => res.writeHead(status, { ...HEADERS, ...headers }).end(page));
  });
}

const ok = (page) => ({ status: 200, page });

const goTo = (path, headers) => ({ status: 303, headers: { location: path, ...headers } });

/** What is said when there is no page to show: an outage, unless it is the visitor's own mistake. */
function refusal(error, log) {
  if (error instanceof Refused) return { status: error.status, page: pages.notice("That did not work", error.message) };
  log(error);
  const page = pages.notice("Not available just now", "What you asked for was not done, or not all of it. Please try again in a moment.");
  return { status: 503, page, headers: { "retry-after": String(error?.retryAfter ?? 5) } };
}
