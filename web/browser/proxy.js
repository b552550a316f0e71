/**
 * What stands between browsers and the server: it passes requests on, does to them what `fault` says, can be cut like a cable,
 * and keeps a record of all that went by.
 *
 * 1. `proxy.fault(request)` answers a fault of `faults.js`, or nothing for a request that is to be passed on as it is.
 * 2. `proxy.seen` has one entry for each request: method, path, whether cookies came, the origin, the status sent, the cookies set.
 * 3. `proxy.secrets` has every token, device secret and page key that a reply carried: what no script may find stored.
 */

import http from "node:http";
import https from "node:https";

/** With TLS as production has it, or without, as on localhost. `target` is the server's port; it may be set later. */
export async function startProxy({ tls, target } = {}) {
  const proxy = new Proxy();
  proxy.target = target;
  await proxy.listen(tls);
  return proxy;
}

class Proxy {
  #server;
  #sockets = new Set();
  #isCut = false;
  #tls = false;

  target;
  fault = () => undefined;
  /** Changes the headers that the server is sent. */
  rewrite = (headers) => headers;
  seen = [];
  secrets = new Set();

  async listen(tls) {
    const answer = (request, response) => {
      this.#answer(request, response).catch(() => response.socket?.destroy());
    };
    this.#tls = Boolean(tls);
    this.#server = tls ? https.createServer(tls, answer) : http.createServer(answer);
    this.#server.on("connection", (socket) => {
      if (this.#isCut) return socket.resetAndDestroy();
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket)).on("error", () => {});
    });
    this.#server.on("tlsClientError", () => {});
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.port = this.#server.address().port;
  }

  /** Every connection breaks, and every new one. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  restore() {
    this.#isCut = false;
  }

  /** The entries for a path, newest last. */
  requests(path, method = "POST") {
    return this.seen.filter((entry) => entry.path === path && entry.method === method);
  }

  async close() {
    this.cut();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request, response) {
    const body = await whole(request);
    const { method, headers } = request;
    const path = request.url.split("?")[0];
    const cookies = (headers.cookie ?? "").split(/; */).filter(Boolean).map((pair) => pair.split("=")[0]);
    const entry = { method, path, origin: headers.origin, dest: headers["sec-fetch-dest"], cookies };
    this.seen.push(entry);
    const pass = async () => {
      const reply = await this.#ask(request, body);
      const { "set-cookie": cookies, "content-type": type, "content-security-policy": policy } = reply.headers;
      const isPage = Boolean(type?.startsWith("text/html"));
      const isUnframed = Boolean(policy?.includes("frame-ancestors 'none'"));
      Object.assign(entry, { answered: reply.status, set: named(cookies), isPage, isUnframed });
      this.#remember(path, reply);
      return reply;
    };
    const send = ({ status, headers: sent, body: bytes }) => {
      entry.status = status;
      // A client that has gone away meanwhile is not waited for.
      if (response.writableEnded || response.destroyed) return;
      response.writeHead(status, { ...sent, "content-length": bytes.length }).end(method === "HEAD" ? undefined : bytes);
    };
    const fault = this.fault(entry, request, body);
    if (!fault) return send(await pass());
    entry.fault = true;
    await fault({ request, response, socket: request.socket, pass, send });
  }

  #ask(request, body) {
    const headers = this.rewrite({ ...request.headers, connection: "close" });
    if (this.#tls) Object.assign(headers, { "x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1" });
    const options = { host: "127.0.0.1", port: this.target, method: request.method, path: request.url, headers, agent: false };
    return new Promise((resolve, reject) => {
      const asked = http.request(options, (reply) => {
        const { connection, "transfer-encoding": _, ...kept } = reply.headers;
        whole(reply).then((bytes) => resolve({ status: reply.statusCode, headers: kept, body: bytes }), reject);
      });
      asked.on("error", reject).end(body);
    });
  }

  #remember(path, { headers, body }) {
    for (const cookie of headers["set-cookie"] ?? []) {
      const value = cookie.split(";")[0].split("=").slice(1).join("=");
      if (value) this.secrets.add(value);
    }
    if (!path.startsWith("/auth/") && !path.startsWith("/oauth/")) return;
    let answer;
    try {
      answer = JSON.parse(body);
    } catch {
      return;
    }
    for (const name of ["access_token", "refresh_token", "device_secret"]) {
      if (typeof answer?.[name] === "string") this.secrets.add(answer[name]);
    }
  }
}

const named = (cookies = []) => cookies.map((cookie) => cookie.split("=")[0]);

async function whole(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
