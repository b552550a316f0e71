/** The feed's side of an `Issuer`, for what a healthy server does not do: it stalls, breaks off, sends in parts. */

import { AUDIENCE, Issuer } from "./issuer.js";
import { createVerifier } from "../src/index.js";

export const CURSOR = (place) => `5f0c1d9a3b7e2468-${place}`;

export class Stream {
  /** What was asked for, in order. */
  asked = [];
  /** The streams that are open. */
  open = [];
  expiresIn = 900;
  /** Whether a stream is answered at once, and goes on by itself. */
  greets = false;
  /** What `/revocations` answers, one after the other; the last one stays. */
  pages = [];

  static async start(feed) {
    const stream = new Stream();
    stream.issuer = await Issuer.start();
    stream.issuer.instead = (req, res) => stream.answer(req, res);
    stream.verifier = createVerifier({
      issuer: stream.issuer.url, audience: AUDIENCE,
      feed: { clientId: "svc", clientSecret: "a+b c:%", whenStale: "go-on", ...feed },
    });
    return stream;
  }

  stop() {
    this.verifier.close();
    this.issuer.stop();
  }

  /** Sends to whoever follows. */
  send(text) {
    for (const res of this.open) res.write(text);
  }

  event(name, data) {
    this.send(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  page(place, entries, more = {}) {
    const page = { cursor: CURSOR(place), full: false, more: false, keep: 1021, as_of: Date.now(), entries, ...more };
    this.event("revocations", page);
  }

  /** As a healthy server begins and goes on. */
  greet(res) {
    res.write(`event: revocations\ndata: ${JSON.stringify(this.greeting())}\n\n`);
    const beat = () => res.write(`event: heartbeat\ndata: ${JSON.stringify({ cursor: CURSOR(1), as_of: Date.now() })}\n\n`);
    const beating = setInterval(beat, 1000);
    res.on("close", () => clearInterval(beating));
  }

  heartbeat(place, asOf = Date.now()) {
    this.event("heartbeat", { cursor: CURSOR(place), as_of: asOf });
  }

  /** A first page: nothing was revoked. */
  greeting() {
    return { cursor: CURSOR(1), full: true, more: false, keep: 1021, as_of: Date.now(), entries: [] };
  }

  answer(req, res) {
    const url = new URL(req.url, "http://x");
    const since = url.searchParams.get("since");
    if (url.pathname === "/oauth/token") {
      this.asked.push(`token ${Buffer.from(req.headers.authorization.slice(6), "base64")}`);
      const body = { access_token: `t${this.asked.length}`, token_type: "Bearer", expires_in: this.expiresIn };
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    } else if (url.pathname === "/revocations/stream") {
      this.asked.push(`stream ${since}`);
      res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      this.open.push(res);
      if (this.greets) this.greet(res);
      res.on("close", () => (this.open = this.open.filter((it) => it !== res)));
    } else if (url.pathname === "/revocations") {
      this.asked.push(`poll ${since} ${req.headers["if-none-match"]}`);
      const page = this.pages.length > 1 ? this.pages.shift() : this.pages[0];
      if (typeof page === "number") res.writeHead(page).end();
      else res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(page));
    } else {
      return false;
    }
    return true;
  }
}

export const entry = {
  session: (sid, exp = 9e9) => ({ type: "session", sid, at: 1, exp, ending: "logged_out" }),
  user: (sub, ep, exp = 9e9) => ({ type: "user", sub, ep, at: 1, exp, ending: "password_changed" }),
  token: (jti, exp = 9e9) => ({ type: "token", jti, at: 1, exp }),
  key: (kid, exp = 9e9) => ({ type: "key", kid, at: 1, exp }),
  everyone: (rv, exp = 9e9) => ({ type: "everyone", rv, at: 1, exp }),
  claims: (sub, ce, exp = 9e9) => ({ type: "claims", sub, ce, at: 1, exp }),
  role: (role, rv, exp = 9e9) => ({ type: "role", role, rv, at: 1, exp }),
};
