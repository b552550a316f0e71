/** The API behind the site: asks Rotunda about each token, and gives its answers in any order. */

import { once } from "node:events";
import { createServer } from "node:http";

import { shuffled } from "./chance.js";

export class Api {
  /** So many good answers are collected, and then given in another order. */
  together = 1;
  /** Tokens that it no longer takes, as after a change of what their user may do. */
  worn = new Set();
  /** Tokens that it has seen. */
  seen = new Set();
  /** Takes a token that it has taken before, as an API does that checks signatures and does not follow the feed. */
  credulous = false;
  #users = new Map();
  #held = [];

  static async start(rotunda) {
    const api = new Api();
    api.server = createServer((req, res) => api.#answer(rotunda, req, res)).listen(0, "127.0.0.1");
    await once(api.server, "listening");
    api.url = `http://127.0.0.1:${api.server.address().port}`;
    return api;
  }

  /** From now on only tokens that it has not seen will do. */
  wearOut() {
    for (const token of this.seen) this.worn.add(token);
    this.seen.clear();
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  async #answer(rotunda, req, res) {
    const { authorization = "" } = req.headers;
    const refuse = (status) => res.writeHead(status, { "www-authenticate": 'Bearer error="invalid_token"' }).end();
    if (this.worn.has(authorization)) return refuse(401);
    const user = (this.credulous && this.#users.get(authorization)) || (await this.#judged(rotunda, authorization));
    if (typeof user === "number") return refuse(user);
    this.#users.set(authorization, user);
    this.seen.add(authorization);
    this.#held.push(() => res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ of: user })));
    if (this.#held.length >= this.together) shuffled(this.#held.splice(0)).forEach((give) => give());
  }

  /** Whose token it is; otherwise the status of a refusal. */
  async #judged(rotunda, authorization) {
    const answer = await fetch(`${rotunda.url}/auth/verify`, { headers: { authorization } }).catch(() => null);
    return answer?.status === 200 ? answer.headers.get("x-auth-user") : (answer?.status ?? 503);
  }
}
