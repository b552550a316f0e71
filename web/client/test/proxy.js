/** What stands between a client and the server, and what it may do to an answer. */

import { once } from "node:events";
import { createServer, request } from "node:http";

/** Pages of proxies, in place of the answer. */
const PAGES = { html: 200, 403: 403, 404: 404, 408: 408, 429: 429, 500: 500, 501: 501, 502: 502, 503: 503, 504: 504 };

export class Proxy {
  /** One of `refused`, `silent`, `lost`, `truncated`, `cut`, or a page; `undefined`: none. */
  fault;
  /** What was asked for. */
  asked = [];

  static async start(port) {
    const proxy = new Proxy();
    proxy.port = port;
    proxy.server = createServer((req, res) => proxy.#pass(req, res).catch(() => res.destroy()));
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  async #pass(req, res) {
    const { fault } = this;
    this.asked.push(`${req.method} ${req.url}`);
    const pieces = await all(req);
    if (fault === "silent") return;
    if (fault === "refused") return void res.destroy();
    if (fault in PAGES) {
      const headers = { "content-type": "text/html", ...(fault === "429" && { "retry-after": "1" }) };
      return void res.writeHead(PAGES[fault], headers).end("<!doctype html><title>Proxy</title><p>Not now.");
    }
    const headers = { ...req.headers, host: `localhost:${this.port}` };
    const asked = request({ host: "127.0.0.1", port: this.port, method: req.method, path: req.url, headers, agent: false });
    asked.end(Buffer.concat(pieces));
    const [answer] = await once(asked, "response");
    const body = Buffer.concat(await all(answer));
    if (fault === "lost") return void res.destroy();
    // Half of it, whole as far as HTTP can tell; or cut off in the middle.
    if (fault === "truncated") return void res.writeHead(answer.statusCode, { "content-type": "application/json" }).end(body.subarray(0, body.length / 2));
    if (fault === "cut") {
      res.writeHead(answer.statusCode, { "content-type": "application/json", "content-length": body.length });
      return void res.write(body.subarray(0, body.length / 2), () => res.destroy());
    }
    res.writeHead(answer.statusCode, answer.headers).end(body);
  }

  refreshes() {
    return this.asked.filter((it) => it === "POST /auth/refresh").length;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function all(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}
