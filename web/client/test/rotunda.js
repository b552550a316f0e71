/**
 * The real server, on a free port, with everything in a temporary folder. `ROTUNDA_BINARY` says where the program is; without it
 * these tests are skipped.
 */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const { ROTUNDA_BINARY: BINARY } = process.env;

export const skip = BINARY ? false : "needs a server: ROTUNDA_BINARY=target/debug/rotunda npm test";
export const PASSWORD = "correct horse battery";

/** Cheap passwords, no limits; whatever a test adds. */
const CONFIG = "[password]\nmemory_mib = 19\niterations = 2\n[limits]\nenabled = false\n";

export class Rotunda {
  static async start(config = "") {
    const it = new Rotunda();
    it.folder = await mkdtemp(join(tmpdir(), "rotunda-client-"));
    it.port = await freePort();
    it.url = `http://localhost:${it.port}`;
    await writeFile(join(it.folder, "rotunda.toml"), CONFIG + config);
    await it.serve();
    return it;
  }

  /** Begins to serve, after `kill` once more, with the same data. */
  async serve() {
    this.process = spawn(BINARY, ["--config", "rotunda.toml"], { ...this.#options(), stdio: ["ignore", "ignore", "pipe"] });
    let says = "";
    this.process.stderr.on("data", (text) => (says = (says + text).slice(-4096)));
    await until("the server is ready", async () => {
      if (this.process.exitCode !== null) throw new Error(`the server has ended: ${this.process.exitCode}\n${says}`);
      return fetch(`http://127.0.0.1:${this.port}/readyz`, { headers: { host: `localhost:${this.port}` } }).then((it) => it.ok, () => false);
    });
  }

  #options() {
    const env = { PATH: process.env.PATH, ROTUNDA_SERVER__LISTEN: `127.0.0.1:${this.port}`, ROTUNDA_SERVER__PUBLIC_URL: this.url };
    return { cwd: this.folder, env };
  }

  /** A command of the operator, beside the server. */
  async operator(...command) {
    const { stdout } = await promisify(execFile)(BINARY, ["--config", "rotunda.toml", ...command, "--json"], this.#options());
    return stdout.trim() === "" ? undefined : JSON.parse(stdout);
  }

  async kill() {
    if (this.process.exitCode !== null) return;
    this.process.kill("SIGKILL");
    await once(this.process, "exit");
  }

  async stop() {
    await this.kill();
    await rm(this.folder, { recursive: true });
  }
}

/** Waits for a condition, `ms` at most. */
export async function until(what, condition, ms = 10_000) {
  const end = performance.now() + ms;
  for (;;) {
    const it = await condition();
    if (it) return it;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
