/**
 * The real server as a process, with its data in a temporary folder. `ROTUNDA_BINARY` says which binary; without it the tests
 * are skipped.
 */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { PATIENCE, inTime } from "./until.js";

const { ROTUNDA_BINARY } = process.env;

export const skip = ROTUNDA_BINARY ? false : "needs a server: cargo test -p rotunda --test cli browsers";
export const PASSWORD = "correct horse battery";

/** Hashing that is quick, and no limits: many users come from one address here. */
const QUICK = "[password]\nmemory_mib = 19\niterations = 2\n[limits]\nenabled = false\n";

/**
 * Starts a server and waits until it is ready. `publicUrl` is where browsers reach it, by default its own port; `server` are
 * more lines of `[server]`, `config` more sections of `rotunda.toml`.
 */
export async function startServer({ publicUrl, server = "", config = "" } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "rotunda-browser-"));
  const port = await freePort();
  const reached = publicUrl ?? `http://localhost:${port}`;
  const own = `[server]\nlisten = "127.0.0.1:${port}"\npublic_url = "${reached}"\n${server}\n`;
  await writeFile(join(folder, "rotunda.toml"), own + QUICK + config);
  const started = new Server(folder, port, reached);
  await started.start().catch(async (error) => {
    await started.close();
    throw error;
  });
  return started;
}

class Server {
  #process;

  constructor(folder, port, url) {
    Object.assign(this, { folder, port, url });
  }

  /** Starts the process, for the first time or again, on the same port and data. */
  async start() {
    const options = { cwd: this.folder, env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "pipe"] };
    this.#process = spawn(ROTUNDA_BINARY, ["--config", "rotunda.toml", "serve"], options);
    const log = join(this.folder, "server.log");
    this.#process.stderr.on("data", (data) => appendFile(log, data).catch(() => {}));
    let said = "";
    const ready = new Promise((resolve, reject) => {
      this.#process.stdout.on("data", (data) => {
        said += data;
        // For instance the one-time token of the first admin.
        this.said = said;
        if (said.includes("is ready at")) resolve();
      });
      this.#process.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
      this.#process.once("error", reject);
    });
    try {
      await inTime(ready, PATIENCE, "the server");
    } catch (error) {
      throw new Error(`${error.message}\n${await this.log()}`);
    }
  }

  get pid() {
    return this.#process.pid;
  }

  /** Ends the process as `kill -9` does. The data stay. */
  async kill() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  /** A command of the operator beside the server; what it prints as JSON. */
  async operator(...command) {
    const options = { cwd: this.folder, env: { PATH: process.env.PATH }, timeout: PATIENCE };
    const all = ["--config", "rotunda.toml", ...command, "--json"];
    const { stdout } = await promisify(execFile)(ROTUNDA_BINARY, all, options);
    return JSON.parse(stdout);
  }

  /** What it has written to its log. */
  log() {
    return readFile(join(this.folder, "server.log"), "utf8").catch(() => "");
  }

  async close() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A free port below those that the kernel hands out to connections, so that nobody takes it before the server does. */
async function freePort() {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    const probe = createServer();
    const free = await new Promise((resolve) => {
      probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (free) {
      await new Promise((resolve) => probe.close(resolve));
      return port;
    }
  }
}
