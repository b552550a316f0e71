/** What a browser sends to the site, read with care, and what the site lets it keep. */

import { Ticket } from "./ticket.js";

const MOST_BYTES = 16 * 1024;

/** A request that is not answered with what it asks for: a status and a sentence. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The cookie of a site. `origin`: the address of the site, such as `https://shop.example.com`. */
export class Cookie {
  constructor(origin) {
    const secure = new URL(origin).protocol === "https:";
    // With the prefix no other host can set it, not even a sub-domain. On plain http, for development, there is none.
    this.name = secure ? "__Host-site" : "site";
    this.attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  }

  read(req) {
    const pairs = (req.headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
    return Ticket.read(pairs.find(([name]) => name === this.name)?.[1]);
  }

  /** Set by a sign-in and by nothing else. A browser forgets it when it is closed, or keeps it for 30 days. */
  set(ticket, remember) {
    return `${this.name}=${ticket.text()}${this.attributes}${remember ? "; Max-Age=2592000" : ""}`;
  }

  /** By a sign-out and by nothing else. */
  expire() {
    return `${this.name}=${this.attributes}; Max-Age=0`;
  }
}

/**
 * That a form was sent from a page of this site. Browsers say from where in `Origin`, with every POST; nobody else has the
 * cookie. A page of another site, a sub-domain or a frame without an origin (`null`) is refused, and whoever says nothing.
 */
export function fromOwnPage(req, origin) {
  if (req.headers.origin !== origin) throw new Refused(403, "This form was sent from a page of another site.");
}

/** The fields of a form; the last one of each name. */
export async function form(req) {
  const type = (req.headers["content-type"] ?? "").split(";")[0].trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") throw new Refused(415, "This takes a form.");
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    if ((size += chunk.length) > MOST_BYTES) throw new Refused(413, "This form is larger than any honest one.");
    chunks.push(chunk);
  }
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString("utf8")));
}

/** A path of this site to go to, from a query or a form; `/` when it leads elsewhere. */
export function pathWithin(origin, text) {
  if (!text?.startsWith("/") || !URL.canParse(text, origin)) return "/";
  const url = new URL(text, origin);
  // `/.//evil.example` is a path of this site; without the dot it would be another site's address.
  return url.origin === origin ? url.pathname.replace(/^\/+/, "/") + url.search : "/";
}
