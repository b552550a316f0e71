/** What `docs/guide/from-the-tutorials.md` shows: the code of before is code, and both kinds of tokens are taken, until a day. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { SignJWT } from "jose";

import { AUDIENCE } from "./issuer.js";
import { Stream } from "./stream.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const PAGE = join(PACKAGE, "../../docs/guide/from-the-tutorials.md");
const SECRET = new TextEncoder().encode("the secret that all services have");
const DAY = 86_400_000;

describe("from-the-tutorials.md", () => {
  let folder, stream;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rotunda-tutorials-"));
    const blocks = [...(await readFile(PAGE, "utf8")).matchAll(/^```js (\S+\.js)\n(.*?)^```$/gms)];
    assert.deepEqual(blocks.map(([, name]) => name), ["tutorial.js", "both.js"]);
    for (const [, name, code] of blocks) await writeFile(join(folder, name), code);
    await writeFile(join(folder, "package.json"), '{"type": "module"}');
    const modules = join(folder, "node_modules");
    await mkdir(join(modules, "@rotunda"), { recursive: true });
    await symlink(PACKAGE, join(modules, "@rotunda/verify"));
    await symlink(join(PACKAGE, "node_modules/jose"), join(modules, "jose"));
    stream = await Stream.start();
    stream.verifier.close();
    stream.greets = true;
  });
  after(async () => {
    stream?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** The middleware, with old tokens taken until so many milliseconds from now. */
  async function both(ms) {
    Object.assign(process.env, {
      ISSUER: stream.issuer.url, AUDIENCE, CLIENT_ID: "svc", CLIENT_SECRET: "secret", OLD_ACCESS_SECRET: new TextDecoder().decode(SECRET),
      OLD_UNTIL: ms === undefined ? "" : new Date(Date.now() + ms).toISOString(),
    });
    return import(`${pathToFileURL(join(folder, "both.js"))}?${ms}`);
  }

  /** Who is let in with this header, or the status. */
  async function asked(auth, authorization) {
    const server = createServer((req, res) => auth(req, res, () => res.end(req.auth.sub))).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: authorization ? { authorization } : {} });
      const said = await response.text();
      return response.ok ? said : response.status;
    } finally {
      server.close().closeAllConnections();
    }
  }

  const old = (secret = SECRET, alg = "HS256") =>
    new SignJWT({ id: 4711 }).setProtectedHeader({ alg, typ: "JWT" }).setIssuedAt().setExpirationTime("15m").sign(secret);
  const bearer = async (token) => `Bearer ${await token}`;

  test("the code of before is JavaScript", async () => {
    await promisify(execFile)(process.execPath, ["--check", join(folder, "tutorial.js")]);
  });

  test("both kinds of tokens, and nothing else", async () => {
    const { auth, close } = await both(DAY);
    try {
      assert.equal(await asked(auth, await bearer(stream.issuer.sign())), "u1");
      assert.equal(await asked(auth, await bearer(old())), "4711");
      assert.equal(await asked(auth, undefined), 401);
      assert.equal(await asked(auth, "Bearer x"), 401);
      assert.equal(await asked(auth, await bearer(old(new TextEncoder().encode("another secret, of somebody else")))), 401);
      assert.equal(await asked(auth, await bearer(old(SECRET, "HS512"))), 401);
      const worn = new SignJWT({ id: 4711 }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("-1m").sign(SECRET);
      assert.equal(await asked(auth, await bearer(worn)), 401);
      const endless = new SignJWT({ id: 4711 }).setProtectedHeader({ alg: "HS256" }).sign(SECRET);
      assert.equal(await asked(auth, await bearer(endless)), 401);
      const jwk = new TextEncoder().encode(JSON.stringify(stream.issuer.key.jwk));
      const forged = stream.issuer.sign({ header: { alg: "HS256" }, secret: jwk });
      assert.equal(await asked(auth, await bearer(forged)), 401, "with the public key as a secret");
    } finally {
      close();
    }
  });

  test("the old kind no more when the day has come, or none was said", async () => {
    for (const ms of [-DAY, undefined]) {
      const { auth, close } = await both(ms);
      try {
        assert.equal(await asked(auth, await bearer(old())), 401);
        assert.equal(await asked(auth, await bearer(stream.issuer.sign())), "u1");
      } finally {
        close();
      }
    }
  });
});
