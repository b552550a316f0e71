/** What stands between the site and Rotunda in the tests: it counts, holds requests back, cuts the line, and answers badly. */

import { once } from "node:events";
import { createServer, request } from "node:http";

export class Between {
  /** How often each path was asked for. */
  counts = new Map();
  /** What to answer in place of Rotunda: `(req, res) => …`. */
  fault;
  /** The same, after Rotunda has done what it was asked. */
  spoil;
  /** Is waited for before an answer is passed on: `(path) => promise`. */
  after = () => {};

  static async start(target) {
    const between = new Between();
    between.server = createServer((req, res) => between.#pass(new URL(target), req, res)).listen(0, "127.0.0.1");
    await once(between.server, "listening");
    between.url = `http://127.0.0.1:${between.server.address().port}`;
    return between;
  }

  count(path) {
    return this.counts.get(path) ?? 0;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  async #pass(target, req, res) {
    const path = req.url.split("?")[0];
    this.counts.set(path, this.count(path) + 1);
    const body = [];
    for await (const chunk of req) body.push(chunk);
    if (this.fault) return this.fault(req, res);
    const options = { method: req.method, path: req.url, headers: { ...req.headers, host: target.host } };
    const onward = request(target, options, async (answer) => {
      const said = [];
      for await (const chunk of answer) said.push(chunk);
      await this.after(path);
      if (this.spoil) return this.spoil(req, res);
      res.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(said));
    });
    onward.on("error", () => res.destroy());
    onward.end(Buffer.concat(body));
  }
}

/** The faults that a network and its boxes make. None of them says that anybody is signed out. */
export const FAULTS = {
  "a line that is cut": (req, res) => res.destroy(),
  "403 with HTML": html(403),
  "404 with HTML": html(404),
  "401 with HTML": html(401),
  "408": html(408),
  "429": html(429, { "retry-after": "1" }),
  "500": html(500),
  "502": html(502),
  "503": html(503, { "retry-after": "1" }),
  "504": html(504),
  "JSON that breaks off": (req, res) => {
    const body = '{"access_token": "eyJ';
    res.writeHead(200, { "content-type": "application/json", "content-length": body.length + 100 }).write(body);
    res.destroy();
  },
  "JSON that is none": (req, res) => res.writeHead(200, { "content-type": "application/json" }).end('{"access_token": '),
  "200 with a captive portal": html(200),
};

function html(status, headers = {}) {
  return (req, res) => res.writeHead(status, { "content-type": "text/html", ...headers }).end("<h1>Sign in to Wi-Fi</h1>");
}
