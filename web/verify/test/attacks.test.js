/** Tokens that must not get through, each for the reason in its name. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { SignJWT, exportSPKI, generateKeyPair, importJWK } from "jose";

import { createVerifier } from "../src/index.js";
import { AUDIENCE, Issuer, codeOf } from "./issuer.js";

let issuer, verifier, heard;

before(async () => {
  issuer = await Issuer.start();
  verifier = createVerifier({ issuer: issuer.url, audience: AUDIENCE });
  heard = [];
  issuer.instead = (req) => {
    heard.push(req.url);
    return false;
  };
});

after(() => {
  verifier.close();
  issuer.stop();
});

const base64url = (it) => Buffer.from(typeof it === "string" ? it : JSON.stringify(it)).toString("base64url");

async function refused(token, code = "token_invalid") {
  assert.equal(await codeOf(verifier, await issuer.sign()), "good", "a good token before");
  assert.equal(await codeOf(verifier, await token), code);
}

test("a good token of each algorithm is accepted, with an audience among others", async () => {
  for (const alg of ["ES256", "EdDSA", "RS256"]) {
    const key = await issuer.publish(alg);
    const other = createVerifier({ issuer: issuer.url, audience: ["x", AUDIENCE] });
    const claims = await other.verify(await issuer.sign({ key, claims: { aud: [AUDIENCE, "https://y.example"] } }));
    assert.deepEqual([claims.sub, claims.roles, claims.ep], ["u1", ["admin"], 3], alg);
    other.close();
  }
});

test("alg none", async () => {
  const [, payload] = (await issuer.sign()).split(".");
  for (const alg of ["none", "None", "NONE", ""]) {
    await refused(`${base64url({ alg, kid: issuer.key.kid, typ: "at+jwt" })}.${payload}.`);
  }
});

test("HMAC with the public key as its secret", async () => {
  const pem = await exportSPKI(await importJWK(issuer.key.jwk, "ES256", { extractable: true }));
  for (const secret of [pem, pem.trim(), JSON.stringify(issuer.key.jwk), issuer.key.jwk.x]) {
    await refused(issuer.sign({ header: { alg: "HS256" }, secret: new TextEncoder().encode(secret) }));
  }
});

test("a shared secret in the key set", async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  issuer.jwks.keys.push({ kty: "oct", k: base64url(Buffer.from(secret)), kid: "oct", alg: "HS256", use: "sig" });
  const other = createVerifier({ issuer: issuer.url, audience: AUDIENCE });
  await other.ready();
  assert.equal(await codeOf(other, await issuer.sign({ header: { alg: "HS256", kid: "oct" }, secret })), "token_invalid");
  issuer.jwks.keys.pop();
  other.close();
});

test("another algorithm on the right key", async () => {
  const rsa = await issuer.publish("RS256");
  const other = createVerifier({ issuer: issuer.url, audience: AUDIENCE });
  assert.equal(await codeOf(other, await issuer.sign({ key: rsa })), "good");
  const pss = await crypto.subtle.importKey(
    "pkcs8", await crypto.subtle.exportKey("pkcs8", rsa.privateKey), { name: "RSA-PSS", hash: "SHA-256" }, false, ["sign"],
  );
  for (const token of [
    issuer.sign({ key: rsa, header: { alg: "PS256" }, secret: pss }),
    issuer.sign({ header: { kid: rsa.kid } }),
    issuer.sign({ key: rsa, header: { kid: issuer.key.kid } }),
  ]) assert.equal(await codeOf(other, await token), "token_invalid");
  other.close();
});

test("a key that the token brings along, or says where to fetch", async () => {
  const thief = await generateKeyPair("ES256", { extractable: true });
  const jwk = await crypto.subtle.exportKey("jwk", thief.publicKey);
  const key = { alg: "ES256", kid: issuer.key.kid, privateKey: thief.privateKey };
  await refused(issuer.sign({ key, header: { jwk: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y } } }));
  heard.length = 0;
  for (const name of ["jku", "x5u"]) await refused(issuer.sign({ key, header: { [name]: `${issuer.url}/thief` } }));
  assert.deepEqual(heard.filter((url) => url.includes("thief")), []);
});

test("no key id, one that is no text, or an algorithm that no key has, and nobody is asked", async () => {
  heard.length = 0;
  await refused(issuer.sign({ header: { kid: undefined } }));
  await refused(issuer.sign({ header: { alg: "HS256", kid: "made up" }, secret: new Uint8Array(32) }));
  await refused(new SignJWT(issuer.claims()).setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: 7 }).sign(issuer.key.privateKey));
  assert.deepEqual(heard, []);
});

test("an unknown critical header", async () => {
  const [, payload, signature] = (await issuer.sign()).split(".");
  await refused(`${base64url({ alg: "ES256", kid: issuer.key.kid, typ: "at+jwt", crit: ["x"], x: 1 })}.${payload}.${signature}`);
});

test("another type: an ID token, a logout token, none", async () => {
  for (const typ of ["JWT", "logout+jwt", "at+jwtx", undefined]) await refused(issuer.sign({ header: { typ } }));
});

test("another issuer, another audience", async () => {
  for (const iss of [`${issuer.url}/`, "https://evil.example", undefined]) await refused(issuer.sign({ claims: { iss } }));
  for (const aud of ["https://other.example", [], `${AUDIENCE}/`, undefined]) await refused(issuer.sign({ claims: { aud } }));
});

test("no expiry, one that is no time, one that is over, not yet valid; a minute is forgiven", async () => {
  const now = Math.floor(Date.now() / 1000);
  for (const exp of [undefined, "9999999999", null]) await refused(issuer.sign({ claims: { exp } }));
  await refused(issuer.sign({ claims: { exp: now - 61 } }), "token_expired");
  await refused(issuer.sign({ claims: { nbf: now + 90 } }));
  assert.equal(await codeOf(verifier, await issuer.sign({ claims: { exp: now - 50, nbf: now + 50 } })), "good");
});

test("claims that are missing or of another form", async () => {
  const wrong = [
    ["sub", 7], ["sub", undefined], ["jti", undefined], ["client_id", undefined], ["iat", "now"], ["roles", "admin"],
    ["roles", [1]], ["scope", ["a"]], ["ep", -1], ["ep", 1.5], ["sid", null],
  ];
  for (const [name, value] of wrong) await refused(issuer.sign({ claims: { [name]: value } }));
});

test("half a session, which the feed could not refuse", async () => {
  for (const name of ["sid", "auth_time", "ep"]) await refused(issuer.sign({ claims: { [name]: undefined } }));
  const service = await issuer.sign({ claims: { sid: undefined, auth_time: undefined, ep: undefined, sub: "client:svc" } });
  assert.equal(await codeOf(verifier, service), "good");
});

test("what is no token", async () => {
  const good = await issuer.sign();
  const [head, payload, signature] = good.split(".");
  const wrong = [
    `${good}.x`, `${good}.`, `${good} `, ` ${good}`, `${good}\n`, `${good}=`, `${head}.${payload}.`, `${head}.${payload}`, `${head}..${signature}`,
    `${head}.${payload}.!${signature.slice(1)}`, `${head}.*${payload.slice(1)}.${signature}`, "rt1_AAAA", ".", "..", "null",
    "x".repeat(9000), 7, {}, [good],
  ];
  for (const token of wrong) await refused(token);
  for (const token of [undefined, null, ""]) await refused(token, "token_missing");
});

test("a part that is written with bits beyond its last byte, although they decode to the same", async () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const other = (part) => part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1)) ^ 1];
  const signature = (await issuer.sign()).split(".");
  await refused([signature[0], signature[1], other(signature[2])].join("."));
  // The signature is over the text of the others, so here the text is signed as it is: by a key that the issuer publishes.
  const { privateKey } = issuer.key;
  for (const changed of [0, 1]) {
    const header = { alg: "ES256", kid: issuer.key.kid, typ: "at+jwt" };
    const parts = [header, issuer.claims()].map((it) => {
      let json = JSON.stringify(it);
      while (Buffer.byteLength(json) % 3 === 0) json += " ";
      return base64url(json);
    });
    parts[changed] = other(parts[changed]);
    const signed = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, Buffer.from(parts.join(".")));
    await refused(`${parts.join(".")}.${Buffer.from(signed).toString("base64url")}`);
  }
});

test("a changed payload or signature", async () => {
  const [head, payload, signature] = (await issuer.sign()).split(".");
  const other = base64url({ ...issuer.claims(), sub: "u2" });
  await refused(`${head}.${other}.${signature}`);
  await refused(`${head}.${payload}.${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`);
});

test("scopes and roles are whole words, and all are needed", async () => {
  const token = await issuer.sign();
  const cases = [
    [{ scope: "orders.read" }, "good"], [{ scope: ["orders.read", "orders.write"], role: "admin" }, "good"],
    [{ scope: "orders" }, "insufficient_scope"], [{ scope: ["orders.read", "x"] }, "insufficient_scope"],
    [{ scope: "orders.read orders.write" }, "insufficient_scope"], [{ role: "adm" }, "insufficient_role"],
  ];
  for (const [needs, code] of cases) assert.equal(await codeOf(verifier, token, needs), code, JSON.stringify(needs));
  const none = await issuer.sign({ claims: { roles: undefined, scope: undefined } });
  assert.equal(await codeOf(verifier, none, { role: "admin" }), "insufficient_role");
  const strict = createVerifier({ issuer: issuer.url, audience: AUDIENCE, scope: "orders.delete" });
  assert.equal(await codeOf(strict, token), "insufficient_scope");
  strict.close();
});
