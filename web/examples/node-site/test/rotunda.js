/**
 * The real server, as a process that can be killed and started again. The environment says where the binary is
 * (`crates/cli/tests/cli/sites.rs`); without that the tests are skipped.
 */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const { ROTUNDA_BINARY, PATH } = process.env;

export const skip = ROTUNDA_BINARY ? false : "needs a server: cargo test -p rotunda --test cli sites";
export const PASSWORD = "correct horse battery";
const CONFIG = `
[server]
trusted_proxies = ["127.0.0.1/32"]
[password]
memory_mib = 19
iterations = 2
[limits]
enabled = false
`;

export class Rotunda {
  /** `config`: more of it. */
  static async start(config = "") {
    const rotunda = new Rotunda();
    rotunda.folder = await mkdtemp(join(tmpdir(), "rotunda-site-"));
    await writeFile(join(rotunda.folder, "rotunda.toml"), CONFIG + config);
    rotunda.port = await freePort();
    rotunda.url = `http://localhost:${rotunda.port}`;
    const options = { cwd: rotunda.folder, env: { PATH, ROTUNDA_SERVER__LISTEN: `127.0.0.1:${rotunda.port}` } };
    rotunda.options = options;
    await rotunda.again();
    const { client_id, client_secret } = await rotunda.operator("client", "add", "shop", "--kind", "confidential");
    rotunda.client = { clientId: client_id, clientSecret: client_secret };
    return rotunda;
  }

  /** Starts it on what it has kept. */
  async again() {
    const arguments_ = ["--config", "rotunda.toml", "serve"];
    this.process = spawn(ROTUNDA_BINARY, arguments_, { ...this.options, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    this.process.stderr.on("data", (text) => (log = (log + text).slice(-4096)));
    // Read to its end, so that the pipe does not fill.
    const lines = createInterface({ input: this.process.stdout });
    const [banner] = await Promise.race([once(lines, "line"), once(this.process, "exit")]);
    if (!String(banner).includes("is ready at")) throw new Error(`the server says ${banner}\n${log}`);
  }

  /** `kill -9`. */
  async kill() {
    this.process.kill("SIGKILL");
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "exit");
  }

  async stop() {
    await this.kill();
    await rm(this.folder, { recursive: true });
  }

  /** A command of the operator, beside the server. */
  operator(...command) {
    return this.#run(command, "");
  }

  /** Adds somebody who is signed in nowhere, and answers the address. */
  async user(email) {
    await this.#run(["user", "add", email], `${PASSWORD}\n`);
    return email;
  }

  /** The live sessions of somebody. */
  sessions(email) {
    return this.operator("session", "list", email);
  }

  async #run(command, input) {
    const running = promisify(execFile)(ROTUNDA_BINARY, ["--config", "rotunda.toml", ...command, "--json"], this.options);
    // A command that reads nothing closes its end early, and that is fine.
    running.child.stdin.on("error", () => {}).end(input);
    return JSON.parse((await running).stdout);
  }
}

/** A free port below those that the kernel hands out to connections, so that nobody takes it while the server is down. */
export async function freePort() {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    const probe = createServer();
    const isFree = await new Promise((resolve) => {
      probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}
