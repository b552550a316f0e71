/** What stands in `docs/guide/verify` does what it says. Each page's service is sent the same tokens. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { SignJWT, decodeJwt, decodeProtectedHeader, exportSPKI, importJWK } from "jose";

import { Service, files } from "./guide.js";
import { AUDIENCE, until } from "./issuer.js";
import * as rotunda from "./rotunda.js";
import { Stream } from "./stream.js";

/** The pages, and whether their services follow the feed and have a route for a role. */
const PAGES = [
  { page: "node", feed: false, admin: true },
  { page: "express", feed: true, admin: true },
  { page: "serverless", feed: true, admin: false },
  { page: "python", feed: false, admin: true },
];
const { PAGE } = process.env;

for (const { page, feed, admin } of PAGES.filter((one) => !PAGE || one.page === PAGE)) {
  describe(`${page}.md, with tokens that Rotunda does not sign`, () => {
    let stream, issuer, others, service;
    before(async () => {
      stream = await Stream.start({ mode: "poll" });
      stream.verifier.close();
      stream.greets = true;
      stream.pages = [stream.greeting()];
      ({ issuer } = stream);
      others = { eddsa: await issuer.publish("EdDSA"), rsa: await issuer.publish("RS256") };
      service = await Service.start(page, { ISSUER: issuer.url, AUDIENCE, CLIENT_ID: "svc", CLIENT_SECRET: "secret" });
    });
    after(async () => {
      await service?.stop();
      stream?.issuer.stop();
    });

    test("good ones of each algorithm", async () => {
      assert.deepEqual((await service.ask(await issuer.sign())).body, { sub: "u1" });
      for (const key of Object.values(others)) assert.equal(await service.status(await issuer.sign({ key })), 200, key.alg);
    });

    test("none, and what is no token", async () => {
      const { status, challenge } = await service.ask();
      assert.equal(status, 401);
      assert.match(challenge, /^Bearer/);
      const good = await issuer.sign();
      for (const token of ["x", "a.b.c", "..", `${good}.x`, good.slice(0, -9), "rt1_AAAA"]) await refused(token);
    });

    test("forged ones", async () => {
      const [, payload] = (await issuer.sign()).split(".");
      const header = Buffer.from(JSON.stringify({ alg: "none", kid: issuer.key.kid, typ: "at+jwt" })).toString("base64url");
      await refused(`${header}.${payload}.`);
      const pem = await exportSPKI(await importJWK(issuer.key.jwk, "ES256", { extractable: true }));
      await refused(issuer.sign({ header: { alg: "HS256" }, secret: new TextEncoder().encode(pem) }));
      await refused(issuer.sign({ header: { kid: others.rsa.kid } }));
      await refused(issuer.sign({ key: others.rsa, header: { kid: issuer.key.kid } }));
      await refused(issuer.sign({ header: { kid: "made up" } }));
    });

    test("of another type, issuer, audience or time", async () => {
      const now = Math.floor(Date.now() / 1000);
      for (const typ of ["JWT", "logout+jwt", undefined]) await refused(issuer.sign({ header: { typ } }));
      const wrong = [
        { iss: "https://evil.example" }, { iss: undefined }, { aud: "https://other.example" }, { aud: undefined }, { exp: undefined },
        { exp: now - 90 }, { nbf: now + 90 }, { sub: undefined }, { jti: undefined }, { client_id: undefined }, { iat: undefined },
      ];
      for (const claims of wrong) await refused(issuer.sign({ claims }));
      assert.equal(await service.status(await issuer.sign({ claims: { exp: now - 45 } })), 200, "a minute is forgiven");
    });

    test("without the role", { skip: !admin && "has no such route" }, async () => {
      assert.equal(await service.status(await issuer.sign(), "/admin"), 200);
      const { status, challenge } = await service.ask(await issuer.sign({ claims: { roles: ["admins"] } }), "/admin");
      assert.equal(status, 403);
      assert.match(challenge, /error="insufficient_scope"/);
    });

    // Those that follow the feed are `@rotunda/verify`, whose cool-down is longer; keys.test.js asks the same of it.
    test("while keys are fetched in vain a known one is good at once, and a new one an outage", { skip: feed }, async () => {
      const [known, unknown] = [await issuer.sign(), await issuer.sign({ header: { kid: "new" } })];
      const waiting = [];
      issuer.instead = (req, res) => (req.url.startsWith("/.well-known") ? waiting.push(res) > 0 : stream.answer(req, res));
      try {
        let status;
        const asked = until("an answer", async () => (status = await service.status(unknown)) !== 401, 9_000);
        await until("a fetch", () => waiting.length > 0, 9_000);
        assert.equal(await service.status(known), 200);
        assert.equal(waiting[0].destroyed, false, "and the fetch is still under way");
        waiting[0].writeHead(500).end();
        await asked;
        assert.equal(status, 503);
      } finally {
        issuer.instead = (req, res) => stream.answer(req, res);
      }
    });

    // The service of express.md does not start without keys.
    test("when nobody can be asked for keys it is an outage, and no sign-out", { skip: page === "express" }, async () => {
      const token = await issuer.sign();
      issuer.instead = (req, res) => (req.url.startsWith("/.well-known") ? (res.writeHead(500).end(), true) : stream.answer(req, res));
      const late = await Service.start(page, { ISSUER: issuer.url, AUDIENCE, CLIENT_ID: "svc", CLIENT_SECRET: "secret" });
      try {
        assert.equal(await late.status(token), 503);
      } finally {
        await late.stop();
      }
    });

    async function refused(token) {
      const text = await token;
      const { status, challenge } = await service.ask(text);
      assert.equal(status, 401, text);
      assert.match(challenge, /^Bearer.*error="invalid_token"/);
    }
  });

  describe(`${page}.md, before the real server`, { skip: rotunda.skip }, () => {
    let service;
    const email = `guide-${page}@example.com`;
    const environment = {
      ISSUER: rotunda.url, CLIENT_ID: rotunda.feed.clientId, CLIENT_SECRET: rotunda.feed.clientSecret, POLL_AFTER_MS: "200",
    };
    before(async () => {
      if (!rotunda.skip) service = await Service.start(page, environment);
    });
    after(() => service?.stop());

    test("a token is good, a refresh token is none", async () => {
      const session = await rotunda.register(email);
      assert.deepEqual((await service.ask(session.access_token)).body, { sub: session.user.id });
      assert.equal(await service.status(session.refresh_token), 401);
    });

    test("a token for somebody else is refused", async () => {
      const { access_token: token } = await rotunda.login(email);
      const other = await Service.start(page, { ...environment, AUDIENCE: "https://other.example" });
      try {
        assert.equal(await other.status(token), 401);
      } finally {
        await other.stop();
      }
    });

    test("a token forged with the public key as a shared secret is refused", async () => {
      const { access_token: token } = await rotunda.login(email);
      const { keys } = await (await fetch(`${rotunda.url}/.well-known/jwks.json`)).json();
      for (const jwk of keys) {
        const secret = new TextEncoder().encode(await exportSPKI(await importJWK(jwk, jwk.alg, { extractable: true })));
        const header = { ...decodeProtectedHeader(token), alg: "HS256", kid: jwk.kid };
        assert.equal(await service.status(await new SignJWT(decodeJwt(token)).setProtectedHeader(header).sign(secret)), 401);
      }
    });

    test("a session that has ended is refused within a second", { skip: !feed && "does not follow the feed" }, async () => {
      const session = await rotunda.login(email);
      assert.equal(await service.status(session.access_token), 200);
      await rotunda.logout(session);
      await until("refused", async () => (await service.status(session.access_token)) === 401, 1000);
    });

    // The last one: after it, no token from before is good.
    test("when a key was revoked, tokens of the next one are accepted and those of the old one refused", async () => {
      const old = await rotunda.login(email);
      assert.equal(await service.status(old.access_token), 200);
      await rotunda.revokeSigningKey();
      if (feed) await until("the old one refused", async () => (await service.status(old.access_token)) === 401, 1000);
      const kid = ({ access_token: token }) => decodeProtectedHeader(token).kid;
      const next = await until("a token of the next key", async () => {
        const session = await rotunda.login(email);
        return kid(session) !== kid(old) && session;
      });
      // The page's cool-down is five seconds, where there is no feed.
      await until("the next one accepted", async () => (await service.status(next.access_token)) === 200, 7_000);
      assert.equal(await service.status(old.access_token), 401);
    });

    test("it ends when it is told to", { skip: page !== "express" && "says nothing about that" }, async () => {
      assert.equal(await service.end(), 0);
    });
  });
}

test("each page that was run names its files, and no other does", async () => {
  for (const { page } of PAGES) assert.ok((await files(page)).length > 0, page);
  for (const page of ["go", "java", "dotnet", "README"]) assert.deepEqual(await files(page), [], page);
});
