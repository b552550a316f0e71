/**
 * An issuer whose keys the tests hold, for tokens that Rotunda would not sign and answers that it would not give. It speaks
 * HTTP and signs with real keys; `rotunda.test.js` has the same verifier before the real server.
 */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { SignJWT, exportJWK, generateKeyPair } from "jose";

export const AUDIENCE = "https://api.example";

export class Issuer {
  /** The JSON of what is published, and how often it was asked for. */
  jwks = { keys: [] };
  fetches = 0;
  /** How the next requests are answered otherwise: `(req, res) => true` if it has answered. */
  instead = () => false;

  static async start() {
    const issuer = new Issuer();
    issuer.server = createServer((req, res) => issuer.#answer(req, res)).listen(0, "127.0.0.1");
    await once(issuer.server, "listening");
    issuer.port = issuer.server.address().port;
    issuer.url = `http://127.0.0.1:${issuer.port}`;
    issuer.key = await issuer.publish("ES256");
    return issuer;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** The same issuer again, where it was. */
  async restart() {
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
  }

  /** Makes a key and publishes it. */
  async publish(alg, options) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true, ...options });
    const jwk = await exportJWK(publicKey);
    const kid = createHash("sha256").update(JSON.stringify(jwk)).digest("base64url");
    const published = { ...jwk, kid, alg, use: "sig" };
    this.jwks.keys.push(published);
    return { alg, kid, privateKey, jwk: published };
  }

  unpublish(key) {
    this.jwks.keys = this.jwks.keys.filter(({ kid }) => kid !== key.kid);
  }

  /** A good token, but for what is said. */
  sign({ claims = {}, header = {}, key = this.key, secret } = {}) {
    const signed = new SignJWT({ ...this.claims(), ...claims });
    signed.setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "at+jwt", ...header });
    return signed.sign(secret ?? key.privateKey);
  }

  /** What is in a good token. */
  claims() {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.url, aud: AUDIENCE, sub: "u1", client_id: "native", jti: crypto.randomUUID(), iat: now, exp: now + 900,
      sid: "s1", auth_time: now, ep: 3, roles: ["admin"], scope: "orders.read orders.write",
    };
  }

  #answer(req, res) {
    if (req.url === "/.well-known/jwks.json") this.fetches += 1;
    if (this.instead(req, res)) return;
    if (req.url !== "/.well-known/jwks.json") {
      res.writeHead(404).end();
      return;
    }
    const body = JSON.stringify(this.jwks);
    const etag = `"${createHash("sha256").update(body).digest("hex")}"`;
    const headers = { etag, "cache-control": "public, max-age=600", "content-type": "application/json" };
    if (req.headers["if-none-match"] === etag) res.writeHead(304, headers).end();
    else res.writeHead(200, headers).end(body);
  }
}

/** Waits until something holds, and fails when that takes too long. */
export async function until(what, holds, ms = 10_000) {
  const end = performance.now() + ms;
  for (;;) {
    const it = await holds();
    if (it) return it;
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The code with which a token is refused; "good" for none. */
export function codeOf(verifier, token, needs) {
  return verifier.verify(token, needs).then(() => "good", (error) => error.code ?? error);
}
